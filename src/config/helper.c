/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/helper.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/child.h"
#include "base/intl.h"

/* What it said of its trouble, or its status. */
static int refused(const char *program, int status, const struct pairs *answer,
                   struct fault *f)
{
	enum fault_kind kind = status == EX_CONFIG ? FAULT_CONFIG : FAULT_TEMP;
	const char *error = pairs_get(answer, "error");

	if (error != NULL && error[0] != '\0')
		return fault_set(f, kind, "4.3.5", "%s", error);
	return fault_set(f, kind, "4.3.5",
	                 _("%s failed with status %d and said nothing: run it "
	                   "by hand to see why"),
	                 program, status);
}

static int understand(const char *program, int status, const struct sbuf *said,
                      struct pairs *answer, struct fault *f)
{
	if (pairs_read(answer, said->data, said->len, f) != 0)
		return fault_wrap(f, _("%s answers what is no answer"),
		                  program);
	return status == 0 ? 0 : refused(program, status, answer, f);
}

/* `q` says how it is run. */
static int run(struct child_question *q, const struct pairs *question,
               struct pairs *answer, struct fault *f)
{
	struct sbuf asked, said;
	int status = 0, result;

	sbuf_init(&asked, PAIRS_LIMIT + PAIRS_KEY);
	sbuf_init(&said, PAIRS_LIMIT);
	pairs_write(question, &asked);
	q->input = asked.data;
	q->input_len = asked.len;
	result = child_run(q, &said, &status, f);
	if (result == 0)
		result = understand(q->argv[0], status, &said, answer, f);
	sbuf_release(&asked);
	sbuf_release(&said);
	return result;
}

int helper_ask(char *const argv[], const struct pairs *question,
               struct pairs *answer, struct fault *f)
{
	return helper_ask_within(argv, question, answer, HELPER_TIME, f);
}

int helper_ask_within(char *const argv[], const struct pairs *question,
                      struct pairs *answer, unsigned seconds, struct fault *f)
{
	struct child_question q = { .argv = argv, .deadline = seconds };

	return run(&q, question, answer, f);
}

int helper_talk(char *const argv[], char *const variables[], unsigned seconds,
                const struct pairs *question, struct pairs *answer,
                struct fault *f)
{
	struct child_question q = { .argv = argv,
		                    .variables = variables,
		                    .is_interactive = true,
		                    .deadline = seconds };

	return run(&q, question, answer, f);
}

void helper_path(const char *name, struct sbuf *path)
{
	const char *directory = secure_getenv("RELAY_LIBEXEC");

	if (directory == NULL || directory[0] != '/')
		directory = PKGLIBEXECDIR;
	sbuf_addf(path, "%s/%s", directory, name);
}
