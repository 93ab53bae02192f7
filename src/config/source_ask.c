/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to relay-keyring and to other people's helpers: doc/HELPERS. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "config/helper.h"
#include "config/source_parts.h"

#define PERSON_TIME 120 /* seconds: somebody types a password elsewhere */

static int put_question(struct pairs *question, const struct source_query *q,
                        const struct secret *secret, struct fault *f)
{
	const char *const pairs[][2] = {
		{ "account", q->account },
		{ "kind", q->kind },
		{ "service", "smtp" },
		{ "host", q->host },
		{ "user", q->user },
		{ "interactive", q->is_interactive ? "1" : NULL },
		{ "secret", secret != NULL ? secret_reveal(secret) : NULL },
	};

	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (pairs_put(question, pairs[i][0], pairs[i][1], f) != 0)
			return -1;
	return 0;
}

/* The array is the caller's to free, its words are borrowed. */
static char **command_of(const struct source *s, char *program, char *verb)
{
	size_t n = 1;
	char **argv;

	while (s->words != NULL && s->words[n] != NULL)
		n++;
	argv = mem_array(n + 2, sizeof(*argv));
	argv[0] = program;
	for (size_t i = 1; i < n; i++)
		argv[i] = s->words[i];
	argv[n] = verb;
	return argv;
}

static int run(const struct source *s, char *program, const char *verb,
               const struct source_query *q, const struct pairs *question,
               struct pairs *answer, struct fault *f)
{
	unsigned time = q->is_interactive ? PERSON_TIME : HELPER_TIME;
	char *word = mem_strdup(verb);
	char **argv = command_of(s, program, word);
	int result = helper_ask_within(argv, question, answer, time, f);

	free(argv);
	free(word);
	if (result != 0 && s->kind == SOURCE_HELPER &&
	    strstr(f->text, program) == NULL)
		fault_wrap(f, _("the helper %s"), program);
	return result;
}

static int not_installed(const char *path, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`keyring` needs relay-keyring, and %s is not "
	                   "there: install the package relay-keyring, or use "
	                   "another source such as `password file PATH`"),
	                 path);
}

int source_ask(const struct source *s, const char *verb,
               const struct source_query *q, const struct secret *secret,
               struct pairs *answer, struct fault *f)
{
	struct pairs question;
	struct sbuf path;
	int result;

	sbuf_init(&path, 16384);
	if (s->kind == SOURCE_KEYRING)
		helper_path("relay-keyring", &path);
	else
		sbuf_addstr(&path, s->words[0]);
	pairs_init(&question);
	if (s->kind == SOURCE_KEYRING && access(path.data, X_OK) != 0)
		result = not_installed(path.data, f);
	else if (put_question(&question, q, secret, f) != 0)
		result = -1;
	else
		result = run(s, path.data, verb, q, &question, answer, f);
	pairs_release(&question);
	sbuf_release(&path);
	return result;
}
