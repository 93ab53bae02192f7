/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/gate.h"

#include <stdbool.h>
#include <string.h>

#include "base/intl.h"

#define ADDRESS_LIMIT 512

int gate_check_line(const struct sbuf *line, struct fault *f)
{
	if (line->overflow)
		return fault_set(f, FAULT_PERM, "5.5.4",
		                 _("an SMTP command would be longer than %zu "
		                   "bytes: nothing was sent"),
		                 line->limit);
	if (strlen(line->data) != line->len ||
	    strpbrk(line->data, "\r\n") != NULL)
		return fault_set(f, FAULT_PERM, "5.5.4",
		                 _("line break or NUL inside an SMTP command: "
		                   "nothing was sent"));
	return 0;
}

static int refuse(const char *address, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.1.3",
	                 _("\"%s\" is no address that may go into an SMTP "
	                   "command"),
	                 address);
}

int gate_check_address(const char *address, struct fault *f)
{
	bool quoted = false;

	if (strlen(address) > ADDRESS_LIMIT)
		return refuse(address, f);
	for (const char *s = address; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			return refuse(address, f);
		if (quoted && c == '\\' && s[1] != '\0') {
			s++;
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				return refuse(address, f);
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == ' ' || c == '<' || c == '>')) {
			return refuse(address, f);
		}
	}
	return quoted ? refuse(address, f) : 0;
}
