/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/encode.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

#define LINE 76
/* Of a quoted-printable line's text: what begins and what ends it may have to
 * be encoded still, two bytes more each. */
#define QUOTED_TEXT (LINE - 4)

static const char hex[] = "0123456789ABCDEF";

/* ---- base64 ---- */

void base64_init(struct base64 *b)
{
	*b = (struct base64){ .count = 0 };
}

/* Four digits for one to three bytes. */
static void make_digits(const unsigned char *bytes, size_t n, char *to)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				    "qrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)bytes[0] << 16;

	bits |= n > 1 ? (uint32_t)bytes[1] << 8 : 0;
	bits |= n > 2 ? (uint32_t)bytes[2] : 0;
	to[0] = digit[bits >> 18];
	to[1] = digit[bits >> 12 & 63];
	to[2] = digit[bits >> 6 & 63];
	to[3] = digit[bits & 63];
	if (n < 3)
		memset(to + n + 1, '=', 3 - n);
}

static void put_group(struct base64 *b, const unsigned char *bytes, size_t n,
                      struct sbuf *out)
{
	char text[6] = "\r\n";

	make_digits(bytes, n, text + 2);
	if (b->column == LINE) {
		b->column = 0;
		sbuf_add(out, text, 6);
	} else {
		sbuf_add(out, text + 2, 4);
	}
	b->column += 4;
}

void base64_add(struct base64 *b, const char *bytes, size_t n, struct sbuf *out)
{
	const unsigned char *at = (const unsigned char *)bytes;
	const unsigned char *end = at + n;

	while (at < end && b->count > 0) {
		b->held[b->count++] = *at++;
		if (b->count == 3) {
			put_group(b, b->held, 3, out);
			b->count = 0;
		}
	}
	for (; end - at >= 3; at += 3)
		put_group(b, at, 3, out);
	while (at < end)
		b->held[b->count++] = *at++;
}

void base64_end(struct base64 *b, struct sbuf *out)
{
	if (b->count > 0)
		put_group(b, b->held, b->count, out);
	base64_init(b);
}

/* ---- quoted-printable ---- */

void quoted_init(struct quoted *q)
{
	*q = (struct quoted){ .used = 0 };
}

static void put_hex(struct sbuf *out, char c)
{
	unsigned char u = (unsigned char)c;
	char text[3] = { '=', hex[u >> 4], hex[u & 15] };

	sbuf_add(out, text, 3);
}

/* Must the first byte of the line be encoded? */
static bool begins_badly(const struct quoted *q)
{
	if (q->used == 0)
		return false;
	return q->line[0] == '.' || (q->line[0] == '-' && q->is_continued) ||
	       (q->used >= 5 && memcmp(q->line, "From ", 5) == 0);
}

/* The line, without its end: `is_soft` if text of the same line follows. */
static void put_line(struct quoted *q, bool is_soft, struct sbuf *out)
{
	const char *from = q->line, *end = from + q->used;
	char last = q->used > 0 ? end[-1] : '\0';

	if (begins_badly(q))
		put_hex(out, *from++);
	if (from < end && !is_soft && ascii_is_blank(last)) {
		sbuf_add(out, from, (size_t)(end - from) - 1);
		put_hex(out, last);
	} else {
		sbuf_add(out, from, (size_t)(end - from));
	}
	if (is_soft)
		sbuf_add(out, "=\r\n", 3);
	q->is_continued = is_soft;
	q->used = 0;
}

void quoted_add(struct quoted *q, const char *bytes, size_t n, struct sbuf *out)
{
	for (const char *end = bytes + n; bytes < end; bytes++) {
		unsigned char c = (unsigned char)*bytes;
		bool plain = (c >= ' ' && c < 0x7f && c != '=') || c == '\t';

		if (q->used + (plain ? 1 : 3) > QUOTED_TEXT)
			put_line(q, true, out);
		if (plain) {
			q->line[q->used++] = *bytes;
			continue;
		}
		q->line[q->used++] = '=';
		q->line[q->used++] = hex[c >> 4];
		q->line[q->used++] = hex[c & 15];
	}
}

