/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/escape.h"
#include "base/intl.h"
#include "config/file.h"
#include "config/host.h"
#include "message/idn.h"
#include "net/apart.h"
#include "net/service.h"
#include "relay/providers.h"

#define NOTE_LIMIT 2048

static const char *const services[] = { "_submissions._tcp",
	                                "_submission._tcp" };

/* --- notes ---------------------------------------------------------------- */

void setup_init(struct setup *s)
{
	memset(s, 0, sizeof(*s));
	sbuf_init(&s->spelled, SETUP_LIMIT);
	sbuf_init(&s->hosts, SETUP_LIMIT);
	for (size_t i = 0; i < SETUP_NOTES; i++)
		sbuf_init(&s->notes[i], SETUP_LIMIT);
}

void setup_release(struct setup *s)
{
	sbuf_release(&s->spelled);
	sbuf_release(&s->hosts);
	for (size_t i = 0; i < SETUP_NOTES; i++)
		sbuf_release(&s->notes[i]);
}

static PRINTF_LIKE(2, 3) void note(struct setup *s, const char *fmt, ...)
{
	char raw[NOTE_LIMIT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (s->note_count < SETUP_NOTES)
		escape_add(&s->notes[s->note_count++], raw, strlen(raw));
}

/* --- a provider ----------------------------------------------------------- */

static void use_provider(struct setup *s, const struct provider *p)
{
	s->block.provider = p;
	s->block.name = p->name;
	s->block.user = block_user(p, s->address, s->user);
	if (p->needs != NULL)
		note(s, _("The password: %s."), _(p->needs));
	if (p->warning != NULL)
		note(s, _("Passwords: %s."), _(p->warning));
	if (p->user_is == PROVIDER_USER_GIVEN)
		note(s,
		     _("In place of NAME stands the user's name that %s "
		       "gave you."),
		     p->title);
	if (provider_needs_region(p))
		note(s, _("The region has to be yours, one of: %s"),
		     p->regions);
	if (!provider_is_sure(p, PROVIDER_HOST))
		note(s,
		     _("The host of %s is not verified: compare it with "
		       "what they say."),
		     p->title);
}

/* --- a server ------------------------------------------------------------- */

static void use_server(struct setup *s)
{
	s->block.name = file_is_block_name(s->domain) ? s->domain : "mine";
	s->block.user = s->address;
	note(s, _("Some servers want as user only what stands before the @: "
	          "if the login is refused, try that."));
}

static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), m = strlen(domain);

	return n >= m && ascii_is_word(name + n - m, domain) &&
	       (n == m || name[n - m - 1] == '.');
}

static bool is_listed(const char *list, const char *name)
{
	for (; list != NULL; list = host_next(list))
		if (host_length(list) == strlen(name) &&
		    ascii_is_same(list, name, strlen(name)))
			return true;
	return false;
}

/* A block has one port: those that share the first one's. */
static void use_service(struct setup *s, const struct service *found)
{
	struct fault ignored;
	size_t count = 0;

	s->block.port = found->servers[0].port;
	for (size_t i = 0; i < found->count && count < HOST_LIST; i++) {
		const struct service_server *server = &found->servers[i];

		if (server->port != s->block.port ||
		    host_check("host", server->name, &ignored) != 0 ||
		    (count > 0 && is_listed(s->hosts.data, server->name)))
			continue;
		sbuf_addf(&s->hosts, "%s%s", count++ > 0 ? " " : "",
		          server->name);
		s->is_foreign |= !is_below(server->name, s->domain);
	}
	s->block.host = s->hosts.data;
}

/* --- the DNS -------------------------------------------------------------- */

struct question {
	const char *domain;
	const char *service;
};

struct answer {
	enum service_result result;
	struct service service;
};

static int ask(const void *question, void *answer)
{
	const struct question *q = question;
	struct answer *a = answer;

	alarm(SETUP_TIME);
	a->result = service_find(q->domain, q->service, &a->service);
	alarm(0);
	return 0;
}

static int is_unknown(const struct setup *s, struct fault *f)
{
	return fault_set_exit(
		f, EX_UNAVAILABLE,
		_("%.200s is no provider's that relay knows, and its DNS names "
	          "no server for mail: ask who runs it, and name the provider "
	          "(`--provider NAME`, of `relay providers`) or the server "
	          "(`--host smtp.example.org`)"),
		s->domain);
}

