/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_lock - one flusher per queue, and no lock outlives its holder */
#include "queue/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "fixture.h"

static void open_root(struct dir *root)
{
	struct fault f = { 0 };

	mkdir("q", 0700);
	ck_assert_msg(dir_open(root, NULL, fixture_path("q"), NULL, &f) == 0,
	              "%s", f.text);
}

START_TEST(one_at_a_time)
{
	struct fault f = { 0 };
	struct dir root;
	bool busy = true;
	int fd;

	open_root(&root);
	fd = lock_take(&root, &busy, &f);
	ck_assert_int_ge(fd, 0);
	ck_assert(!busy);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(lock_take(&root, &busy, &f), -1);
	ck_assert(busy);
	ck_assert_int_eq(f.kind, FAULT_NONE);
	close(fd);
	fd = lock_take(&root, &busy, &f);
	ck_assert_int_ge(fd, 0);
	ck_assert(!busy);
	close(fd);
	dir_release(&root);
}
END_TEST

/* A flusher that is killed in the middle of its work. */
static pid_t hold_for_ever(const struct dir *root, int told)
{
	struct fault f = { 0 };
	pid_t pid = fork();
	bool busy;

	if (pid != 0)
		return pid;
	if (lock_take(root, &busy, &f) < 0 || write(told, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

START_TEST(it_dies_with_its_holder)
{
	struct fault f = { 0 };
	struct dir root;
	int ends[2], fd;
	char byte;
	bool busy;
	pid_t pid;

	open_root(&root);
	ck_assert_int_eq(pipe(ends), 0);
	pid = hold_for_ever(&root, ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(lock_take(&root, &busy, &f), -1);
	ck_assert(busy);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	fd = lock_take(&root, &busy, &f);
	ck_assert_int_ge(fd, 0);
	close(fd);
	dir_release(&root);
}
END_TEST

static void put_link(void)
{
	fixture_write("other", "", 0);
	ck_assert_int_eq(symlink("../other", "q/lock"), 0);
}

static void put_directory(void)
{
	ck_assert_int_eq(mkdir("q/lock", 0700), 0);
}

static void lock_directory(void)
{
	ck_assert_int_eq(chmod("q", 0500), 0);
}

static void (*const obstacles[])(void) = { put_link, put_directory,
	                                   lock_directory };

static int meet_obstacle(void *arg)
{
	struct fault f = { 0 };
	struct dir root;
	bool busy = true;

	open_root(&root);
	obstacles[*(const int *)arg]();
	ck_assert_int_eq(lock_take(&root, &busy, &f), -1);
	ck_assert(!busy);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	ck_assert_ptr_nonnull(strstr(f.text, fixture_path("q/lock")));
	dir_release(&root);
	return 0;
}

START_TEST(no_lock_is_not_a_busy_one)
{
	int which = _i;

	ck_assert_int_eq(fixture_as_nobody(meet_obstacle, &which), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, one_at_a_time);
	tcase_add_test(all, it_dies_with_its_holder);
	tcase_add_loop_test(all, no_lock_is_not_a_busy_one, 0,
	                    COUNT_OF(obstacles));
	return fixture_run(suite);
}
