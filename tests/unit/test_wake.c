/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wake - somebody always hears the bell: the flusher that runs, or a new
 * one
 *
 * A new one is a script of ours here.  It is a child of this process until it
 * is waited for, so whether one was started is known for sure.
 */
#include "queue/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void open_root(struct dir *root)
{
	struct fault f = { 0 };
	char script[200];

	signal(SIGPIPE, SIG_IGN); /* as our programs do */
	snprintf(script, sizeof(script), "#!/bin/sh\necho \"$@\" >>%s\n",
	         fixture_path("started"));
	fixture_write("flusher", script, strlen(script));
	ck_assert_int_eq(chmod("flusher", 0700), 0);
	setenv("RELAY_FLUSH", fixture_path("flusher"), 1);
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(dir_open(root, NULL, fixture_path("q"), NULL, &f), 0);
}

/* Ring; was a flusher started? */
static bool starts_one(const struct dir *root)
{
	int status;

	wake_ring(root);
	if (waitpid(-1, &status, 0) < 0) {
		ck_assert_int_eq(errno, ECHILD);
		return false;
	}
	ck_assert_int_eq(status, 0);
	return true;
}

static int is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(poll(&p, 1, 0), 0);
	ck_assert_int_eq(p.revents & ~POLLIN, 0);
	return p.revents != 0;
}

START_TEST(nobody_listens)
{
	char text[100] = "";
	struct dir root;
	int fd;

	open_root(&root);
	ck_assert(starts_one(&root));
	fd = wake_listen(&root);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert(starts_one(&root));
	fixture_read("started", text, sizeof(text) - 1);
	ck_assert_str_eq(text, "--auto\n--auto\n");
	dir_release(&root);
}
END_TEST

START_TEST(somebody_listens)
{
	struct dir root;
	int fd;

	open_root(&root);
	fd = wake_listen(&root);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert(!is_readable(fd));
	for (int i = 0; i < 3; i++) {
		ck_assert(!starts_one(&root));
		ck_assert(!starts_one(&root));
		ck_assert(is_readable(fd));
		wake_drain(fd);
		ck_assert(!is_readable(fd));
	}
	close(fd);
	ck_assert(starts_one(&root));
	dir_release(&root);
}
END_TEST

/* Rung before the flusher listens again: it finds the old one's FIFO empty, so
 * the ring must have started another. */
START_TEST(between_two_flushers)
{
	struct dir root;
	int fd;

	open_root(&root);
	fd = wake_listen(&root);
	ck_assert(!starts_one(&root));
	close(fd); /* unread: that flusher looks at new/ once more */
	ck_assert(starts_one(&root));
	fd = wake_listen(&root);
	ck_assert(!is_readable(fd));
	ck_assert(!starts_one(&root));
	ck_assert(is_readable(fd));
	close(fd);
	dir_release(&root);
}
END_TEST

START_TEST(rung_often_enough)
{
	struct dir root;
	int fd;

	open_root(&root);
	fd = wake_listen(&root);
	while (write(fd, "x", 1) == 1)
		;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!starts_one(&root));
	ck_assert(is_readable(fd));
	wake_drain(fd);
	ck_assert(!is_readable(fd));
	ck_assert(!starts_one(&root));
	ck_assert(is_readable(fd));
	close(fd);
	dir_release(&root);
}
END_TEST

static void put_file(void)
{
	fixture_write("q/wake", "text", 4);
}

static void put_link(void)
{
	fixture_write("other", "text", 4);
	ck_assert_int_eq(symlink("../other", "q/wake"), 0);
}

static void put_link_to_fifo(void)
{
	ck_assert_int_eq(mkfifo("other", 0600), 0);
	ck_assert_int_eq(symlink("../other", "q/wake"), 0);
}

static void (*const impostors[])(void) = { put_file, put_link,
	                                   put_link_to_fifo };

/* It swallows no ring, is not written to, and the flusher makes a new FIFO. */
START_TEST(no_fifo_there)
{
	char text[10];
	struct dir root;
	struct stat st;
	int fd;

	open_root(&root);
	impostors[_i]();
	ck_assert(starts_one(&root));
	if (impostors[_i] != put_link_to_fifo)
		ck_assert_uint_eq(fixture_read("q/wake", text, sizeof(text)),
		                  4);
	fd = wake_listen(&root);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lstat("q/wake", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFIFO | 0600);
	ck_assert(!is_readable(fd));
	ck_assert(!starts_one(&root));
	ck_assert(is_readable(fd));
	if (fixture_exists("other") && impostors[_i] == put_link)
		ck_assert_uint_eq(fixture_read("other", text, sizeof(text)), 4);
	close(fd);
	dir_release(&root);
}
END_TEST

START_TEST(a_directory_there)
{
	struct dir root;

	open_root(&root);
	ck_assert_int_eq(mkdir("q/wake", 0700), 0);
	ck_assert_int_eq(wake_listen(&root), -1);
	ck_assert(starts_one(&root));
	dir_release(&root);
}
END_TEST

/* No flusher installed: ringing is nobody's fault, and whoever tried in vain
 * ends without a word. */
START_TEST(no_flusher_there)
{
	struct dir root;
	int status = 0;

	open_root(&root);
	setenv("RELAY_FLUSH", "/nonexistent/flusher", 1);
	wake_ring(&root);
	while (waitpid(-1, &status, 0) > 0)
		ck_assert(WIFEXITED(status));
	ck_assert(!fixture_exists("started"));
	dir_release(&root);
}
END_TEST

START_TEST(asked_whether_it_is_heard)
{
	struct dir root;
	int fd;

	open_root(&root);
	ck_assert(!wake_is_heard(&root));
	ck_assert(!fixture_exists("q/wake"));
	fd = wake_listen(&root);
	ck_assert(wake_is_heard(&root));
	ck_assert_int_eq(is_readable(fd), 0);
	close(fd);
	ck_assert(!wake_is_heard(&root));
	ck_assert_int_eq(unlink("q/wake"), 0);
	fixture_write("q/wake", "x", 1);
	ck_assert(!wake_is_heard(&root));
	dir_release(&root);
}
END_TEST

START_TEST(path_of_the_flusher)
{
	setenv("RELAY_FLUSH", "/some/where", 1);
	ck_assert_str_eq(wake_flusher_path(), "/some/where");
	unsetenv("RELAY_FLUSH");
	ck_assert_str_eq(wake_flusher_path(), PKGLIBEXECDIR "/relay-flush");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wake");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, nobody_listens);
	tcase_add_test(all, somebody_listens);
	tcase_add_test(all, between_two_flushers);
	tcase_add_test(all, rung_often_enough);
	tcase_add_loop_test(all, no_fifo_there, 0, COUNT_OF(impostors));
	tcase_add_test(all, a_directory_there);
	tcase_add_test(all, no_flusher_there);
	tcase_add_test(all, asked_whether_it_is_heard);
	tcase_add_test(all, path_of_the_flusher);
	return fixture_run(suite);
}
