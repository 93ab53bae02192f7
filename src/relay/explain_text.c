/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is explained, for people: what it was, what it becomes, and why.
 *
 *     team
 *        /etc/aliases:4: team -> ann, bob@example.org
 *      -> ann@example.com, bob@example.org
 */
#include <string.h>

#include "base/ascii.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/wrap.h"
#include "config/fallback.h"
#include "relay/explain.h"

#define ARROW "    -> "
#define REASON "       "

static void add_shown(struct sbuf *b, const char *text)
{
	escape_add(b, text, strlen(text));
}

static void add_line(struct sbuf *b, const char *lead, const char *text)
{
	wrap_add(b, lead, strlen(lead), text);
}

/* --- why ------------------------------------------------------------------ */

static const char *sender_reason(const struct explain *e,
                                 enum rewrite_rule rule)
{
	switch (rule) {
	case REWRITE_DOMAIN: return _("`domain`: a name of this machine");
	case REWRITE_FORCE: break;
	case REWRITE_NOTHING: return _("its domain, in letters of ASCII");
	}
	if (e->by->from_allow == NULL)
		return _("`from_force`: no other sender is allowed");
	return _("`from_force`: not among `from_allow`");
}

static const char *recipient_reason(enum resolve_rule rule)
{
	switch (rule) {
	case RESOLVE_DOMAIN: return _("`domain`: a name of this machine");
	case RESOLVE_POSTMASTER:
		return _("`postmaster`: the name is the system's");
	case RESOLVE_LOCAL: return _("`local`: delivered on this machine");
	case RESOLVE_NOTHING: return _("its domain, in letters of ASCII");
	case RESOLVE_ALIAS: break;
	}
	return NULL; /* the lines of the aliases file say it */
}

/* --- the smarthost -------------------------------------------------------- */

static void add_smarthost(struct explain *e)
{
	struct sbuf line;

	sbuf_init(&line, EXPLAIN_OUTPUT_LIMIT);
	if (e->smarthost != NULL)
		sbuf_addf(&line, _("Smarthost %s: as you asked"), e->by->name);
	else if (e->config->count == 1)
		sbuf_addf(&line, _("Smarthost %s: it is the only one"),
		          e->by->name);
	else if (e->why.reason == MATCH_FROM)
		sbuf_addf(&line, _("Smarthost %s: its `from` has %.*s"),
		          e->by->name, (int)e->why.glob_length, e->why.glob);
	else if (e->why.reason == MATCH_DEFAULT)
		sbuf_addf(&line,
		          _("Smarthost %s: the first without `from`, and no "
		            "`from` fits"),
		          e->by->name);
	else
		sbuf_addf(&line,
		          _("Smarthost %s: the first, and no `from` fits"),
		          e->by->name);
	add_line(&e->out, "", line.data);
	if (e->by->fallback != NULL) {
		sbuf_reset(&line);
		sbuf_addf(&line, "%s ", _("While that cannot be reached:"));
		fallback_describe(e->config, e->by, &line);
		add_line(&e->out, "  ", line.data);
	}
	sbuf_release(&line);
}

/* --- the envelope --------------------------------------------------------- */

static void add_sender(struct explain *e)
{
	const char *given = e->specimen.sender.data;
	struct sbuf sent, line;
	enum rewrite_rule rule;
	bool is_same;

	sbuf_init(&sent, ADDRESS_MAX * 2);
	sbuf_init(&line, ADDRESS_MAX * 8);
	rule = explain_sender(e, &sent);
	is_same = strcmp(sent.data, given) == 0;
	sbuf_addf(&e->out, "\n%s\n", _("Sender"));
	sbuf_addstr(&line, "<");
	add_shown(&line, given);
	sbuf_addstr(&line, ">");
	if (is_same)
		sbuf_addf(&line, "  (%s)", _("as it is"));
	add_line(&e->out, "  ", line.data);
	if (!is_same) {
		sbuf_reset(&line);
		sbuf_addstr(&line, "<");
		add_shown(&line, sent.data);
		sbuf_addstr(&line, ">");
		add_line(&e->out, ARROW, line.data);
		add_line(&e->out, REASON, sender_reason(e, rule));
	}
	sbuf_release(&sent);
	sbuf_release(&line);
}

/* Addresses side by side that the same rule made. */
struct group {
	struct explain *explain;
	struct sbuf *out;
	const char *given;
	enum resolve_rule rule;
	struct sbuf shown;
};

static void end_group(struct group *g)
{
	const char *reason = recipient_reason(g->rule);

	if (g->shown.len == 0)
		return;
	add_line(g->out, ARROW, g->shown.data);
	if (reason != NULL)
		add_line(g->out, REASON, reason);
	sbuf_reset(&g->shown);
}

static int take(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	struct group *g = arg;

	(void)f;
	g->explain->is_utf8 |= !address_is_ascii(address);
	if (rule == RESOLVE_NOTHING && strcmp(address, g->given) == 0)
		return 0;
	if (rule != g->rule)
		end_group(g);
	g->rule = rule;
	sbuf_addstr(&g->shown, g->shown.len > 0 ? ", " : "");
	add_shown(&g->shown, address);
	return 0;
}

