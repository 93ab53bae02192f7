/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question is one message, "newer_than NUL name NUL host NUL user NUL port",
 * with the other end of its socket; an answer is one message, struct answer and
 * the secret. */
#include "flush/keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"
#include "config/credential.h"
#include "config/oauth.h"
#include "flush/errand.h"
#include "flush/local.h"
#include "net/bearer.h"

#define QUESTION_LIMIT 16384 /* three words of the configuration */
#define SECRET_LIMIT 65536   /* as in config/source.c */
#define ENDING_TIME 200      /* milliseconds */
#define DESCRIPTORS 8        /* at most, with a question */

/* Where it looks. */
struct home {
	const char *config; /* NULL: the environment */
	const char *queue;
};

/* What is going on beside. */
struct beside {
	struct local_deliveries deliveries;
	struct errands errands;
};

struct answer {
	uint32_t kind;   /* of the fault; NONE: there is a secret */
	uint32_t length; /* of the secret that follows */
	char code[sizeof(((struct fault *)0)->code)];
	char text[sizeof(((struct fault *)0)->text)];
};

/* --- the question --------------------------------------------------------- */

/* Which smarthost is meant. */
static void put_smarthost(struct sbuf *b, const struct smarthost *h)
{
	sbuf_add(b, h->name, strlen(h->name) + 1);
	sbuf_add(b, h->host, strlen(h->host) + 1);
	sbuf_addstr(b, h->user != NULL ? h->user : "");
	sbuf_add(b, "", 1);
	sbuf_addf(b, "%u", h->port);
}

struct question {
	int64_t newer_than;
	const char *smarthost; /* as put_smarthost() writes it: borrowed */
	size_t length;
};

static bool is_about(const struct question *q, const struct smarthost *h)
{
	struct sbuf b;
	bool same;

	sbuf_init(&b, QUESTION_LIMIT);
	put_smarthost(&b, h);
	same = b.len == q->length && memcmp(b.data, q->smarthost, b.len) == 0;
	sbuf_release(&b);
	return same;
}

/* `bytes` are NUL-terminated behind the `n`. */
static struct question read_question(const char *bytes, size_t n)
{
	size_t first = strlen(bytes) < n ? strlen(bytes) + 1 : n;

	return (struct question){ .newer_than = strtoll(bytes, NULL, 10),
		                  .smarthost = bytes + first,
		                  .length = n - first };
}

/* --- in the keeper -------------------------------------------------------- */

/* What a program prints instead of a token is its trouble, of this time. */
static void check_token(const struct smarthost *h, struct secret **token,
                        struct fault *f)
{
	if (bearer_check_token(*token, f) == 0)
		return;
	secret_free(token);
	if (h->password.kind == SOURCE_COMMAND)
		f->kind = FAULT_TEMP;
}

/* Its faults are of what the provider says, not of a line in a file. */
static struct secret *fetch_token(const struct home *home,
                                  const struct smarthost *h, int64_t newer_than,
                                  struct fault *f)
{
	struct secret *token = oauth_fetch(h, home->queue, newer_than, f);

	if (token != NULL)
		check_token(h, &token, f);
	return token;
}

static struct secret *fetch_of(const struct config *config,
                               const struct smarthost *h, struct fault *f)
{
	struct source_query query;
	struct secret *secret;

	smarthost_query(h, SOURCE_PASSWORD, &query);
	secret = source_fetch(&h->password, &query, f);
	if (secret != NULL && credential_is_token(h))
		check_token(h, &secret, f);
	if (secret == NULL)
		smarthost_blame(config, h, "password", f);
	return secret;
}

static struct secret *fetch(const struct home *home,
                            const struct config *config,
                            const struct question *q, struct fault *f)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *h = &config->smarthosts[i];

		if (!is_about(q, h))
			continue;
		return oauth_is_used(h) ? fetch_token(home, h, q->newer_than, f)
		                        : fetch_of(config, h, f);
	}
	fault_set(
		f, FAULT_TEMP, "4.3.5",
		_("the configuration has changed, and `%s` is not what it was "
	          "when this pass began: the next one reads it"),
		q->smarthost);
	return NULL;
}

static struct secret *find_secret(const struct home *home,
                                  const struct question *q, struct fault *f)
{
	struct config *config = config_load(home->config, NULL, f);
	struct secret *secret = NULL;

	if (config != NULL)
		secret = fetch(home, config, q, f);
	config_free(&config);
	return secret;
}

