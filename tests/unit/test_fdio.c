/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fdio - whole transfers in spite of signals and short calls */
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

#define BIG ((size_t)1 << 20)

#define RINGS 100

static volatile sig_atomic_t rung;

static void ring_no_more(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

/* Not for ever: where a signal takes longer than a millisecond (valgrind on a
 * slow machine) nothing else would be done. */
static void on_alarm(int number)
{
	(void)number;
	if (++rung == RINGS)
		ring_no_more();
}

/* A signal every millisecond, without SA_RESTART. */
static void ring_often(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };

	rung = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

/* Read what comes, but not at once: the writer must meet a signal before it got
 * rid of a byte, and after.  0 when it was `BIG` bytes of the pattern. */
static int read_slowly(int fd)
{
	unsigned char piece[5003];
	size_t total = 0;
	ssize_t k;

	usleep(20000);
	while ((k = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < k; i++, total++)
			if (piece[i] != (unsigned char)(total % 251))
				return 1;
		usleep(100);
	}
	return total == BIG ? 0 : 2;
}

START_TEST(write_all_through_signals)
{
	unsigned char *bytes = malloc(BIG);
	int ends[2], status;
	pid_t pid;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (unsigned char)(i % 251);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(read_slowly(ends[0]));
	}
	close(ends[0]);
	ring_often();
	ck_assert_int_eq(fdio_write(ends[1], bytes, BIG), 0);
	ring_no_more();
	ck_assert_int_gt(rung, 0);
	close(ends[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	free(bytes);
}
END_TEST

START_TEST(read_waits_through_signals)
{
	char byte = '?';
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		usleep(30000);
		_exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
	}
	close(ends[1]);
	ring_often();
	ck_assert_int_eq(fdio_read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	ck_assert_int_eq(fdio_read(ends[0], &byte, 1), 0);
	ring_no_more();
	ck_assert_int_gt(rung, 0);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	ck_assert_int_eq(fdio_read(ends[0], &byte, 1), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(write_reports_a_full_disk)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(fdio_write(fd, "x", 0), 0);
	ck_assert_int_eq(fdio_write(fd, "x", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}
END_TEST

static const struct {
	off_t at;
	size_t want;
	const char *got;
} reads[] = {
	{ 0, 5, "01234" }, { 3, 7, "3456789" }, { 3, 8, "3456789" },
	{ 9, 100, "9" },   { 10, 1, "" },       { 1000, 4, "" },
	{ 0, 0, "" },
};

START_TEST(pread_up_to_the_end)
{
	char bytes[128];
	int fd;

	fixture_write("file", "0123456789", 10);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fdio_pread(fd, bytes, reads[_i].want, reads[_i].at),
	                 (ssize_t)strlen(reads[_i].got));
	ck_assert_mem_eq(bytes, reads[_i].got, strlen(reads[_i].got));
	close(fd);
	ck_assert_int_eq(fdio_pread(fd, bytes, 1, 0), -1);
}
END_TEST

static bool is_null_device(int fd)
{
	struct stat null, st;

	return stat("/dev/null", &null) == 0 && fstat(fd, &st) == 0 &&
	       st.st_rdev == null.st_rdev && S_ISCHR(st.st_mode);
}

/* Bit n set: descriptor n is closed when the program starts. */
static int repair(void *arg)
{
	const int closed = *(const int *)arg;
	char byte;

	for (int fd = 0; fd <= 2; fd++)
		if ((closed & 1 << fd) != 0)
			close(fd);
	if (fdio_repair_standard() != ((closed & 1) != 0))
		return 1;
	for (int fd = 0; fd <= 2; fd++)
		if ((closed & 1 << fd) != 0 && !is_null_device(fd))
			return 2;
	if ((closed & 1) != 0 && read(0, &byte, 1) != 0)
		return 3;
	return fcntl(3, F_GETFD) < 0 || !is_null_device(3) ? 0 : 4;
}

START_TEST(standard_descriptors_are_repaired)
{
	int closed = _i;

	ck_assert_int_eq(fixture_child(repair, &closed), 0);
}
END_TEST

static int close_rest(void *arg)
{
	(void)arg;
	if (dup2(0, 3) != 3 || dup2(0, 200) != 200)
		return 1;
	fdio_close_rest();
	for (int fd = 3; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			_exit(2);
	_exit(fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0 ? 0 : 3);
}

START_TEST(the_rest_is_closed)
{
	ck_assert_int_eq(fixture_child(close_rest, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fdio");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, write_all_through_signals);
	tcase_add_test(all, read_waits_through_signals);
	tcase_add_test(all, write_reports_a_full_disk);
	tcase_add_loop_test(all, pread_up_to_the_end, 0, COUNT_OF(reads));
	tcase_add_loop_test(all, standard_descriptors_are_repaired, 0, 8);
	tcase_add_test(all, the_rest_is_closed);
	return fixture_run(suite);
}
