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
