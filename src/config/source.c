/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/intl.h"
#include "base/mem.h"
#include "config/trust.h"

#define SECRET_LIMIT 65536
#define COMMAND_TIME 30 /* seconds */

/* clang-format off */
static const struct {
	const char      *name;
	enum source_kind kind; /* NONE: known, but not in this version */
	size_t           most; /* words after the name */
} sources[] = {
	{ "inline",     SOURCE_INLINE,     1 },
	{ "file",       SOURCE_FILE,       1 },
	{ "credential", SOURCE_CREDENTIAL, 1 },
	{ "env",        SOURCE_ENV,        1 },
	{ "command",    SOURCE_COMMAND,    SIZE_MAX },
	{ "keyring",    SOURCE_NONE,       0 },
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

static int keep_words(struct source *s, char *const words[], size_t n,
                      struct fault *f)
{
	if (words[0][0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the word after `password %s` is empty"),
		                 name_of(s->kind));
	if (s->kind == SOURCE_CREDENTIAL && !is_credential(words[0]))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("a credential has a name, not a path: write "
		                   "the one that LoadCredential= gives it, or "
		                   "`password file PATH`"));
	s->words = mem_array(n + 1, sizeof(*s->words));
	if (s->kind == SOURCE_FILE) {
		s->words[0] = trust_path(words[0], f);
		return s->words[0] == NULL ? -1 : 0;
	}
	/* Not below the directory in which somebody called sendmail. */
	s->words[0] = strchr(words[0], '/') != NULL ? trust_path(words[0], f)
	                                            : mem_strdup(words[0]);
	if (s->words[0] == NULL)
		return -1;
	for (size_t i = 1; i < n; i++)
		s->words[i] = mem_strdup(words[i]);
	return 0;
}

/* The first word names no source: the password itself, if it stands alone. */
static int parse_bare(struct source *s, char *const words[], size_t n,
                      struct fault *f)
{
	if (n == 1)
		return keep_text(s, words[0], f);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`password` starts with none of file, "
	                   "credential, env, command and inline; a password "
	                   "with blanks goes in quotes: "
	                   "password inline \"...\""));
}

int source_parse(struct source *s, char *const words[], size_t n,
                 struct fault *f)
{
	size_t i = 0;

	while (i < COUNT_OF(sources) && strcmp(words[0], sources[i].name) != 0)
		i++;
	if (i == COUNT_OF(sources))
		return parse_bare(s, words, n, f);
	if (sources[i].kind == SOURCE_NONE)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`password %s` is not available in this "
		                   "version; use file, credential, env, "
		                   "command or inline"),
		                 sources[i].name);
	if (n == 1)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`password %s` lacks the word after `%s`; "
		                   "if that is the password itself, write "
		                   "`password inline %s`"),
		                 sources[i].name, sources[i].name,
		                 sources[i].name);
	if (n - 1 > sources[i].most)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`password %s` takes one more word: put it "
		                   "in quotes if it holds blanks"),
		                 sources[i].name);
	if (sources[i].kind == SOURCE_INLINE)
		return keep_text(s, words[1], f);
	s->kind = sources[i].kind;
	return keep_words(s, words + 1, n - 1, f);
}

void source_release(struct source *s)
{
	secret_free(&s->text);
	for (size_t i = 0; s->words != NULL && s->words[i] != NULL; i++) {
		explicit_bzero(s->words[i], strlen(s->words[i]));
		free(s->words[i]);
	}
	free(s->words);
	*s = (struct source){ .kind = SOURCE_NONE };
}

void source_forget(struct source *s)
{
	enum source_kind kind = s->kind;

	source_release(s);
	s->kind = kind;
}

/* A command's arguments stay out: somebody will put a password there. */
void source_describe(const struct source *s, struct sbuf *b)
{
	if (s->kind == SOURCE_NONE)
		return;
	sbuf_addstr(b, name_of(s->kind));
	if (s->words != NULL)
		sbuf_addf(b, " %s", s->words[0]);
}

/* One line, its line end dropped, nothing in it that a login cannot carry.
 * `from` names the place for the fault. */
static struct secret *only_line(struct sbuf *b, const char *from,
                                struct fault *f)
{
	if (b->len > 0 && b->data[b->len - 1] == '\n')
		sbuf_cut(b, b->len - 1);
	if (b->len > 0 && b->data[b->len - 1] == '\r')
		sbuf_cut(b, b->len - 1);
	if (b->len == 0) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s gives an empty password"), from);
		return NULL;
	}
	if (memchr(b->data, '\n', b->len) != NULL) {
		fault_set(
			f, FAULT_CONFIG, "4.3.5",
			_("%s gives more than one line: a password is exactly "
		          "one"),
			from);
		return NULL;
	}
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s gives a password with a NUL byte or a control "
		            "character"),
		          from);
		return NULL;
	}
	return secret_create(b->data, b->len);
}

