/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members may come, none goes: programs read it. */
#include "relay/providers.h"

#include <string.h>

#include "base/attr.h"
#include "base/escape.h"
#include "base/intl.h"

static void add_truth(struct sbuf *b, const char *key, bool value)
{
	sbuf_addf(b, ", \"%s\": %s", key, value ? "true" : "false");
}

/* 0 is not known. */
static void add_number(struct sbuf *b, const char *key, unsigned number)
{
	if (number > 0)
		sbuf_addf(b, ", \"%s\": %u", key, number);
	else
		sbuf_addf(b, ", \"%s\": null", key);
}

/* Without the last "...". */
static void add_words(struct sbuf *b, const char *key, const char *list)
{
	const char *comma = "";

	sbuf_addf(b, ", \"%s\": [", key);
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, " ");

		if (strncmp(list, "...", n) != 0) {
			sbuf_addf(b, "%s\"%.*s\"", comma, (int)n, list);
			comma = ", ";
		}
		list += n + strspn(list + n, " ");
	}
	sbuf_addstr(b, "]");
}

static void add_ports(struct sbuf *b, const char *key, const unsigned *ports)
{
	sbuf_addf(b, ", \"%s\": [", key);
	for (size_t i = 0; ports[i] != 0; i++)
		sbuf_addf(b, "%s%u", i > 0 ? ", " : "", ports[i]);
	sbuf_addstr(b, "]");
}

static void add_server(const struct provider *p, struct sbuf *b)
{
	bool is_implicit;
	unsigned port = provider_port(p, &is_implicit);

	escape_add_member(b, ", ", "host", p->host);
	escape_add_member(b, ", ", "region_host", p->region_host);
	add_words(b, "regions", p->regions);
	add_truth(b, "needs_region", provider_needs_region(p));
	escape_add_member(b, ", ", "other_hosts",
	                  p->other_hosts != NULL ? _(p->other_hosts) : NULL);
	add_number(b, "port", port);
	escape_add_member(b, ", ", "tls",
	                  is_implicit ? "implicit" : "starttls");
	add_ports(b, "implicit", p->implicit);
	add_ports(b, "starttls", p->starttls);
}

static const char *user_rule(enum provider_user rule)
{
	switch (rule) {
	case PROVIDER_USER_ADDRESS: return "address";
	case PROVIDER_USER_LOCAL: return "local part";
	case PROVIDER_USER_LITERAL: return "literal";
	case PROVIDER_USER_GIVEN: break;
	}
	return "given";
}

static void add_oauth(const struct provider_oauth *o, struct sbuf *b)
{
	if (o == NULL) {
		sbuf_addstr(b, ", \"oauth\": null");
		return;
	}
	sbuf_addstr(b, ", \"oauth\": {\"auth_url\": ");
	escape_add_json(b, o->auth_url);
	escape_add_member(b, ", ", "token_url", o->token_url);
	escape_add_member(b, ", ", "device_url", o->device_url);
	escape_add_member(b, ", ", "scope", o->scope);
	escape_add_member(b, ", ", "auth_extra", o->auth_extra);
	add_truth(b, "prefers_xoauth2", o->prefers_xoauth2);
	sbuf_addf(b, ", \"skew\": %u}", o->skew);
}

static void add_login(const struct provider *p, struct sbuf *b)
{
	add_words(b, "mechanisms", p->mechanisms);
	escape_add_member(b, ", ", "login", p->login);
	escape_add_member(b, ", ", "user_rule", user_rule(p->user_is));
	escape_add_member(b, ", ", "user", p->user);
	escape_add_member(b, ", ", "needs",
	                  p->needs != NULL ? _(p->needs) : NULL);
	escape_add_member(b, ", ", "warning",
	                  p->warning != NULL ? _(p->warning) : NULL);
	add_truth(b, "oauth_only", p->is_oauth_only);
	add_oauth(p->oauth, b);
}

