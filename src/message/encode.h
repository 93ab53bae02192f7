/* SPDX-License-Identifier: GPL-3.0-or-later */
/* encode - bytes as 7-bit text: base64, quoted-printable, encoded words
 *
 * RFC 2045, 6.7 and 6.8, and RFC 2047.  Text may come in pieces of any size:
 * the result is the same for every way to cut it.  What is written is appended
 * to a string buffer, which the caller may empty at any time; at most four
 * bytes are written for one that came, and a line.  Nothing here can fail.
 *
 *     struct quoted q;
 *
 *     quoted_init(&q);
 *     quoted_add(&q, "na\303\257ve ", 7, &out);
 *     quoted_break(&q, &out);
 *     quoted_end(&q, &out);                  na=C3=AFve=20 CRLF
 */
#ifndef MESSAGE_ENCODE_H
#define MESSAGE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"

/* Lines of 76 digits with CRLF between them, none after the last. */
struct base64 {
	unsigned char held[3];
	size_t count;
	size_t column;
};

void base64_init(struct base64 *b);
void base64_add(struct base64 *b, const char *bytes, size_t n,
                struct sbuf *out);
void base64_end(struct base64 *b, struct sbuf *out);

/* Lines of at most 76 bytes.  The text comes without its line ends; each is
 * told by quoted_break.  A CR, LF or NUL in the text is encoded, and so are a
 * blank before a line end, a dot and a "From " that begin a line, since there
 * are programs on the way that change them, and a hyphen that comes to begin
 * one: no boundary may arise. */
struct quoted {
	bool is_continued; /* a soft break is before the line */
	size_t used;
	char line[80];
};

void quoted_init(struct quoted *q);
void quoted_add(struct quoted *q, const char *bytes, size_t n,
                struct sbuf *out);
void quoted_break(struct quoted *q, struct sbuf *out);
void quoted_end(struct quoted *q, struct sbuf *out);

/* Is it UTF-8 (RFC 3629)?  Start with zeros. */
struct utf8 {
	bool is_bad;
	unsigned char missing; /* bytes of the character that is being read */
	unsigned char low;     /* what its next byte may be, 0: 80 to BF */
	unsigned char high;
};

void utf8_add(struct utf8 *u, const char *bytes, size_t n);
bool utf8_is_good(const struct utf8 *u); /* at the end of the text */

/* Is any octet above 127, and are they UTF-8? */
bool encode_has_8bit(const char *bytes, size_t n);
bool encode_is_utf8(const char *bytes, size_t n);

/* One encoded word of at most `room` bytes (ENCODE_WORD_LEAST to 75) with as
 * many whole characters of the text as fit; in a phrase, a comment and text
 * alike.  Returns how many bytes it took, at least one.  What is not UTF-8
 * (`is_utf8`: the caller's word) says so: the charset is unknown-8bit. */
#define ENCODE_WORD_MOST 75
#define ENCODE_WORD_LEAST 32

size_t encode_word(const char *text, size_t n, bool is_utf8, size_t room,
                   struct sbuf *out);

#endif