/* Container secrets are often 0444, on a file system made for one container. */
static bool is_container_secret(const char *path)
{
	return strncmp(path, "/run/secrets/", 13) == 0 &&
	       strstr(path, "/../") == NULL;
}

static mode_t unfit_bits(const char *path)
{
	return is_container_secret(path) ? TRUST_WRITABLE
	                                 : TRUST_WRITABLE | TRUST_READABLE;
}

int source_look(const struct source *s, struct fault *f)
{
	struct stat st;

	if (s->kind != SOURCE_FILE || stat(s->words[0], &st) != 0)
		return 0;
	return trust_check(s->words[0], &st, geteuid(), unfit_bits(s->words[0]),
	                   f);
}

static struct secret *fetch_file(const struct source *s, struct sbuf *b,
                                 struct fault *f)
{
	const char *path = s->words[0];
	struct stat st;

	if (trust_read(path, unfit_bits(path), b, &st, f) != 0)
		return NULL;
	return only_line(b, path, f);
}

/* Below a directory that systemd makes for the service alone: with an access
 * list, which shows as a right of the group. */
static struct secret *read_credential(const char *path, const char *name,
                                      struct sbuf *b, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("systemd gave us no credential `%s`: set "
		            "LoadCredential=%s:PATH in relay-flush.service"),
		          name, name);
		return NULL;
	}
	if (trust_read(path, TRUST_WRITABLE | S_IROTH, b, &st, f) != 0)
		return NULL;
	return only_line(b, path, f);
}

static struct secret *fetch_credential(const struct source *s, struct sbuf *b,
                                       struct fault *f)
{
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
	struct secret *secret;
	struct sbuf path;

	if (directory == NULL || directory[0] != '/') {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("there is no credential `%s`, because systemd did "
		            "not start us ($CREDENTIALS_DIRECTORY is not set): "
		            "set LoadCredential=%s:PATH in relay-flush.service "
		            "and start that"),
		          s->words[0], s->words[0]);
		return NULL;
	}
	sbuf_init(&path, 16384);
	sbuf_addf(&path, "%s/%s", directory, s->words[0]);
	secret = read_credential(path.data, s->words[0], b, f);
	sbuf_release(&path);
	return secret;
}

static struct secret *fetch_env(const struct source *s, struct sbuf *b,
                                struct fault *f)
{
	const char *value = secure_getenv(s->words[0]);
	struct sbuf from;
	struct secret *secret;

	if (value == NULL) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the environment variable %s is not set: set it, "
		            "or name another in `password`"),
		          s->words[0]);
		return NULL;
	}
	sbuf_addstr(b, value);
	if (b->overflow) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the environment variable %s is longer than %zu "
		            "bytes"),
		          s->words[0], b->limit);
		return NULL;
	}
	sbuf_init(&from, 1000);
	sbuf_addf(&from, _("the environment variable %s"), s->words[0]);
	secret = only_line(b, from.data, f);
	sbuf_release(&from);
	return secret;
}

static struct secret *fetch_command(const struct source *s, struct sbuf *b,
                                    struct fault *f)
{
	struct child_question q = { .argv = s->words,
		                    .deadline = COMMAND_TIME };
	struct sbuf from;
	struct secret *secret;
	int status;

	if (child_run(&q, b, &status, f) != 0)
		return NULL;
	if (status != 0) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("the password command `%s` ended with status %d"),
		          s->words[0], status);
		return NULL;
	}
	sbuf_init(&from, 1000);
	sbuf_addf(&from, _("the password command `%s`"), s->words[0]);
	secret = only_line(b, from.data, f);
	sbuf_release(&from);
	if (secret == NULL)
		f->kind = FAULT_TEMP;
	return secret;
}

struct secret *source_fetch(const struct source *s, struct fault *f)
{
	struct secret *secret = NULL;
	struct sbuf b;

	sbuf_init(&b, SECRET_LIMIT);
	switch (s->kind) {
	case SOURCE_NONE:
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("there is no `password` for this smarthost"));
		break;
	case SOURCE_INLINE:
		secret = secret_create(secret_reveal(s->text),
		                       secret_length(s->text));
		break;
	case SOURCE_FILE: secret = fetch_file(s, &b, f); break;
	case SOURCE_CREDENTIAL: secret = fetch_credential(s, &b, f); break;
	case SOURCE_ENV: secret = fetch_env(s, &b, f); break;
	case SOURCE_COMMAND: secret = fetch_command(s, &b, f); break;
	}
	sbuf_release(&b);
	return secret;
}
