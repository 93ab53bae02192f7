/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unstuff - what follows DATA, up to the line with a dot alone
 *
 * The other way round of wire_stuff: the dot that begins a line goes (RFC 5321,
 * section 4.5.2), all other bytes stay as they are, line ends too.  A program
 * that is our parent may end its lines with LF or CRLF, so "." ends the message
 * with either.  On a socket, strictly, a CR or LF alone is an attempt to show
 * one server a line that another does not see, and nothing of it is taken.
 *
 * Pure; the same for every way to cut the bytes; allocates nothing.
 */
#ifndef SMTP_UNSTUFF_H
#define SMTP_UNSTUFF_H

#include <stdbool.h>
#include <stddef.h>

enum unstuff_state {
	UNSTUFF_LINE_START,
	UNSTUFF_IN_LINE,
	UNSTUFF_DOT,    /* it began the line, and is held back */
	UNSTUFF_DOT_CR, /* so is the CR behind it */
};

struct unstuff {
	bool is_strict;
	bool after_cr;
	enum unstuff_state state;
	void (*write)(void *arg, const char *bytes, size_t n);
	void *arg;
};

enum unstuff_result {
	UNSTUFF_MORE,
	UNSTUFF_END,  /* the dot's line was the last of the bytes used */
	UNSTUFF_BARE, /* strict: a CR or LF stands alone; stop */
};

void unstuff_init(struct unstuff *u, bool is_strict,
                  void (*write)(void *arg, const char *bytes, size_t n),
                  void *arg);

/* *used: all of them, but for UNSTUFF_END. */
enum unstuff_result unstuff(struct unstuff *u, const char *bytes, size_t n,
                            size_t *used);

#endif
