/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-token - access tokens for who has no password
 *
 * A helper (doc/HELPERS): one question on stdin, one answer on stdout.  Started
 * by relay-flush's keeper, and by `relay login` for a person.  It links what
 * nothing else of relay should: libcurl and jansson. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/start.h"
#include "helper/question.h"
#include "token/fresh.h"
#include "token/http.h"
#include "token/login.h"
#include "token/settings.h"
#include "token/sign.h"

#define SECONDS 27 /* for all of it, less than config/helper's 30 */

/* clang-format off */
static const struct verb {
	const char *name;
	int (*run)(const struct settings *s, struct http *http,
	           struct pairs *answer, struct fault *f);
} verbs[] = {
	{ "get",   fresh_get },
	{ "keep",  fresh_keep },
	{ "login", login_run },
	{ "erase", login_erase },
};
/* clang-format on */

static int usage(int status)
{
	fputs(_("usage: relay-token get|keep|login|erase <QUESTION\n"
	        "\n"
	        "Keeps the tokens of an account that logs in with OAuth2.  The "
	        "question is\n"
	        "KEY=VALUE lines and an empty one, on stdin; the answer, "
	        "likewise, on stdout.\n"
	        "People use `relay login`, `relay logout` and `relay "
	        "status`.\n"
	        "\n"
	        "  get        an access token that is good now\n"
	        "  keep       keep an idle login alive\n"
	        "  login      let a person log in\n"
	        "  erase      forget the tokens\n"
	        "  --help     this text\n"
	        "  --version  the version\n"
	        "\n"
	        "Exit status: 0 done, 75 ask again later, 78 a person must "
	        "act, 64 usage,\n"
	        "74 nobody takes the answer.  See relay-token(8).\n"),
	      status == EX_OK ? stdout : stderr);
	return status;
}

/* What was printed must have arrived: a full disk is no success. */
static int printed(int status)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? status : EX_IOERR;
}

static int answer_to(const struct verb *verb, const struct pairs *question,
                     struct pairs *answer, struct fault *f)
{
	struct settings settings;
	struct http http;

	if (settings_take(&settings, question, f) != 0)
		return -1;
	http_init(&http, settings.ca, settings.proxy, SECONDS);
	return verb->run(&settings, &http, answer, f);
}

static int run(const struct verb *verb)
{
	struct pairs question, answer;
	struct fault f = { .kind = FAULT_NONE };
	int result, status;

	pairs_init(&question);
	pairs_init(&answer);
	result = question_read(STDIN_FILENO, &question, &f);
	if (result == 0)
		result = answer_to(verb, &question, &answer, &f);
	status = question_answer(STDOUT_FILENO, &answer, &f, result != 0);
	pairs_release(&question);
	pairs_release(&answer);
	return status;
}

int main(int argc, char *argv[])
{
	const char *word = argc == 2 ? argv[1] : "";

	start_private();
	sign_wipe_memory();
	if (strcmp(word, "--help") == 0)
		return printed(usage(EX_OK));
	if (strcmp(word, "--version") == 0) {
		puts("relay-token (relay) " PACKAGE_VERSION);
		return printed(EX_OK);
	}
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(word, verbs[i].name) == 0)
			return run(&verbs[i]);
	return usage(EX_USAGE);
}
