/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reply - bytes from a server to SMTP replies
 *
 * RFC 5321, section 4.2:
 *
 *     Reply-line = *( Reply-code "-" [ textstring ] CRLF )
 *                  Reply-code [ SP textstring ] CRLF
 *     Reply-code = %x32-35 %x30-35 %x30-39
 *
 * A lone LF ends a line too, since servers do that; the text may hold any byte
 * but is shown to nobody unescaped.  At most 512 lines and 64 KiB; every line
 * must carry the same code.  Anything else is REPLY_BAD, and the connection is
 * of no further use.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define REPLY_LINES 512
#define REPLY_BYTES 65536

struct reply {
	int code;         /* 200 to 559 */
	char status[12];  /* enhanced status code (RFC 2034) of its class, or ""
	                   */
	struct sbuf text; /* the lines without their codes, joined by '\n' */
	size_t lines;
};

struct reply_reader {
	struct reply reply; /* valid after REPLY_DONE until the next byte */
	struct sbuf line;
	size_t bytes;
	bool is_done;
};

enum reply_result {
	REPLY_MORE, /* all bytes used, the reply is not complete */
	REPLY_DONE, /* one reply is complete; later bytes were not used */
	REPLY_BAD,  /* the fault says why */
};

void reply_reader_init(struct reply_reader *r);
void reply_reader_release(struct reply_reader *r);

/* Feed bytes; *used tells how many were taken. */
enum reply_result reply_read(struct reply_reader *r, const char *bytes,
                             size_t n, size_t *used, struct fault *f);

/* Were some bytes of a reply read, but not all? */
bool reply_is_begun(const struct reply_reader *r);

/* The text on one line, for a log or a person: at most `size` bytes, escaped.
 */
void reply_show(const struct reply *r, char *to, size_t size);

#endif
