/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text is read once, word by word, and only three places are remembered:
 * where a run began, where its last 8-bit word ended, and where we are.  What
 * follows that word goes out as it is, unless another 8-bit word comes.  A
 * reader drops the blank between two encoded words (RFC 2047, section 6.2), so
 * next to one that was there before the blank goes into ours.
 */
#include "message/words.h"

#include <string.h>

#include "base/ascii.h"
#include "message/address.h"
#include "message/encode.h"

#define LINE 76 /* with an encoded word in it */

enum sort {
	PLAIN,
	RAW,     /* 8-bit */
	ENCODED, /* it was there */
	FIXED,   /* a comment, a parenthesis */
};

struct word {
	enum sort sort;
	size_t gap; /* where the blanks before it begin */
	size_t at;
	size_t end;
};

struct text {
	enum words_kind kind;
	const char *s;
	size_t n;
};

/* ---- reading ---- */

static bool is_space(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

size_t words_comment_length(const char *s, size_t n)
{
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '(')
			depth++;
		else if (s[i] == ')' && --depth == 0)
			return i + 1;
	}
	return n;
}

static bool is_encoded(const char *s, size_t n)
{
	const char *end = s + n, *q;

	if (n < 8 || memcmp(s, "=?", 2) != 0 || memcmp(end - 2, "?=", 2) != 0)
		return false;
	q = memchr(s + 2, '?', n - 4);
	return q != NULL && q > s + 2 && end - q > 4 && q[2] == '?';
}

static size_t string_end(const struct text *t, size_t at)
{
	size_t len = address_quoted_length(t->s + at, t->n - at);

	return len == 0 ? t->n : at + len;
}

static bool ends_word(const struct text *t, char c)
{
	switch (t->kind) {
	case WORDS_TEXT: break;
	case WORDS_PHRASE: return is_space(c) || c == '"' || c == '(';
	case WORDS_COMMENT: return is_space(c) || c == '(' || c == ')';
	}
	return is_space(c);
}

static size_t word_end(const struct text *t, size_t at)
{
	for (; at < t->n && !ends_word(t, t->s[at]); at++)
		if (t->kind == WORDS_COMMENT && t->s[at] == '\\' &&
		    at + 1 < t->n)
			at++;
	return at;
}

/* The word at or after `at`; false: only blanks are left. */
static bool next_word(const struct text *t, size_t at, struct word *w)
{
	char c;

	w->gap = at;
	while (at < t->n && is_space(t->s[at]))
		at++;
	w->at = at;
	if (at == t->n)
		return false;
	c = t->s[at];
	w->sort = FIXED;
	if (t->kind == WORDS_PHRASE && c == '(') {
		w->end = at + words_comment_length(t->s + at, t->n - at);
		return true;
	}
	if (t->kind == WORDS_COMMENT && (c == '(' || c == ')')) {
		w->end = at + 1;
		return true;
	}
	w->end = t->kind == WORDS_PHRASE && c == '"' ? string_end(t, at)
	                                             : word_end(t, at);
	w->sort = PLAIN;
	if (encode_has_8bit(t->s + at, w->end - at))
		w->sort = RAW;
	else if (is_encoded(t->s + at, w->end - at))
		w->sort = ENCODED;
	return true;
}

/* ---- writing ---- */

void words_init(struct words *w, struct sbuf *out)
{
	*w = (struct words){ .out = out, .line_at = out->len };
}

void words_put(struct words *w, const char *bytes, size_t n)
{
	const char *lf = memrchr(bytes, '\n', n);

	if (lf != NULL)
		w->line_at = w->out->len + (size_t)(lf - bytes) + 1;
	sbuf_add(w->out, bytes, n);
	if (n > 0)
		w->after_encoded = false;
}

void words_put_shown(struct words *w, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		words_put(w, (unsigned char)bytes[i] < 0x80 ? bytes + i : "?",
		          1);
}

void words_part(struct words *w, const char *next, size_t n)
{
	if (w->after_encoded && n > 0 && !is_space(*next))
		words_put(w, " ", 1);
}

void words_fold(struct words *w)
{
	size_t n = w->out->len;

	while (n > w->line_at && ascii_is_blank(w->out->data[n - 1]))
		n--;
	if (n == w->line_at) {
		sbuf_cut(w->out, n);
		words_put(w, " ", 1);
	} else {
		words_put(w, "\r\n ", 3);
	}
}

static size_t column(const struct words *w)
{
	return w->out->len - w->line_at;
}

