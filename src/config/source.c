/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"
#include "config/source_parts.h"

/* clang-format off */
static const struct {
	const char      *name;
	enum source_kind kind;
	size_t           least, most; /* words after the name */
} sources[] = {
	{ "inline",     SOURCE_INLINE,     1, 1 },
	{ "file",       SOURCE_FILE,       1, 1 },
	{ "credential", SOURCE_CREDENTIAL, 1, 1 },
	{ "env",        SOURCE_ENV,        1, 1 },
	{ "command",    SOURCE_COMMAND,    1, SIZE_MAX },
	{ "keyring",    SOURCE_KEYRING,    0, 0 },
	{ "helper",     SOURCE_HELPER,     1, SIZE_MAX },
	{ "netrc",      SOURCE_NETRC,      0, 1 },
	{ "ses-key",    SOURCE_SES_KEY,    1, SIZE_MAX },
};
/* clang-format on */

static const char *name_of(enum source_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (sources[i].kind == kind)
			return sources[i].name;
	return "";
}

static int keep_text(struct source *s, const char *text, struct fault *f)
{
	if (text[0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the password is empty"));
	s->kind = SOURCE_INLINE;
	s->text = secret_create(text, strlen(text));
	return 0;
}

/* A name that systemd takes; it becomes a file's. */
static bool is_credential(const char *name)
{
	return name[0] != '.' && strchr(name, '/') == NULL;
}

/* A path, or a name of something that is none. */
static char *keep_word(enum source_kind kind, const char *word, struct fault *f)
{
	/* Not below the directory in which somebody called sendmail. */
	bool is_path = kind == SOURCE_FILE || kind == SOURCE_NETRC ||
	               strchr(word, '/') != NULL;

	return is_path ? trust_path(word, f) : mem_strdup(word);
}

static int keep_words(struct source *s, const char *key, char *const words[],
                      size_t n, struct fault *f)
{
	if (words[0][0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the word after `%s %s` is empty"), key,
		                 name_of(s->kind));
	if (s->kind == SOURCE_CREDENTIAL && !is_credential(words[0]))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("a credential has a name, not a path: write "
		                   "the one that LoadCredential= gives it, or "
		                   "`%s file PATH`"),
		                 key);
	s->words = mem_array(n + 1, sizeof(*s->words));
	s->words[0] = keep_word(s->kind, words[0], f);
	if (s->words[0] == NULL)
		return -1;
	for (size_t i = 1; i < n; i++)
		s->words[i] = mem_strdup(words[i]);
	return 0;
}

/* The first word names no source: the password itself, if it stands alone. */
static int parse_bare(struct source *s, const char *key, char *const words[],
                      size_t n, struct fault *f)
{
	if (n == 1)
		return keep_text(s, words[0], f);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s` starts with none of keyring, file, "
	                   "credential, netrc, env, command, helper, ses-key "
	                   "and inline; a password with blanks goes in quotes: "
	                   "%s inline \"...\""),
	                 key, key);
}

/* Where the key comes from is said as for a password. */
static int keep_key(struct source *s, const char *key, char *const words[],
                    size_t n, struct fault *f)
{
	char whole[64];

	if (strcmp(words[0], name_of(SOURCE_SES_KEY)) == 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s ses-key` stands there twice"), key);
	snprintf(whole, sizeof(whole), "%s ses-key", key);
	s->key = mem_alloc(sizeof(*s->key));
	return source_parse(s->key, whole, words, n, f);
}

static int check_count(const char *key, const char *name, size_t n,
                       size_t least, size_t most, struct fault *f)
{
	if (n < least)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s %s` lacks the word after `%s`; if that "
		                   "is the password itself, write `%s inline "
		                   "%s`"),
		                 key, name, name, key, name);
	if (n <= most)
		return 0;
	if (most == 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s %s` stands alone: remove the other "
		                   "words"),
		                 key, name);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s %s` takes one more word: put it in quotes if "
	                   "it holds blanks"),
	                 key, name);
}

int source_parse(struct source *s, const char *key, char *const words[],
                 size_t n, struct fault *f)
{
	char home[] = "~/.netrc";
	char *const usual[] = { home };
	size_t i = 0;

	while (i < COUNT_OF(sources) && strcmp(words[0], sources[i].name) != 0)
		i++;
	if (i == COUNT_OF(sources))
		return parse_bare(s, key, words, n, f);
	if (check_count(key, sources[i].name, n - 1, sources[i].least,
	                sources[i].most, f) != 0)
		return -1;
	if (sources[i].kind == SOURCE_INLINE)
		return keep_text(s, words[1], f);
	s->kind = sources[i].kind;
	if (s->kind == SOURCE_SES_KEY)
		return keep_key(s, key, words + 1, n - 1, f);
	if (s->kind == SOURCE_NETRC && n == 1)
		return keep_words(s, key, usual, 1, f);
	return n == 1 ? 0 : keep_words(s, key, words + 1, n - 1, f);
}

void source_release(struct source *s)
{
	secret_free(&s->text);
	for (size_t i = 0; s->words != NULL && s->words[i] != NULL; i++) {
		explicit_bzero(s->words[i], strlen(s->words[i]));
		free(s->words[i]);
	}
	free(s->words);
	if (s->key != NULL)
		source_release(s->key);
	free(s->key);
	*s = (struct source){ .kind = SOURCE_NONE };
}

void source_forget(struct source *s)
{
	enum source_kind kind = s->kind;

	source_release(s);
	s->kind = kind;
}

/* In its place, where /proc and a debugger would show it; not unset, since an
 * empty RELAY_PASSWORD says that there is none. */
void source_hide(const struct source *s)
{
	char *value;

	if (s->key != NULL)
		source_hide(s->key);
	if (s->kind != SOURCE_ENV || s->words == NULL)
		return;
	value = secure_getenv(s->words[0]);
	if (value != NULL)
		memset(value, '*', strlen(value));
}

/* A command's arguments stay out: somebody will put a password there. */
void source_describe(const struct source *s, struct sbuf *b)
{
	if (s->kind == SOURCE_NONE)
		return;
	sbuf_addstr(b, name_of(s->kind));
	if (s->words != NULL)
		sbuf_addf(b, " %s", s->words[0]);
	if (s->key != NULL) {
		sbuf_addstr(b, " ");
		source_describe(s->key, b);
	}
}

/* Container secrets are often 0444, on a file system made for one container. */
static bool is_container_secret(const char *path)
{
	return strncmp(path, "/run/secrets/", 13) == 0 &&
	       strstr(path, "/../") == NULL;
}

mode_t source_unfit(const char *path)
{
	return is_container_secret(path) ? TRUST_WRITABLE
	                                 : TRUST_WRITABLE | TRUST_READABLE;
}

bool source_is_inline(const struct source *s)
{
	return s->key != NULL ? source_is_inline(s->key)
	                      : s->kind == SOURCE_INLINE;
}

int source_look(const struct source *s, struct fault *f)
{
	struct stat st;

	if (s->key != NULL)
		return source_look(s->key, f);
	if ((s->kind != SOURCE_FILE && s->kind != SOURCE_NETRC) ||
	    s->words == NULL || stat(s->words[0], &st) != 0)
		return 0;
	return trust_check(s->words[0], &st, geteuid(),
	                   source_unfit(s->words[0]), f);
}
