/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/connect.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/pollset.h"
#include "base/sbuf.h"
#include "net/lookup.h"
#include "net/race.h"

#define SERVICE_PREFIX "srv:"
#define REASONS_LIMIT 350 /* bytes, of all addresses together */

struct host {
	char *word;       /* as it was written */
	char *name;       /* without brackets, or "srv:" */
	bool is_service;  /* a domain whose servers are asked for */
	struct fault why; /* it did not answer */
};

enum phase { BEGIN, LOOKUP, RACE, CONNECTED };

struct connect {
	struct host hosts[CONNECT_HOSTS];
	size_t count, current;
	unsigned port;
	int set;          /* pollset of what is under way, or -1 */
	int64_t end;      /* of everything, clock_ticks(); 0: not begun */
	int64_t host_end; /* of the current one */
	enum phase phase; /* of the current one */
	struct lookup lookup;
	struct race race;
	struct sbuf peer;
};

static char *bare_name(const char *host, bool is_service)
{
	size_t n = strlen(host);

	if (is_service)
		return mem_strdup(host + strlen(SERVICE_PREFIX));
	if (n > 2 && host[0] == '[' && host[n - 1] == ']')
		return mem_strndup(host + 1, n - 2);
	return mem_strdup(host);
}

static void add_host(struct connect *c, const char *word, size_t n)
{
	struct host *h = &c->hosts[c->count++];

	h->word = mem_strndup(word, n);
	h->is_service =
		strncmp(h->word, SERVICE_PREFIX, strlen(SERVICE_PREFIX)) == 0;
	h->name = bare_name(h->word, h->is_service);
}

static void name_host(struct connect *c)
{
	sbuf_reset(&c->peer);
	sbuf_addf(&c->peer, "%.400s:%u", c->hosts[c->current].word, c->port);
}

static void name_address(struct connect *c, unsigned which)
{
	const struct lookup_answer *addresses = &c->lookup.answer;
	char address[RACE_ADDRESS_SIZE];

	race_name(addresses, which, address);
	sbuf_reset(&c->peer);
	sbuf_addf(&c->peer, "%.400s[%s]:%u", c->hosts[c->current].name, address,
	          race_port(addresses, which));
}

struct connect *connect_create(const char *hosts, unsigned port)
{
	struct connect *c = mem_alloc(sizeof(*c));

	c->port = port;
	c->set = -1;
	c->lookup.fd = -1;
	do {
		size_t n = strcspn(hosts, " ");

		add_host(c, hosts, n);
		hosts += n + strspn(hosts + n, " ");
	} while (*hosts != '\0' && c->count < CONNECT_HOSTS);
	sbuf_init(&c->peer, 512);
	name_host(c);
	return c;
}

/* The pipe leaves the set before it is closed: another child, just forked, may
 * have it, too. */
static void leave_lookup(struct connect *c)
{
	if (c->lookup.fd >= 0)
		pollset_remove(c->set, c->lookup.fd);
	lookup_release(&c->lookup);
}

static void close_set(struct connect *c)
{
	leave_lookup(c);
	race_release(&c->race);
	if (c->set >= 0)
		close(c->set);
	c->set = -1;
}

void connect_free(struct connect **pointer)
{
	struct connect *c = *pointer;

	if (c == NULL)
		return;
	close_set(c);
	for (size_t i = 0; i < c->count; i++) {
		free(c->hosts[i].word);
		free(c->hosts[i].name);
	}
	sbuf_release(&c->peer);
	free(c);
	*pointer = NULL;
}

int connect_fd(const struct connect *c)
{
	return c->set;
}

int64_t connect_deadline(const struct connect *c)
{
	return c->phase == RACE ? race_deadline(&c->race) : c->lookup.deadline;
}

const char *connect_host(const struct connect *c)
{
	return c->hosts[c->current].name;
}

const char *connect_failed(const struct connect *c, size_t i,
                           const struct fault **why)
{
	if (i >= c->count || c->hosts[i].why.kind == FAULT_NONE)
		return NULL;
	*why = &c->hosts[i].why;
	return c->hosts[i].word;
}

const char *connect_answered(const struct connect *c)
{
	return c->phase == CONNECTED ? c->hosts[c->current].word : NULL;
}

const char *connect_peer(const struct connect *c)
{
	return c->peer.data;
}

/* --- one host ------------------------------------------------------------- */

static const char *service_of(unsigned port)
{
	return port == 465 ? "_submissions._tcp" : "_submission._tcp";
}

