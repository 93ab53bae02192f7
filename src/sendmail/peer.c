/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sendmail/input.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage room;
};

/* 127.0.0.0/8, ::1, and the former in the clothes of the latter. */
static bool is_loopback(const union address *a)
{
	static const unsigned char mapped[13] = { [10] = 0xff, 0xff, 127 };

	if (a->any.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == 127;
	return a->any.sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr) ||
	        memcmp(&a->in6.sin6_addr, mapped, sizeof(mapped)) == 0);
}

/* Both ends: a socket on 127.0.0.1 can be forwarded to from elsewhere, and what
 * comes from elsewhere says so. */
enum peer peer_find(void)
{
	union address ours = { .room = { 0 } }, theirs = { .room = { 0 } };
	socklen_t ours_size = sizeof(ours), theirs_size = sizeof(theirs);

	if (getsockname(STDIN_FILENO, &ours.any, &ours_size) != 0 ||
	    (ours.any.sa_family != AF_INET && ours.any.sa_family != AF_INET6))
		return PEER_PROGRAM;
	if (!is_loopback(&ours))
		return PEER_NETWORK;
	if (getpeername(STDIN_FILENO, &theirs.any, &theirs_size) != 0)
		return PEER_LOOPBACK; /* it is gone already */
	return is_loopback(&theirs) ? PEER_LOOPBACK : PEER_NETWORK;
}

void peer_close(void)
{
	if (shutdown(STDOUT_FILENO, SHUT_WR) == 0)
		input_drain();
}

int peer_has_spoken(void)
{
	char byte;
	ssize_t n = recv(STDIN_FILENO, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n == 0)
		return -1;
	return n > 0 ? 1 : 0;
}
