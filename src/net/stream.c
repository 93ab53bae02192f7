/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "net/tls.h"

#define SIZE 65536

_Static_assert(SIZE == STREAM_INPUT_LIMIT && SIZE == STREAM_OUTPUT_LIMIT,
               "both buffers have one size");

/* Bytes on their way; those between `from` and `to` still count. */
struct buffer {
	size_t from;
	size_t to;
	char bytes[SIZE];
};

/* What the kernel keeps back from a slow network: the time for the answer to a
 * message runs while it is sent. */
#define UNSENT_MOST 131072

struct stream {
	int fd;
	struct tls *tls;        /* NULL while plain */
	bool is_encrypted;      /* the handshake is done */
	bool has_received;      /* anything, ever, in clear */
	short events;           /* what the last call waits for */
	short blocked;          /* likewise, for what was put */
	enum stream_result end; /* CLOSED or FAILED once receiving ended */
	struct fault end_fault; /* why, if FAILED */
	bool has_failed;        /* to send */
	struct fault send_fault;
	struct buffer in;
	struct buffer out;
};

static size_t waiting(const struct buffer *b)
{
	return b->to - b->from;
}

/* Move what waits to the front: all the room there is lies behind it. */
static void settle(struct buffer *b)
{
	if (b->from == 0)
		return;
	memmove(b->bytes, b->bytes + b->from, waiting(b));
	b->to -= b->from;
	b->from = 0;
}

struct stream *stream_create(int fd)
{
	struct stream *s = mem_alloc(sizeof(*s));
	int yes = 1, unsent = UNSENT_MOST;

	/* Not a TCP socket: then it needs none. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
	                 sizeof(unsent));
	s->fd = fd;
	return s;
}

void stream_free(struct stream **s)
{
	if (*s == NULL)
		return;
	tls_free(&(*s)->tls);
	close((*s)->fd);
	explicit_bzero(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

int stream_fd(const struct stream *s)
{
	return s->fd;
}

short stream_events(const struct stream *s)
{
	return (short)(s->events | s->blocked);
}

/* Remember what to poll for, and hand the result on. */
static enum stream_result wait_for(struct stream *s, enum stream_result result)
{
	s->events = 0;
	if (result == STREAM_WANT_READ)
		s->events = POLLIN;
	else if (result == STREAM_WANT_WRITE)
		s->events = POLLOUT;
	return result;
}

/* What the errno of a send or recv on a plain connection means. */
static enum stream_result trouble(enum stream_result again, struct fault *f)
{
	if (errno == EAGAIN)
		return again;
	if (errno == EPIPE || errno == ECONNRESET)
		return STREAM_CLOSED;
	fault_set(f, FAULT_TEMP, "4.4.2", _("the connection was lost: %s"),
	          intl_error(errno));
	return STREAM_FAILED;
}

static enum stream_result receive(struct stream *s, size_t *n, struct fault *f)
{
	char *to = s->in.bytes + s->in.to;
	size_t room = SIZE - s->in.to;
	ssize_t k;

	*n = 0;
	if (s->tls != NULL)
		return tls_read(s->tls, to, room, n, f);
	do
		k = recv(s->fd, to, room, 0);
	while (k < 0 && errno == EINTR);
	if (k == 0)
		return STREAM_CLOSED;
	if (k < 0)
		return trouble(STREAM_WANT_READ, f);
	s->has_received = true;
	*n = (size_t)k;
	return STREAM_DONE;
}

/* Take in all there is, up to the limit.  The end of the connection is kept:
 * the library reports it only once. */
static enum stream_result take_in(struct stream *s)
{
	enum stream_result result = s->end;
	size_t n;

	settle(&s->in);
	while (result == STREAM_DONE && s->in.to < SIZE) {
		result = receive(s, &n, &s->end_fault);
		s->in.to += n;
	}
	if (result == STREAM_CLOSED || result == STREAM_FAILED)
		s->end = result;
	return result;
}

enum stream_result stream_fill(struct stream *s, struct fault *f)
{
	size_t before = waiting(&s->in);
	enum stream_result result;

