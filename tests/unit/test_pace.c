/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pace - when another connection is worth its login */
#include "flush/pace.h"

#include <check.h>

#include "base/attr.h"
#include "fixture.h"

/* clang-format off */
static const struct {
	unsigned most;
	int64_t setup, each;	/* milliseconds; 0: unknown */
	struct pace_state now;
	unsigned wanted;
} cases[] = {
	{ 20, 0, 0, { 0, 0, 0, false, 0 }, 0 },
	{ 20, 0, 0, { 0, 0, 0, false, 1 }, 1 },
	{ 20, 0, 0, { 0, 0, 0, false, 1000 }, 1 },
	{ 20, 0, 0, { 1, 0, 0, false, 1000 }, 1 },	/* not even a greeting yet */
	{ 20, 450, 0, { 1, 1, 0, false, 1000 }, 4 },	/* no message yet */
	{ 20, 450, 0, { 1, 1, 0, false, 10 }, 1 },	/* each takes 100 ms */
	{ 20, 450, 110, { 1, 1, 1, false, 1000 }, 4 },
	{ 20, 450, 110, { 4, 1, 1, false, 1000 }, 4 },	/* three are on their way */
	{ 20, 450, 110, { 4, 2, 1, false, 1000 }, 8 },
	{ 20, 450, 110, { 4, 4, 4, false, 1000 }, 16 },
	{ 20, 450, 110, { 16, 16, 16, false, 1000 }, 20 },
	{ 20, 450, 110, { 20, 20, 20, false, 1000 }, 20 },
	{ 20, 500, 110, { 1, 1, 1, false, 3 }, 1 },	/* 330 ms are not worth 500 */
	{ 20, 500, 110, { 1, 1, 1, false, 1 }, 1 },
	{ 20, 10, 0, { 1, 1, 1, false, 100 }, 1 },	/* next door */
	{ 3, 500, 110, { 2, 2, 2, false, 1000 }, 3 },
	{ 3, 500, 110, { 3, 3, 3, false, 1000 }, 3 },
	{ 1, 500, 110, { 1, 1, 1, false, 1000 }, 1 },
	{ 20, 500, 9000, { 4, 4, 4, false, 5 }, 5 },
	{ 20, 500, 110, { 1, 1, 64, false, 500 }, 1 },	/* ahead of answers: 860 ms */
	{ 20, 500, 110, { 1, 1, 64, false, 5000 }, 4 },
	{ 20, 450, 0, { 1, 1, 0, true, 1000 }, 1 },	/* it will show what it can */
	{ 20, 450, 55, { 1, 1, 4, true, 1000 }, 4 },
	{ 20, 450, 55, { 4, 1, 64, true, 900 }, 4 },
	{ 20, 2, 1, { 1, 1, 1, false, 100000 }, 4 },
	{ 20, 2, 1, { 12, 12, 12, false, 100000 }, 12 },	/* 10 a millisecond */
};
/* clang-format on */

/* With so many, all of them ready, and a lot of work. */
static unsigned wanted_with(const struct pace *p, unsigned lanes)
{
	const struct pace_state now = { lanes, lanes, lanes, false, 1000 };

	return pace_wanted(p, &now);
}

START_TEST(wanted)
{
	struct pace p;

	pace_init(&p, cases[_i].most);
	if (cases[_i].setup > 0)
		pace_ready(&p, cases[_i].setup, cases[_i].setup / 9);
	if (cases[_i].each > 0)
		pace_taken(&p, cases[_i].each);
	ck_assert_uint_eq(pace_wanted(&p, &cases[_i].now), cases[_i].wanted);
}
END_TEST

/* Half as many at once, and back one by one. */
START_TEST(throttled)
{
	struct pace p;

	pace_init(&p, 20);
	pace_ready(&p, 500, 50);
	for (int i = 0; i < 100; i++)
		pace_taken(&p, 100);
	pace_throttled(&p, 16);
	ck_assert_uint_eq(p.limit, 8);
	ck_assert_uint_eq(wanted_with(&p, 8), 8);
	for (int i = 0; i < 12; i++)
		pace_taken(&p, 100);
	ck_assert_uint_eq(wanted_with(&p, 8), 9);
	for (int i = 0; i < 1000; i++)
		pace_taken(&p, 100);
	ck_assert_uint_eq(p.limit, 20);
	pace_throttled(&p, 1);
	ck_assert_uint_eq(p.limit, 1);
	ck_assert_uint_eq(wanted_with(&p, 1), 1);
}
END_TEST

START_TEST(settled)
{
	struct pace p;

	pace_init(&p, 20);
	pace_ready(&p, 500, 50);
	pace_settle(&p, 3);
	for (int i = 0; i < 1000; i++)
		pace_taken(&p, 100);
	ck_assert_uint_eq(wanted_with(&p, 2), 3);
	pace_settle(&p, 0);
	ck_assert_uint_eq(wanted_with(&p, 1), 1);
}
END_TEST

/* From one flush to the next. */
START_TEST(remembered)
{
	struct pace p;

	pace_init(&p, 20);
	ck_assert_uint_eq(pace_learned(&p), 0);
	pace_throttled(&p, 10);
	ck_assert_uint_eq(pace_learned(&p), 5);
	pace_init(&p, 20);
	pace_remember(&p, 5);
	ck_assert_uint_eq(pace_limit(&p), 5);
	pace_remember(&p, 0);
	ck_assert_uint_eq(pace_limit(&p), 5);
	for (int i = 0; i < 1000; i++)
		pace_taken(&p, 100);
	ck_assert_uint_eq(pace_learned(&p), 0);
	pace_init(&p, 2);
	pace_remember(&p, 5);
	ck_assert_uint_eq(pace_limit(&p), 2);
}
END_TEST

/* What takes ever longer gets no more connections. */
START_TEST(enough)
{
	struct pace p;

	pace_init(&p, 20);
	pace_ready(&p, 100, 50);
	pace_taken(&p, 50);
	ck_assert_uint_eq(wanted_with(&p, 2), 8);
	for (int i = 0; i < 20; i++)
		pace_taken(&p, 200);
	ck_assert_uint_eq(wanted_with(&p, 4), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pace");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, wanted, 0, COUNT_OF(cases));
	tcase_add_test(all, throttled);
	tcase_add_test(all, settled);
	tcase_add_test(all, remembered);
	tcase_add_test(all, enough);
	return fixture_run(suite);
}
