/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_changes - a file that is edited, a network that comes up */
#include "base/changes.h"

#include <check.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

static void write_file(const char *name)
{
	int fd = open(fixture_path(name), O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* As editors do it: in place, or another file in its place. */
START_TEST(edited)
{
	struct changes n;

	changes_open(&n, fixture_path("relayrc"));
	ck_assert_int_ge(n.file, 0);
	ck_assert(!changes_of_file(&n));
	write_file("relayrc");
	ck_assert(is_readable(n.file));
	ck_assert(changes_of_file(&n));
	ck_assert(!changes_of_file(&n));
	write_file("relayrc.new");
	ck_assert(!changes_of_file(&n));
	{
		char from[300];

		snprintf(from, sizeof(from), "%s", fixture_path("relayrc.new"));
		ck_assert_int_eq(rename(from, fixture_path("relayrc")), 0);
	}
	ck_assert(changes_of_file(&n));
	unlink(fixture_path("relayrc"));
	ck_assert(!changes_of_file(&n));
	changes_release(&n);
}
END_TEST

/* More than the kernel keeps for us: one of them may have been ours. */
START_TEST(too_many)
{
	struct changes n;
	char name[20];

	changes_open(&n, fixture_path("relayrc"));
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "f%d", i % 7);
		write_file(name);
	}
	ck_assert(changes_of_file(&n));
	ck_assert(!changes_of_file(&n));
	changes_release(&n);
}
END_TEST

START_TEST(nothing_to_watch)
{
	struct changes n;

	changes_open(&n, NULL);
	ck_assert(!changes_of_file(&n));
	ck_assert(!changes_of_network(&n));
	changes_release(&n);
	changes_open(&n, "/nowhere/relayrc");
	ck_assert_int_eq(n.file, -1);
	ck_assert(!changes_of_file(&n));
	changes_release(&n);
	changes_release(&n);
}
END_TEST

static void set_loopback(bool is_up)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, "lo", sizeof("lo"));
	ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	if (is_up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* In a network of our own, which only root (or who may have one) can make. */
START_TEST(network)
{
	struct changes n;

	if (unshare(CLONE_NEWNET) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return;
	changes_open(&n, NULL);
	ck_assert_int_ge(n.network, 0);
	ck_assert(!changes_of_network(&n));
	set_loopback(true);
	ck_assert(is_readable(n.network));
	ck_assert(changes_of_network(&n));
	ck_assert(!changes_of_network(&n));
	set_loopback(false);
	ck_assert(!changes_of_network(&n));
	changes_release(&n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("changes");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, edited);
	tcase_add_test(all, too_many);
	tcase_add_test(all, nothing_to_watch);
	tcase_add_test(all, network);
	return fixture_run(suite);
}
