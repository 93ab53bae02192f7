/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_seccomp - what was given up is gone, the rest goes on
 *
 * Each case is a child, filtered; a kernel without filters passes, and so does
 * a sanitizer build, where nothing is filtered.
 */
#include "base/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

#define NOT_HERE 77

/* The child's wait status, after `part`, which does not return. */
static int child(void (*part)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		part();
		_exit(99);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_not_here(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE;
}

/* --- only a few ----------------------------------------------------------- */

static const int few[] = { SYS_exit_group, SYS_write, SECCOMP_FSTAT,
	                   SECCOMP_FSTATAT, -1 };

static void keep_few(void)
{
	if (!seccomp_allow_only(few, COUNT_OF(few)))
		_exit(NOT_HERE);
}

static void do_allowed(void)
{
	struct stat st;

	keep_few();
	_exit(fstat(0, &st) == 0 ? 0 : 1);
}

static void do_other(void)
{
	keep_few();
	getppid();
}

static void open_file(void)
{
	keep_few();
	open("/", O_RDONLY);
}

START_TEST(what_is_listed_goes_on)
{
	int status = child(do_allowed);

	if (is_not_here(status))
		return;
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(anything_else_ends_the_process)
{
	int status = child(_i == 0 ? do_other : open_file);

	if (is_not_here(status))
		return;
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

/* --- by another way ------------------------------------------------------- */

#ifdef __x86_64__
/* getpid of i386 is 20, which is writev of x86_64. */
static long call_32_bit(long number)
{
	long answer;

	__asm__ volatile("int $0x80"
	                 : "=a"(answer)
	                 : "a"(number)
	                 : "memory", "r8", "r9", "r10", "r11");
	return answer;
}

static void go_by_i386(void)
{
	static const int calls[] = { 20, SYS_exit_group };

	if (!seccomp_allow_only(calls, COUNT_OF(calls)))
		_exit(NOT_HERE);
	call_32_bit(20);
	_exit(0);
}

static void go_by_x32(void)
{
	static const int calls[] = { SYS_getpid, SYS_exit_group };

	if (!seccomp_allow_only(calls, COUNT_OF(calls)))
		_exit(NOT_HERE);
	syscall(0x40000000 | SYS_getpid);
	_exit(0);
}

static void be_denied_elsewhere(void)
{
	static const int calls[] = { SYS_chroot };

	if (!seccomp_deny(calls, COUNT_OF(calls)))
		_exit(NOT_HERE);
	/* A kernel without 32-bit calls kills us by SIGSEGV first. */
	errno = 0;
	_exit(syscall(0x40000000 | SYS_getpid) == -1 && errno == EPERM ? 0 : 1);
}

START_TEST(another_way_in_is_refused)
{
	static void (*const parts[])(void) = { go_by_i386, go_by_x32 };
	int status;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		status = child(parts[i]);
		if (is_not_here(status))
			return;
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_ne(WTERMSIG(status), SIGKILL);
	}
	ck_assert_int_eq(child(be_denied_elsewhere), 0);
}
END_TEST
#endif

/* --- all but some --------------------------------------------------------- */

static void deny(void)
{
	static const int calls[] = { SYS_execve, -1, SYS_chroot };

	if (!seccomp_deny(calls, COUNT_OF(calls)))
		_exit(NOT_HERE);
}

static bool is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

static void try_denied(void)
{
	char *argv[] = { NULL, NULL };

	deny();
	if (!is_refused(execv("/bin/true", argv)) || !is_refused(chroot("/")))
		_exit(1);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		_exit(2);
	if (getppid() <= 0 || open("/", O_RDONLY) < 0)
		_exit(3);
	_exit(0);
}

static void try_clone(void)
{
	int status = -1;
	pid_t pid;

	deny();
	if (!is_refused(
		    syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)) ||
	    !is_refused(syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0)))
		_exit(1);
	pid = fork();
	if (pid == 0)
		_exit(is_refused(chroot("/")) ? 5 : 6); /* children too */
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) - 5 : 2);
}

static void try_terminal(void)
{
	char c = 'x';
	int size = 0;

	deny();
	if (!is_refused(ioctl(0, TIOCSTI, &c)))
		_exit(1);
	/* Others reach the descriptor, which is no terminal. */
	_exit(ioctl(-1, FIONREAD, &size) == -1 && errno == EBADF ? 0 : 2);
}

START_TEST(what_is_denied_answers_eperm)
{
	static void (*const parts[])(void) = { try_denied, try_clone,
		                               try_terminal };
	int status = child(parts[_i]);

	if (is_not_here(status))
		return;
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(a_list_that_is_too_long)
{
	static int calls[SECCOMP_CALLS + 1];

	ck_assert(!seccomp_allow_only(calls, COUNT_OF(calls)));
	ck_assert(!seccomp_deny(calls, COUNT_OF(calls)));
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}
END_TEST

static void fill(void)
{
	int calls[SECCOMP_CALLS];

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		calls[i] = SYS_chroot;
	if (!seccomp_deny(calls, COUNT_OF(calls)))
		_exit(NOT_HERE);
	_exit(is_refused(chroot("/")) ? 0 : 1);
}

START_TEST(the_longest_list)
{
	int status = child(fill);

	ck_assert(is_not_here(status) || status == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seccomp");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_test(all, what_is_listed_goes_on);
	tcase_add_loop_test(all, anything_else_ends_the_process, 0, 2);
#ifdef __x86_64__
	tcase_add_test(all, another_way_in_is_refused);
#endif
	tcase_add_loop_test(all, what_is_denied_answers_eperm, 0, 3);
	tcase_add_test(all, a_list_that_is_too_long);
	tcase_add_test(all, the_longest_list);
	return fixture_run(suite);
}
