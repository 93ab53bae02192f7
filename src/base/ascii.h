/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ascii - blanks, controls and letters, whatever the locale says
 *
 * Header names, domains and SMTP are ASCII.  isspace and strcasecmp ask the
 * user's locale (in Turkish I and i are different letters), so they are not
 * used on mail.  Bytes from 0x80 on are none of these.
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool ascii_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Printable and not a space. */
static inline bool ascii_is_graph(char c)
{
	return c > 0x20 && c < 0x7f;
}

static inline char ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Equal but for upper and lower case? */
static inline bool ascii_is_same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

/* The same for strings; and does `s` begin with `prefix`? */
static inline bool ascii_is_word(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && ascii_is_same(a, b, strlen(b));
}

static inline bool ascii_begins(const char *s, const char *prefix)
{
	return strlen(s) >= strlen(prefix) &&
	       ascii_is_same(s, prefix, strlen(prefix));
}

#endif
