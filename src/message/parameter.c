/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/parameter.h"

#include <string.h>

#include "base/ascii.h"
#include "message/address.h"
#include "message/words.h"

static bool is_space(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

/* Over blanks and comments. */
static void skip(struct parameters *p)
{
	while (p->at < p->n) {
		const char *s = p->text + p->at;

		if (is_space(*s))
			p->at++;
		else if (*s == '(')
			p->at += words_comment_length(s, p->n - p->at);
		else
			break;
	}
}

/* Up to one of the bytes or a comment, without blanks at its end. */
static size_t span(struct parameters *p, const char *ends)
{
	const char *s = p->text + p->at;
	size_t n = p->n - p->at, len = 0;

	while (len < n && (s[len] == '\0' || strchr(ends, s[len]) == NULL) &&
	       !(s[len] == '(' && len > 0 && is_space(s[len - 1])))
		len++;
	p->at += len;
	while (len > 0 && is_space(s[len - 1]))
		len--;
	return len;
}

const char *parameters_begin(struct parameters *p, const char *text, size_t n,
                             size_t *len)
{
	const char *first;

	*p = (struct parameters){ .text = text, .n = n };
	skip(p);
	first = text + p->at;
	*len = span(p, ";");
	return first;
}

static void read_value(struct parameters *p, struct parameter *got)
{
	size_t quoted;

	skip(p);
	got->value = p->text + p->at;
	if (p->at < p->n && *got->value == '"') {
		quoted = address_quoted_length(got->value, p->n - p->at);
		got->value_len = quoted > 0 ? quoted : p->n - p->at;
		p->at += got->value_len;
	} else {
		got->value_len = span(p, ";");
	}
}

bool parameters_next(struct parameters *p, struct parameter *got)
{
	for (;;) {
		skip(p);
		if (p->at < p->n && p->text[p->at] != ';')
			span(p, ";");
		skip(p);
		if (p->at == p->n)
			return false;
		if (p->text[p->at] != ';')
			continue;
		p->at++;
		skip(p);
		got->name = p->text + p->at;
		got->name_len = span(p, "=;");
		skip(p);
		if (p->at == p->n || p->text[p->at] != '=')
			continue;
		p->at++;
		read_value(p, got);
		if (got->name_len > 0)
			return true;
	}
}

bool parameter_is(const struct parameter *p, const char *name)
{
	return strlen(name) == p->name_len &&
	       ascii_is_same(p->name, name, p->name_len);
}

void parameter_value(const struct parameter *p, struct sbuf *out)
{
	const char *s = p->value, *end = s + p->value_len;
	bool is_quoted = s < end && *s == '"';

	if (is_quoted) {
		s++;
		if (end > s && end[-1] == '"')
			end--;
	}
	for (; s < end; s++) {
		if (*s == '\r' || *s == '\n')
			continue;
		if (is_quoted && *s == '\\' && s + 1 < end)
			s++;
		sbuf_add(out, s, 1);
	}
}
