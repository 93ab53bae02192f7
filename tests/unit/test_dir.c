/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_dir - only real directories of ours, created durably */
#include "base/dir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "fixture.h"

static unsigned mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_mode & 07777;
}

/* Ways to write the path of a directory that is not there yet. */
static const char *const paths[] = { "q",    "a/b/c", "a//b",
	                             "a/b/", "a/./b", "a/b/../c" };

START_TEST(create_path)
{
	const char *path = fixture_path(paths[_i]);
	struct fault f = { 0 };
	struct dir d;

	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(dir_create_path(path, &f), 0);
		ck_assert_int_eq(dir_open(&d, NULL, path, NULL, &f), 0);
		ck_assert_str_eq(d.path, path);
		dir_release(&d);
		ck_assert_int_eq(d.fd, -1);
	}
	ck_assert_uint_eq(mode_of(paths[_i]), 0700);
	ck_assert_int_eq(f.kind, FAULT_NONE);
}
END_TEST

START_TEST(create_path_below_a_file)
{
	struct fault f = { 0 };

	fixture_write("file", "x", 1);
	ck_assert_int_eq(dir_create_path(fixture_path("file/a/b"), &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	ck_assert_ptr_nonnull(strstr(f.text, "file/a"));
}
END_TEST

/* What stands where a directory is expected. */
static void make_symlink(void)
{
	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("real", "q"), 0);
}

static void make_file(void)
{
	fixture_write("q", "", 0);
}

static void make_fifo(void)
{
	ck_assert_int_eq(mkfifo("q", 0600), 0);
}

static void make_group_writable(void)
{
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(chmod("q", 0720), 0);
}

static void make_world_writable(void)
{
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(chmod("q", 01702), 0);
}

static const struct {
	void (*make)(void);
	int status;
} refused[] = {
	{ make_symlink, EX_CANTCREAT },     { make_file, EX_CANTCREAT },
	{ make_fifo, EX_CANTCREAT },        { make_group_writable, EX_NOPERM },
	{ make_world_writable, EX_NOPERM },
};

START_TEST(refuse_what_is_not_ours)
{
	struct fault f = { 0 };
	bool missing = true;
	struct dir d;

	refused[_i].make();
	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("q"), &missing, &f),
	                 -1);
	ck_assert(!missing);
	ck_assert_int_eq(fault_exit_status(&f), refused[_i].status);
	ck_assert_ptr_nonnull(strstr(f.text, fixture_path("q")));
	ck_assert_int_eq(d.fd, -1);
	ck_assert_ptr_null(d.path);
	dir_release(&d);
}
END_TEST

START_TEST(missing_is_told_apart)
{
	struct fault f = { 0 };
	bool missing = false;
	struct dir d;

	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("q"), &missing, &f),
	                 -1);
	ck_assert(missing);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
}
END_TEST

START_TEST(create_below_a_parent)
{
	struct fault f = { 0 };
	struct dir top, new;

	ck_assert_int_eq(dir_open(&top, NULL, fixture_path("."), NULL, &f), 0);
	ck_assert_int_eq(dir_create(&top, "new", &f), 0);
	ck_assert_int_eq(dir_create(&top, "new", &f), 0);
	ck_assert_int_eq(dir_open(&new, &top, "new", NULL, &f), 0);
	ck_assert_str_eq(new.path, fixture_path("./new"));
	ck_assert_uint_eq(mode_of("new"), 0700);
	ck_assert_int_eq(dir_sync(&new, &f), 0);
	ck_assert_int_eq(dir_create(&new, "x/y", &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	dir_release(&new);
	dir_release(&top);
}
END_TEST

static int open_locked(void *arg)
{
	struct fault f = { 0 };
	bool missing = true;
	struct dir d, top;

	(void)arg;
	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("q"), &missing, &f),
	                 -1);
	ck_assert(!missing);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	ck_assert_int_eq(dir_open(&top, NULL, fixture_path("ro"), NULL, &f), 0);
	ck_assert_int_eq(dir_create(&top, "new", &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	dir_release(&top);
	return 0;
}

START_TEST(directories_that_are_locked)
{
	ck_assert_int_eq(mkdir("q", 0), 0);
	ck_assert_int_eq(mkdir("ro", 0500), 0);
	ck_assert_int_eq(fixture_as_nobody(open_locked, NULL), 0);
}
END_TEST

static int open_of_root(void *arg)
{
	struct fault f = { 0 };
	struct dir d;

	(void)arg;
	ck_assert_int_eq(dir_open(&d, NULL, "/", NULL, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_NOPERM);
	ck_assert_ptr_nonnull(strstr(f.text, "belongs to user 0"));
	return 0;
}

START_TEST(a_directory_of_another_user)
{
	ck_assert_int_eq(fixture_as_nobody(open_of_root, NULL), 0);
}
END_TEST

/* dir_each: every name once, and an end when it is told so. */
struct names {
	int count, stop_at;
	bool saw_odd;
};

static int see(void *arg, const char *name)
{
	struct names *names = arg;

	names->saw_odd |= strcmp(name, "-\n\x1b") == 0;
	return ++names->count == names->stop_at ? 7 : 0;
}

START_TEST(each_name)
{
	struct names all = { 0 }, some = { .stop_at = 2 };
	struct fault f = { 0 };
	struct dir d;

	fixture_write("a", "", 0);
	fixture_write(".hidden", "", 0);
	fixture_write("-\n\x1b", "", 0);
	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("."), NULL, &f), 0);
	ck_assert_int_eq(dir_each(&d, see, &all, &f), 0);
	ck_assert_int_eq(all.count, 3);
	ck_assert(all.saw_odd);
	ck_assert_int_eq(dir_each(&d, see, &some, &f), 7);
	ck_assert_int_eq(some.count, 2);
	close(d.fd);
	ck_assert_int_eq(dir_each(&d, see, &all, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
	ck_assert_int_eq(dir_sync(&d, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	d.fd = -1;
	dir_release(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dir");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, create_path, 0, COUNT_OF(paths));
	tcase_add_test(all, create_path_below_a_file);
	tcase_add_loop_test(all, refuse_what_is_not_ours, 0, COUNT_OF(refused));
	tcase_add_test(all, missing_is_told_apart);
	tcase_add_test(all, create_below_a_parent);
	tcase_add_test(all, directories_that_are_locked);
	tcase_add_test(all, a_directory_of_another_user);
	tcase_add_test(all, each_name);
	return fixture_run(suite);
}
