/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question is one message, NUL and "recipient NUL sender NUL id NUL begin
 * end", with the other end of its socket, a file that is the head, and the
 * entry; an answer is one message, struct answer. */
#include "flush/local.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "flush/deliver.h"
#include "message/address.h"
#include "queue/entry.h"

#define QUESTION_LIMIT 4096

enum descriptor { ANSWER, HEAD, ENTRY };

struct answer {
	uint32_t kind; /* of the fault; NONE: it is delivered */
	char code[sizeof(((struct fault *)0)->code)];
	char text[sizeof(((struct fault *)0)->text)];
};

/* --- in the keeper -------------------------------------------------------- */

bool local_is_question(const char *bytes, size_t n)
{
	return n > 0 && bytes[0] == '\0';
}

static void send_answer(int fd, const struct fault *f)
{
	struct answer a = { .kind = (uint32_t)f->kind };

	memcpy(a.code, f->code, sizeof(a.code));
	memcpy(a.text, f->text, sizeof(a.text));
	while (send(fd, &a, sizeof(a), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	       errno == EINTR)
		;
}

/* The next text of a question, and what follows it; NULL: there is none. */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return text;
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whoever asks talks to strangers: believe nothing.  `bytes` end with a NUL. */
static bool understand(const char *bytes, size_t n, const int *fds,
                       struct local_message *m)
{
	const char *at = bytes + 1, *end = bytes + n;
	const char *numbers;
	intmax_t begin, length;
	char rest;

	m->recipient = take_text(&at, end);
	m->sender = m->recipient != NULL ? take_text(&at, end) : NULL;
	m->id = m->sender != NULL ? take_text(&at, end) : NULL;
	numbers = m->id != NULL ? take_text(&at, end) : NULL;
	if (numbers == NULL || at != end || !entry_is_id(m->id) ||
	    (m->sender[0] != '\0' && address_problem(m->sender) != NULL) ||
	    sscanf(numbers, "%16jd %16jd%c", &begin, &length, &rest) != 2 ||
	    begin < 0 || length < 0)
		return false;
	m->head = fds[HEAD];
	m->body = fds[ENTRY];
	m->begin = (off_t)begin;
	m->end = m->begin + (off_t)length;
	return is_file(m->head) && is_file(m->body);
}

static int work(const char *path, const char *bytes, size_t n, const int *fds,
                struct fault *f)
{
	struct config *config;
	struct local_message m;
	int result;

	if (!understand(bytes, n, fds, &m))
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("relay-flush asked for a delivery in words "
		                   "that are not known: are both of the same "
		                   "version?"));
	config = config_load(path, NULL, f);
	if (config == NULL)
		return -1;
	result = deliver(&config->local, &m, f);
	config_free(&config);
	return result;
}

/* A process of its own; what it runs has default signals again. */
static NORETURN void deliver_and_end(const char *path, const char *bytes,
                                     size_t n, const int *fds)
{
	struct fault f = { .kind = FAULT_NONE };

	prctl(PR_SET_NAME, "relay-local", 0, 0, 0);
	signal(SIGXFSZ, SIG_IGN); /* a full share is an error of write() */
	if (work(path, bytes, n, fds, &f) == 0)
		fault_clear(&f);
	send_answer(fds[ANSWER], &f);
	_exit(EX_OK);
}

/* Those that have ended since are not counted any more.  The keeper has no
 * other children, when it is here. */
static void count_running(struct local_deliveries *deliveries)
{
	while (deliveries->running > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		deliveries->running--;
}

void local_serve(struct local_deliveries *deliveries, int keeper,
                 const char *config, const char *bytes, size_t n,
                 const int fds[LOCAL_DESCRIPTORS])
{
	struct fault f;
	pid_t pid;

	count_running(deliveries);
	if (deliveries->running == LOCAL_DELIVERIES) {
		fault_set(
			&f, FAULT_TEMP, "4.3.2",
			_("%d local deliveries are going on: one more is made "
		          "when one has ended"),
			LOCAL_DELIVERIES);
		send_answer(fds[ANSWER], &f);
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(keeper); /* whose end is to be noticed */
		deliver_and_end(config, bytes, n, fds);
	}
	if (pid > 0) {
		deliveries->running++;
		return;
	}
	fault_set(&f, FAULT_TEMP, "4.3.0",
	          _("cannot start a local delivery: %s"), intl_error(errno));
	send_answer(fds[ANSWER], &f);
}

/* --- outside -------------------------------------------------------------- */

static void put_question(struct sbuf *b, const struct local_request *r)
{
	sbuf_add(b, "", 1);
	sbuf_add(b, r->recipient, strlen(r->recipient) + 1);
	sbuf_add(b, r->sender, strlen(r->sender) + 1);
	sbuf_add(b, r->id, strlen(r->id) + 1);
	sbuf_addf(b, "%jd %jd", (intmax_t)r->body,
	          (intmax_t)(r->body_end - r->body));
	sbuf_add(b, "", 1);
}

static int cannot_ask(int code, struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot ask for a local delivery: %s"),
	                 intl_error(code));
}

/* -1: errno. */
static int head_file(const struct local_request *r)
{
	int fd = memfd_create("head", MFD_CLOEXEC);
	int saved;

	if (fd >= 0 && fdio_write(fd, r->head, r->head_len) == 0)
		return fd;
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

/* With a socket and a head: 0, or -1 with errno. */
static int ask_with(const struct keeper *k, const struct local_request *r,
                    int answer, int head)
{
	const int fds[LOCAL_DESCRIPTORS] = {
		[ANSWER] = answer, [HEAD] = head, [ENTRY] = r->fd
	};
	struct sbuf question;
	int result = -1;

	sbuf_init(&question, QUESTION_LIMIT);
	put_question(&question, r);
	if (question.overflow)
		errno = EMSGSIZE;
	else
		result = keeper_send(k, &question, fds, LOCAL_DESCRIPTORS);
	sbuf_release(&question);
	return result;
}

int local_ask(const struct keeper *k, const struct local_request *r,
              struct fault *f)
{
	int ends[2], head, code;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	               0, ends) != 0)
		return cannot_ask(errno, f);
	head = head_file(r);
	code = head >= 0 && ask_with(k, r, ends[1], head) == 0 ? 0 : errno;
	if (head >= 0)
		close(head);
	close(ends[1]);
	if (code == 0)
		return ends[0];
	close(ends[0]);
	return cannot_ask(code, f);
}

static bool is_sane(const struct answer *a)
{
	return a->kind <= FAULT_CONFIG &&
	       memchr(a->code, '\0', sizeof(a->code)) != NULL &&
	       memchr(a->text, '\0', sizeof(a->text)) != NULL;
}

enum keeper_state local_look(int fd, struct fault *f)
{
	struct answer a;
	ssize_t n;

	do
		n = recv(fd, &a, sizeof(a), MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return KEEPER_WAITING;
	if (n != (ssize_t)sizeof(a) || !is_sane(&a)) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("a local delivery ended without a word; it is "
		            "tried again, and may be there twice then"));
		return KEEPER_FAILED;
	}
	if (a.kind == FAULT_NONE)
		return KEEPER_READY;
	fault_set(f, (enum fault_kind)a.kind, a.code, "%s", a.text);
	return KEEPER_FAILED;
}
