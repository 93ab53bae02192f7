/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn - see conn.h */

#include "conn.h"

#include "text.h"
#include "tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINGER = 1000 }; /* ms that a client has to read our last words */

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void set_option(int fd, int level, int name, int value)
{
	/* refused by sockets that are not TCP, which does no harm */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

struct conn *conn_create(int fd, unsigned long seconds, bool quickack)
{
	struct conn *c = must_alloc(sizeof(*c));

	c->fd = fd;
	c->deadline = now() + (long long)seconds * 1000;
	c->quickack = quickack;
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (quickack)
		set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	return c;
}

/* Wait for the socket.  -1 and ETIMEDOUT when the deadline has come. */
static int await(struct conn *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	long long left;
	int n;

	do {
		left = c->deadline - now();
		if (left <= 0) {
			c->expired = true;
			errno = ETIMEDOUT;
			return -1;
		}
		n = poll(&p, 1, (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

ssize_t conn_socket_read(struct conn *c, void *bytes, size_t n)
{
	ssize_t got;

	for (;;) {
		got = recv(c->fd, bytes, n, MSG_DONTWAIT);
		if (got >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || await(c, POLLIN) < 0)
			return -1;
	}
	if (c->quickack) /* the kernel forgets it */
		set_option(c->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	return got;
}

ssize_t conn_socket_write(struct conn *c, const void *bytes, size_t n)
{
	const char *at = bytes;
	size_t left = n, piece;
	ssize_t put;

	while (left > 0) {
		piece = c->trickle > 0 ? 1 : left;
		put = send(c->fd, at, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put >= 0) {
			at += put;
			left -= (size_t)put;
			if (c->trickle > 0)
				conn_pause(c, c->trickle);
		} else if (errno == EAGAIN) {
			if (await(c, POLLOUT) < 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return (ssize_t)n;
}

void conn_pause(struct conn *c, unsigned long ms)
{
	long long left = c->deadline - now();
	struct timespec t;

	if (left <= 0)
		return;
	if ((long long)ms > left)
		ms = (unsigned long)left;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		continue;
}

void conn_flush(struct conn *c)
{
	size_t n = c->out_len;

	c->out_len = 0;
	if (n == 0 || c->broken)
		return;
	if (c->flights != NULL)
		atomic_fetch_add(c->flights, 1);
	if (c->tls != NULL ? tls_write(c, c->out, n) < 0
	                   : conn_socket_write(c, c->out, n) < 0)
		c->broken = true;
}

void conn_write(struct conn *c, const void *bytes, size_t n)
{
	const char *at = bytes;
	size_t room, piece;

	while (n > 0 && !c->broken) {
		room = sizeof(c->out) - c->out_len;
		piece = n < room ? n : room;
		memcpy(c->out + c->out_len, at, piece);
		c->out_len += piece;
		at += piece;
		n -= piece;
		if (c->out_len == sizeof(c->out))
			conn_flush(c);
	}
}

/* Get more input behind what is there.  False: no more will come. */
static bool fill(struct conn *c)
{
	ssize_t got;

	conn_flush(c);
	if (c->broken || c->ended)
		return false;
	if (c->in_at == c->in_end) {
		c->in_at = c->in_end = 0;
	} else if (c->in_end == sizeof(c->in)) {
		memmove(c->in, c->in + c->in_at, c->in_end - c->in_at);
		c->in_end -= c->in_at;
		c->in_at = 0;
	}
	if (c->tls != NULL)
		got = tls_read(c, c->in + c->in_end, sizeof(c->in) - c->in_end);
	else
		got = conn_socket_read(c, c->in + c->in_end,
		                       sizeof(c->in) - c->in_end);
	if (got < 0)
		c->broken = true;
	else if (got == 0)
		c->ended = true;
	else
		c->in_end += (size_t)got;
	return got > 0;
}

size_t conn_peek(struct conn *c, const char **bytes)
{
	if (c->in_at == c->in_end && !fill(c))
		return 0;
	*bytes = c->in + c->in_at;
	return c->in_end - c->in_at;
}

void conn_skip(struct conn *c, size_t n)
{
	c->in_at += n;
}

size_t conn_waiting(const struct conn *c)
{
	size_t n = c->in_end - c->in_at;

	return c->tls != NULL ? n + tls_waiting(c) : n;
}

/* Append to `line` what fits; true when nothing had to be cut. */
static bool keep(struct conn *c, const char *bytes, size_t n)
{
	size_t room = sizeof(c->line) - 1 - c->line_len;
	size_t piece = n < room ? n : room;

	memcpy(c->line + c->line_len, bytes, piece);
	c->line_len += piece;
	return piece == n;
}

enum line conn_read_line(struct conn *c)
{
	const char *bytes, *end = NULL;
	size_t n;
	bool whole = true;

	c->line_len = 0;
	while (end == NULL) {
		n = conn_peek(c, &bytes);
		if (n == 0) {
			c->line[c->line_len] = '\0';
			return LINE_END;
		}
		end = memchr(bytes, '\n', n);
		if (end != NULL)
			n = (size_t)(end - bytes) + 1;
		whole = keep(c, bytes, n) && whole;
		conn_skip(c, n);
	}
	c->line_bare = true;
	if (whole)
		c->line_len--;
	if (c->line_len > 0 && c->line[c->line_len - 1] == '\r') {
		c->line_len--;
		c->line_bare = false;
	}
	c->line[c->line_len] = '\0';
	return whole ? LINE_OK : LINE_TOO_LONG;
}

/* POLLRDHUP sees the client go although its bytes stay unread. */
void conn_stall(struct conn *c)
{
	conn_flush(c);
	if (!c->broken && await(c, POLLRDHUP) < 0)
		c->broken = true;
}

static void hurry(struct conn *c, unsigned long ms)
{
	long long until = now() + (long long)ms;

	if (until < c->deadline)
		c->deadline = until;
}

void conn_half_close(struct conn *c, unsigned long ms)
{
	conn_flush(c);
	if (c->broken)
		return;
	hurry(c, ms);
	if (c->tls != NULL)
		tls_bye(c);
	shutdown(c->fd, SHUT_WR);
}

/* Unread input would turn the FIN of close() into a RST, which takes away from
 * the client what it has not read yet.  So read on for a moment. */
static void linger(struct conn *c)
{
	char waste[4096];

	shutdown(c->fd, SHUT_WR);
	if (c->ended || c->broken)
		return;
	hurry(c, LINGER);
	while (conn_socket_read(c, waste, sizeof(waste)) > 0)
		continue;
}

void conn_free(struct conn **conn, enum parting parting)
{
	struct conn *c = *conn;
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	*conn = NULL;
	if (c == NULL)
		return;
	conn_flush(c);
	if (parting == PART_FRIENDS && c->tls != NULL && !c->broken)
		tls_bye(c);
	tls_end(c);
	if (parting == PART_RESET)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard,
		                 sizeof(hard));
	else
		linger(c);
	close(c->fd);
	free(c);
}
