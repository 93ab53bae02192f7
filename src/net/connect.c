/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"

#define ADDRESS_LIMIT 32
#define REASONS_LIMIT 350 /* bytes, of all addresses together */

/* What the resolving child writes, whole. */
struct answer {
	int code;   /* EAI_..., 0: fine */
	int system; /* errno with EAI_SYSTEM */
	unsigned count;
	struct sockaddr_storage address[ADDRESS_LIMIT];
};

struct connect {
	char *host; /* without brackets */
	unsigned port;
	pid_t child; /* resolving, or 0 */
	int fd;      /* the child's pipe, then the socket being tried; or -1 */
	int64_t end; /* of everything, clock_ticks() */
	int64_t deadline;
	struct answer answer;
	size_t received; /* bytes of the answer */
	bool is_resolved;
	unsigned next;       /* address to try */
	struct sbuf reasons; /* "192.0.2.1: Connection refused; ..." */
	struct sbuf peer;
};

static void close_fd(struct connect *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void end_child(struct connect *c)
{
	if (c->child <= 0)
		return;
	kill(c->child, SIGKILL);
	while (waitpid(c->child, NULL, 0) < 0 && errno == EINTR)
		;
	c->child = 0;
}

static char *without_brackets(const char *host)
{
	size_t n = strlen(host);

	if (n > 2 && host[0] == '[' && host[n - 1] == ']')
		return mem_strndup(host + 1, n - 2);
	return mem_strdup(host);
}

struct connect *connect_create(const char *host, unsigned port)
{
	struct connect *c = mem_alloc(sizeof(*c));

	c->host = without_brackets(host);
	c->port = port;
	c->fd = -1;
	sbuf_init(&c->reasons, REASONS_LIMIT);
	sbuf_init(&c->peer, 512);
	sbuf_addf(&c->peer, "%.400s:%u", host, port);
	return c;
}

void connect_free(struct connect **c)
{
	if (*c == NULL)
		return;
	end_child(*c);
	close_fd(*c);
	sbuf_release(&(*c)->reasons);
	sbuf_release(&(*c)->peer);
	free((*c)->host);
	free(*c);
	*c = NULL;
}

int connect_fd(const struct connect *c)
{
	return c->fd;
}

int64_t connect_deadline(const struct connect *c)
{
	return c->deadline;
}

const char *connect_peer(const struct connect *c)
{
	return c->peer.data;
}

/* --- names ---------------------------------------------------------------- */

static void look_up(const char *host, int flags, struct answer *answer)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                  .ai_socktype = SOCK_STREAM,
		                  .ai_flags = flags };
	struct addrinfo *list = NULL;

	memset(answer, 0, sizeof(*answer));
	answer->code = getaddrinfo(host, NULL, &hints, &list);
	answer->system = errno;
	if (answer->code != 0)
		return;
	for (const struct addrinfo *a = list;
	     a != NULL && answer->count < ADDRESS_LIMIT; a = a->ai_next)
		if (a->ai_addrlen <= sizeof(answer->address[0]))
			memcpy(&answer->address[answer->count++], a->ai_addr,
			       a->ai_addrlen);
	freeaddrinfo(list);
}

/* The child: no descriptor of ours but the pipe, so that it holds no lock and
 * no connection should it outlive us; and it will not for long. */
static NORETURN void resolve(const char *host, int out)
{
	struct answer answer;
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(CONNECT_RESOLVE_TIME + 5);
	if (out != 3 && dup2(out, 3) != 3)
		_exit(1);
	port_close_from(4);
	look_up(host, AI_ADDRCONFIG, &answer);
	_exit(fdio_write(3, &answer, sizeof(answer)) == 0 ? 0 : 1);
}

static int start_child(struct connect *c, struct fault *f)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot look up %.200s: %s"), c->host,
		                 intl_error(errno));
	c->fd = ends[0];
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->child = fork();
	if (c->child == 0)
		resolve(c->host, ends[1]);
	close(ends[1]);
	if (c->child < 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot look up %.200s: %s"), c->host,
		                 intl_error(errno));
	return 0;
}

/* Addresses need no child: nobody is asked. */
static int start(struct connect *c, struct fault *f)
{
	int64_t now = clock_ticks();

	c->end = now + (int64_t)CONNECT_TOTAL_TIME * 1000;
	c->deadline = now + (int64_t)CONNECT_RESOLVE_TIME * 1000;
	look_up(c->host, AI_NUMERICHOST, &c->answer);
	if (c->answer.code == 0) {
		c->is_resolved = true;
		return 0;
	}
	return start_child(c, f);
}

static int resolver_fault(const struct connect *c, struct fault *f)
{
	const struct answer *a = &c->answer;

	if (a->code == EAI_NONAME)
		return fault_set(f, FAULT_TEMP, "4.4.4",
		                 _("no such host: %.200s: check `host`"),
		                 c->host);
	if (a->code == EAI_AGAIN)
		return fault_set(
			f, FAULT_TEMP, "4.4.3",
			_("cannot look up %.200s now: the DNS gives no "
		          "answer; is the network up?"),
			c->host);
	return fault_set(f, FAULT_TEMP, "4.4.3", _("cannot look up %.200s: %s"),
	                 c->host,
	                 a->code == EAI_SYSTEM ? intl_error(a->system)
	                                       : gai_strerror(a->code));
}

