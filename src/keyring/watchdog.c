/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyring/watchdog.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define WRITING_TIME 5 /* seconds */

/* Made before, because a signal handler can make nothing. */
static char answer[sizeof(((struct fault *)0)->text) + 16];
static size_t length;

static void give_answer(int number)
{
	(void)number;
	if (write(STDOUT_FILENO, answer, length) < 0)
		_exit(EX_IOERR);
	_exit(EX_TEMPFAIL);
}

void watchdog_start(unsigned seconds, const struct fault *f)
{
	struct sigaction act = { .sa_handler = give_answer };
	sigset_t only;

	snprintf(answer, sizeof(answer), "error=%s\n\n", f->text);
	length = strlen(answer);
	sigaction(SIGALRM, &act, NULL);
	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	alarm(seconds);
}

void watchdog_end(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };

	alarm(0);
	sigaction(SIGALRM, &act, NULL);
	alarm(WRITING_TIME);
}
