/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 2231: name*=UTF-8''J%C3%BCrgen, and name*0*=, name*1*= where that is
 * long.
 */
#include "message/field.h"

#include <string.h>

#include "base/ascii.h"
#include "message/encode.h"
#include "message/parameter.h"

#define LINE ((size_t)76)
#define PIECE ((size_t)40) /* bytes of a value on one line, and two */

/* attribute-char */
static bool is_plain(char c)
{
	return ascii_is_graph(c) && strchr("*'%()<>@,;:\\\"/[]?=", c) == NULL;
}

static void add_percent(struct sbuf *out, char c)
{
	sbuf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
}

static void put_percent(const char *text, size_t n, struct sbuf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (is_plain(text[i]))
			sbuf_add(out, text + i, 1);
		else
			add_percent(out, text[i]);
	}
}

/* On this line or, if it is too long, on the next. */
static void put_piece(struct words *w, const struct sbuf *piece)
{
	if (w->out->len - w->line_at + piece->len > LINE)
		words_fold(w);
	words_put(w, piece->data, piece->len);
}

/* How much of the text is about one line. */
static size_t piece_length(const char *text, size_t n)
{
	size_t len = 0, width = 0;

	for (; len < n && width < PIECE; len++)
		width += is_plain(text[len]) ? 1 : 3;
	return len;
}

/* `name` is without its stars. */
static void put_extended(struct words *w, const char *name, size_t name_len,
                         const struct sbuf *value)
{
	const char *charset = encode_is_utf8(value->data, value->len)
	                              ? "UTF-8"
	                              : "unknown-8bit";
	size_t len = piece_length(value->data, value->len), at = 0;
	bool is_one = len == value->len;
	struct sbuf piece;

	sbuf_init(&piece, name_len + 200);
	for (unsigned i = 0; i == 0 || at < value->len; i++) {
		sbuf_reset(&piece);
		sbuf_add(&piece, name, name_len);
		if (!is_one)
			sbuf_addf(&piece, "*%u", i);
		sbuf_addstr(&piece, "*=");
		if (i == 0)
			sbuf_addf(&piece, "%s''", charset);
		len = piece_length(value->data + at, value->len - at);
		put_percent(value->data + at, len, &piece);
		at += len;
		if (at < value->len)
			sbuf_add(&piece, ";", 1);
		put_piece(w, &piece);
	}
	sbuf_release(&piece);
}

/* A part of a value that was split already: name*2=. */
static void put_section(struct words *w, const struct parameter *p,
                        const struct sbuf *value)
{
	struct sbuf text;

	sbuf_init(&text, p->name_len + 3 * value->len + 20);
	sbuf_add(&text, p->name, p->name_len);
	sbuf_addstr(&text, "*=");
	if (memcmp(p->name + p->name_len - 2, "*0", 2) == 0)
		sbuf_addstr(&text, encode_is_utf8(value->data, value->len)
		                           ? "UTF-8''"
		                           : "unknown-8bit''");
	put_percent(value->data, value->len, &text);
	put_piece(w, &text);
	sbuf_release(&text);
}

static void put_octets(struct words *w, const struct parameter *p)
{
	struct sbuf text;

	sbuf_init(&text, p->name_len + 3 * p->value_len + 1);
	sbuf_add(&text, p->name, p->name_len);
	sbuf_add(&text, "=", 1);
	for (size_t i = 0; i < p->value_len; i++) {
		if ((unsigned char)p->value[i] < 0x80)
			sbuf_add(&text, p->value + i, 1);
		else
			add_percent(&text, p->value[i]);
	}
	put_piece(w, &text);
	sbuf_release(&text);
}

/* Does the name end in a star and a number: a part of a value? */
static bool is_section(const struct parameter *p)
{
	size_t at = p->name_len;

	while (at > 0 && p->name[at - 1] >= '0' && p->name[at - 1] <= '9')
		at--;
	return at > 1 && at < p->name_len && p->name[at - 1] == '*';
}

static void put_parameter(struct words *w, const struct parameter *p)
{
	size_t len = (size_t)(p->value - p->name) + p->value_len;
	struct sbuf value;

	sbuf_init(&value, p->value_len);
	parameter_value(p, &value);
	/* the name, or a comment between */
	if (encode_has_8bit(p->name, len - p->value_len))
		words_put_shown(w, p->name, len);
	else if (is_section(p))
		put_section(w, p, &value);
	else if (!encode_has_8bit(p->value, p->value_len))
		words_put(w, p->name, len);
	else if (p->name[p->name_len - 1] == '*')
		put_octets(w, p);
	else
		put_extended(w, p->name, p->name_len, &value);
	sbuf_release(&value);
}

/* What is between parameters: the first word, semicolons, comments. */
static void put_between(struct words *w, const char *s, size_t n)
{
	for (size_t at = 0, len; at < n; at += len) {
		len = s[at] == '(' ? words_comment_length(s + at, n - at) : 1;
		if (len > 1)
			words_add(w, WORDS_PHRASE, s + at, len);
		else
			words_put_shown(w, s + at, 1);
	}
}

void field_add_parameters(struct words *w, const char *value, size_t n)
{
	const char *done = value, *end = value + n;
	struct parameters all;
	struct parameter p;
	size_t len;

	parameters_begin(&all, value, n, &len);
	while (parameters_next(&all, &p)) {
		put_between(w, done, (size_t)(p.name - done));
		words_part(w, p.name, p.name_len);
		put_parameter(w, &p);
		done = p.value + p.value_len;
	}
	put_between(w, done, (size_t)(end - done));
}
