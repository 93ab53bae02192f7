/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/path.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"

static const char *skip_blanks(const char *s)
{
	while (ascii_is_blank(*s))
		s++;
	return s;
}

/* The first of `ends` outside quotes; NULL: none, or a quote has no end. */
static const char *find_end(const char *s, const char *ends)
{
	bool is_quoted = false;

	for (; *s != '\0'; s++) {
		if (!is_quoted && strchr(ends, *s) != NULL)
			return s;
		if (*s == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && *s == '\\' && s[1] != '\0')
			s++;
	}
	return is_quoted ? NULL : s;
}

/* "@a,@b:" before the address. */
static const char *skip_route(const char *s)
{
	const char *colon = *s == '@' ? strpbrk(s, ":>\"") : NULL;

	return colon != NULL && *colon == ':' ? colon + 1 : s;
}

const char *path_take(const char *text, struct sbuf *address)
{
	const char *s = skip_blanks(text), *end;
	const bool is_angled = *s == '<';

	if (is_angled)
		s = skip_route(s + 1);
	end = find_end(s, is_angled ? ">" : " \t");
	if (end == NULL || (is_angled ? *end == '\0' : end == s))
		return NULL;
	sbuf_add(address, s, (size_t)(end - s));
	if (is_angled)
		end++;
	return *end == '\0' || ascii_is_blank(*end) ? end : NULL;
}

const char *path_next(const char *text, struct path_parameter *p)
{
	const char *s = skip_blanks(text), *end = s;

	while (*end != '\0' && !ascii_is_blank(*end))
		end++;
	if (end == s)
		return NULL;
	p->name = s;
	p->value = memchr(s, '=', (size_t)(end - s));
	p->name_len = (size_t)((p->value != NULL ? p->value : end) - s);
	if (p->value != NULL)
		p->value++;
	p->value_len = p->value != NULL ? (size_t)(end - p->value) : 0;
	return end;
}