	if (before == SIZE) {
		fault_set(f, FAULT_TEMP, "4.5.0",
		          _("the server sends more than %d bytes at once"),
		          STREAM_INPUT_LIMIT);
		return wait_for(s, STREAM_FAILED);
	}
	result = take_in(s);
	if (waiting(&s->in) > before)
		result = STREAM_DONE; /* the end is told by the next call */
	if (result == STREAM_FAILED)
		*f = s->end_fault;
	return wait_for(s, result);
}

const char *stream_input(const struct stream *s, size_t *n)
{
	*n = waiting(&s->in);
	return s->in.bytes + s->in.from;
}

void stream_consume(struct stream *s, size_t n)
{
	s->in.from += n < waiting(&s->in) ? n : waiting(&s->in);
	if (s->in.from == s->in.to)
		s->in.from = s->in.to = 0;
}

size_t stream_room(const struct stream *s)
{
	return SIZE - waiting(&s->out);
}

void stream_put(struct stream *s, const void *bytes, size_t n)
{
	if (n == 0 || n > stream_room(s))
		return;
	settle(&s->out);
	memcpy(s->out.bytes + s->out.to, bytes, n);
	s->out.to += n;
}

static enum stream_result transmit(struct stream *s, size_t *n, struct fault *f)
{
	const char *bytes = s->out.bytes + s->out.from;
	ssize_t k;

	*n = 0;
	if (s->tls != NULL)
		return tls_write(s->tls, bytes, waiting(&s->out), n, f);
	do
		k = send(s->fd, bytes, waiting(&s->out), MSG_NOSIGNAL);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return trouble(STREAM_WANT_WRITE, f);
	*n = (size_t)k;
	return STREAM_DONE;
}

/* The server does not take our bytes: hear what it says.  Only a connection
 * that is over changes the result.  A full input is not polled for. */
static enum stream_result
listen_meanwhile(struct stream *s, enum stream_result result, struct fault *f)
{
	enum stream_result heard = take_in(s);

	if (heard == STREAM_FAILED)
		*f = s->end_fault;
	if (heard == STREAM_CLOSED || heard == STREAM_FAILED)
		return wait_for(s, heard);
	wait_for(s, result);
	s->blocked = s->events;
	if (s->in.to < SIZE)
		s->events |= POLLIN;
	if (heard == STREAM_WANT_WRITE)
		s->events |= POLLOUT;
	return result;
}

enum stream_result stream_flush(struct stream *s, struct fault *f)
{
	enum stream_result result = STREAM_DONE;
	size_t n;

	if (s->tls != NULL && !s->is_encrypted) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("the TLS handshake is not finished"));
		return STREAM_FAILED;
	}
	if (s->has_failed) { /* what failed once is not tried again */
		*f = s->send_fault;
		return STREAM_FAILED;
	}
	s->blocked = 0;
	while (result == STREAM_DONE && waiting(&s->out) > 0) {
		result = transmit(s, &n, f);
		s->out.from += n;
	}
	if (result == STREAM_DONE) {
		/* There may have been a password in it. */
		explicit_bzero(s->out.bytes, s->out.to);
		s->out.from = s->out.to = 0;
		return wait_for(s, STREAM_DONE);
	}
	if (result == STREAM_FAILED) {
		s->has_failed = true;
		s->send_fault = *f;
		return wait_for(s, result);
	}
	return listen_meanwhile(s, result, f);
}

/* Has the server said more than we read?  It must not, before our first
 * handshake byte. */
static bool has_more_in_clear(const struct stream *s)
{
	char byte;

	return waiting(&s->in) > 0 ||
	       (s->has_received &&
	        recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0);
}

int stream_start_tls(struct stream *s, const struct tls_settings *settings,
                     const char *host, struct fault *f)
{
	if (has_more_in_clear(s))
		return fault_set(f, FAULT_TEMP, "4.7.5",
		                 _("%s sent more in clear after it agreed to "
		                   "start TLS: somebody may be tampering with "
		                   "the connection"),
		                 host);
	if (s->tls != NULL || waiting(&s->out) > 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("TLS cannot start in the middle of a "
		                   "command"));
	s->tls = tls_create(s->fd, settings, host, f);
	return s->tls != NULL ? 0 : -1;
}

enum stream_result stream_handshake(struct stream *s, struct fault *f)
{
	enum stream_result result = tls_handshake(s->tls, f);

	s->is_encrypted = result == STREAM_DONE;
	return wait_for(s, result);
}

bool stream_is_encrypted(const struct stream *s)
{
	return s->is_encrypted;
}

const char *stream_cipher(const struct stream *s)
{
	return s->is_encrypted ? tls_cipher(s->tls) : "none";
}

bool stream_binding(const struct stream *s, bool *is_exporter,
                    struct sbuf *base64)
{
	return s->is_encrypted && tls_binding(s->tls, is_exporter, base64);
}

void stream_goodbye(struct stream *s)
{
	if (s->is_encrypted)
		tls_goodbye(s->tls);
}
