/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What `data` points to while nothing is stored; never written to. */
static char nothing[1];

void sbuf_init(struct sbuf *b, size_t limit)
{
	*b = (struct sbuf){ .data = nothing, .limit = limit };
}

void sbuf_release(struct sbuf *b)
{
	if (b->size > 0) {
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	sbuf_init(b, b->limit);
}

void sbuf_reset(struct sbuf *b)
{
	sbuf_cut(b, 0);
	b->overflow = false;
}

/* Make room for `n` more bytes and the NUL.  False: over the limit.  A fresh
 * block is used instead of realloc(), which may leave a copy of a password
 * behind in freed memory. */
static bool reserve(struct sbuf *b, size_t n)
{
	size_t need, size;
	char *data;

	if (b->overflow || n > b->limit - b->len) {
		b->overflow = true;
		return false;
	}
	need = b->len + n + 1;
	if (need <= b->size)
		return true;
	size = need < 64 ? 64 : need + need / 2;
	data = mem_alloc(size);
	memcpy(data, b->data, b->len + 1);
	if (b->size > 0) {
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	b->data = data;
	b->size = size;
	return true;
}

void sbuf_add(struct sbuf *b, const void *bytes, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void sbuf_addstr(struct sbuf *b, const char *s)
{
	sbuf_add(b, s, strlen(s));
}

void sbuf_addv(struct sbuf *b, const char *fmt, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n <= 0 || !reserve(b, (size_t)n))
		return;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
	b->len += (size_t)n;
}

void sbuf_addf(struct sbuf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sbuf_addv(b, fmt, args);
	va_end(args);
}

void sbuf_add_hex(struct sbuf *b, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = bytes;

	for (size_t i = 0; i < n; i++) {
		sbuf_add(b, &digits[at[i] >> 4], 1);
		sbuf_add(b, &digits[at[i] & 15], 1);
	}
}

void sbuf_cut(struct sbuf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void sbuf_drop(struct sbuf *b, size_t n)
{
	if (n == 0)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->data, b->data + n, b->len - n);
	sbuf_cut(b, b->len - n);
}
