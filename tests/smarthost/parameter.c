/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parameter - see parameter.h */

#include "parameter.h"

#include <string.h>
#include <strings.h>

bool path_parse(struct path *path, const char *keyword, const char *args)
{
	size_t n = strlen(keyword), len = 0;
	bool quoted = false;

	path->ascii = true;
	if (strncasecmp(args, keyword, n) != 0 || args[n] != '<')
		return false;
	for (args += n + 1; quoted || *args != '>'; args++) {
		if (*args == '\0' || len + 2 >= sizeof(path->address))
			return false;
		if (*args == '"')
			quoted = !quoted;
		else if (*args == ' ' && !quoted)
			return false;
		if (((unsigned char)*args & 0x80) != 0)
			path->ascii = false;
		path->address[len++] = *args;
		if (quoted && *args == '\\' && args[1] != '\0')
			path->address[len++] = *++args;
	}
	path->address[len] = '\0';
	path->parameters = args + 1;
	return path->parameters[0] == '\0' || path->parameters[0] == ' ';
}

static const struct objection fine = { 0, NULL, NULL };
static const struct objection unknown = { 555, "5.5.4",
	                                  "parameter not offered" };
static const struct objection wrong = { 501, "5.5.4", "bad parameter value" };

/* RFC 3461: printable, with + and = only as +XX */
static bool is_xtext(const char *v)
{
	static const char hex[] = "0123456789ABCDEF";

	if (*v == '\0')
		return false;
	for (; *v != '\0'; v++) {
		if (*v < '!' || *v > '~' || *v == '=')
			return false;
		if (*v != '+')
			continue;
		if (v[1] == '\0' || strchr(hex, v[1]) == NULL || v[2] == '\0' ||
		    strchr(hex, v[2]) == NULL)
			return false;
		v += 2;
	}
	return true;
}

static bool is_notify(const char *v)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	size_t n, i;

	if (strcasecmp(v, "NEVER") == 0)
		return true;
	for (;; v += n + 1) {
		n = strcspn(v, ",");
		for (i = 0; i < 3; i++)
			if (strlen(words[i]) == n &&
			    strncasecmp(v, words[i], n) == 0)
				break;
		if (i == 3)
			return false;
		if (v[n] == '\0')
			return true;
	}
}

static bool is_orcpt(const char *v)
{
	const char *semicolon = strchr(v, ';');

	return semicolon != NULL && semicolon > v && semicolon[1] != '\0' &&
	       (strncasecmp(v, "utf-8;", 6) == 0 || is_xtext(semicolon + 1));
}

static bool is(const char *word, const char *name)
{
	return strcasecmp(word, name) == 0;
}

/* `value` NULL: there was no "=" */
static struct objection one_of_mail(struct parameters *p, const char *name,
                                    const char *value, unsigned offered,
                                    bool auth)
{
	const char *v = value != NULL ? value : "";

	if (is(name, "SIZE") && (offered & EXT_SIZE) != 0)
		return text_number(v, 1UL << 60, &p->size) ? fine : wrong;
	if (is(name, "BODY") && (offered & EXT_8BITMIME) != 0) {
		p->eight = is(v, "8BITMIME");
		return p->eight || is(v, "7BIT") ? fine : wrong;
	}
	if (is(name, "SMTPUTF8") && (offered & EXT_SMTPUTF8) != 0) {
		p->utf8 = true;
		return value == NULL ? fine : wrong;
	}
	if (is(name, "RET") && (offered & EXT_DSN) != 0)
		return is(v, "FULL") || is(v, "HDRS") ? fine : wrong;
	if (is(name, "ENVID") && (offered & EXT_DSN) != 0)
		return is_xtext(v) && strlen(v) <= 100 ? fine : wrong;
	if (is(name, "AUTH") && auth)
		return is_xtext(v) ? fine : wrong;
	return unknown;
}

static struct objection one_of_rcpt(const char *name, const char *value,
                                    unsigned offered)
{
	const char *v = value != NULL ? value : "";

	if (is(name, "NOTIFY") && (offered & EXT_DSN) != 0)
		return is_notify(v) ? fine : wrong;
	if (is(name, "ORCPT") && (offered & EXT_DSN) != 0)
		return is_orcpt(v) && strlen(v) <= 500 ? fine : wrong;
	return unknown;
}

/* The next " NAME=VALUE" cut in two.  1: found, 0: none left, -1: bad. */
static int next(const char **text, char *word, size_t size, char **value)
{
	size_t n;

	if (**text == '\0')
		return 0;
	n = strcspn(*text + 1, " ");
	if (n == 0 || n >= size)
		return -1;
	memcpy(word, *text + 1, n);
	word[n] = '\0';
	*text += 1 + n;
	*value = strchr(word, '=');
	if (*value != NULL)
		*(*value)++ = '\0';
	return 1;
}

struct objection parameters_mail(struct parameters *p, const char *text,
                                 unsigned offered, bool auth)
{
	struct objection o = fine;
	char word[1024], *value;
	int found = 0;

	*p = (struct parameters){ 0 };
	while (o.code == 0 &&
	       (found = next(&text, word, sizeof(word), &value)) > 0)
		o = one_of_mail(p, word, value, offered, auth);
	return found < 0 ? wrong : o;
}

struct objection parameters_rcpt(const char *text, unsigned offered)
{
	struct objection o = fine;
	char word[1024], *value;
	int found = 0;

	while (o.code == 0 &&
	       (found = next(&text, word, sizeof(word), &value)) > 0)
		o = one_of_rcpt(word, value, offered);
	return found < 0 ? wrong : o;
}
