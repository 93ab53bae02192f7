/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/form.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
}

void form_add(struct sbuf *form, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	sbuf_addf(form, "%s%s=", form->len > 0 ? "&" : "", key);
	for (; *value != '\0'; value++) {
		if (is_plain(*value))
			sbuf_add(form, value, 1);
		else
			sbuf_addf(form, "%%%02X", (unsigned char)*value);
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of it, decoded; returns how long it was. */
static size_t decode_one(const char *from, size_t n, char *c)
{
	*c = *from == '+' ? ' ' : *from;
	if (*from != '%' || n < 3 || digit(from[1]) < 0 || digit(from[2]) < 0)
		return 1;
	*c = (char)(digit(from[1]) * 16 + digit(from[2]));
	return 3;
}

static bool decode(const char *from, size_t n, struct sbuf *value)
{
	sbuf_reset(value);
	while (n > 0) {
		char c;
		size_t used = decode_one(from, n, &c);

		if (ascii_is_control(c))
			return false;
		sbuf_add(value, &c, 1);
		from += used;
		n -= used;
	}
	return !value->overflow;
}

bool form_get(const char *form, const char *key, struct sbuf *value)
{
	size_t length = strlen(key);

	while (*form != '\0') {
		size_t n = strcspn(form, "&");

		if (n > length && memcmp(form, key, length) == 0 &&
		    form[length] == '=')
			return decode(form + length + 1, n - length - 1, value);
		form += n;
		form += *form == '&';
	}
	return false;
}
