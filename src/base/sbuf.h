/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbuf - a growing string with a limit
 *
 * The limit is given at birth: whoever creates the buffer says how much is
 * too much, so no reader of untrusted input can forget to.  `data` is always
 * a valid NUL-terminated string of `len` bytes; read it freely, change it
 * only through these functions.
 *
 * Appending past the limit drops the bytes and sets `overflow`; check it once,
 * when the string is finished.
 */
#ifndef BASE_SBUF_H
#define BASE_SBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct sbuf {
	char *data;
	size_t len;
	size_t size;  /* bytes allocated, 0 while data is the shared "" */
	size_t limit; /* longest string this buffer may hold */
	bool overflow;
};

void sbuf_init(struct sbuf *b, size_t limit); /* limit < SIZE_MAX / 2 */
void sbuf_release(struct sbuf *b);            /* wipes, frees, usable again */
void sbuf_reset(struct sbuf *b);              /* empty, memory kept */

void sbuf_add(struct sbuf *b, const void *bytes, size_t n);
void sbuf_addstr(struct sbuf *b, const char *s);
void sbuf_addf(struct sbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sbuf_addv(struct sbuf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/* Bytes as digits, two for each, a to f. */
void sbuf_add_hex(struct sbuf *b, const void *bytes, size_t n);

/* Shorten to `len` bytes, or drop the first `n`. */
void sbuf_cut(struct sbuf *b, size_t len);
void sbuf_drop(struct sbuf *b, size_t n);

#endif
