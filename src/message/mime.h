/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mime - a message taken apart into its parts, while it passes
 *
 * The message comes in CRLF form, in pieces of any size; what it holds is told
 * to functions, the same for every way to cut it.  Written out again as told,
 * it is the same message, byte for byte:
 *
 *     header    the fields of a part, and the empty line if there is one
 *     text      of a leaf, or of what nobody reads before and after the parts
 *               of a multipart
 *     boundary  a line between parts
 *
 * RFC 2046 is read as most do: a boundary is a whole line, the innermost that
 * fits counts; a message/rfc822 is walked into; a part ends where an outer one
 * does.  Memory is that of one header and of the boundaries, time does not
 * depend on how deep the parts lie.  A message over a limit is told up to
 * there; mime_problem() then says why in words, and the rest is not looked at.
 */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sbuf.h"

#define MIME_PARTS 20000
#define MIME_DEPTH 100    /* multiparts inside one another */
#define MIME_LINE 998     /* octets of a boundary line */
#define MIME_BOUNDARY 250 /* octets of a boundary; RFC 2046 has 70 */
#define MIME_HEADER ((size_t)1 << 20) /* octets of a part's header */

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,
	MIME_MESSAGE, /* its text is a part of its own, the next one */
};

enum mime_encoding {
	MIME_NONE, /* not said: 7bit */
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED,
	MIME_BASE64,
	MIME_UNKNOWN,
};

struct mime_part {
	uint32_t index;   /* the message itself is 0 */
	uint32_t message; /* the part whose header is that of its message */
	enum mime_kind kind;
	enum mime_encoding encoding;
	bool is_message; /* 0, and what is in a message/rfc822 */
	bool is_text;
	bool has_type; /* a Content-Type */
	bool has_version;
	bool is_sealed;  /* inside what is signed or encrypted */
	bool seals;      /* what is in it is */
	bool is_digest;  /* its parts are messages where nothing is said */
	bool is_partial; /* message/partial: must not be encoded */
	bool is_broken;  /* says multipart and gives no boundary */
};

struct mime_reader {
	/* The fields with their CRLF; `is_ended`: the empty line follows. */
	void (*header)(void *arg, const struct mime_part *part,
	               const char *fields, size_t n, bool is_ended);
	/* Text of one line, or a piece of it.  `begins`: it is the first piece.
	 * `breaks`: the end of the line before it belongs to this text. */
	void (*text)(void *arg, const struct mime_part *part, const char *bytes,
	             size_t n, bool begins, bool breaks);
	/* Where the text of a leaf ends. */
	void (*end)(void *arg, const struct mime_part *part);
	/* The line without its end.  `breaks`: the end of the line before is
	 * told with it.  Its own end is, too, unless it is the last of its
	 * multipart. */
	void (*boundary)(void *arg, const char *line, size_t n, bool breaks,
	                 bool is_last);
};

struct mime;

struct mime *mime_create(const struct mime_reader *reader, void *arg,
                         size_t header_limit);
void mime_add(struct mime *m, const char *bytes, size_t n);
void mime_end(struct mime *m);
const char *mime_problem(const struct mime *m); /* NULL: none */
void mime_free(struct mime **m);

#endif