static const char *meaning(enum provider_meaning means)
{
	switch (means) {
	case PROVIDER_SLOWER: return "slower";
	case PROVIDER_QUOTA: return "quota";
	case PROVIDER_BUSY: return "busy";
	case PROVIDER_REFUSED_SENDER: return "sender";
	case PROVIDER_REFUSED_LOGIN: break;
	}
	return "login";
}

static const char *step(enum provider_step at)
{
	switch (at) {
	case PROVIDER_AT_GREETING: return "greeting";
	case PROVIDER_AT_AUTH: return "auth";
	case PROVIDER_AT_MAIL: return "mail";
	case PROVIDER_AT_RCPT: return "rcpt";
	case PROVIDER_AT_CONTENT: break;
	}
	return "final";
}

static void add_replies(const struct provider *p, struct sbuf *b)
{
	sbuf_addstr(b, ", \"replies\": [");
	for (const struct provider_reply *r = p->replies; r->text != NULL;
	     r++) {
		sbuf_addf(b, "%s{\"at\": \"%s\"", r > p->replies ? ", " : "",
		          step(r->at));
		escape_add_member(b, ", ", "means", meaning(r->means));
		escape_add_member(b, ", ", "text", r->text);
		add_truth(b, "verified", !r->is_unverified);
		sbuf_addstr(b, "}");
	}
	sbuf_addstr(b, "]");
}

static void add_limits(const struct provider *p, struct sbuf *b)
{
	escape_add_member(b, ", ", "sender",
	                  p->sender != NULL ? _(p->sender) : NULL);
	escape_add_member(b, ", ", "size", p->size != NULL ? _(p->size) : NULL);
	add_number(b, "recipients", p->recipients);
	escape_add_member(b, ", ", "limits",
	                  p->limits != NULL ? _(p->limits) : NULL);
	escape_add_member(b, ", ", "rate", p->rate);
	add_number(b, "connections", p->connections);
	add_number(b, "messages_per_connection", p->messages);
	add_replies(p, b);
	escape_add_member(b, ", ", "spf", p->spf != NULL ? _(p->spf) : NULL);
	escape_add_member(b, ", ", "dkim", p->dkim != NULL ? _(p->dkim) : NULL);
}

/* The members that are marked. */
static void add_unverified(const struct provider *p, struct sbuf *b)
{
	static const struct {
		enum provider_field field;
		const char *name;
	} names[] = {
		{ PROVIDER_HOST, "host" },
		{ PROVIDER_OTHER_HOSTS, "other_hosts" },
		{ PROVIDER_OTHER_HOSTS, "region_host" },
		{ PROVIDER_PORTS_OF, "port" },
		{ PROVIDER_MECHANISMS, "mechanisms" },
		{ PROVIDER_USER, "user_rule" },
		{ PROVIDER_OAUTH, "oauth" },
		{ PROVIDER_SENDER, "sender" },
		{ PROVIDER_SIZE, "size" },
		{ PROVIDER_RECIPIENTS, "recipients" },
		{ PROVIDER_LIMITS, "limits" },
		{ PROVIDER_SPF, "spf" },
		{ PROVIDER_DKIM, "dkim" },
	};
	const char *comma = "";

	sbuf_addstr(b, ", \"unverified\": [");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (provider_is_sure(p, names[i].field))
			continue;
		sbuf_addf(b, "%s\"%s\"", comma, names[i].name);
		comma = ", ";
	}
	sbuf_addstr(b, "]");
}

void providers_json(const struct provider *p, struct sbuf *out)
{
	sbuf_addf(out, "{\"name\": \"%s\"", p->name);
	escape_add_member(out, ", ", "title", p->title);
	add_words(out, "aliases", p->aliases);
	add_words(out, "domains", p->domains);
	add_server(p, out);
	add_login(p, out);
	add_limits(p, out);
	escape_add_member(out, ", ", "verified", p->verified);
	escape_add_member(out, ", ", "sources", p->sources);
	add_unverified(p, out);
	sbuf_addstr(out, "}");
}
