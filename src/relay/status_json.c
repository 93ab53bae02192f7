/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One object.  Members may come, none goes: programs read it. */
#include "relay/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/oauth.h"
#include "message/meaning.h"

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

/* What is not known is null. */
static void add_time(struct sbuf *b, const char *key, int64_t when)
{
	if (when == 0)
		sbuf_addf(b, "\"%s\": null", key);
	else
		sbuf_addf(b, "\"%s\": %" PRId64, key, when);
}

static void add_problems(const struct status *s, struct sbuf *b)
{
	sbuf_addstr(b, ",\n\"problems\": [");
	for (size_t i = 0; i < s->problem_count; i++) {
		sbuf_addstr(b, i > 0 ? ",\n  {" : "\n  {");
		escape_add_member(b, "", "kind",
		                  status_kind_name(s->problems[i].kind));
		escape_add_member(b, ", ", "text", s->problems[i].what.text);
		sbuf_addstr(b, "}");
	}
	sbuf_addstr(b, "]");
}

static void add_messages(const struct status *s, struct sbuf *b)
{
	sbuf_addf(b,
	          ",\n\"messages\": {\"waiting\": %zu, \"held\": %zu, "
	          "\"failed\": %zu, \"damaged\": %zu",
	          s->count[SPOOL_NEW], s->count[SPOOL_HOLD],
	          s->count[SPOOL_FAILED], s->count[SPOOL_BAD]);
	if (s->site->is_system)
		sbuf_addf(b, ", \"others\": %zu", s->others);
	sbuf_addf(b, ",\n  \"due\": %zu, \"active\": %zu, \"in_doubt\": %zu, ",
	          s->due, s->active, s->in_doubt);
	add_time(b, "oldest", s->oldest);
	sbuf_addstr(b, ", ");
	add_time(b, "next", s->next);
	sbuf_addstr(b, "}");
}

static void add_trouble(const struct status_smarthost *it, struct sbuf *b)
{
	const struct pause *p = &it->pause;
	const char *meaning = meaning_of(p->why.code, p->why.text);

	sbuf_addf(b,
	          ",\n   \"trouble\": {\"since\": %" PRId64
	          ", \"until\": %" PRId64
	          ", \"left_alone\": %s, \"failures\": %u, "
	          "\"needs_person\": %s, ",
	          p->since, p->until, truth(it->is_left_alone), p->count,
	          truth(it->needs_person));
	escape_add_member(b, "", "status", p->why.code);
	escape_add_member(b, ", ", "reason", p->why.text);
	if (meaning != NULL) {
		escape_add_member(b, ", ", "meaning", intl_text(meaning));
	}
	sbuf_addstr(b, "}");
}

/* 0: none was met. */
static void add_limits(const struct limits *l, struct sbuf *b)
{
	sbuf_addf(b,
	          ",\n   \"limits\": {\"connections\": %u, \"messages\": %u, "
	          "\"recipients\": %u, \"no_overlap\": %s, ",
	          l->connections, l->messages, l->recipients,
	          truth(l->no_overlap));
	add_time(b, "since", l->since);
	sbuf_addstr(b, "}");
}

static void add_login(const struct account *a, struct sbuf *b)
{
	const struct tokens_state *t = &a->tokens;
	const char *why =
		a->kind == ACCOUNT_BROKEN ? a->fault.text : t->failure;

	sbuf_addstr(b, ",\n   \"login\": {");
	escape_add_member(b, "", "state", account_kind_name(a->kind));
	escape_add_member(b, ", ", "flow",
	                  oauth_flow_name(oauth_flow(a->smarthost)));
	sbuf_addf(b, ", \"needs_person\": %s, ",
	          truth(account_needs_person(a)));
	add_time(b, "since", t->login);
	sbuf_addstr(b, ", ");
	add_time(b, "obtained", t->obtained);
	sbuf_addstr(b, ", ");
	add_time(b, "expires", t->expires);
	sbuf_addstr(b, ", ");
	add_time(b, "refreshed", t->refreshed);
	sbuf_addf(b, ", \"encrypted\": %s", truth(t->is_sealed));
	sbuf_addstr(b, ", ");
	add_time(b, "failing_since", t->failed);
	if (why[0] != '\0') {
		escape_add_member(b, ", ", "reason", why);
	}
	sbuf_addstr(b, "}");
}

static void add_smarthosts(const struct status *s, struct sbuf *b)
{
	sbuf_addstr(b, ",\n\"smarthosts\": [");
	for (size_t i = 0; s->config != NULL && i < s->config->count; i++) {
		const struct status_smarthost *it = &s->smarthosts[i];

		sbuf_addstr(b, i > 0 ? ",\n  {" : "\n  {");
		escape_add_member(b, "", "name", it->smarthost->name);
		escape_add_member(b, ", ", "host", it->smarthost->host);
		sbuf_addf(b, ", \"port\": %u", it->smarthost->port);
		if (it->has_trouble)
			add_trouble(it, b);
		if (it->bucket.count > 0) {
			sbuf_addstr(b, ",\n   ");
			escape_add_member(b, "", "rate", it->smarthost->rate);
			sbuf_addf(b, ", \"rate_left\": %u",
			          bucket_left(&it->bucket, s->now * 1000));
		}
		if (it->limits.since > 0)
			add_limits(&it->limits, b);
		if (it->account.kind != ACCOUNT_OTHER)
			add_login(&it->account, b);
		sbuf_addstr(b, "}");
	}
	sbuf_addstr(b, "]");
}

static void add_flush(const struct status *s, struct sbuf *b)
{
	if (s->is_guest)
		return;
	sbuf_addf(b, ",\n\"flush\": {\"active\": %s, ", truth(s->is_flushing));
	add_time(b, "last", s->progress.flush);
	sbuf_addstr(b, ", ");
	add_time(b, "last_delivery", s->progress.delivery);
	sbuf_addstr(b, "}");
}

void status_json(const struct status *s, struct sbuf *out)
{
	sbuf_addstr(out, "{ ");
	escape_add_member(out, "", "queue", s->site->queue);
	sbuf_addf(out, ", \"time\": %" PRId64 ", \"status\": %d", s->now,
	          status_exit(s));
	add_problems(s, out);
	add_messages(s, out);
	add_smarthosts(s, out);
	add_flush(s, out);
	sbuf_addstr(out, " }\n");
}
