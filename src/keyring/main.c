/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-keyring - one question to the desktop's keyring
 *
 *     relay-keyring get | store | erase     the question on stdin, the answer
 * on stdout: doc/HELPERS
 *
 * A process of its own, because it links GLib and libsecret and waits for other
 * programs: relay-flush does neither.  It says nothing on stderr; its status is
 * 0, 75 or 78, 64 for a verb it does not know, 74 when nobody took the answer.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/start.h"
#include "helper/question.h"
#include "keyring/place.h"
#include "keyring/store.h"
#include "keyring/watchdog.h"

#define MARGIN 4        /* seconds more than the keyring's own time */
#define ASKING_TIME 60U /* seconds for the question to come */

static const struct {
	const char *name;
	int (*run)(const struct pairs *question, struct pairs *answer,
	           struct fault *f);
} verbs[] = {
	{ "get", store_get },
	{ "store", store_put },
	{ "erase", store_erase },
};

static int usage(FILE *to, int status)
{
	fputs(_("usage: relay-keyring get | store | erase\n"
	        "\n"
	        "Reads KEY=VALUE lines (account, kind, host, user) and an "
	        "empty line, asks the\n"
	        "desktop's keyring, and answers the same way.  `relay secret` "
	        "and relay-flush run\n"
	        "it; see relay-keyring(8).\n"),
	      to);
	return fflush(to) == 0 ? status : EX_IOERR;
}

static bool is_for_person(const struct pairs *question)
{
	const char *word = pairs_get(question, "interactive");

	return word != NULL && strcmp(word, "1") == 0;
}

static void watch_keyring(unsigned seconds)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.3.5",
	          _("the keyring did not answer within %u seconds: perhaps it "
	            "asks something in a window, or its program hangs"),
	          seconds);
	watchdog_start(seconds + MARGIN, &f);
}

static void watch_question(void)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.3.5",
	          _("no question came within %u seconds"), ASKING_TIME);
	watchdog_start(ASKING_TIME, &f);
}

/* Who knows whose secret it is? */
static int check(const struct pairs *question, struct fault *f)
{
	static const char *const needed[] = { "account", "kind", "host" };

	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (pairs_get(question, needed[i]) == NULL)
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("the question lacks `%s`"),
			                 needed[i]);
	return 0;
}

static int answer_to(size_t verb)
{
	struct pairs question, answer;
	struct fault f = { .kind = FAULT_NONE };
	bool failed;
	int status;

	pairs_init(&question);
	pairs_init(&answer);
	watch_question();
	failed = question_read(STDIN_FILENO, &question, &f) != 0;
	watch_keyring(is_for_person(&question) ? STORE_PERSON_TIME
	                                       : STORE_TIME);
	if (!failed)
		failed = check(&question, &f) != 0 || place_find(&f) != 0 ||
		         verbs[verb].run(&question, &answer, &f) != 0;
	watchdog_end();
	pairs_release(&question);
	status = question_answer(STDOUT_FILENO, &answer, &f, failed);
	pairs_release(&answer);
	return status;
}

int main(int argc, char *argv[])
{
	start_private();
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EX_OK);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("relay-keyring (relay) " PACKAGE_VERSION);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	for (size_t i = 0; argc == 2 && i < COUNT_OF(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return answer_to(i);
	return usage(stderr, EX_USAGE);
}
