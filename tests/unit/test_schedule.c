/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_schedule - waits, and what clocks that jump do to them */
#include "queue/schedule.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/attr.h"
#include "fixture.h"

#define HOUR ((int64_t)3600)
#define NOW INT64_C(1700000000)

static const struct {
	unsigned tries;
	int64_t wait;
} waits[] = {
	{ 0, 60 },
	{ 1, 60 },
	{ 2, 300 },
	{ 3, 900 },
	{ 4, 1800 },
	{ 5, HOUR },
	{ 6, 2 * HOUR },
	{ 7, 4 * HOUR },
	{ 8, 4 * HOUR },
	{ 100, 4 * HOUR },
	{ UINT32_MAX, 4 * HOUR },
};

/* A tenth less, a tenth more, and nothing beyond, whatever the chance. */
START_TEST(wait_after_tries)
{
	const int64_t wait = waits[_i].wait, tenth = wait / 10;
	int64_t least = INT64_MAX, most = 0;

	for (uint32_t chance = 0; chance < 4 * HOUR; chance++) {
		int64_t got = schedule_wait(waits[_i].tries, chance);

		least = got < least ? got : least;
		most = got > most ? got : most;
	}
	ck_assert_int_eq(least, wait - tenth);
	ck_assert_int_eq(most, wait + tenth);
	ck_assert_int_le(schedule_wait(waits[_i].tries, UINT32_MAX), most);
	ck_assert(schedule_is_due(NOW + most, NOW + most));
	ck_assert(!schedule_is_due(NOW + most, NOW));
}
END_TEST

static const struct {
	int64_t from, to, step;
} steps[] = {
	{ NOW, NOW, 0 },
	{ NOW, NOW + 1, 1 },
	{ NOW, NOW - 1, 0 },
	{ NOW, NOW + 8 * HOUR - 1, 8 * HOUR - 1 },
	{ NOW, NOW + 8 * HOUR, 8 * HOUR },
	{ NOW, NOW + 8 * HOUR + 1, 8 * HOUR },
	{ 0, NOW, 8 * HOUR },
	{ NOW, 0, 0 },
	{ -5, 5, 10 },
	{ NOW, INT64_C(2147483648), 8 * HOUR },
	{ INT64_MIN, INT64_MAX, 8 * HOUR },
	{ INT64_MAX, INT64_MIN, 0 },
	{ -1, INT64_MAX, 8 * HOUR },
	{ INT64_MIN, INT64_MIN + 1, 1 },
};

START_TEST(step_of_the_age)
{
	ck_assert_int_eq(schedule_step(steps[_i].from, steps[_i].to),
	                 steps[_i].step);
	ck_assert_int_eq(schedule_step_of(steps[_i].from, steps[_i].to, 7),
	                 steps[_i].step < 7 ? steps[_i].step : 7);
}
END_TEST

static const struct {
	int64_t due, now;
	bool is_due;
} times[] = {
	{ NOW, NOW, true },
	{ NOW - 1, NOW, true },
	{ NOW + 1, NOW, false },
	{ NOW + 4 * HOUR + 1440, NOW, false },
	{ NOW + 4 * HOUR + 1441, NOW, true },
	{ NOW + 24 * HOUR, NOW, true }, /* set back by a day */
	{ NOW, 0, true },               /* set back to 1970 */
	{ 0, NOW, true },
	{ NOW, NOW + 24 * HOUR, true },
	{ INT64_MAX, INT64_MIN, true },
	{ INT64_MAX, -1, true },
	{ INT64_MIN, INT64_MAX, true },
};

START_TEST(time_has_come)
{
	ck_assert_int_eq(schedule_is_due(times[_i].due, times[_i].now),
	                 times[_i].is_due);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, wait_after_tries, 0, COUNT_OF(waits));
	tcase_add_loop_test(all, step_of_the_age, 0, COUNT_OF(steps));
	tcase_add_loop_test(all, time_has_come, 0, COUNT_OF(times));
	return fixture_run(suite);
}
