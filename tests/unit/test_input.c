/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_input - descriptors of all kinds, and silence that has an end */
#include "sendmail/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "fixture.h"

static int other; /* the end that is not ours */

/* A pair of sockets; ours is standard input and output. */
static void connect_us(bool waits)
{
	int ends[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	if (!waits)
		ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(dup2(ends[0], STDOUT_FILENO), STDOUT_FILENO);
	close(ends[0]);
	other = ends[1];
}

static void say_later(const char *text)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(200000);
		_exit(write(other, text, strlen(text)) > 0 ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
}

static const bool kinds[] = { true, false };

START_TEST(silence)
{
	const int64_t begin = clock_ticks();
	char bytes[10];

	connect_us(kinds[_i]);
	errno = 0;
	ck_assert_int_eq(input_read(bytes, sizeof(bytes), 100), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_ge(clock_ticks() - begin, 100);
}
END_TEST

START_TEST(a_word_in_time)
{
	static const int patience[] = { INPUT_FOREVER, 30000 };

	for (size_t i = 0; i < COUNT_OF(patience); i++) {
		char bytes[10];

		connect_us(kinds[_i]);
		say_later("hello");
		ck_assert_int_eq(input_read(bytes, sizeof(bytes), patience[i]),
		                 5);
		ck_assert_mem_eq(bytes, "hello", 5);
		shutdown(other, SHUT_WR);
		ck_assert_int_eq(input_read(bytes, sizeof(bytes), patience[i]),
		                 0);
	}
}
END_TEST

/* Nobody takes the answer: more than a socket holds. */
START_TEST(an_answer_that_nobody_takes)
{
	static const char large[1 << 22];

	connect_us(false);
	errno = 0;
	ck_assert_int_eq(input_answer(large, sizeof(large), 100), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
}
END_TEST

START_TEST(an_answer_in_pieces)
{
	static const char large[1 << 22];
	static char got[1 << 16];
	size_t total = 0;
	ssize_t n;
	pid_t pid;

	connect_us(kinds[_i]);
	pid = fork();
	if (pid == 0) {
		close(other);
		_exit(input_answer(large, sizeof(large), 30000) == 0 ? 0 : 1);
	}
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	while ((n = read(other, got, sizeof(got))) > 0)
		total += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(total, sizeof(large));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("input");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, silence, 0, COUNT_OF(kinds));
	tcase_add_loop_test(all, a_word_in_time, 0, COUNT_OF(kinds));
	tcase_add_test(all, an_answer_that_nobody_takes);
	tcase_add_loop_test(all, an_answer_in_pieces, 0, COUNT_OF(kinds));
	return fixture_run(suite);
}
