/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a list of addresses is cut at: , ; : < > outside quotes, comments and
 * brackets.  A piece is a phrase if < or : follows, else an address.
 */
#include "message/field.h"

#include <string.h>

#include "base/ascii.h"
#include "message/address.h"
#include "message/encode.h"
#include "message/idn.h"

struct list {
	struct words *w;
	const char *s;
	size_t n;
	bool in_group;
	bool is_done; /* the member has had its <address> */
};

static bool is_space(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

/* How much of the text at `at` is one thing: a quoted string, a comment, a
 * literal or a byte. */
static size_t thing_length(const struct list *l, size_t at)
{
	const char *s = l->s + at, *close;
	size_t n = l->n - at, len;

	switch (*s) {
	case '"': len = address_quoted_length(s, n); return len == 0 ? n : len;
	case '(': return words_comment_length(s, n);
	case '[':
		close = memchr(s, ']', n);
		return close == NULL ? n : (size_t)(close - s) + 1;
	default: return 1;
	}
}

static size_t find_any(const struct list *l, size_t at, const char *marks)
{
	while (at < l->n && (l->s[at] == '\0' || !strchr(marks, l->s[at])))
		at += thing_length(l, at);
	return at;
}

/* An address as ASCII, if its local part is. */
static bool to_ascii(const struct sbuf *bare, struct sbuf *out)
{
	struct fault f;

	return strlen(bare->data) == bare->len &&
	       address_problem(bare->data) == NULL &&
	       idn_address(bare->data, out, &f) == 0 &&
	       address_is_ascii(out->data);
}

static char last_byte(const struct list *l)
{
	const struct sbuf *out = l->w->out;

	return out->len > 0 ? out->data[out->len - 1] : '\0';
}

static void need_blank(struct list *l)
{
	if (!is_space(last_byte(l)))
		words_put(l->w, " ", 1);
}

/* Is an encoded word before us?  A reader drops the blank between. */
static bool is_after_encoded(const struct list *l)
{
	const struct sbuf *out = l->w->out;
	size_t n = out->len;

	while (n > 0 && is_space(out->data[n - 1]))
		n--;
	return n > 2 && memcmp(out->data + n - 2, "?=", 2) == 0;
}

/* An address that is not for this server, shown (RFC 6857, section 3.1.8).  A
 * group is in no group; there it becomes a comment. */
static void show(struct list *l, const struct sbuf *bare)
{
	struct sbuf text;

	sbuf_init(&text, bare->len + 1);
	if (is_after_encoded(l) && !l->in_group)
		sbuf_add(&text, " ", 1);
	need_blank(l);
	words_put(l->w, "(", l->in_group ? 1 : 0);
	sbuf_add(&text, bare->data, bare->len);
	words_encode(l->w, text.data, text.len);
	words_put(l->w, l->in_group ? ")" : " :;", l->in_group ? 1 : 3);
	sbuf_release(&text);
}

static void add_mailbox(struct list *l, const struct sbuf *bare, bool in_angle)
{
	struct sbuf ascii;

	sbuf_init(&ascii, 2 * ADDRESS_MAX);
	if (!to_ascii(bare, &ascii)) {
		show(l, bare);
	} else {
		need_blank(l);
		words_put(l->w, "<", in_angle ? 1 : 0);
		words_put(l->w, ascii.data, ascii.len);
		words_put(l->w, ">", in_angle ? 1 : 0);
	}
	sbuf_release(&ascii);
}

/* The text from..to without comments, and blanks at its ends and before others;
 * its comments are written if `comments`. */
static void read_bare(struct list *l, size_t from, size_t to, bool comments,
                      struct sbuf *bare)
{
	for (size_t len; from < to; from += len) {
		const char *s = l->s + from;

		len = thing_length(l, from);
		if (len > to - from)
			len = to - from;
		if (*s == '(' && comments) {
			words_put(l->w, " ", 1);
			words_add(l->w, WORDS_PHRASE, s, len);
		} else if (*s != '(' && !(is_space(*s) &&
		                          (bare->len == 0 ||
		                           bare->data[bare->len - 1] == ' '))) {
			sbuf_add(bare, is_space(*s) ? " " : s,
			         is_space(*s) ? 1 : len);
		}
	}
	if (bare->len > 0 && bare->data[bare->len - 1] == ' ')
		sbuf_cut(bare, bare->len - 1);
}

static void add_words(struct list *l, size_t from, size_t to)
{
	words_part(l->w, l->s + from, to - from);
	words_add(l->w, WORDS_PHRASE, l->s + from, to - from);
}

/* An address without < >. */
static void add_bare(struct list *l, size_t from, size_t to)
{
	struct sbuf bare, none;

	sbuf_init(&bare, to - from);
	read_bare(l, from, to, false, &bare);
	if (!encode_has_8bit(bare.data, bare.len)) {
		add_words(l, from, to);
	} else {
		add_mailbox(l, &bare, false);
		sbuf_init(&none, to - from);
		read_bare(l, from, to, true, &none);
		sbuf_release(&none);
	}
	sbuf_release(&bare);
}

/* From the < on; returns where the > is, or the end. */
static size_t add_angle(struct list *l, size_t from)
{
	size_t close = find_any(l, from + 1, ">");
	size_t end = close < l->n ? close + 1 : close;
	struct sbuf bare;

	l->is_done = true;
	if (!encode_has_8bit(l->s + from, end - from)) {
		words_part(l->w, "<", 1);
		words_put(l->w, l->s + from, end - from);
		return end;
	}
	sbuf_init(&bare, end - from);
	read_bare(l, from + 1, close, false, &bare);
	if (encode_has_8bit(bare.data, bare.len)) {
		add_mailbox(l, &bare, true);
	} else {
		words_part(l->w, "<", 1);
		words_put(l->w, "<", 1);
		words_add(l->w, WORDS_PHRASE, l->s + from + 1,
		          close - from - 1);
		words_put(l->w, ">", 1);
	}
	sbuf_release(&bare);
	return end;
}

/* The piece from..to and the mark after it; returns where to go on. */
static size_t add_piece(struct list *l, size_t from, size_t to)
{
	char mark = to < l->n ? l->s[to] : ',';

	if (l->is_done || strchr("<:>", mark) != NULL)
		add_words(l, from, to);
	else
		add_bare(l, from, to);
	if (mark == '<')
		return add_angle(l, to);
	if (mark == ':')
		l->in_group = true;
	if (mark == ';')
		l->in_group = false;
	if (mark != '>')
		l->is_done = false;
	if (to == l->n)
		return to;
	words_part(l->w, &mark, 1);
	words_put(l->w, &mark, 1);
	return to + 1;
}

void field_add_addresses(struct words *w, const char *value, size_t n)
{
	struct list l = { .w = w, .s = value, .n = n };
	size_t from = 0, to;

	while (from < n) {
		to = find_any(&l, from, ",;:<>");
		from = add_piece(&l, from, to);
	}
}
