/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "config/file.h"
#include "config/options.h"

#define WORDS 64 /* of a list, at most */

enum { OURS, THEIRS, FAMILIES };

/* `host` first, by which the family is known; else in the order in which faults
 * are told.  What one family has no name for is empty. */
/* clang-format off */
static const struct {
	enum option_level level;
	const char       *key;
	enum { VALUE, SECRET, SECRET_FILE } is; /* what stands in it */
	const char       *names[FAMILIES][2];
} variables[] = {
	{ OPTION_SMARTHOST, "host",       VALUE,       { { "RELAY_HOST" },          { "SMTP_HOST" } } },
	{ OPTION_SMARTHOST, "provider",   VALUE,       { { "RELAY_PROVIDER" } } },
	{ OPTION_SMARTHOST, "region",     VALUE,       { { "RELAY_REGION" } } },
	{ OPTION_SMARTHOST, "port",       VALUE,       { { "RELAY_PORT" },          { "SMTP_PORT" } } },
	{ OPTION_SMARTHOST, "tls",        VALUE,       { { "RELAY_TLS" },           { "SMTP_TLS" } } },
	{ OPTION_SMARTHOST, "tls_ca",     VALUE,       { { "RELAY_TLS_CA" } } },
	{ OPTION_SMARTHOST, "user",       VALUE,       { { "RELAY_USER" },          { "SMTP_USER", "SMTP_USERNAME" } } },
	{ OPTION_SMARTHOST, "password",   SECRET,      { { "RELAY_PASSWORD" },      { "SMTP_PASSWORD" } } },
	{ OPTION_SMARTHOST, "password",   SECRET_FILE, { { "RELAY_PASSWORD_FILE" }, { "SMTP_PASSWORD_FILE" } } },
	{ OPTION_SMARTHOST, "login",      VALUE,       { { "RELAY_LOGIN" } } },
	{ OPTION_SMARTHOST, "oauth_client", VALUE,     { { "RELAY_OAUTH_CLIENT" } } },
	{ OPTION_SMARTHOST, "oauth_secret", SECRET,    { { "RELAY_OAUTH_SECRET" } } },
	{ OPTION_SMARTHOST, "oauth_secret", SECRET_FILE, { { "RELAY_OAUTH_SECRET_FILE" } } },
	{ OPTION_SMARTHOST, "oauth_flow", VALUE,       { { "RELAY_OAUTH_FLOW" } } },
	{ OPTION_SMARTHOST, "oauth_tenant", VALUE,     { { "RELAY_OAUTH_TENANT" } } },
	{ OPTION_SMARTHOST, "oauth_key",  VALUE,       { { "RELAY_OAUTH_KEY" } } },
	{ OPTION_SMARTHOST, "oauth_seal", SECRET,      { { "RELAY_OAUTH_SEAL" } } },
	{ OPTION_SMARTHOST, "oauth_seal", SECRET_FILE, { { "RELAY_OAUTH_SEAL_FILE" } } },
	{ OPTION_SMARTHOST, "from_force", VALUE,       { { "RELAY_FROM_FORCE" } } },
	{ OPTION_SMARTHOST, "from_allow", VALUE,       { { "RELAY_FROM_ALLOW" } } },
	{ OPTION_TOP,       "domain",     VALUE,       { { "RELAY_DOMAIN" } } },
	{ OPTION_TOP,       "aliases",    VALUE,       { { "RELAY_ALIASES" } } },
	{ OPTION_TOP,       "postmaster", VALUE,       { { "RELAY_POSTMASTER" } } },
};
/* clang-format on */

/* --- names and places ----------------------------------------------------- */

/* The place of a name in the table is its line. */
static unsigned line_of(size_t row, size_t family, size_t i)
{
	return (unsigned)((row * FAMILIES + family) * 2 + i + 1);
}

static bool is_of(size_t row, const char *key)
{
	return strcmp(variables[row].key, key) == 0;
}

const char *environment_name(const char *key, unsigned line)
{
	size_t place = line - 1, row = place / 2 / FAMILIES;

	if (line > 0 && row < COUNT_OF(variables))
		return variables[row].names[place / 2 % FAMILIES][place % 2];
	for (row = 0; key != NULL && row < COUNT_OF(variables); row++)
		if (is_of(row, key))
			return variables[row].names[OURS][0];
	return "RELAY_HOST";
}

static unsigned set_in(const struct smarthost *h, const char *key)
{
	return h->lines[option_index(option_find(OPTION_SMARTHOST, key))];
}

unsigned environment_line(const struct smarthost *h, const char *key)
{
	unsigned line = set_in(h, key);
	bool is_theirs = set_in(h, "host") == line_of(0, THEIRS, 0);

	for (size_t row = 0; line == 0 && row < COUNT_OF(variables); row++)
		if (is_of(row, key))
			line = line_of(row, is_theirs ? THEIRS : OURS, 0);
	return line;
}

