/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_depth - how many messages may be under way on one connection */
#include "flush/depth.h"

#include <check.h>

#include "fixture.h"
#include "smtp/session.h"

/* Four times as many with each round trip, and never more than a session
 * bears. */
START_TEST(grows)
{
	struct depth d;
	unsigned before;

	depth_init(&d);
	ck_assert_uint_eq(d.limit, 1);
	for (before = 1; before * 4 <= SESSION_WINDOW; before *= 4) {
		for (unsigned i = 0; i < before; i++)
			depth_taken(&d, 50);
		ck_assert_uint_eq(d.limit, 4 * before);
	}
	for (unsigned i = 0; i < 1000; i++)
		depth_taken(&d, 50);
	ck_assert_uint_eq(d.limit, SESSION_WINDOW);
}
END_TEST

/* No more when answers take longer, half when they take far longer. */
START_TEST(slows_down)
{
	struct depth d;

	depth_init(&d);
	for (unsigned i = 0; i < 5; i++)
		depth_taken(&d, 50);
	ck_assert_uint_eq(d.limit, 16);
	for (unsigned i = 0; i < 100; i++)
		depth_taken(&d, 200);
	ck_assert_uint_eq(d.limit, 16);
	depth_taken(&d, 1000);
	ck_assert_uint_eq(d.limit, 8);
	for (unsigned i = 0; i < 100; i++)
		depth_taken(&d, 1000);
	ck_assert_uint_eq(d.limit, 1);
}
END_TEST

/* A clock that does not move is no reason to stop. */
START_TEST(no_time_at_all)
{
	struct depth d;

	depth_init(&d);
	depth_taken(&d, 0);
	depth_taken(&d, -5);
	ck_assert_uint_eq(d.limit, 7);
}
END_TEST

START_TEST(bytes)
{
	struct depth d;

	depth_init(&d);
	ck_assert(depth_allows(&d, 0, 0, UINT64_MAX));
	ck_assert(!depth_allows(&d, 1, 100, 100));
	depth_taken(&d, 50);
	ck_assert(depth_allows(&d, 3, 100, 100));
	ck_assert(!depth_allows(&d, 4, 100, 100));
	ck_assert(depth_allows(&d, 1, 100, DEPTH_BYTES - 100));
	ck_assert(!depth_allows(&d, 1, 101, DEPTH_BYTES - 100));
	ck_assert(!depth_allows(&d, 1, DEPTH_BYTES + 1, 1));
	ck_assert(!depth_allows(&d, 1, 100, UINT64_MAX));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("depth");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_test(all, grows);
	tcase_add_test(all, slows_down);
	tcase_add_test(all, no_time_at_all);
	tcase_add_test(all, bytes);
	return fixture_run(suite);
}
