/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/netrc.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/intl.h"

/* Where we are in the file, and the word that was read last. */
struct reader {
	const char *at;
	const char *end;
	unsigned line;
	struct sbuf word;
	bool is_quoted;
};

/* The entry that is being read. */
struct machine {
	bool fits_host;
	bool has_login, fits_login;
	bool has_password;
};

enum keyword { MACHINE, DEFAULT, LOGIN, PASSWORD, ACCOUNT, MACDEF, NONE };

static const char *const keywords[] = {
	[MACHINE] = "machine",   [DEFAULT] = "default", [LOGIN] = "login",
	[PASSWORD] = "password", [ACCOUNT] = "account", [MACDEF] = "macdef",
};

/* --- words ---------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void step(struct reader *r)
{
	if (*r->at++ == '\n')
		r->line++;
}

static void skip_spaces(struct reader *r)
{
	while (r->at < r->end && is_space(*r->at))
		step(r);
}

static void skip_line(struct reader *r)
{
	while (r->at < r->end && *r->at != '\n')
		r->at++;
}

static char unescaped(char c)
{
	switch (c) {
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

static int read_quoted(struct reader *r, struct fault *f)
{
	unsigned line = r->line;

	r->at++;
	while (r->at < r->end && *r->at != '"') {
		char c = *r->at;

		if (c == '\\' && r->at + 1 < r->end) {
			r->at++;
			c = unescaped(*r->at);
		}
		sbuf_add(&r->word, &c, 1);
		step(r);
	}
	if (r->at == r->end)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("line %u opens a quote that nothing closes"),
		                 line);
	r->at++;
	return 0;
}

/* 1: a word, 0: the end, -1: fault. */
static int read_word(struct reader *r, struct fault *f)
{
	sbuf_reset(&r->word);
	skip_spaces(r);
	if (r->at == r->end)
		return 0;
	r->is_quoted = *r->at == '"';
	if (r->is_quoted && read_quoted(r, f) != 0)
		return -1;
	if (!r->is_quoted) {
		const char *from = r->at;

		while (r->at < r->end && !is_space(*r->at))
			r->at++;
		sbuf_add(&r->word, from, (size_t)(r->at - from));
	}
	if (r->word.overflow)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("line %u has a word of more than %d bytes"),
		                 r->line, NETRC_WORD);
	return 1;
}

/* The same where one has to be: the value of `key`. */
static int read_value(struct reader *r, enum keyword key, struct fault *f)
{
	unsigned line = r->line;
	int found = read_word(r, f);

	if (found == 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("line %u ends the file where the word "
		                   "behind `%s` should be"),
		                 line, keywords[key]);
	return found < 0 ? -1 : 0;
}

static bool is_word(const struct reader *r, const char *text)
{
	return strlen(text) == r->word.len &&
	       memcmp(text, r->word.data, r->word.len) == 0;
}

static enum keyword keyword_of(const struct reader *r)
{
	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (!r->is_quoted && is_word(r, keywords[i]))
			return (enum keyword)i;
	return NONE;
}

/* --- entries -------------------------------------------------------------- */

static bool fits(const struct machine *m)
{
	return m->fits_host && m->has_password &&
	       (!m->has_login || m->fits_login);
}

static void skip_macro(struct reader *r)
{
	do {
		skip_line(r);
		if (r->at < r->end)
			step(r);
	} while (r->at < r->end && *r->at != '\n');
}

/* What stands behind a keyword that was read. */
static int take(struct reader *r, enum keyword key, struct machine *m,
                const char *host, const char *user, struct sbuf *password,
                struct fault *f)
{
	if (key == MACHINE || key == DEFAULT) {
		*m = (struct machine){ .fits_host = key == DEFAULT };
		sbuf_reset(password);
	}
	if (key == DEFAULT)
		return 0;
	if (read_value(r, key, f) != 0)
		return -1;
	if (key == MACHINE) {
		m->fits_host = strlen(host) == r->word.len &&
		               ascii_is_same(host, r->word.data, r->word.len);
	} else if (key == LOGIN) {
		m->has_login = user != NULL;
		m->fits_login = user == NULL || is_word(r, user);
	} else if (key == PASSWORD) {
		m->has_password = true;
		sbuf_reset(password);
		sbuf_add(password, r->word.data, r->word.len);
	} else if (key == MACDEF) {
		skip_macro(r);
	}
	return 0;
}

static int unknown(const struct reader *r, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("line %u has a word where machine, default, login, "
	                   "password, account or macdef should be; one with "
	                   "blanks goes in double quotes"),
	                 r->line);
}

/* Up to the entry that fits: 1, 0 or -1 as the whole. */
static int search(struct reader *r, const char *host, const char *user,
                  struct sbuf *password, struct fault *f)
{
	struct machine m = { 0 };
	int found;

	for (;;) {
		enum keyword key;

		skip_spaces(r);
		while (r->at < r->end && *r->at == '#') {
			skip_line(r);
			skip_spaces(r);
		}
		found = read_word(r, f);
		if (found < 0)
			return -1;
		key = found == 0 ? NONE : keyword_of(r);
		if ((found == 0 || key == MACHINE || key == DEFAULT) &&
		    fits(&m))
			return 1;
		if (found == 0)
			return 0;
		if (key == NONE)
			return unknown(r, f);
		if (take(r, key, &m, host, user, password, f) != 0)
			return -1;
	}
}

int netrc_find(const char *bytes, size_t n, const char *host, const char *user,
               struct sbuf *password, struct fault *f)
{
	struct reader r = { .at = bytes, .end = bytes + n, .line = 1 };
	int found;

	sbuf_init(&r.word, NETRC_WORD);
	found = search(&r, host, user, password, f);
	if (found != 1)
		sbuf_reset(password);
	sbuf_release(&r.word);
	return found;
}
