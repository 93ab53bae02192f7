/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_peer - which connections are of this machine
 *
 * The kernel's word is ours here: the linker gives peer.c the two functions
 * below in place of libc's.
 */
#include "sendmail/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/attr.h"
#include "fixture.h"

/* What is at either end: an address, "unix", or NULL for an error. */
static const char *our_end, *their_end;
static int error;

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size);

static int tell(const char *end, struct sockaddr *address, socklen_t *size)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const void *from = &un;
	socklen_t n = sizeof(un);

	if (end == NULL) {
		errno = error;
		return -1;
	}
	if (strchr(end, ':') != NULL) {
		ck_assert_int_eq(inet_pton(AF_INET6, end, &in6.sin6_addr), 1);
		from = &in6;
		n = sizeof(in6);
	} else if (strcmp(end, "unix") != 0) {
		ck_assert_int_eq(inet_pton(AF_INET, end, &in.sin_addr), 1);
		from = &in;
		n = sizeof(in);
	}
	ck_assert_uint_le(n, *size);
	memcpy(address, from, n);
	*size = n;
	return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
	ck_assert_int_eq(fd, 0);
	return tell(our_end, address, size);
}

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
	ck_assert_int_eq(fd, 0);
	return tell(their_end, address, size);
}

static const struct {
	const char *ours, *theirs;
	int error;
	enum peer peer;
} cases[] = {
	{ NULL, NULL, ENOTSOCK, PEER_PROGRAM },
	{ "unix", "unix", 0, PEER_PROGRAM },
	{ "unix", NULL, ENOTCONN, PEER_PROGRAM },
	{ "127.0.0.1", "127.0.0.1", 0, PEER_LOOPBACK },
	{ "127.255.255.255", "127.1.2.3", 0, PEER_LOOPBACK },
	{ "::1", "::1", 0, PEER_LOOPBACK },
	{ "::ffff:127.0.0.1", "::ffff:127.0.0.1", 0, PEER_LOOPBACK },
	{ "127.0.0.1", NULL, ENOTCONN, PEER_LOOPBACK },
	{ "192.0.2.1", NULL, ENOTCONN, PEER_NETWORK },
	{ "0.0.0.0", "127.0.0.1", 0, PEER_NETWORK },
	{ "::", "::1", 0, PEER_NETWORK },
	{ "126.255.255.255", "127.0.0.1", 0, PEER_NETWORK },
	{ "128.0.0.1", "127.0.0.1", 0, PEER_NETWORK },
	{ "192.0.2.1", "192.0.2.1", 0, PEER_NETWORK },
	{ "192.0.2.1", "127.0.0.1", 0, PEER_NETWORK },
	{ "127.0.0.1", "192.0.2.1", 0, PEER_NETWORK },
	{ "::1", "2001:db8::1", 0, PEER_NETWORK },
	{ "::2", "::1", 0, PEER_NETWORK },
	{ "fe80::1", "::1", 0, PEER_NETWORK },
	{ "::ffff:192.0.2.1", "::ffff:127.0.0.1", 0, PEER_NETWORK },
	{ "::ffff:126.0.0.1", "::1", 0, PEER_NETWORK },
	{ "::127.0.0.1", "::1", 0, PEER_NETWORK },
};

START_TEST(peers)
{
	our_end = cases[_i].ours;
	their_end = cases[_i].theirs;
	error = cases[_i].error;
	ck_assert_int_eq(peer_find(), cases[_i].peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, peers, 0, COUNT_OF(cases));
	return fixture_run(suite);
}