/* NULL: not set, or empty. */
static const char *value_of(const char *name)
{
	const char *value = name != NULL ? secure_getenv(name) : NULL;

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Do we know the server by our own words? */
static bool is_ours(void)
{
	return value_of("RELAY_HOST") != NULL ||
	       value_of("RELAY_PROVIDER") != NULL;
}

const char *environment_host(void)
{
	if (!is_ours() && value_of("SMTP_HOST") != NULL)
		return "SMTP_HOST";
	if (value_of("RELAY_HOST") == NULL && is_ours())
		return "RELAY_PROVIDER";
	return "RELAY_HOST";
}

/* --- reading -------------------------------------------------------------- */

/* Words of `value`, cut up in place: a list has several. */
static size_t split(const struct option *o, char *value, char *words[WORDS])
{
	size_t n = 0;

	if (o->type != OPTION_HOSTS && o->type != OPTION_GLOBS &&
	    o->type != OPTION_MECHANISMS) {
		words[0] = value;
		return 1;
	}
	do {
		value += strspn(value, " ");
		words[n++] = value;
		value += strcspn(value, " ");
		if (*value == ' ')
			*value++ = '\0';
	} while (value[strspn(value, " ")] != '\0' && n < WORDS);
	return n;
}

/* Of SMTP_TLS people expect more words.  NULL: TLS as the port has it, which is
 * no less; "false" and its like stay, and are refused. */
static const char *meaning_of_tls(const char *value)
{
	static const char *const yes[] = { "1", "true", "yes", "on", "tls" };

	for (size_t i = 0; i < COUNT_OF(yes); i++)
		if (ascii_is_word(value, yes[i]))
			return NULL;
	return ascii_is_word(value, "ssl") ? "implicit" : value;
}

static int set_words(const struct option *o, void *block, const char *value,
                     struct fault *f)
{
	char *copy = mem_strdup(value), *words[WORDS];
	int result = option_set(o, block, words, split(o, copy, words), f);

	free(copy);
	return result;
}

/* `word`: env or file. */
static int set_source(const struct option *o, void *block, const char *word,
                      const char *place, struct fault *f)
{
	char *const words[] = { mem_strdup(word), mem_strdup(place) };
	int result = option_set(o, block, words, 2, f);

	free(words[0]);
	free(words[1]);
	return result;
}

/* A password stays where it is until it is needed. */
static int set(const struct option *o, void *block, size_t row,
               const char *name, const char *value, struct fault *f)
{
	if (variables[row].is == SECRET)
		return set_source(o, block, "env", name, f);
	if (variables[row].is == SECRET_FILE)
		return set_source(o, block, "file", value, f);
	return set_words(o, block, value, f);
}

static unsigned *line_at(struct config *config, size_t row)
{
	const struct option *o =
		option_find(variables[row].level, variables[row].key);
	unsigned *lines = o->level == OPTION_TOP ? config->lines
	                                         : config->smarthosts[0].lines;

	return &lines[option_index(o)];
}

static void read_one(struct config *config, size_t row, unsigned line,
                     const char *value, struct config_errors *errors)
{
	const char *key = variables[row].key;
	const struct option *o = option_find(variables[row].level, key);
	bool is_top = o->level == OPTION_TOP;
	struct smarthost *h = &config->smarthosts[0];
	struct fault f = { .kind = FAULT_NONE };
	const char *name = environment_name(key, line);
	const char *problem = NULL;

	if (strcmp(name, "SMTP_TLS") == 0)
		value = meaning_of_tls(value);
	if (value == NULL)
		return;
	if (variables[row].is != SECRET)
		problem = file_text_problem(value, strlen(value));
	if (strlen(value) > CONFIG_LINE_LIMIT && variables[row].is != SECRET)
		problem = N_("this is too long: shorten it");
	*line_at(config, row) = line;
	if (problem != NULL)
		config_complain(errors, line, key, "%s", _(problem));
	else if (set(o, is_top ? (void *)config : h, row, name, value, &f) != 0)
		config_complain(errors, line, key, "%s", f.text);
}

/* What one family says of a row that the other has left open. */
static void read_row(struct config *config, size_t row, size_t family,
                     struct config_errors *errors)
{
	const char *const *names = variables[row].names[family];
	const char *value = value_of(names[0]);
	unsigned line = line_of(row, family, value != NULL ? 0 : 1);
	unsigned before = *line_at(config, row);

	if (value == NULL)
		value = value_of(names[1]);
	if (value == NULL)
		return;
	if (before == 0)
		read_one(config, row, line, value, errors);
	else if ((before - 1) / 2 % FAMILIES == family)
		config_complain(errors, line, variables[row].key,
		                _("%s is set, too, and says the same: remove "
		                  "one of them"),
		                environment_name(NULL, before));
}

void environment_read(struct config *config, struct config_errors *errors)
{
	struct smarthost *h = mem_alloc(sizeof(*h));
	size_t families = is_ours() ? THEIRS : FAMILIES;

	config->smarthosts = h;
	config->count = 1;
	h->name = mem_strdup("environment");
	options_init(OPTION_SMARTHOST, h);
	for (size_t family = OURS; family < families; family++)
		for (size_t row = 0; row < COUNT_OF(variables); row++)
			read_row(config, row, family, errors);
}

/* --- for the manual ------------------------------------------------------- */

static void add_names(struct sbuf *b, size_t row)
{
	const char *before = ".It Ev ";

	for (size_t i = 0; i < FAMILIES * 2; i++) {
		const char *name = variables[row].names[i / 2][i % 2];

		if (name == NULL)
			continue;
		sbuf_addf(b, "%s%s", before, name);
		before = " , Ev ";
	}
	sbuf_addstr(b, "\n");
}

void environment_document(struct sbuf *b)
{
	sbuf_addstr(b, ".Bl -tag -width Ds\n");
	for (size_t row = 0; row < COUNT_OF(variables); row++) {
		add_names(b, row);
		switch (variables[row].is) {
		case VALUE: sbuf_addf(b, ".Ic %s\n", variables[row].key); break;
		case SECRET:
			if (is_of(row, "password"))
				sbuf_addstr(b, _("the password itself"));
			else
				sbuf_addf(b, ".Ic %s Cm inline",
				          variables[row].key);
			break;
		case SECRET_FILE:
			sbuf_addf(b, ".Ic %s Cm file\n", variables[row].key);
			break;
		}
		if (variables[row].is == SECRET)
			sbuf_addstr(b, "\n");
	}
	sbuf_addstr(b, ".El\n");
}
