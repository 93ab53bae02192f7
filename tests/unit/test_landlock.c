/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_landlock - what was not named is out of reach, also for root
 *
 * Each case is a child in the fixture's directory.  Where the kernel has no
 * Landlock (or the build a sanitizer) the rights are as before, and that is
 * what is looked for then.
 */
#include "base/landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

/* read/ and file can be read, write/ written, other/ and secret not. */
static void set_up(void)
{
	fixture_setup();
	ck_assert_int_eq(mkdir("read", 0700), 0);
	ck_assert_int_eq(mkdir("write", 0700), 0);
	ck_assert_int_eq(mkdir("write/new", 0700), 0);
	ck_assert_int_eq(mkdir("write/tmp", 0700), 0);
	ck_assert_int_eq(mkdir("other", 0700), 0);
	fixture_write("file", "x", 1);
	fixture_write("secret", "x", 1);
	fixture_write("read/file", "x", 1);
	fixture_write("write/tmp/file", "x", 1);
	fixture_write("other/file", "x", 1);
}

static unsigned enforce(bool limits_ports, unsigned port)
{
	struct landlock l;
	unsigned version;

	landlock_init(&l, limits_ports);
	landlock_allow_read(&l, fixture_path("read"));
	landlock_allow_read(&l, "file");
	landlock_allow_read(&l, "not-there");
	landlock_allow_write(&l, "write");
	if (port != 0)
		landlock_allow_port(&l, port);
	version = landlock_enforce(&l);
	landlock_release(&l);
	ck_assert(version == 0 || version >= 2);
	return version;
}

/* Does it open, if not refused? */
static bool opens(const char *path, int mode)
{
	int fd = open(path, mode | O_CLOEXEC, 0600);

	if (fd < 0)
		ck_assert_int_eq(errno, EACCES);
	else
		close(fd);
	return fd >= 0;
}

static int read_some(void *arg)
{
	bool free;

	(void)arg;
	free = enforce(false, 0) == 0;
	ck_assert(opens("read/file", O_RDONLY));
	ck_assert(opens("read", O_RDONLY | O_DIRECTORY));
	ck_assert(opens("file", O_RDONLY));
	ck_assert_int_eq(opens("read/file", O_WRONLY), free);
	ck_assert_int_eq(opens("read/more", O_WRONLY | O_CREAT), free);
	ck_assert_int_eq(opens("secret", O_RDONLY), free);
	ck_assert_int_eq(opens("other/file", O_RDONLY), free);
	ck_assert_int_eq(opens("/etc/passwd", O_RDONLY), free);
	ck_assert_int_eq(unlink("other/file") == 0, free);
	return 0;
}

static int write_below(void *arg)
{
	bool free;

	(void)arg;
	free = enforce(false, 0) == 0;
	ck_assert(opens("write/tmp/more", O_RDWR | O_CREAT | O_EXCL));
	ck_assert(opens("write/tmp/more", O_RDWR | O_TRUNC));
	ck_assert_int_eq(rename("write/tmp/more", "write/new/more"), 0);
	ck_assert_int_eq(link("write/new/more", "write/tmp/again"), 0);
	ck_assert_int_eq(mkfifo("write/wake", 0600), 0);
	ck_assert_int_eq(symlink("x", "write/new/link"), 0);
	ck_assert_int_eq(rename("write/new/link", "write/tmp/link"), 0);
	ck_assert_int_eq(mkdir("write/new/d", 0700), 0);
	ck_assert_int_eq(rename("write/new/d", "write/tmp/d"), 0);
	ck_assert_int_eq(rmdir("write/tmp/d"), 0);
	ck_assert_int_eq(unlink("write/new/more"), 0);
	ck_assert_int_eq(rename("write/tmp/file", "other/mine") == 0, free);
	ck_assert_int_eq(rename("other/file", "write/new/file") == 0, free);
	return 0;
}

static int run_nothing(void *arg)
{
	char *argv[] = { NULL, NULL };

	(void)arg;
	if (enforce(false, 0) == 0)
		return 0;
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	ck_assert_int_eq(execv("/bin/true", argv), -1);
	ck_assert_int_eq(errno, EACCES);
	return 0;
}

START_TEST(only_what_is_named_can_be_read)
{
	ck_assert_int_eq(fixture_child(read_some, NULL), 0);
}
END_TEST

START_TEST(below_what_is_written_all_goes_on)
{
	ck_assert_int_eq(fixture_child(write_below, NULL), 0);
}
END_TEST

START_TEST(nothing_can_be_executed)
{
	ck_assert_int_eq(fixture_child(run_nothing, NULL), 0);
}
END_TEST

/* --- ports ---------------------------------------------------------------- */

/* A listening socket of the loopback; its port. */
static unsigned listening(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, size), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	return ntohs(in.sin_port);
}

static bool connects(unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		                  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool done;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	done = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;
	if (!done)
		ck_assert_int_eq(errno, EACCES);
	close(fd);
	return done;
}

static int reach_one_port(void *arg)
{
	unsigned yes = listening(), no = listening();
	bool limits = *(const bool *)arg;
	unsigned version = enforce(limits, yes);

	ck_assert(connects(yes));
	ck_assert_int_eq(connects(no), !limits || version < 4);
	return 0;
}

START_TEST(only_ports_that_are_named)
{
	bool limits = _i == 1;

	ck_assert_int_eq(fixture_child(reach_one_port, &limits), 0);
}
END_TEST

/* --- syslog, signals ------------------------------------------------------ */

static int reach_socket(void *arg)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_DGRAM, 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)arg;
	snprintf(un.sun_path, sizeof(un.sun_path), "other/log");
	ck_assert_int_eq(bind(server, (struct sockaddr *)&un, sizeof(un)), 0);
	enforce(true, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	return 0;
}

START_TEST(sockets_with_a_path_are_reached)
{
	ck_assert_int_eq(fixture_child(reach_socket, NULL), 0);
}
END_TEST

static int send_signals(void *arg)
{
	unsigned version;
	pid_t pid;

	(void)arg;
	version = enforce(false, 0);
	if (version >= 6) {
		ck_assert_int_eq(kill(getppid(), 0), -1);
		ck_assert_int_eq(errno, EPERM);
	}
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_eq(kill(pid, SIGKILL), 0); /* our own child */
	return 0;
}

START_TEST(signals_go_to_our_own)
{
	ck_assert_int_eq(fixture_child(send_signals, NULL), 0);
}
END_TEST

/* --- what goes wrong ------------------------------------------------------ */

static int miss_what_is_written(void *arg)
{
	struct landlock l;

	(void)arg;
	landlock_init(&l, false);
	landlock_allow_write(&l, "not-there");
	ck_assert_uint_eq(landlock_enforce(&l), 0);
	landlock_release(&l);
	ck_assert_int_eq(l.fd, -1);
	ck_assert(opens("secret", O_RDONLY));
	return 0;
}

START_TEST(nothing_changes_without_the_place_to_write)
{
	ck_assert_int_eq(fixture_child(miss_what_is_written, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("landlock");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, fixture_teardown);
	tcase_add_test(all, only_what_is_named_can_be_read);
	tcase_add_test(all, below_what_is_written_all_goes_on);
	tcase_add_test(all, nothing_can_be_executed);
	tcase_add_loop_test(all, only_ports_that_are_named, 0, 2);
	tcase_add_test(all, sockets_with_a_path_are_reached);
	tcase_add_test(all, signals_go_to_our_own);
	tcase_add_test(all, nothing_changes_without_the_place_to_write);
	return fixture_run(suite);
}
