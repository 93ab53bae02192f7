/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_clock - dates as RFC 5322 wants them, in every zone and locale */
#include "base/clock.h"

#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

/* Zones in the form of POSIX, so that no zone files are needed. */
/* clang-format off */
static const struct {
	const char *zone;
	int64_t seconds;
	const char *date;
	const char *brief;
} dates[] = {
	{ "UTC0", 0, "Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01 00:00:00" },
	{ "UTC0", 1795407601, "Mon, 23 Nov 2026 04:20:01 +0000",
	  "2026-11-23 04:20:01" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1795407601,
	  "Mon, 23 Nov 2026 05:20:01 +0100", "2026-11-23 05:20:01" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1782000000,
	  "Sun, 21 Jun 2026 02:00:00 +0200", "2026-06-21 02:00:00" },
	{ "EST5", 1795407601, "Sun, 22 Nov 2026 23:20:01 -0500",
	  "2026-11-22 23:20:01" },
	{ "NST3:30", 1795407601, "Mon, 23 Nov 2026 00:50:01 -0330",
	  "2026-11-23 00:50:01" },
	{ "IST-5:30", 1795407601, "Mon, 23 Nov 2026 09:50:01 +0530",
	  "2026-11-23 09:50:01" },
	{ "XST0:30", 1795407601, "Mon, 23 Nov 2026 03:50:01 -0030",
	  "2026-11-23 03:50:01" },
	{ "LINT-14", 1795407601, "Mon, 23 Nov 2026 18:20:01 +1400",
	  "2026-11-23 18:20:01" },
	{ "UTC0", 1709164800, "Thu, 29 Feb 2024 00:00:00 +0000",
	  "2024-02-29 00:00:00" },
	{ "UTC0", 4102444799, "Thu, 31 Dec 2099 23:59:59 +0000",
	  "2099-12-31 23:59:59" },
	{ "UTC0", -1, "Wed, 31 Dec 1969 23:59:59 +0000",
	  "1969-12-31 23:59:59" },
};
/* clang-format on */

START_TEST(date)
{
	struct sbuf b;

	setlocale(LC_ALL, "");
	setenv("TZ", dates[_i].zone, 1);
	tzset();
	sbuf_init(&b, 100);
	clock_add_date(&b, dates[_i].seconds);
	ck_assert_str_eq(b.data, dates[_i].date);
	sbuf_reset(&b);
	clock_add_short(&b, dates[_i].seconds);
	ck_assert_str_eq(b.data, dates[_i].brief);
	sbuf_release(&b);
}
END_TEST

/* Every month and day of the week has its name. */
START_TEST(names)
{
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun",
		                            "Mon", "Tue", "Wed" };
	static const int first[] = { 0,   31,  59,  90,  120, 151,
		                     181, 212, 243, 273, 304, 334 };

	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t month = 0; month < COUNT_OF(months); month++) {
		struct sbuf expected, b;

		sbuf_init(&expected, 100);
		sbuf_init(&b, 100);
		sbuf_addf(&expected, "%s, 1 %s 1970 00:00:00 +0000",
		          days[first[month] % 7], months[month]);
		clock_add_date(&b, (int64_t)first[month] * 86400);
		ck_assert_str_eq(b.data, expected.data);
		sbuf_release(&b);
		sbuf_release(&expected);
	}
}
END_TEST

/* A time that no calendar holds gives no text, and no crash. */
START_TEST(no_such_year)
{
	struct sbuf b;

	sbuf_init(&b, 100);
	clock_add_date(&b, INT64_MAX);
	clock_add_short(&b, INT64_MIN);
	ck_assert_str_eq(b.data, "");
	sbuf_release(&b);
}
END_TEST

/* Microseconds.  Not time(): that lags behind by up to a tick of the kernel. */
static int64_t system_now(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

START_TEST(now_is_the_systems)
{
	int64_t before = system_now(), now;

	unsetenv("RELAY_TEST_CLOCK");
	now = clock_now();
	ck_assert_int_ge(now, before);
	ck_assert_int_le(now, system_now());
	ck_assert_int_ge(clock_seconds(), before / 1000000);
	ck_assert_int_ge(clock_now(), now);
}
END_TEST

START_TEST(a_test_sets_the_clock)
{
	int64_t ticks = clock_ticks();

	setenv("RELAY_TEST_CLOCK", "1795407601", 1);
	ck_assert_int_eq(clock_now(), INT64_C(1795407601000000));
	ck_assert_int_eq(clock_seconds(), 1795407601);
	/* but not the one that waits are measured with */
	ck_assert_int_ge(clock_ticks(), ticks);
	ck_assert_int_lt(clock_ticks(), ticks + 10000);
}
END_TEST

START_TEST(ticks_are_milliseconds)
{
	const struct timespec pause = { .tv_nsec = 30000000 };
	int64_t start = clock_ticks(), passed;

	ck_assert_int_eq(nanosleep(&pause, NULL), 0);
	passed = clock_ticks() - start;
	ck_assert_int_ge(passed, 29);
	ck_assert_int_lt(passed, 3000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, date, 0, COUNT_OF(dates));
	tcase_add_test(all, names);
	tcase_add_test(all, no_such_year);
	tcase_add_test(all, now_is_the_systems);
	tcase_add_test(all, a_test_sets_the_clock);
	tcase_add_test(all, ticks_are_milliseconds);
	return fixture_run(suite);
}
