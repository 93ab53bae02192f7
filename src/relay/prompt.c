/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "config/source.h"

#define LIMIT 65536
/* The kernel drops what is typed beyond this (N_TTY_BUF_SIZE), and says
 * nothing. */
#define TYPED_LIMIT 4095

/* What ends us: the terminal is put in order first. */
static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

struct signals {
	struct sigaction before[COUNT_OF(endings)];
	struct sigaction stop_before;
	sigset_t mask_before;
};

/* Blocked but while we wait; those that were ignored stay so. */
static void catch_signals(struct signals *s)
{
	struct sigaction act = { .sa_handler = note };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t block;

	caught = 0;
	sigemptyset(&block);
	for (size_t i = 0; i < COUNT_OF(endings); i++) {
		sigaddset(&block, endings[i]);
		sigaction(endings[i], NULL, &s->before[i]);
		if (s->before[i].sa_handler != SIG_IGN)
			sigaction(endings[i], &act, NULL);
	}
	sigaction(SIGTSTP, &ignore, &s->stop_before);
	sigprocmask(SIG_BLOCK, &block, &s->mask_before);
}

/* What came meanwhile ends us now, as it would have. */
static void release_signals(const struct signals *s)
{
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		sigaction(endings[i], &s->before[i], NULL);
	sigaction(SIGTSTP, &s->stop_before, NULL);
	if (caught != 0)
		raise(caught);
	sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
}

/* Up to the end of the line or of the input.  -1: errno; EINTR when a signal
 * came. */
static int read_line(struct sbuf *b, const sigset_t *while_waiting)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n = 1;
	char c = '\0';

	while (n > 0 && c != '\n' && !b->overflow) {
		if (while_waiting != NULL &&
		    ppoll(&p, 1, NULL, while_waiting) < 0)
			return -1;
		n = fdio_read(STDIN_FILENO, &c, 1);
		if (n > 0)
			sbuf_add(b, &c, 1);
	}
	explicit_bzero(&c, 1);
	return n < 0 ? -1 : 0;
}

static int say(const char *text)
{
	return fdio_write(STDERR_FILENO, text, strlen(text));
}

/* Echo off, the line, and back; 0, or -1 with errno. */
static int read_unseen(const char *question, struct sbuf *b)
{
	struct termios before, unseen;
	struct signals signals;
	int result;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return -1;
	unseen = before;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	unseen.c_lflag |= ICANON | ISIG;
	catch_signals(&signals);
	result = tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	if (result == 0)
		result = say(question);
	if (result == 0)
		result = read_line(b, &signals.mask_before);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	say("\n");
	release_signals(&signals);
	return result;
}

static int read_terminal(const char *question, struct sbuf *b, struct fault *f)
{
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return fault_set_exit(f, EX_USAGE,
		                      _("this terminal belongs to another job "
		                        "or session: start relay in its "
		                        "foreground, or give the password by "
		                        "a pipe"));
	if (read_unseen(question, b) != 0)
		return fault_set_exit(f, EX_IOERR,
		                      _("cannot ask on this terminal: %s"),
		                      intl_error(errno));
	if (b->len >= TYPED_LIMIT)
		return fault_set_exit(f, EX_USAGE,
		                      _("a terminal takes no line of more than "
		                        "%d bytes: give the password by a "
		                        "pipe"),
		                      TYPED_LIMIT - 1);
	return 0;
}

static int read_input(const char *question, struct sbuf *b, struct fault *f)
{
	if (isatty(STDIN_FILENO))
		return read_terminal(question, b, f);
	if (read_line(b, NULL) != 0)
		return fault_set_exit(f, EX_IOERR,
		                      _("cannot read standard input: %s"),
		                      intl_error(errno));
	if (b->overflow)
		return fault_set_exit(f, EX_USAGE,
		                      _("a password of more than %d bytes is "
		                        "none"),
		                      LIMIT);
	return 0;
}

struct secret *prompt_secret(const char *question, struct fault *f)
{
	struct secret *secret = NULL;
	struct sbuf b;

	sbuf_init(&b, LIMIT);
	if (read_input(question, &b, f) == 0)
		secret = source_line(&b, _("standard input"), f);
	sbuf_release(&b);
	return secret;
}
