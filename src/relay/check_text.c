/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/check.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/document.h"
#include "config/environment.h"
#include "config/fallback.h"
#include "config/host.h"
#include "config/options.h"
#include "message/aliases.h"
#include "relay/check_aliases.h"
#include "relay/check_preset.h"

#define TOP_COLUMN 15
#define BLOCK_COLUMN 15

/* "label   text", wrapped; what comes from the file is escaped. */
static void add_line(struct sbuf *b, size_t indent, size_t column,
                     const char *label, const char *text)
{
	struct sbuf shown;
	size_t used = indent + document_columns(label, strlen(label));

	sbuf_init(&shown, CHECK_OUTPUT_LIMIT);
	escape_add(&shown, text, strlen(text));
	sbuf_addf(b, "%*s%s%*s", (int)indent, "", label,
	          used < column ? (int)(column - used) : 1, "");
	document_wrap(b, shown.data, used < column ? column : used + 1);
	sbuf_addstr(b, "\n");
	sbuf_release(&shown);
}

static void add_count(const struct aliases *a, struct sbuf *value)
{
	size_t count = aliases_count(a);

	sbuf_addf(value, intl_plural(" (%zu name)", " (%zu names)", count),
	          count);
}

static void add_top(const struct check *c, struct sbuf *b)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		struct sbuf value;

		if (o->level != OPTION_TOP)
			continue;
		sbuf_init(&value, CONFIG_LINE_LIMIT);
		option_print(o, c->config, &value);
		if (strcmp(o->name, "domain") == 0 && value.len == 0)
			sbuf_addf(&value, _("%s (this machine's name)"),
			          c->hostname);
		if (strcmp(o->name, "aliases") == 0 && c->aliases != NULL)
			add_count(c->aliases, &value);
		add_line(b, 0, TOP_COLUMN, o->name, value.data);
		sbuf_release(&value);
	}
}

/* What a row shows; nothing: the row is not shown. */
static void add_value(const struct check *c, size_t which,
                      const struct option *o, struct sbuf *value)
{
	const struct smarthost *h = &c->config->smarthosts[which];

	if (strcmp(o->name, "login") == 0 && !smarthost_has_login(h)) {
		sbuf_addstr(value, "none");
		return;
	}
	if (strcmp(o->name, "port") == 0 && host_is_service(h->host))
		return; /* the DNS has them */
	/* A 0 nobody wrote stands for "no limit". */
	if (h->lines[option_index(o)] == 0 && strcmp(o->fallback, "0") == 0)
		return;
	option_print(o, h, value);
	check_preset_mark(h, o, value);
	if (strcmp(o->name, check_secret_key(h)) == 0 && value->len > 0 &&
	    check_has_secret(h) && c->fetched != NULL &&
	    c->fetched[which].kind == FAULT_NONE)
		sbuf_addstr(value, _(": ok"));
}

static void add_smarthost(const struct check *c, size_t which, struct sbuf *b)
{
	const struct option *o;

	sbuf_addf(b, "\nsmarthost %s\n", c->config->smarthosts[which].name);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		struct sbuf value;

		if (o->level != OPTION_SMARTHOST)
			continue;
		sbuf_init(&value, CHECK_OUTPUT_LIMIT);
		add_value(c, which, o, &value);
		if (value.len > 0)
			add_line(b, 4, BLOCK_COLUMN, o->name, value.data);
		sbuf_release(&value);
	}
}

/* Why a sender goes this way, in words. */
void check_why(const struct check *c, const struct smarthost *h,
               const struct match *why, struct sbuf *b)
{
	if (why->reason != MATCH_FROM && c->config->count == 1) {
		sbuf_addstr(b, _("it is the only one"));
		return;
	}
	switch (why->reason) {
	case MATCH_FROM:
		sbuf_addf(b, _("`from` in line %u has %.*s"),
		          smarthost_line(h, "from"), (int)why->glob_length,
		          why->glob);
		break;
	case MATCH_DEFAULT:
		sbuf_addstr(b, _("it is the first without `from`, and no "
		                 "`from` fits"));
		break;
	case MATCH_FIRST:
		sbuf_addstr(b, _("it is the first, and no `from` fits"));
		break;
	}
}

static void add_sender(const struct check *c, struct sbuf *b)
{
	struct match why;
	const struct smarthost *h;
	struct sbuf text, shown;

	h = match_smarthost(c->config, c->sender, &why);
	sbuf_init(&text, CHECK_OUTPUT_LIMIT);
	sbuf_addf(&text, _("Mail from <%s> goes to smarthost %s: "), c->sender,
	          h->name);
	check_why(c, h, &why, &text);
	sbuf_addstr(&text, ".");
	if (h->fallback != NULL) {
		sbuf_addf(&text, " %s ", _("While that cannot be reached:"));
		fallback_describe(c->config, h, &text);
		sbuf_addstr(&text, ".");
	}
	sbuf_init(&shown, CHECK_OUTPUT_LIMIT);
	escape_add(&shown, text.data, text.len);
	sbuf_addstr(b, "\n");
	document_wrap(b, shown.data, 0);
	sbuf_addstr(b, "\n");
	sbuf_release(&shown);
	sbuf_release(&text);
}

static void add_place(const struct check *c, struct sbuf *b)
{
	struct sbuf place;

	sbuf_init(&place, CHECK_OUTPUT_LIMIT);
	if (c->site->config != NULL)
		sbuf_addstr(&place, c->site->config);
	else
		sbuf_addf(&place, _("the environment (%s)"),
		          environment_host());
	add_line(b, 0, TOP_COLUMN, _("configuration"), place.data);
	sbuf_release(&place);
}

void check_text(const struct check *c, struct sbuf *b)
{
	add_place(c, b);
	add_line(b, 0, TOP_COLUMN, _("queue"), c->site->queue);
	if (c->config == NULL)
		return;
	add_top(c, b);
	for (size_t i = 0; i < c->config->count; i++)
		add_smarthost(c, i, b);
	if (c->sender != NULL)
		add_sender(c, b);
}

static void show_list(const struct config_errors *list, const char *label)
{
	for (size_t i = 0; i < list->count; i++)
		fprintf(stderr, "%s%s\n", label, list->list[i].fault.text);
	if (list->more)
		fprintf(stderr, "%s\n", _("and more: correct these first"));
}

void check_show(const struct check *c, const struct sbuf *b)
{
	fputs(b->data, stdout);
	fflush(stdout);
	show_list(&c->warnings, _("warning: "));
	show_list(&c->errors, "");
	if (c->aliases != NULL)
		check_aliases_show(c->aliases);
}
