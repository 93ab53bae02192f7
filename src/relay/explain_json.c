/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is explained, as one object; its words are never translated. */
#include <string.h>

#include "base/escape.h"
#include "config/fallback.h"
#include "relay/explain.h"

static const char *recipient_rule(enum resolve_rule rule)
{
	static const char *const names[] = { "none", "domain", "aliases",
		                             "postmaster", "local" };

	return names[rule];
}

static const char *sender_rule(enum rewrite_rule rule)
{
	static const char *const names[] = { "none", "domain", "from_force" };

	return names[rule];
}

/* A list that is being written. */
struct list {
	struct explain *explain;
	struct sbuf *out;
	size_t items;
};

static void next_item(struct list *l)
{
	sbuf_addstr(l->out, l->items++ > 0 ? ", " : "");
}

static void add_sender(struct explain *e)
{
	const char *given = e->specimen.sender.data;
	enum rewrite_rule rule;
	struct sbuf sent;

	sbuf_init(&sent, ADDRESS_MAX * 2);
	rule = explain_sender(e, &sent);
	escape_add_member(&e->out, "{", "smarthost", e->by->name);
	sbuf_addstr(&e->out, ", \"fallback\": ");
	fallback_add_json(e->config, e->by, &e->out);
	escape_add_member(&e->out, ", \"sender\": {", "given", given);
	escape_add_member(&e->out, ", ", "sent", sent.data);
	escape_add_member(&e->out, ", ", "rule", sender_rule(rule));
	sbuf_addstr(&e->out, "}");
	sbuf_release(&sent);
}

static int take(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	struct list *l = arg;

	(void)f;
	l->explain->is_utf8 |= !address_is_ascii(address);
	next_item(l);
	escape_add_member(l->out, "{", "address", address);
	escape_add_member(l->out, ", ", "rule", recipient_rule(rule));
	sbuf_addstr(l->out, "}");
	return 0;
}

static void add_aliases(struct explain *e, const char *recipient)
{
	struct list l = { .out = &e->out };
	struct sbuf lines, line;

	sbuf_init(&lines, EXPLAIN_OUTPUT_LIMIT);
	sbuf_init(&line, EXPLAIN_OUTPUT_LIMIT);
	explain_aliases(e, recipient, &lines);
	sbuf_addstr(&e->out, ", \"aliases\": [");
	for (const char *at = lines.data; *at != '\0'; at += line.len + 1) {
		sbuf_reset(&line);
		sbuf_add(&line, at, strcspn(at, "\n"));
		next_item(&l);
		escape_add_json(&e->out, line.data);
	}
	sbuf_addstr(&e->out, "]");
	sbuf_release(&lines);
	sbuf_release(&line);
}

/* False: it cannot be sent to. */
static bool add_recipient(struct explain *e, const char *recipient)
{
	struct list l = { .explain = e, .out = &e->out };
	struct fault f = { 0 };
	int result;

	escape_add_member(&e->out, "{", "given", recipient);
	add_aliases(e, recipient);
	sbuf_addstr(&e->out, ", \"sent\": [");
	result = resolve_recipient(&e->rules.resolve, recipient, take, &l, &f);
	sbuf_addstr(&e->out, "]");
	escape_add_member(&e->out, ", ", "fault", result != 0 ? f.text : NULL);
	sbuf_addstr(&e->out, "}");
	return result == 0;
}

static bool add_recipients(struct explain *e)
{
	const struct address_list *list = &e->specimen.recipients;
	struct list l = { .out = &e->out };
	bool all = true;

	sbuf_addstr(&e->out, ", \"recipients\": [");
	for (size_t i = 0; i < list->count; i++) {
		next_item(&l);
		all &= add_recipient(e, list->item[i]);
	}
	sbuf_addstr(&e->out, "]");
	return all;
}

static void note_field(void *arg, enum rewrite_rule rule, const char *name,
                       const char *before, const char *after)
{
	struct list *l = arg;

	next_item(l);
	escape_add_member(l->out, "{", "field", name);
	escape_add_member(l->out, ", ", "before", before);
	escape_add_member(l->out, ", ", "after", after);
	escape_add_member(l->out, ", ", "rule", sender_rule(rule));
	sbuf_addstr(l->out, "}");
}

static void add_plan(struct explain *e, bool can_8bit)
{
	struct fault f = { 0 };
	const char *changes = explain_content(e, can_8bit, &f);
	bool is_sent = changes == NULL || changes[0] != '\0';

	escape_add_member(&e->out, "{", "changes", is_sent ? changes : NULL);
	escape_add_member(&e->out, ", ", "fault", is_sent ? NULL : f.text);
	sbuf_addstr(&e->out, "}");
}

static int add_content(struct explain *e, struct fault *f)
{
	if (explain_look(e, f) != 0)
		return -1;
	sbuf_addstr(&e->out, ", \"content\": {\"with_8bitmime\": ");
	add_plan(e, true);
	sbuf_addstr(&e->out, ", \"without\": ");
	add_plan(e, false);
	sbuf_addstr(&e->out, "}}\n");
	return 0;
}

int explain_json(struct explain *e, bool *all, struct fault *f)
{
	struct list l = { .out = &e->out };
	int result;

	add_sender(e);
	*all = add_recipients(e);
	sbuf_addstr(&e->out, ", \"header\": [");
	e->rules.rewrite.note = note_field;
	e->rules.rewrite.note_arg = &l;
	result = rewrite_header(&e->rules.rewrite, &e->specimen.header, f);
	sbuf_addstr(&e->out, "]");
	return result < 0 ? -1 : add_content(e, f);
}
