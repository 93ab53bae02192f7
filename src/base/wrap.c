/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/wrap.h"

#include <string.h>

#define TERMINAL 79

static size_t columns(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void wrap_add_in(struct sbuf *out, size_t width, const char *lead,
                 size_t indent, const char *text)
{
	size_t column = columns(lead, strlen(lead));
	bool has_word = false;

	sbuf_addstr(out, lead);
	while (*text != '\0') {
		size_t blanks = strspn(text, " ");
		size_t n = blanks + strcspn(text + blanks, " ");

		if (has_word && column + columns(text, n) > width) {
			sbuf_addf(out, "\n%*s", (int)indent, "");
			column = indent;
			text += blanks;
			n -= blanks;
		}
		sbuf_add(out, text, n);
		column += columns(text, n);
		text += n;
		has_word = true;
	}
	sbuf_addstr(out, "\n");
}

void wrap_add(struct sbuf *out, const char *lead, size_t indent,
              const char *text)
{
	wrap_add_in(out, TERMINAL, lead, indent, text);
}