void words_encode(struct words *w, const char *text, size_t n)
{
	bool is_utf8 = encode_is_utf8(text, n);
	size_t used, room;

	for (; n > 0; text += used, n -= used) {
		room = column(w) < LINE ? LINE - column(w) : 0;
		if (room > ENCODE_WORD_MOST)
			room = ENCODE_WORD_MOST;
		if (w->after_encoded || room < ENCODE_WORD_LEAST) {
			words_fold(w);
			room = ENCODE_WORD_MOST;
		}
		used = encode_word(text, n, is_utf8, room, w->out);
		w->after_encoded = true;
	}
}

/* ---- runs ---- */

/* What a reader sees of the bytes from..to: no folding, no quotes. */
static void add_shown(const struct text *t, size_t from, size_t to,
                      struct sbuf *out)
{
	bool quoted = false;

	for (size_t i = from; i < to; i++) {
		char c = t->s[i];

		if (c == '\r' || c == '\n')
			continue;
		if (t->kind == WORDS_PHRASE && c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\' && i + 1 < to &&
		    (quoted || t->kind == WORDS_COMMENT))
			c = t->s[++i];
		sbuf_add(out, &c, 1);
	}
}

struct run {
	bool is_open;
	struct word first;
	size_t end;         /* of its last 8-bit word */
	bool after_encoded; /* the word before it is one that was there */
};

/* The blanks before a run; one where it would touch what is there. */
static void put_gap(struct words *w, const struct text *t, const struct run *r)
{
	size_t gap = r->first.at - r->first.gap;
	bool far = column(w) + gap + ENCODE_WORD_LEAST > LINE;
	bool touches = gap == 0 && t->kind != WORDS_COMMENT;

	if (far && memchr(t->s + r->first.gap, '\n', gap) == NULL)
		words_put(w, "\r\n", 2);
	if (touches || (far && gap == 0))
		words_put(w, " ", 1);
	words_put(w, t->s + r->first.gap, gap);
}

static void put_run(struct words *w, const struct text *t, struct run *r,
                    const struct word *next)
{
	struct sbuf shown;

	if (!r->is_open)
		return;
	r->is_open = false;
	put_gap(w, t, r);
	sbuf_init(&shown, t->n);
	if (r->after_encoded)
		add_shown(t, r->first.gap, r->first.at, &shown);
	add_shown(t, r->first.at, r->end, &shown);
	if (next != NULL && next->sort == ENCODED && next->gap == r->end)
		add_shown(t, next->gap, next->at, &shown);
	words_encode(w, shown.data, shown.len);
	sbuf_release(&shown);
}

static void put_fixed(struct words *w, const struct text *t,
                      const struct word *word)
{
	const char *s = t->s + word->at;
	size_t n = word->end - word->at;

	if (t->kind != WORDS_COMMENT)
		words_part(w, t->s + word->gap, word->end - word->gap);
	words_put(w, t->s + word->gap, word->at - word->gap);
	if (t->kind == WORDS_COMMENT || n < 2 || s[n - 1] != ')') {
		words_put_shown(w, s, n);
		return;
	}
	words_put(w, "(", 1);
	words_add(w, WORDS_COMMENT, s + 1, n - 2);
	words_put(w, ")", 1);
}

static void put_slice(struct words *w, const struct text *t, size_t from,
                      size_t to)
{
	words_part(w, t->s + from, to - from);
	words_put(w, t->s + from, to - from);
}

/* `done`: all before it was written. */
static size_t take_word(struct words *w, const struct text *t, struct run *r,
                        const struct word *word, size_t done, bool after)
{
	if (word->sort == RAW) {
		if (!r->is_open) {
			put_slice(w, t, done, word->gap);
			*r = (struct run){ .is_open = true,
				           .first = *word,
				           .after_encoded = after };
		}
		r->end = word->end;
		return word->end;
	}
	if (word->sort == PLAIN)
		return done;
	put_run(w, t, r, word);
	put_slice(w, t, done, word->gap);
	if (word->sort == FIXED) {
		put_fixed(w, t, word);
		return word->end;
	}
	return word->gap;
}

/* A comment is inside a phrase and nothing is inside a comment: no deeper. */
void words_add(struct words *w, enum words_kind kind, const char *text,
               size_t n)
{
	const struct text t = { .kind = kind, .s = text, .n = n };
	struct run run = { .is_open = false };
	bool after = false;
	size_t done = 0;
	struct word word;

	for (size_t at = 0; next_word(&t, at, &word); at = word.end) {
		done = take_word(w, &t, &run, &word, done, after);
		after = word.sort == ENCODED;
	}
	put_run(w, &t, &run, NULL);
	put_slice(w, &t, done, n);
}
