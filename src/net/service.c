/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An answer (RFC 1035, section 4): a header of 12 bytes with four counts, the
 * questions, the answers.  A record: owner, type, class, four bytes of
 * lifetime, length and data; of SRV (RFC 2782) that is priority, weight, port,
 * target. */
#include "net/service.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"

#define ANSWER_LIMIT 65536
#define QUESTION_LIMIT 512

#define HEADER 12
#define TYPE_SRV 33
#define CLASS_IN 1

/* --- reading -------------------------------------------------------------- */

struct reader {
	const unsigned char *start, *at, *end;
};

/* The next two bytes; false: they are not there. */
static bool take_number(struct reader *r, unsigned *number)
{
	if (r->end - r->at < 2)
		return false;
	*number = (unsigned)r->at[0] << 8 | r->at[1];
	r->at += 2;
	return true;
}

static bool skip(struct reader *r, size_t n)
{
	if ((size_t)(r->end - r->at) < n)
		return false;
	r->at += n;
	return true;
}

static bool skip_name(struct reader *r)
{
	int n = dn_skipname(r->at, r->end);

	return n > 0 && skip(r, (size_t)n);
}

static bool skip_questions(struct reader *r, unsigned count)
{
	while (count-- > 0)
		if (!skip_name(r) || !skip(r, 4))
			return false;
	return true;
}

/* What may be looked up and shown. */
static bool is_host(const char *name)
{
	return name[0] != '\0' && name[0] != '-' && name[0] != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] ==
	               '\0';
}

/* The data of an SRV record, which ends at `end`. */
static bool take_server(struct reader *r, const unsigned char *end,
                        struct service *s)
{
	struct service_server server;
	int n;

	if (!take_number(r, &server.priority) ||
	    !take_number(r, &server.weight) || !take_number(r, &server.port))
		return false;
	n = dn_expand(r->start, r->end, r->at, server.name,
	              sizeof(server.name));
	if (n <= 0 || n > end - r->at)
		return false;
	if (server.name[0] == '\0' || strcmp(server.name, ".") == 0)
		s->is_denied = true;
	else if (is_host(server.name) && server.port != 0 &&
	         s->count < SERVICE_SERVERS)
		s->servers[s->count++] = server;
	return true;
}

static bool take_record(struct reader *r, struct service *s)
{
	unsigned type, class, length;
	const unsigned char *end;

	if (!skip_name(r) || !take_number(r, &type) ||
	    !take_number(r, &class) || !skip(r, 4) ||
	    !take_number(r, &length) || length > (size_t)(r->end - r->at))
		return false;
	end = r->at + length;
	if (type == TYPE_SRV && class == CLASS_IN && !take_server(r, end, s))
		return false;
	r->at = end;
	return true;
}

bool service_parse(const unsigned char *answer, size_t n, struct service *s)
{
	struct reader r = { answer, answer, answer + n };
	unsigned questions = 0, records = 0;

	s->count = 0;
	s->is_denied = false;
	if (n < HEADER)
		return false;
	skip(&r, 4); /* id and flags, which the resolver has looked at */
	take_number(&r, &questions);
	take_number(&r, &records);
	skip(&r, 4); /* what else is behind the answers */
	if (!skip_questions(&r, questions))
		return false;
	while (records-- > 0)
		if (!take_record(&r, s))
			return false;
	return true;
}

/* --- order ---------------------------------------------------------------- */

static void swap(struct service_server *a, struct service_server *b)
{
	struct service_server kept = *a;

	*a = *b;
	*b = kept;
}

/* How many from `first` on have its priority, which is the least that is left:
 * they are moved to the front. */
static size_t gather(struct service *s, size_t first)
{
	unsigned least = s->servers[first].priority;
	size_t end = first;

	for (size_t i = first + 1; i < s->count; i++)
		if (s->servers[i].priority < least)
			least = s->servers[i].priority;
	for (size_t i = first; i < s->count; i++)
		if (s->servers[i].priority == least)
			swap(&s->servers[end++], &s->servers[i]);
	return end - first;
}

/* RFC 2782: each with a share of its weight, and those of weight 0 first in the
 * sum, so that they have a small one. */
static size_t draw(const struct service_server *servers, size_t count,
                   uint32_t chance)
{
	uint32_t total = 0, sum = 0;
	size_t last = 0;

	for (size_t i = 0; i < count; i++)
		total += servers[i].weight;
	chance = total == 0 ? 0 : chance % (total + 1);
	for (size_t i = 0; i < count; i++)
		if (servers[i].weight == 0 && chance == 0)
			return i;
	for (size_t i = 0; i < count; i++) {
		if (servers[i].weight == 0)
			continue;
		last = i;
		sum += servers[i].weight;
		if (sum >= chance)
			return i;
	}
	return last;
}

void service_order(struct service *s, const uint32_t chance[SERVICE_SERVERS])
{
	size_t at = 0;

	while (at < s->count) {
		for (size_t n = gather(s, at); n > 0; n--, at++)
			swap(&s->servers[at],
			     &s->servers[at +
			                 draw(&s->servers[at], n, chance[at])]);
	}
}

/* --- asking --------------------------------------------------------------- */

static enum service_result why_not(void)
{
	switch (h_errno) {
	case HOST_NOT_FOUND:
	case NO_DATA: return SERVICE_NONE;
	case TRY_AGAIN: return SERVICE_LATER;
	default: return SERVICE_GARBLED;
	}
}

static enum service_result read_answer(const unsigned char *answer, size_t n,
                                       struct service *s)
{
	if (n > ANSWER_LIMIT || !service_parse(answer, n, s))
		return SERVICE_GARBLED;
	if (s->count > 0)
		return SERVICE_FOUND;
	return s->is_denied ? SERVICE_DENIED : SERVICE_NONE;
}

enum service_result service_find(const char *domain, const char *service,
                                 struct service *s)
{
	unsigned char *answer = mem_alloc(ANSWER_LIMIT);
	uint32_t chance[SERVICE_SERVERS] = { 0 };
	char question[QUESTION_LIMIT];
	enum service_result result;
	int n;

	*s = (struct service){ 0 };
	snprintf(question, sizeof(question), "%s.%s", service, domain);
	n = res_query(question, CLASS_IN, TYPE_SRV, answer, ANSWER_LIMIT);
	result = n < 0 ? why_not() : read_answer(answer, (size_t)n, s);
	free(answer);
	port_random(chance, sizeof(chance));
	service_order(s, chance);
	return result;
}

/* --- in words ------------------------------------------------------------- */

int service_fault(enum service_result result, const char *domain,
                  const char *service, struct fault *f)
{
	switch (result) {
	case SERVICE_NONE:
		return fault_set(f, FAULT_TEMP, "4.4.4",
		                 _("the DNS names no server %s.%.150s: write "
		                   "the name of one in `host`, or another "
		                   "`tls`"),
		                 service, domain);
	case SERVICE_DENIED:
		return fault_set(f, FAULT_TEMP, "4.4.4",
		                 _("%.150s has no service %s, says its DNS: "
		                   "write the name of a server in `host`"),
		                 domain, service);
	case SERVICE_LATER:
		return fault_set(
			f, FAULT_TEMP, "4.4.3",
			_("cannot look up %.200s now: the DNS gives no "
		          "answer; is the network up?"),
			domain);
	case SERVICE_FOUND:
	case SERVICE_GARBLED: break;
	}
	return fault_set(f, FAULT_TEMP, "4.4.3",
	                 _("the DNS answers nonsense for %s.%.150s"), service,
	                 domain);
}
