/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_supply - which message goes next */
#include "flush/supply.h"

#include <check.h>
#include <string.h>

#include "fixture.h"

#define ORDINARY (1U << SUPPLY_ORDINARY)
#define LARGE (1U << SUPPLY_LARGE_ONE)
#define SUSPECT (1U << SUPPLY_SUSPECT)

static struct supply s;

static void set_up(void)
{
	memset(&s, 0, sizeof(s));
}

static void tear_down(void)
{
	supply_release(&s);
}

/* The first letter of the next one, - for none. */
static char take(unsigned wanted, enum supply_kind expected)
{
	char id[ENTRY_ID_LENGTH + 1];
	enum supply_kind kind;

	if (!supply_take(&s, wanted, id, &kind))
		return '-';
	ck_assert_int_eq(kind, expected);
	return id[0];
}

static const char *name(char letter)
{
	static char id[ENTRY_ID_LENGTH + 1];

	memset(id, letter, ENTRY_ID_LENGTH);
	return id;
}

START_TEST(in_order)
{
	ck_assert_int_eq(take(ORDINARY, 0), '-');
	supply_add(&s, name('A'));
	supply_add(&s, name('B'));
	ck_assert_uint_eq(supply_count(&s), 2);
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'A');
	supply_add(&s, name('C'));
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'B');
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'C');
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), '-');
}
END_TEST

/* What was taken and not sent comes first again. */
START_TEST(returned)
{
	supply_add(&s, name('A'));
	supply_add(&s, name('B'));
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'A');
	supply_return(&s, name('A'));
	ck_assert_uint_eq(supply_left(&s, SUPPLY_ORDINARY), 2);
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'A');
	ck_assert_int_eq(take(ORDINARY, SUPPLY_ORDINARY), 'B');
}
END_TEST

START_TEST(set_aside)
{
	supply_add(&s, name('A'));
	supply_set_aside(&s, SUPPLY_LARGE_ONE, name('D'));
	supply_set_aside(&s, SUPPLY_SUSPECT, name('E'));
	ck_assert_uint_eq(supply_count(&s), 3);
	ck_assert_int_eq(take(ORDINARY | LARGE, SUPPLY_ORDINARY), 'A');
	ck_assert_int_eq(take(ORDINARY, 0), '-');
	ck_assert_int_eq(take(ORDINARY | SUSPECT, SUPPLY_SUSPECT), 'E');
	ck_assert_int_eq(take(ORDINARY | LARGE, SUPPLY_LARGE_ONE), 'D');
	ck_assert_uint_eq(supply_count(&s), 0);
}
END_TEST

static enum supply_kind kind_of(off_t bytes, unsigned breaks)
{
	struct job job = { .entry = { .content = 100,
		                      .content_end = 100 + bytes },
		           .history = { .breaks = breaks } };

	return supply_kind_of(&job);
}

START_TEST(kinds)
{
	ck_assert_int_eq(kind_of(SUPPLY_LARGE - 1, 0), SUPPLY_ORDINARY);
	ck_assert_int_eq(kind_of(SUPPLY_LARGE, 0), SUPPLY_LARGE_ONE);
	ck_assert_int_eq(kind_of(10, SUPPLY_BREAKS - 1), SUPPLY_ORDINARY);
	ck_assert_int_eq(kind_of(10, SUPPLY_BREAKS), SUPPLY_SUSPECT);
	ck_assert_int_eq(kind_of(SUPPLY_LARGE, 5), SUPPLY_SUSPECT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supply");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, in_order);
	tcase_add_test(all, returned);
	tcase_add_test(all, set_aside);
	tcase_add_test(all, kinds);
	return fixture_run(suite);
}