/* 1: found, 0: it names none. */
static int ask_for(struct setup *s, size_t i, struct fault *f)
{
	struct question q = { s->domain, services[i] };
	struct answer a = { .result = SERVICE_LATER };

	if (apart_run(ask, &q, &a, sizeof(a)) != 0)
		a.result = SERVICE_LATER;
	if (a.result == SERVICE_NONE || a.result == SERVICE_DENIED)
		return 0;
	if (a.result != SERVICE_FOUND)
		return service_fault(a.result, s->domain, services[i], f);
	use_service(s, &a.service);
	if (s->hosts.len == 0)
		return 0;
	s->service = services[i];
	s->block.is_implicit = i == 0;
	return 1;
}

static int find_by_dns(struct setup *s, struct fault *f)
{
	if (host_check("ADDRESS", s->domain, f) != 0)
		return is_unknown(s, f);
	for (size_t i = 0; i < COUNT_OF(services); i++) {
		int found = ask_for(s, i, f);

		if (found < 0)
			return -1;
		if (found > 0)
			break;
	}
	if (s->service == NULL)
		return is_unknown(s, f);
	note(s, _("The server is the one that the DNS of %s names for %s."),
	     s->domain, s->service);
	if (s->is_foreign)
		note(s,
		     _("It belongs to another domain, and the DNS can be "
		       "forged: ask who runs the mail of %s whether it is "
		       "right."),
		     s->domain);
	use_server(s);
	return 0;
}

/* --- mail for people of this machine ----------------------------------------
 */

static void note_person(struct setup *s)
{
	const char *login = s->login;

	if (login == NULL || (strncmp(s->address, login, strlen(login)) == 0 &&
	                      s->address[strlen(login)] == '@'))
		return;
	if (provider_of_domain(s->domain) == NULL)
		note(s,
		     _("Mail for %s, as cron sends it, goes to %s@%s. If "
		       "nobody reads that, write `MAILTO=%s` into the "
		       "crontab, or see `aliases` in relayrc(5)."),
		     login, login, s->domain, s->address);
	else
		note(s,
		     _("Mail for %s, as cron sends it, does not arrive by "
		       "itself: write `MAILTO=%s` into the crontab, or see "
		       "`aliases` in relayrc(5)."),
		     login, s->address);
}

/* --- which ---------------------------------------------------------------- */

/* As every server reads it (RFC 5891). */
static int spell(struct setup *s, struct fault *f)
{
	if (idn_address(s->address, &s->spelled, f) != 0) {
		f->status = EX_USAGE;
		return -1;
	}
	if (!address_is_ascii(s->spelled.data))
		return fault_set_exit(f, EX_USAGE,
		                      _("`%.200s` has letters before the @ "
		                        "that few servers take: use an address "
		                        "in ASCII"),
		                      s->address);
	s->domain = address_domain(s->spelled.data);
	return 0;
}

/* A word of the configuration that needs no quotes. */
static int check_address(struct setup *s, struct fault *f)
{
	const char *problem = address_problem(s->address);

	if (problem != NULL)
		return fault_set_exit(f, EX_USAGE,
		                      _("`%.200s` is no address: %s"),
		                      s->address, _(problem));
	if (address_domain(s->address) == NULL)
		return fault_set_exit(f, EX_USAGE,
		                      _("`%.200s` is no whole address: write "
		                        "yours, such as me@example.org"),
		                      s->address);
	if (strpbrk(s->address, " \t\"'\\#[") != NULL)
		return fault_set_exit(f, EX_USAGE,
		                      _("`%.200s` needs quotes in the "
		                        "configuration: write it by hand, see "
		                        "relayrc(5)"),
		                      s->address);
	return spell(s, f);
}

static int use_named(struct setup *s, struct fault *f)
{
	if (host_check("--host", s->host, f) != 0) {
		f->status = EX_USAGE;
		return -1;
	}
	s->block.host = s->host;
	s->block.port = s->port;
	s->block.is_implicit = s->tls != NULL ? strcmp(s->tls, "implicit") == 0
	                                      : s->port == 465;
	use_server(s);
	return 0;
}

static int find_server(struct setup *s, const struct provider *p,
                       struct fault *f)
{
	if (s->host != NULL)
		return use_named(s, f);
	if (p == NULL)
		return find_by_dns(s, f);
	use_provider(s, p);
	return 0;
}

int setup_find(struct setup *s, struct fault *f)
{
	const struct provider *p;

	if (check_address(s, f) != 0)
		return -1;
	p = s->provider != NULL ? provider_find(s->provider)
	                        : provider_of_domain(s->domain);
	if (p == NULL && s->provider != NULL)
		return providers_unknown(s->provider, f);
	if (find_server(s, p, f) != 0)
		return -1;
	if (!block_wants_oauth(s->block.provider))
		s->block.password = s->is_for_all ? "file " SETUP_SECRET_ALL
		                                  : "file " SETUP_SECRET;
	s->block.from_force = s->spelled.data;
	note_person(s);
	return 0;
}
