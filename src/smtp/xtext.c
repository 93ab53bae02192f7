/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/xtext.h"

#include "base/ascii.h"

void xtext_add(struct sbuf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (ascii_is_graph(*text) && *text != '+' && *text != '=')
			sbuf_add(out, text, 1);
		else
			sbuf_addf(out, "+%02X", (unsigned)(unsigned char)*text);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool xtext_read(struct sbuf *out, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = word[i];

		if (!ascii_is_graph(c) || c == '=')
			return false;
		if (c == '+') {
			if (n - i < 3 || digit(word[i + 1]) < 0 ||
			    digit(word[i + 2]) < 0)
				return false;
			c = (char)(digit(word[i + 1]) * 16 +
			           digit(word[i + 2]));
			i += 2;
		}
		if (ascii_is_control(c))
			return false;
		sbuf_add(out, &c, 1);
	}
	return !out->overflow;
}