/* An equal share of the time that is left for each host that is left. */
static enum stream_result begin_host(struct connect *c, struct fault *f)
{
	const struct host *h = &c->hosts[c->current];
	int64_t now = clock_ticks();
	int64_t left = c->end > now ? c->end - now : 0;

	name_host(c);
	c->host_end = now + left / (int64_t)(c->count - c->current);
	if (lookup_start(&c->lookup, h->name,
	                 h->is_service ? service_of(c->port) : NULL, c->port,
	                 c->host_end, f) != 0)
		return STREAM_FAILED;
	c->phase = LOOKUP;
	if (c->lookup.fd < 0 || pollset_add(c->set, c->lookup.fd, POLLIN) == 0)
		return STREAM_DONE;
	fault_set(f, FAULT_TEMP, "4.3.0", _("cannot look up %.200s: %s"),
	          connect_host(c), intl_error(errno));
	return STREAM_FAILED;
}

static enum stream_result advance_lookup(struct connect *c, struct fault *f)
{
	enum stream_result result = lookup_advance(&c->lookup, f);

	if (result != STREAM_DONE)
		return result;
	leave_lookup(c);
	race_init(&c->race, &c->lookup.answer, c->set, c->host_end);
	c->phase = RACE;
	return STREAM_DONE;
}

static enum stream_result advance_race(struct connect *c, int *fd,
                                       struct fault *f)
{
	unsigned which = 0;
	enum stream_result result = race_advance(&c->race, fd, &which);
	struct sbuf reasons;

	if (result == STREAM_DONE) {
		name_address(c, which);
		c->phase = CONNECTED;
	}
	if (result != STREAM_FAILED)
		return result;
	sbuf_init(&reasons, REASONS_LIMIT);
	race_reasons(&c->race, &reasons);
	if (c->hosts[c->current].is_service)
		fault_set(f, FAULT_TEMP, "4.4.1",
		          _("cannot reach a server of %.150s: %s"),
		          connect_host(c), reasons.data);
	else
		fault_set(f, FAULT_TEMP, "4.4.1",
		          _("cannot reach %.150s port %u: %s"), connect_host(c),
		          c->port, reasons.data);
	sbuf_release(&reasons);
	return STREAM_FAILED;
}

static enum stream_result advance_host(struct connect *c, int *fd,
                                       struct fault *f)
{
	enum stream_result result = STREAM_DONE;

	if (c->phase == BEGIN)
		result = begin_host(c, f);
	if (result == STREAM_DONE && c->phase == LOOKUP)
		result = advance_lookup(c, f);
	if (result == STREAM_DONE && c->phase == RACE)
		result = advance_race(c, fd, f);
	return result;
}

/* --- all of them ---------------------------------------------------------- */

static int start(struct connect *c, struct fault *f)
{
	c->end = clock_ticks() + (int64_t)CONNECT_TOTAL_TIME * 1000;
	c->set = pollset_open();
	if (c->set >= 0)
		return 0;
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot reach %.150s port %u: %s"), connect_host(c),
	                 c->port, intl_error(errno));
}

/* What all of them had to say; the code is that of the first. */
static void explain(const struct connect *c, struct fault *f)
{
	int room = (int)(sizeof(f->text) / c->count) - 3;
	struct sbuf text;

	*f = c->hosts[0].why;
	if (c->count == 1)
		return;
	sbuf_init(&text, sizeof(f->text) - 1);
	for (size_t i = 0; i < c->count; i++)
		sbuf_addf(&text, "%s%.*s", i > 0 ? "; " : "", room,
		          c->hosts[i].why.text);
	fault_set(f, FAULT_TEMP, c->hosts[0].why.code, "%s", text.data);
	sbuf_release(&text);
}

enum stream_result connect_advance(struct connect *c, int *fd, struct fault *f)
{
	enum stream_result result;

	if (c->end == 0 && start(c, f) != 0)
		return STREAM_FAILED;
	for (;;) {
		struct host *h = &c->hosts[c->current];

		result = advance_host(c, fd, &h->why);
		if (result == STREAM_DONE)
			close_set(c);
		if (result != STREAM_FAILED)
			return result;
		leave_lookup(c);
		race_release(&c->race);
		if (c->current + 1 == c->count)
			break;
		c->current++;
		c->phase = BEGIN;
	}
	close_set(c);
	explain(c, f);
	return STREAM_FAILED;
}
