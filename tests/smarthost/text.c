/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text - see text.h */

#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* The byte that the escape at `at` (after the backslash) stands for, and how
 * many characters it took.  An unknown escape stands for itself. */
static char escape(const char *at, size_t *used)
{
	int high, low;

	*used = 1;
	switch (*at) {
	case 'r': return '\r';
	case 'n': return '\n';
	case 't': return '\t';
	case 'x':
		high = hex_digit(at[1]);
		low = high >= 0 ? hex_digit(at[2]) : -1;
		if (low < 0)
			return 'x';
		*used = 3;
		return (char)(high * 16 + low);
	default: return *at;
	}
}

static bool ends_with_cr(const struct bytes *b)
{
	return b->len > 0 && b->data[b->len - 1] == '\r';
}

struct bytes text_bytes(const char *text, bool lines)
{
	/* the worst case is "\n", two characters that become two */
	struct bytes b = { must_alloc(strlen(text) + 3), 0 };
	const char *at = text;
	size_t used;

	while (*at != '\0') {
		if (*at != '\\' || at[1] == '\0') {
			b.data[b.len++] = *at++;
			continue;
		}
		if (lines && at[1] == 'n' && !ends_with_cr(&b))
			b.data[b.len++] = '\r';
		b.data[b.len++] = escape(at + 1, &used);
		at += 1 + used;
	}
	if (lines && (b.len == 0 || b.data[b.len - 1] != '\n')) {
		b.data[b.len++] = '\r';
		b.data[b.len++] = '\n';
	}
	return b;
}

void text_print(char *out, size_t size, const char *in, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < n && at + 5 <= size; i++) {
		unsigned char c = (unsigned char)in[i];

		if (c >= ' ' && c != 0x7f) {
			out[at++] = (char)c;
			continue;
		}
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = digits[c >> 4];
		out[at++] = digits[c & 15];
	}
	out[at] = '\0';
}

bool text_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *value <= max;
}

int complain(const char *fmt, ...)
{
	va_list args;

	fputs("smarthost: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

void *must_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (p == NULL) {
		complain("out of memory");
		exit(EX_OSERR);
	}
	return p;
}

char *must_copy(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(must_alloc(n), text, n);
}
