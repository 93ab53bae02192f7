/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text - small helpers for bytes that are written down as text
 *
 * text_bytes() turns the escapes of an option or a script line (\r \n \t \\
 * and \xNN) into bytes.  text_print() goes the other way, for logs and
 * messages: the result has no control byte.  text_number() reads a whole
 * decimal number.  complain() is the one way this program speaks to stderr.
 */
#ifndef SMARTHOST_TEXT_H
#define SMARTHOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
	char *data; /* not a string: may hold NUL */
	size_t len;
};

/* Unescape `text`.  With `lines`, a \n without \r before it becomes CRLF and
 * the result ends in CRLF, as replies do.  The caller frees `data`. */
struct bytes text_bytes(const char *text, bool lines);

/* Printable form of n bytes in out[size], cut short when it does not fit. */
void text_print(char *out, size_t size, const char *in, size_t n);

/* The whole of `text` as a number up to `max`; false if it is not one. */
bool text_number(const char *text, unsigned long max, unsigned long *value);

/* One line to stderr, "smarthost: ...".  Returns -1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* malloc() and strdup() that end the process when memory is gone. */
void *must_alloc(size_t n);
char *must_copy(const char *text);

#endif
