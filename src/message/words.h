/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words - text of a header field, its 8-bit words made encoded words
 *
 * RFC 2047 in the three places where it allows encoded words.  Words that are
 * ASCII stay as they are, blanks and folding with them, but those between two
 * that must be encoded: a run becomes one text, so that a reader sees the same
 * blanks.  Encoded words that are there stay too.  Long runs are folded.
 * Memory is that of one run.
 *
 *     Jos\303\251 "\303\204pfel, roh" Bob   as a phrase
 *     =?UTF-8?Q?Jos=C3=A9_=C3=84pfel=2C_roh?= Bob
 */
#ifndef MESSAGE_WORDS_H
#define MESSAGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"

enum words_kind {
	WORDS_TEXT,    /* of Subject and the like */
	WORDS_PHRASE,  /* a display name: quoted strings, comments */
	WORDS_COMMENT, /* what is between the parentheses of a comment */
};

/* Where it is written to: the field, from its name on. */
struct words {
	struct sbuf *out;
	size_t line_at; /* where the last line of `out` begins */
	bool after_encoded;
};

void words_init(struct words *w, struct sbuf *out);

/* As it is; and with a question mark for each octet above 127. */
void words_put(struct words *w, const char *bytes, size_t n);
void words_put_shown(struct words *w, const char *bytes, size_t n);

/* What is 8-bit in it encoded; all of it encoded. */
void words_add(struct words *w, enum words_kind kind, const char *text,
               size_t n);
void words_encode(struct words *w, const char *text, size_t n);

/* Go on in a new line.  None is left that has blanks alone. */
void words_fold(struct words *w);

/* A blank, if the last that was written is an encoded word and would touch what
 * comes. */
void words_part(struct words *w, const char *next, size_t n);

/* Length of the comment that begins at `s`, with what is nested; all of it if
 * it has no end. */
size_t words_comment_length(const char *s, size_t n);

#endif
