/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content - the octets of a message as they come, and what is wrong with them
 *
 * The end of DATA is CRLF.CRLF and nothing else.  What breaks the rules is
 * passed on as it is and noted in `flaws`.
 */
#ifndef SMARTHOST_CONTENT_H
#define SMARTHOST_CONTENT_H

#include "conn.h"
#include "store.h"

enum flaw {
	FLAW_BARE_LF = 1 << 0,
	FLAW_BARE_CR = 1 << 1,
	FLAW_UNSTUFFED = 1 << 2, /* a line starts with one dot and goes on */
	FLAW_LONG = 1 << 3,      /* a line of more than 998 octets */
	FLAW_8BIT = 1 << 4,
	FLAW_NUL = 1 << 5,
	FLAW_UNENDED = 1 << 6, /* BDAT content without CRLF at its end */
};

struct content {
	struct message *to; /* borrowed; NULL: throw away */
	unsigned long octets;
	unsigned long limit; /* store no more octets than these; 0: all */
	unsigned flaws;
	unsigned long pause; /* ms between two reads */
	/* private */
	unsigned state;
	char last;
	unsigned long line, crs, crlfs;
};

/* Both return -1 if the connection ended first. */
int content_read_dot(struct content *content, struct conn *c);
int content_read_chunk(struct content *content, struct conn *c,
                       unsigned long n);

/* When all is there: complete `flaws`. */
void content_end(struct content *content);

/* The name of the lowest flaw in `flaws`. */
const char *flaw_name(unsigned flaws);

#endif
