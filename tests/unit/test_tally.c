/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_tally - so many reports in an hour, and what comes after them */
#include "flush/tally.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

#define NOW INT64_C(1800000000)
#define FILE_NAME "count.reports"

static void open_here(struct dir *d)
{
	struct fault f = { 0 };

	ck_assert_int_eq(dir_open(d, NULL, fixture_path("."), NULL, &f), 0);
}

static enum tally take(const struct dir *d, const char *address, int64_t now)
{
	int64_t later = -1;
	enum tally result = tally_take(d, address, now, &later);

	ck_assert((later != -1) == (result == TALLY_LATER));
	return result;
}

/* All of them, and one too many; the time when the hour is over. */
static int64_t fill(const struct dir *d, const char *address, int64_t now)
{
	int64_t later = -1;

	for (unsigned i = 0; i < TALLY_MOST; i++)
		ck_assert_int_eq(take(d, address, now + i), TALLY_ALONE);
	ck_assert_int_eq(tally_take(d, address, now + TALLY_MOST, &later),
	                 TALLY_LATER);
	return later;
}

START_TEST(an_hour)
{
	struct dir d;

	open_here(&d);
	ck_assert_int_eq(fill(&d, "a@x.test", NOW), NOW + TALLY_TIME);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME - 1),
	                 TALLY_LATER);
	ck_assert_int_eq(take(&d, "b@x.test", NOW + 30), TALLY_ALONE);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME),
	                 TALLY_TOGETHER);
	for (unsigned i = 1; i < TALLY_MOST; i++)
		ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME + 9),
		                 TALLY_ALONE);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME + 9),
	                 TALLY_LATER);
	dir_release(&d);
}
END_TEST

/* No more than fit in: nothing is owed. */
START_TEST(just_so_many)
{
	struct dir d;

	open_here(&d);
	for (int hour = 0; hour < 3; hour++)
		for (unsigned i = 0; i < TALLY_MOST; i++)
			ck_assert_int_eq(
				take(&d, "a@x.test", NOW + hour * TALLY_TIME),
				TALLY_ALONE);
	dir_release(&d);
}
END_TEST

START_TEST(warnings)
{
	struct dir d;

	open_here(&d);
	for (unsigned i = 1; i < TALLY_MOST; i++)
		ck_assert(tally_may_warn(&d, "a@x.test", NOW));
	ck_assert_int_eq(take(&d, "a@x.test", NOW), TALLY_ALONE);
	ck_assert(!tally_may_warn(&d, "a@x.test", NOW + 1));
	/* It was not counted: nobody waits for it. */
	ck_assert(tally_may_warn(&d, "a@x.test", NOW + TALLY_TIME));
	fill(&d, "b@x.test", NOW);
	ck_assert(!tally_may_warn(&d, "b@x.test", NOW + TALLY_TIME));
	ck_assert_int_eq(take(&d, "b@x.test", NOW + TALLY_TIME),
	                 TALLY_TOGETHER);
	ck_assert(tally_may_warn(&d, "b@x.test", NOW + TALLY_TIME));
	dir_release(&d);
}
END_TEST

START_TEST(some_wait_on)
{
	struct dir d;

	open_here(&d);
	fill(&d, "a@x.test", NOW);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME),
	                 TALLY_TOGETHER);
	tally_owe(&d, "a@x.test", NOW + TALLY_TIME);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + TALLY_TIME + 1),
	                 TALLY_LATER);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + 2 * TALLY_TIME),
	                 TALLY_TOGETHER);
	dir_release(&d);
}
END_TEST

START_TEST(clock_that_jumps)
{
	struct dir d;

	open_here(&d);
	fill(&d, "a@x.test", NOW);
	ck_assert_int_eq(take(&d, "a@x.test", NOW - 1), TALLY_TOGETHER);
	fill(&d, "b@x.test", NOW);
	ck_assert_int_eq(take(&d, "b@x.test", INT64_MAX), TALLY_TOGETHER);
	dir_release(&d);
}
END_TEST

/* More addresses than are remembered: those who are owed something are not
 * forgotten for those whose hour is over. */
START_TEST(many_addresses)
{
	char address[64];
	struct dir d;

	open_here(&d);
	fill(&d, "first@x.test", NOW);
	for (int i = 0; i < 3 * TALLY_ADDRESSES; i++) {
		snprintf(address, sizeof(address), "%d@x.test", i);
		ck_assert_int_eq(take(&d, address, NOW + i * TALLY_TIME),
		                 TALLY_ALONE);
	}
	ck_assert_int_eq(take(&d, "first@x.test", NOW + TALLY_TIME),
	                 TALLY_TOGETHER);
	/* All in the same hour: somebody is, and gets one more. */
	for (int i = 0; i < TALLY_ADDRESSES + 10; i++) {
		snprintf(address, sizeof(address), "%d@y.test", i);
		ck_assert_int_eq(take(&d, address, NOW), TALLY_ALONE);
	}
	dir_release(&d);
}
END_TEST

/* Any address that an envelope can hold; one that is too long is not counted.
 */
START_TEST(any_address)
{
	static const char *const addresses[] = { "\"a b\"@x.test", "root",
		                                 "%s%n@x.test",
		                                 "\xc3\xa9@x.test", " " };
	char longest[400];
	struct dir d;

	open_here(&d);
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		fill(&d, addresses[i], NOW);
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		ck_assert_int_eq(take(&d, addresses[i], NOW + TALLY_TIME),
		                 TALLY_TOGETHER);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (unsigned i = 0; i < 2 * TALLY_MOST; i++)
		ck_assert_int_eq(take(&d, longest, NOW), TALLY_ALONE);
	dir_release(&d);
}
END_TEST

/* Torn or altered, a line counts for nothing, or says the very same. */
START_TEST(damage)
{
	char bytes[400];
	struct dir d;
	size_t n;

	open_here(&d);
	fill(&d, "a@x.test", NOW);
	n = fixture_read(FILE_NAME, bytes, sizeof(bytes));
	for (size_t bit = 0; bit < (n - 1) * 8; bit++) {
		int64_t later = NOW + TALLY_TIME;

		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fixture_write(FILE_NAME, bytes, n);
		ck_assert_int_ne(tally_take(&d, "a@x.test", NOW + 30, &later),
		                 TALLY_TOGETHER);
		ck_assert_int_eq(later, NOW + TALLY_TIME);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t cut = 0; cut < n; cut++) {
		fixture_write(FILE_NAME, bytes, cut);
		ck_assert_int_eq(take(&d, "a@x.test", NOW + 30), TALLY_ALONE);
	}
	fixture_write(FILE_NAME, bytes, n);
	ck_assert_int_eq(take(&d, "a@x.test", NOW + 30), TALLY_LATER);
	dir_release(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tally");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, an_hour);
	tcase_add_test(all, just_so_many);
	tcase_add_test(all, warnings);
	tcase_add_test(all, some_wait_on);
	tcase_add_test(all, clock_that_jumps);
	tcase_add_test(all, many_addresses);
	tcase_add_test(all, any_address);
	tcase_add_test(all, damage);
	return fixture_run(suite);
}
