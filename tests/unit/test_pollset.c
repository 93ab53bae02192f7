/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pollset - one descriptor says that one of several is ready */
#include "base/pollset.h"

#include <check.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "fixture.h"

/* What somebody else polls for may be more than there is. */
static bool is_ready(int set)
{
	struct pollfd p = { .fd = set, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) > 0;
}

START_TEST(one_of_several)
{
	int set = pollset_open(), a[2], b[2];
	char byte = 'x';

	ck_assert_int_ge(set, 0);
	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	ck_assert(!is_ready(set));
	ck_assert_int_eq(pollset_add(set, a[0], POLLIN), 0);
	ck_assert_int_eq(pollset_add(set, b[0], POLLIN), 0);
	ck_assert(!is_ready(set));
	ck_assert_int_eq(write(b[1], &byte, 1), 1);
	ck_assert(is_ready(set));
	ck_assert(is_ready(set)); /* until it is read */
	ck_assert_int_eq(read(b[0], &byte, 1), 1);
	ck_assert(!is_ready(set));
	ck_assert_int_eq(pollset_add(set, a[1], POLLOUT), 0);
	ck_assert(is_ready(set));
	pollset_remove(set, a[1]);
	ck_assert(!is_ready(set));
	close(a[1]); /* the end of the pipe */
	ck_assert(is_ready(set));
	pollset_remove(set, a[0]);
	ck_assert(!is_ready(set));
	close(a[0]);
	close(b[0]);
	close(b[1]);
	close(set);
}
END_TEST

START_TEST(what_cannot_be_added)
{
	int set = pollset_open(), ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(pollset_add(set, -1, POLLIN), -1);
	ck_assert_int_eq(pollset_add(set, ends[0], POLLIN), 0);
	ck_assert_int_eq(pollset_add(set, ends[0], POLLIN), -1);
	pollset_remove(set, ends[1]); /* which is not in it */
	close(ends[0]);
	close(ends[1]);
	close(set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pollset");
	TCase *t = tcase_create("pollset");

	tcase_add_test(t, one_of_several);
	tcase_add_test(t, what_cannot_be_added);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