/* The pipe has ended: whole answer or none. */
static int take_answer(struct connect *c, struct fault *f)
{
	close_fd(c);
	end_child(c);
	if (c->received != sizeof(c->answer))
		return fault_set(f, FAULT_TEMP, "4.4.3",
		                 _("cannot look up %.200s: the resolver ended "
		                   "without an answer"),
		                 c->host);
	if (c->answer.count > ADDRESS_LIMIT)
		c->answer.count = ADDRESS_LIMIT;
	if (c->answer.code != 0)
		return resolver_fault(c, f);
	c->is_resolved = true;
	return 0;
}

static enum stream_result advance_name(struct connect *c, struct fault *f)
{
	char *to = (char *)&c->answer;
	ssize_t k = 1;

	while (k > 0 && c->received < sizeof(c->answer)) {
		k = fdio_read(c->fd, to + c->received,
		              sizeof(c->answer) - c->received);
		c->received += k > 0 ? (size_t)k : 0;
	}
	if (k >= 0 || errno != EAGAIN)
		return take_answer(c, f) == 0 ? STREAM_DONE : STREAM_FAILED;
	if (clock_ticks() < c->deadline)
		return STREAM_WANT_READ;
	close_fd(c);
	end_child(c);
	fault_set(f, FAULT_TEMP, "4.4.3",
	          _("cannot look up %.200s: no answer within %d seconds"),
	          c->host, CONNECT_RESOLVE_TIME);
	return STREAM_FAILED;
}

/* --- addresses ------------------------------------------------------------ */

static socklen_t set_port(struct sockaddr_storage *address, unsigned port)
{
	if (address->ss_family == AF_INET6) {
		((struct sockaddr_in6 *)address)->sin6_port =
			htons((uint16_t)port);
		return sizeof(struct sockaddr_in6);
	}
	((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
	return sizeof(struct sockaddr_in);
}

static void name_address(const struct sockaddr_storage *address, char *text,
                         size_t size)
{
	if (getnameinfo((const struct sockaddr *)address, sizeof(*address),
	                text, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(text, size, "?");
}

/* Note why the address being tried did not answer, and leave it. */
static void give_up(struct connect *c, const char *why)
{
	char text[INET6_ADDRSTRLEN + 20];

	close_fd(c);
	name_address(&c->answer.address[c->next++], text, sizeof(text));
	sbuf_addf(&c->reasons, "%s%s: %s", c->reasons.len > 0 ? "; " : "", text,
	          why);
}

/* Begin with the next address; without a socket afterwards it failed. */
static void try_next(struct connect *c)
{
	struct sockaddr_storage *address = &c->answer.address[c->next];
	socklen_t size = set_port(address, c->port);
	int64_t now = clock_ticks();
	char text[INET6_ADDRSTRLEN + 20];

	name_address(address, text, sizeof(text));
	sbuf_reset(&c->peer);
	sbuf_addf(&c->peer, "%.400s[%s]:%u", c->host, text, c->port);
	c->deadline = now + (int64_t)CONNECT_ADDRESS_TIME * 1000;
	if (c->deadline > c->end)
		c->deadline = c->end;
	c->fd = socket(address->ss_family,
	               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 &&
	    (connect(c->fd, (struct sockaddr *)address, size) == 0 ||
	     errno == EINPROGRESS))
		return;
	give_up(c, intl_error(errno));
}

/* Has the socket an answer?  DONE: connected; FAILED: try the next. */
static enum stream_result check_socket(struct connect *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int code = 0;

	if (poll(&p, 1, 0) <= 0) {
		if (clock_ticks() < c->deadline)
			return STREAM_WANT_WRITE;
		give_up(c, _("no answer"));
		return STREAM_FAILED;
	}
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
		code = errno;
	if (code == 0)
		return STREAM_DONE;
	give_up(c, intl_error(code));
	return STREAM_FAILED;
}

static bool has_socket(struct connect *c)
{
	while (c->fd < 0 && c->next < c->answer.count && clock_ticks() < c->end)
		try_next(c);
	return c->fd >= 0;
}

static enum stream_result advance_address(struct connect *c, int *fd,
                                          struct fault *f)
{
	enum stream_result result = STREAM_FAILED;

	while (result == STREAM_FAILED && has_socket(c))
		result = check_socket(c);
	if (result == STREAM_FAILED)
		fault_set(f, FAULT_TEMP, "4.4.1",
		          _("cannot reach %.150s port %u: %s"), c->host,
		          c->port, c->reasons.data);
	if (result == STREAM_DONE) {
		*fd = c->fd;
		c->fd = -1;
	}
	return result;
}

enum stream_result connect_advance(struct connect *c, int *fd, struct fault *f)
{
	enum stream_result result = STREAM_DONE;

	if (c->end == 0 && start(c, f) != 0)
		return STREAM_FAILED;
	if (!c->is_resolved)
		result = advance_name(c, f);
	if (result == STREAM_DONE)
		result = advance_address(c, fd, f);
	return result;
}