void quoted_break(struct quoted *q, struct sbuf *out)
{
	put_line(q, false, out);
	sbuf_add(out, "\r\n", 2);
}

void quoted_end(struct quoted *q, struct sbuf *out)
{
	put_line(q, false, out);
}

/* ---- UTF-8 ---- */

/* What may follow a first byte; not the forms that are too long, surrogates or
 * what is beyond U+10FFFF. */
static void begin_character(struct utf8 *u, unsigned char c)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		u->missing = 1;
	else if (c >= 0xe0 && c <= 0xef)
		u->missing = 2;
	else if (c >= 0xf0 && c <= 0xf4)
		u->missing = 3;
	else
		u->is_bad = true;
	if (c == 0xe0)
		u->low = 0xa0;
	else if (c == 0xed)
		u->high = 0x9f;
	else if (c == 0xf0)
		u->low = 0x90;
	else if (c == 0xf4)
		u->high = 0x8f;
}

void utf8_add(struct utf8 *u, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !u->is_bad; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (u->missing == 0) {
			if (c >= 0x80)
				begin_character(u, c);
			continue;
		}
		u->is_bad = c < u->low || c > u->high;
		u->missing--;
		u->low = 0x80;
		u->high = 0xbf;
	}
}

bool utf8_is_good(const struct utf8 *u)
{
	return !u->is_bad && u->missing == 0;
}

bool encode_has_8bit(const char *bytes, size_t n)
{
	uint64_t word, all = 0;

	for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		all |= word;
	}
	for (; n > 0; n--, bytes++)
		all |= (unsigned char)*bytes;
	return (all & 0x8080808080808080U) != 0;
}

bool encode_is_utf8(const char *bytes, size_t n)
{
	struct utf8 u = { .is_bad = false };

	utf8_add(&u, bytes, n);
	return utf8_is_good(&u);
}

/* ---- encoded words ---- */

static size_t character_length(const char *text, size_t n, bool is_utf8)
{
	size_t len = 1;

	while (is_utf8 && len < n && len < 4 &&
	       ((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* What stands for itself in a phrase (RFC 2047, section 5, rule 3), and so
 * everywhere. */
static bool is_q_plain(char c)
{
	return (c >= '0' && c <= '9') ||
	       (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	       (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t q_length(const char *text, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += text[i] == ' ' || is_q_plain(text[i]) ? 1 : 3;
	return len;
}

static size_t b_length(size_t n)
{
	return (n + 2) / 3 * 4;
}

static void put_q(const char *text, size_t n, struct sbuf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == ' ')
			sbuf_add(out, "_", 1);
		else if (is_q_plain(text[i]))
			sbuf_add(out, text + i, 1);
		else
			put_hex(out, text[i]);
	}
}

size_t encode_word(const char *text, size_t n, bool is_utf8, size_t room,
                   struct sbuf *out)
{
	const char *charset = is_utf8 ? "UTF-8" : "unknown-8bit";
	size_t most = room - strlen(charset) - 7, used = 0, q = 0, next;
	size_t sample = n < ENCODE_WORD_MOST ? n : ENCODE_WORD_MOST;
	bool is_q = q_length(text, sample) <= b_length(sample);
	struct base64 b;

	for (; used < n; used += next) {
		next = character_length(text + used, n - used, is_utf8);
		q += q_length(text + used, next);
		if (used > 0 && (is_q ? q : b_length(used + next)) > most)
			break;
	}
	sbuf_addf(out, "=?%s?%c?", charset, is_q ? 'Q' : 'B');
	if (is_q) {
		put_q(text, used, out);
	} else {
		base64_init(&b);
		base64_add(&b, text, used, out);
		base64_end(&b, out);
	}
	sbuf_addstr(out, "?=");
	return used;
}
