/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_port - each replacement does what the kernel's own call does
 *
 * The kernel is made to forget a call with a seccomp filter, in a child.
 */
#include "base/port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

/* System call `number` fails with `code` from now on. */
static void forget(long number, int code)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		         offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { COUNT_OF(rules), rules };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter),
	                 0);
}

/* fs.protected_hardlinks says EPERM to a link of another's file, and a file
 * system without links to all. */
static void forget_rename(const int *code)
{
	if (code == NULL)
		return;
	forget(SYS_renameat2, *code > 0 ? *code : -*code);
	if (*code < 0)
		forget(SYS_linkat, EPERM);
}

static int rename_one(void *arg)
{
	char text[8] = "";
	struct stat st;
	int new;

	forget_rename(arg);
	new = open("new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(port_rename_new(AT_FDCWD, "a", new, "b"), 0);
	ck_assert(!fixture_exists("a"));
	fixture_read("new/b", text, 7);
	ck_assert_str_eq(text, "one");
	ck_assert_int_eq(stat("new/b", &st), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	close(new);
	return 0;
}

static int rename_onto(void *arg)
{
	char text[8] = "";

	forget_rename(arg);
	fixture_write("b", "two", 3);
	ck_assert_int_eq(port_rename_new(AT_FDCWD, "a", AT_FDCWD, "b"), -1);
	ck_assert_int_eq(errno, EEXIST);
	fixture_read("b", text, 7);
	ck_assert_str_eq(text, "two");
	ck_assert(fixture_exists("a"));
	ck_assert_int_eq(port_rename_new(AT_FDCWD, "gone", AT_FDCWD, "c"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!fixture_exists("c"));
	return 0;
}

/* 0: the kernel as it is; negative: links are not allowed either. */
static int missing[] = { 0, ENOSYS, EINVAL, -ENOSYS, -EINVAL };

START_TEST(rename_to_a_new_name)
{
	int *code = missing[_i] != 0 ? &missing[_i] : NULL;

	ck_assert_int_eq(mkdir("new", 0700), 0);
	fixture_write("a", "one", 3);
	ck_assert_int_eq(fixture_child(rename_one, code), 0);
}
END_TEST

START_TEST(rename_never_replaces)
{
	int *code = missing[_i] != 0 ? &missing[_i] : NULL;

	fixture_write("a", "one", 3);
	ck_assert_int_eq(fixture_child(rename_onto, code), 0);
}
END_TEST

/* The link was made but the old name stays: a failure leaves no second name,
 * or a message would be both refused and queued. */
static int rename_halfway(void *arg)
{
	(void)arg;
	forget(SYS_renameat2, EINVAL);
	ck_assert_int_eq(chmod("locked", 0500), 0);
	ck_assert_int_eq(port_rename_new(AT_FDCWD, "locked/a", AT_FDCWD, "b"),
	                 -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert(fixture_exists("locked/a"));
	ck_assert(!fixture_exists("b"));
	return 0;
}

START_TEST(rename_that_fails_halfway)
{
	ck_assert_int_eq(mkdir("locked", 0700), 0);
	fixture_write("locked/a", "one", 3);
	ck_assert_int_eq(fixture_as_nobody(rename_halfway, NULL), 0);
}
END_TEST

static int close_from(void *arg)
{
	if (arg != NULL)
		forget(SYS_close_range, ENOSYS);
	for (int fd = 10; fd < 20; fd++)
		dup2(0, fd);
	dup2(0, 500);
	port_close_from(15);
	for (int fd = 10; fd < 600; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd < 15))
			_exit(1);
	_exit(0);
}

START_TEST(close_all_from_one_on)
{
	ck_assert_int_eq(fixture_child(close_from, _i == 0 ? NULL : missing),
	                 0);
}
END_TEST

START_TEST(random_bytes)
{
	unsigned char a[256] = { 0 }, b[256] = { 0 };

	ck_assert_int_eq(port_random(a, sizeof(a)), 0);
	ck_assert_int_eq(port_random(b, sizeof(b)), 0);
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert_mem_ne(a, a + 128, 128);
}
END_TEST

START_TEST(size_of_a_block)
{
	void *block = malloc(100);

	ck_assert_uint_ge(port_block_size(block), 100);
	ck_assert_uint_eq(port_block_size(NULL), 0);
	free(block);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("port");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, rename_to_a_new_name, 0, COUNT_OF(missing));
	tcase_add_loop_test(all, rename_never_replaces, 0, COUNT_OF(missing));
	tcase_add_test(all, rename_that_fails_halfway);
	tcase_add_loop_test(all, close_all_from_one_on, 0, 2);
	tcase_add_test(all, random_bytes);
	tcase_add_test(all, size_of_a_block);
	return fixture_run(suite);
}
