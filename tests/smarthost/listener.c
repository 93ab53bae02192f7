/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener - see listener.h */

#include "listener.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* "ADDR:PORT" or "[ADDR]:PORT", numeric */
static struct addrinfo *resolve(const char *place)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	const char *colon = strrchr(place, ':');
	char host[128];
	size_t n;

	if (colon == NULL)
		return NULL;
	n = (size_t)(colon - place);
	if (n >= 2 && place[0] == '[' && colon[-1] == ']') {
		place++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(host))
		return NULL;
	memcpy(host, place, n);
	host[n] = '\0';
	return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

static int open_place(const char *place)
{
	struct addrinfo *a = resolve(place);
	int fd, on = 1;

	if (a == NULL)
		return complain("%s: want ADDR:PORT, numeric", place);
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	            0);
	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	     bind(fd, a->ai_addr, a->ai_addrlen) < 0 ||
	     listen(fd, BACKLOG) < 0)) {
		int e = errno;

		close(fd);
		errno = e;
		fd = -1;
	}
	freeaddrinfo(a);
	if (fd < 0)
		return complain("%s: %s", place, strerror(errno));
	return fd;
}

int listener_open(struct listener *l, const struct options *o)
{
	int fd;

	l->count = 0;
	for (size_t i = 0; i < o->place_count; i++) {
		fd = open_place(o->places[i].address);
		if (fd < 0)
			return -1;
		l->implicit[l->count] = o->places[i].implicit;
		l->fd[l->count++] = fd;
	}
	return 0;
}

int listener_announce(const struct listener *l)
{
	struct sockaddr_storage a;
	char host[128], port[16];
	socklen_t len;

	for (size_t i = 0; i < l->count; i++) {
		len = sizeof(a);
		if (getsockname(l->fd[i], (struct sockaddr *)&a, &len) < 0 ||
		    getnameinfo((struct sockaddr *)&a, len, host, sizeof(host),
		                port, sizeof(port),
		                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
			return complain("cannot tell my own address");
		printf("listening %s %s\n", host, port);
	}
	return fflush(stdout) == 0 ? 0
	                           : complain("stdout: %s", strerror(errno));
}

void listener_close(struct listener *l)
{
	for (size_t i = 0; i < l->count; i++)
		close(l->fd[i]);
	l->count = 0;
}

int listener_accept(const struct listener *l, int other, bool full,
                    int timeout_ms, bool *implicit)
{
	struct pollfd p[PLACES_MAX + 1];
	nfds_t n = full ? 0 : (nfds_t)l->count;

	for (nfds_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = l->fd[i], .events = POLLIN };
	p[n] = (struct pollfd){ .fd = other, .events = POLLIN };
	if (poll(p, n + 1, timeout_ms) <= 0 || p[n].revents != 0)
		return -1;
	for (nfds_t i = 0; i < n; i++)
		if (p[i].revents != 0) {
			*implicit = l->implicit[i];
			return accept4(l->fd[i], NULL, NULL, SOCK_CLOEXEC);
		}
	return -1;
}