/* The descriptors that came along: how many. */
static size_t received_fds(struct msghdr *m, int fds[DESCRIPTORS])
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	size_t bytes;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS)
		return 0;
	bytes = c->cmsg_len - CMSG_LEN(0);
	if (bytes > DESCRIPTORS * sizeof(*fds))
		bytes = DESCRIPTORS * sizeof(*fds);
	memcpy(fds, CMSG_DATA(c), bytes);
	return bytes / sizeof(*fds);
}

/* Whoever asked may be gone: then nobody reads it, and the kernel drops it. */
static void send_answer(int fd, const struct secret *secret,
                        const struct fault *f)
{
	struct answer head = { .kind = (uint32_t)f->kind };
	struct iovec parts[2] = { { &head, sizeof(head) }, { NULL, 0 } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 1 };

	if (secret != NULL) {
		head.kind = FAULT_NONE;
		head.length = (uint32_t)secret_length(secret);
		parts[1].iov_base = (char *)(uintptr_t)secret_reveal(secret);
		parts[1].iov_len = head.length;
		m.msg_iovlen = 2;
	} else {
		memcpy(head.code, f->code, sizeof(head.code));
		memcpy(head.text, f->text, sizeof(head.text));
	}
	while (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	       errno == EINTR)
		;
}

static void serve(const struct home *home, const char *bytes, size_t n, int fd)
{
	struct fault f = { .kind = FAULT_NONE };
	const struct question q = read_question(bytes, n);
	struct secret *secret = find_secret(home, &q, &f);

	send_answer(fd, secret, &f);
	secret_free(&secret);
}

