/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/sbuf.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Characters that change what the reader sees of others: C1 controls, line and
 * paragraph separators, bidirectional marks and overrides, the BOM, tags. */
static bool is_harmful(uint32_t c)
{
	return c < 0xa0 || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

/* Length of the character at `s` that may be shown as it is, or 0.  UTF-8 as
 * in RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t shown_length(const unsigned char *s, size_t n)
{
	uint32_t c;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf && n >= 2 && is_tail(s[1])) {
		c = (s[0] & 0x1fU) << 6 | (s[1] & 0x3fU);
		return is_harmful(c) ? 0 : 2;
	}
	if ((s[0] & 0xf0) == 0xe0 && n >= 3 && is_tail(s[1]) && is_tail(s[2])) {
		c = (s[0] & 0x0fU) << 12 | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU);
		if (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))
			return 0;
		return is_harmful(c) ? 0 : 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4 && n >= 4 && is_tail(s[1]) &&
	    is_tail(s[2]) && is_tail(s[3])) {
		c = (s[0] & 0x07U) << 18 | (s[1] & 0x3fU) << 12 |
		    (s[2] & 0x3fU) << 6 | (s[3] & 0x3fU);
		return c < 0x10000 || c > 0x10ffff || is_harmful(c) ? 0 : 4;
	}
	return 0;
}

/* One character or byte of the input as it is shown; returns bytes consumed. */
static size_t show_one(const char *bytes, size_t n, char shown[8], size_t *len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t whole = shown_length(s, n);

	if (whole > 0) {
		memcpy(shown, bytes, whole);
		*len = whole;
		return whole;
	}
	*len = (size_t)snprintf(shown, 8, "\\x%02X", s[0]);
	return 1;
}

size_t escape_copy(char *to, size_t size, const char *bytes, size_t n)
{
	size_t used = 0, at = 0;

	while (at < n) {
		char shown[8];
		size_t len;

		at += show_one(bytes + at, n - at, shown, &len);
		if (used + len + 1 > size)
			break;
		memcpy(to + used, shown, len);
		used += len;
	}
	if (size > 0)
		to[used] = '\0';
	return used;
}

void escape_add(struct sbuf *to, const char *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		char shown[8];
		size_t len;

		at += show_one(bytes + at, n - at, shown, &len);
		sbuf_add(to, shown, len);
	}
}

void escape_add_name(struct sbuf *to, const char *text)
{
	for (const char *s = text; *s != '\0'; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') ||
		             (*s >= 'A' && *s <= 'Z') ||
		             (*s >= '0' && *s <= '9') || *s == '-' || *s == '_';

		if (plain)
			sbuf_add(to, s, 1);
		else
			sbuf_addf(to, "%%%02X", (unsigned char)*s);
	}
}

void escape_add_json(struct sbuf *to, const char *text)
{
	size_t at = 0, n = strlen(text);

	sbuf_add(to, "\"", 1);
	while (at < n) {
		char shown[8];
		size_t len, whole;

		whole = show_one(text + at, n - at, shown, &len);
		if (len > whole || shown[0] == '\\' || shown[0] == '"')
			sbuf_add(to, "\\", 1);
		sbuf_add(to, shown, len);
		at += whole;
	}
	sbuf_add(to, "\"", 1);
}

void escape_add_member(struct sbuf *to, const char *before, const char *name,
                       const char *text)
{
	sbuf_addf(to, "%s\"%s\": ", before, name);
	if (text != NULL)
		escape_add_json(to, text);
	else
		sbuf_addstr(to, "null");
}
