/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/document.h"

#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/options.h"
#include "config/value.h"

#define WIDTH 79
#define ABOUT_COLUMN 8

size_t document_columns(const char *text, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			columns++;
	return columns;
}

void document_wrap(struct sbuf *b, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		size_t columns = document_columns(text, n);

		if (column > indent && column + 1 + columns > WIDTH) {
			sbuf_addf(b, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			sbuf_addstr(b, " ");
			column++;
		}
		sbuf_add(b, text, n);
		column += columns;
		text += n + strspn(text + n, " ");
	}
}

/* What the row says in words: meaning, words allowed, range, default. */
static void describe(const struct option *o, struct sbuf *b)
{
	sbuf_addf(b, "%s.", _(o->about));
	if (o->words != NULL) {
		sbuf_addstr(b, " ");
		sbuf_addf(b, _("One of: %s."), o->words);
	} else if (o->type == OPTION_NUMBER) {
		sbuf_addstr(b, " ");
		sbuf_addf(b, _("From %u to %u."), o->min, o->max);
	} else if (o->type == OPTION_DURATION) {
		struct sbuf range[2];

		sbuf_init(&range[0], 32);
		sbuf_init(&range[1], 32);
		value_add_duration(&range[0], o->min);
		value_add_duration(&range[1], o->max);
		sbuf_addstr(b, " ");
		sbuf_addf(b, _("From %s to %s, in d, h, m or s."),
		          range[0].data, range[1].data);
		sbuf_release(&range[0]);
		sbuf_release(&range[1]);
	}
	if (o->fallback[0] != '\0') {
		sbuf_addstr(b, " ");
		sbuf_addf(b, _("Default: %s."), o->fallback);
	}
}

/* `about` is for all of the formats: describe() of `o`. */

static void add_text(const struct option *o, const char *about, struct sbuf *b)
{
	int indent = o->level == OPTION_SMARTHOST ? 4 : 0;

	sbuf_addf(b, "%*s%s %s\n%*s", indent, "", o->name, value_placeholder(o),
	          ABOUT_COLUMN, "");
	document_wrap(b, about, ABOUT_COLUMN);
	sbuf_addstr(b, "\n");
}

static void add_json(const struct option *o, struct sbuf *b)
{
	sbuf_addf(b, "  {\"name\": \"%s\", \"block\": %s, \"type\": \"%s\", ",
	          o->name, o->level == OPTION_TOP ? "null" : "\"smarthost\"",
	          value_type_name(o));
	if (o->fallback[0] != '\0')
		sbuf_addf(b, "\"default\": \"%s\", ", o->fallback);
	else
		sbuf_addstr(b, "\"default\": null, ");
	if (o->type == OPTION_NUMBER || o->type == OPTION_DURATION)
		sbuf_addf(b, "\"min\": %u, \"max\": %u, ", o->min, o->max);
	if (o->words != NULL)
		sbuf_addf(b, "\"words\": \"%s\", ", o->words);
	sbuf_addstr(b, "\"about\": ");
	escape_add_json(b, _(o->about));
	sbuf_addstr(b, "}");
}

/* `word` of the text becomes a literal; roff's own characters are escaped, and
 * a sentence begins on a line of its own, as mandoc wants it. */
static void add_mdoc_text(const char *text, struct sbuf *b)
{
	bool is_open = false;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '`')
			sbuf_addstr(b, is_open ? "\\fR" : "\\fB");
		else if (*c == '\\')
			sbuf_addstr(b, "\\e");
		else if (*c == '-')
			sbuf_addstr(b, "\\-");
		else if (*c == ' ' && c > text && c[-1] == '.')
			sbuf_addstr(b, "\n");
		else
			sbuf_add(b, c, 1);
		if (*c == '`')
			is_open = !is_open;
	}
}

static void add_mdoc(const struct option *o, const char *about, struct sbuf *b)
{
	sbuf_addf(b, ".It Ic %s Ar %s\n", o->name, value_placeholder(o));
	add_mdoc_text(about, b);
	sbuf_addstr(b, "\n");
}

static void add_row(struct sbuf *b, enum document_format format,
                    const struct option *o)
{
	struct sbuf about;

	sbuf_init(&about, 4096);
	describe(o, &about);
	switch (format) {
	case DOCUMENT_TEXT: add_text(o, about.data, b); break;
	case DOCUMENT_JSON: add_json(o, b); break;
	case DOCUMENT_MDOC: add_mdoc(o, about.data, b); break;
	}
	sbuf_release(&about);
}

static void add_level(struct sbuf *b, enum document_format format,
                      enum option_level level)
{
	const struct option *o;
	bool is_first = true;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->level != level)
			continue;
		if (format == DOCUMENT_JSON &&
		    !(is_first && level == OPTION_TOP))
			sbuf_addstr(b, ",\n");
		add_row(b, format, o);
		is_first = false;
	}
}

void options_document(struct sbuf *b, enum document_format format)
{
	/* Before, between and behind the two levels. */
	static const char *const frame[][3] = {
		[DOCUMENT_TEXT] = { "", "\nsmarthost NAME\n", "" },
		[DOCUMENT_JSON] = { "[\n", "", "\n]\n" },
		[DOCUMENT_MDOC] = { ".Bl -tag -width Ds\n",
		                    ".El\n.Bl -tag -width Ds\n", ".El\n" },
	};

	sbuf_addstr(b, frame[format][0]);
	add_level(b, format, OPTION_TOP);
	sbuf_addstr(b, frame[format][1]);
	add_level(b, format, OPTION_SMARTHOST);
	sbuf_addstr(b, frame[format][2]);
}