/* The next question.  False: there will be none. */
static bool serve_next(const struct home *home, int from, struct beside *b)
{
	char bytes[QUESTION_LIMIT + 1];
	union {
		char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control;
	int fds[DESCRIPTORS];
	struct iovec part = { bytes, QUESTION_LIMIT };
	struct msghdr m = { .msg_iov = &part,
		            .msg_iovlen = 1,
		            .msg_control = control.bytes,
		            .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	size_t count;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	bytes[n] = '\0';
	count = received_fds(&m, fds);
	if (count == LOCAL_DESCRIPTORS && local_is_question(bytes, (size_t)n))
		local_serve(&b->deliveries, from, home->config, bytes,
		            (size_t)n, fds);
	else if (count == 0 && errand_is_question(bytes, (size_t)n))
		errand_serve(&b->errands, from, home->config, home->queue,
		             bytes, (size_t)n);
	else if (count == 1)
		serve(home, bytes, (size_t)n, fds[0]);
	while (count > 0)
		close(fds[--count]);
	return true;
}

/* What ends a flush (a signal to all of a service or terminal) must not take
 * the password from a message that is under way: the socket's end does it.
 * Blocked, not ignored, as commands inherit what is ignored. */
static void outlive_signals(void)
{
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGQUIT);
	sigprocmask(SIG_BLOCK, &block, NULL);
}

/* What was begun is finished; whoever waits for our end is told that it takes
 * longer. */
static void finish(int fd, struct errands *errands)
{
	if (!errands_run(errands))
		return;
	send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	errands_finish(errands);
}

static NORETURN void keep(const struct home *home, int fd)
{
	struct beside b = { 0 };

	outlive_signals();
	port_forbid_dumps();
	prctl(PR_SET_NAME, "relay-keeper", 0, 0, 0);
	log_detach(); /* first: what it closes may be 3 */
	if (fd != 3 && dup2(fd, 3) != 3)
		_exit(EX_OSERR);
	port_close_from(4);
	while (serve_next(home, 3, &b))
		;
	finish(3, &b.errands);
	_exit(EX_OK);
}

/* --- outside -------------------------------------------------------------- */

int keeper_start(struct keeper *k, const char *config, const char *queue,
                 struct fault *f)
{
	const struct home home = { .config = config, .queue = queue };
	int ends[2];

	k->fd = -1;
	k->pid = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set_exit(f, EX_OSERR,
		                      _("cannot start the keeper of passwords: "
		                        "%s"),
		                      intl_error(errno));
	k->pid = fork();
	if (k->pid == 0)
		keep(&home, ends[1]);
	close(ends[1]);
	k->fd = ends[0];
	if (k->pid > 0)
		return 0;
	fault_set_exit(f, EX_OSERR,
	               _("cannot start the keeper of passwords: %s"),
	               intl_error(errno));
	keeper_end(k);
	return -1;
}

/* True: it has ended.  It says so if it has errands to finish. */
static bool wait_for_end(const struct keeper *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	char word;

	if (poll(&p, 1, ENDING_TIME) <= 0)
		return false;
	if (recv(k->fd, &word, 1, 0) <= 0)
		return true;
	return poll(&p, 1, (ERRAND_TIME + 1) * 1000) > 0;
}

/* Its end of the socket closes when it ends; after that it is not waited for
 * long. */
void keeper_end(struct keeper *k)
{
	if (k->fd < 0)
		return;
	shutdown(k->fd, SHUT_WR);
	if (k->pid > 0 && wait_for_end(k))
		waitpid(k->pid, NULL, 0);
	close(k->fd);
	k->fd = -1;
	k->pid = -1;
}

bool keeper_has_ended(const struct keeper *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int gone(struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("the keeper of passwords has ended: the next flush "
	                   "starts another"));
}

int keeper_send(const struct keeper *k, const struct sbuf *question,
                const int *fds, size_t count)
{
	union {
		char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec part = { question->data, question->len };
	struct msghdr m = { .msg_iov = &part,
		            .msg_iovlen = 1,
		            .msg_control = control.bytes,
		            .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	if (count > 0)
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	m.msg_controllen = count > 0 ? CMSG_SPACE(count * sizeof(int)) : 0;
	do
		n = sendmsg(k->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)question->len ? 0 : -1;
}

int keeper_ask(const struct keeper *k, const struct smarthost *h,
               int64_t newer_than, struct fault *f)
{
	struct sbuf question;
	int ends[2], failed;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	               0, ends) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot ask for the password: %s"),
		                 intl_error(errno));
	sbuf_init(&question, QUESTION_LIMIT);
	sbuf_addf(&question, "%" PRId64, newer_than);
	sbuf_add(&question, "", 1);
	put_smarthost(&question, h);
	failed = keeper_send(k, &question, &ends[1], 1);
	sbuf_release(&question);
	close(ends[1]);
	if (failed == 0)
		return ends[0];
	close(ends[0]);
	return gone(f);
}

/* Is it an answer of ours?  `n` is its length, of which `secret` follow. */
static bool is_sane(const struct answer *a, size_t secret)
{
	bool has_fault = a->kind == FAULT_TEMP || a->kind == FAULT_CONFIG;

	return a->length == secret && secret <= SECRET_LIMIT &&
	       (has_fault ? secret == 0
	                  : a->kind == FAULT_NONE && secret > 0) &&
	       memchr(a->code, '\0', sizeof(a->code)) != NULL &&
	       memchr(a->text, '\0', sizeof(a->text)) != NULL;
}

static int told(const struct answer *a, struct fault *f)
{
	return fault_set(f, (enum fault_kind)a->kind, a->code, "%s", a->text);
}

enum keeper_state keeper_look(int fd, struct fault *f)
{
	struct answer a;
	ssize_t n;

	do
		n = recv(fd, &a, sizeof(a), MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return KEEPER_WAITING;
	if (n < (ssize_t)sizeof(a) || !is_sane(&a, (size_t)n - sizeof(a))) {
		gone(f);
		return KEEPER_FAILED;
	}
	if (a.kind == FAULT_NONE)
		return KEEPER_READY;
	told(&a, f);
	return KEEPER_FAILED;
}

struct secret *keeper_take(int fd, struct fault *f)
{
	struct answer a;
	char *bytes = mem_alloc(SECRET_LIMIT);
	struct iovec parts[2] = { { &a, sizeof(a) }, { bytes, SECRET_LIMIT } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	struct secret *secret = NULL;
	ssize_t n;

	do
		n = recvmsg(fd, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(a) || (m.msg_flags & MSG_TRUNC) != 0 ||
	    !is_sane(&a, (size_t)n - sizeof(a)))
		gone(f);
	else if (a.kind != FAULT_NONE)
		told(&a, f);
	else
		secret = secret_create(bytes, a.length);
	explicit_bzero(bytes, SECRET_LIMIT);
	free(bytes);
	return secret;
}