/* "root", and "(as it is)" where nothing becomes of it. */
static void begin_recipient(struct explain *e, const char *recipient)
{
	struct sbuf lines, line;
	const char *at, *end;

	sbuf_init(&lines, EXPLAIN_OUTPUT_LIMIT);
	sbuf_init(&line, EXPLAIN_OUTPUT_LIMIT);
	add_shown(&line, recipient);
	add_line(&e->out, "  ", line.data);
	explain_aliases(e, recipient, &lines);
	for (at = lines.data; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		sbuf_reset(&line);
		escape_add(&line, at, (size_t)(end - at));
		wrap_add(&e->out, REASON, strlen(REASON) + 4, line.data);
	}
	sbuf_release(&lines);
	sbuf_release(&line);
}

/* False: it cannot be sent to. */
static bool add_recipient(struct explain *e, const char *recipient)
{
	struct group g = { .explain = e, .out = &e->out, .given = recipient };
	struct fault f;
	size_t before;
	int result;

	begin_recipient(e, recipient);
	before = e->out.len;
	sbuf_init(&g.shown, EXPLAIN_OUTPUT_LIMIT);
	result = resolve_recipient(&e->rules.resolve, recipient, take, &g, &f);
	end_group(&g);
	if (result != 0)
		add_line(&e->out, "    !  ", f.text);
	else if (e->out.len == before)
		add_line(&e->out, "    ", _("as it is"));
	sbuf_release(&g.shown);
	return result == 0;
}

static bool add_recipients(struct explain *e)
{
	const struct address_list *list = &e->specimen.recipients;
	bool all = true;

	sbuf_addf(&e->out, "\n%s\n", _("Recipients"));
	for (size_t i = 0; i < list->count; i++)
		all &= add_recipient(e, list->item[i]);
	return all;
}

/* --- the header ----------------------------------------------------------- */

/* In one line: what folding left of a tab is a blank. */
static void add_value(struct sbuf *b, const char *value)
{
	for (; *value != '\0'; value++)
		sbuf_add(b, ascii_is_blank(*value) ? " " : value, 1);
}

static void add_field(struct sbuf *out, const char *lead, const char *name,
                      const char *value)
{
	struct sbuf raw, line;

	sbuf_init(&raw, EXPLAIN_OUTPUT_LIMIT);
	sbuf_init(&line, EXPLAIN_OUTPUT_LIMIT);
	if (name != NULL)
		sbuf_addf(&raw, "%s: ", name);
	add_value(&raw, value);
	escape_add(&line, raw.data, raw.len);
	wrap_add(out, lead, strlen(REASON), line.data);
	sbuf_release(&raw);
	sbuf_release(&line);
}

static const char *added_reason(const char *name)
{
	if (ascii_is_word(name, "Reply-To"))
		return _("added: answers go where From said");
	return _("added: what From said");
}

/* Fields that were added are shown last: by then it is known why. */
struct notes {
	const struct explain *explain;
	struct sbuf *out;
	struct sbuf added;
};

static void note_field(void *arg, enum rewrite_rule rule, const char *name,
                       const char *before, const char *after)
{
	struct notes *n = arg;

	if (before == NULL) {
		add_field(&n->added, "  ", name, after);
		add_line(&n->added, "    ", added_reason(name));
		return;
	}
	add_field(n->out, "  ", name, before);
	if (after == NULL) {
		add_line(n->out, "    ",
		         _("removed: `from_force` lets nobody else send"));
	} else {
		add_field(n->out, ARROW, NULL, after);
		add_line(n->out, REASON, sender_reason(n->explain, rule));
	}
}

static int add_header(struct explain *e, struct fault *f)
{
	struct notes n = { .explain = e, .out = &e->out };
	int result;

	sbuf_init(&n.added, EXPLAIN_OUTPUT_LIMIT);
	sbuf_addf(&e->out, "\n%s\n", _("Header"));
	e->rules.rewrite.note = note_field;
	e->rules.rewrite.note_arg = &n;
	result = rewrite_header(&e->rules.rewrite, &e->specimen.header, f);
	if (result == 0)
		add_line(&e->out, "  ", _("as it is"));
	sbuf_addstr(&e->out, n.added.data);
	sbuf_release(&n.added);
	return result < 0 ? -1 : 0;
}

/* --- the content ---------------------------------------------------------- */

static void add_plan(struct explain *e, bool can_8bit)
{
	struct fault f = { 0 };
	const char *changes = explain_content(e, can_8bit, &f);
	struct sbuf line;

	sbuf_init(&line, EXPLAIN_OUTPUT_LIMIT);
	sbuf_addstr(&line, can_8bit ? _("server with 8BITMIME: ")
	                            : _("server without 8BITMIME: "));
	if (changes == NULL)
		sbuf_addstr(&line, _("as it is"));
	else if (changes[0] != '\0')
		add_shown(&line, changes);
	else
		sbuf_addf(&line, _("not sent: %s"), f.text);
	wrap_add(&e->out, "  ", 4, line.data);
	sbuf_release(&line);
}

static int add_content(struct explain *e, struct fault *f)
{
	struct fault unused;

	if (explain_look(e, f) != 0)
		return -1;
	sbuf_addf(&e->out, "\n%s\n", _("Content"));
	if (explain_content(e, true, &unused) == NULL &&
	    explain_content(e, false, &unused) == NULL) {
		add_line(&e->out, "  ", _("as it is"));
		return 0;
	}
	add_plan(e, true);
	add_plan(e, false);
	return 0;
}

int explain_text(struct explain *e, bool *all, struct fault *f)
{
	add_smarthost(e);
	add_sender(e);
	*all = add_recipients(e);
	if (add_header(e, f) != 0)
		return -1;
	return add_content(e, f);
}
