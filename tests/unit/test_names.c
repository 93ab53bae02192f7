/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_names - many names of entries, packed and unpacked */
#include "queue/names.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "fixture.h"

static struct names names;

static void set_up(void)
{
	names = (struct names){ 0 };
}

static void tear_down(void)
{
	names_release(&names);
}

static const char *make(unsigned i, char id[ENTRY_ID_LENGTH + 1])
{
	snprintf(id, ENTRY_ID_LENGTH + 1, "%014X%08X", i * 7919U % 100000U, i);
	return id;
}

static void add_many(unsigned count)
{
	char id[ENTRY_ID_LENGTH + 1];

	for (unsigned i = 0; i < count; i++)
		names_add(&names, make(i, id));
}

START_TEST(as_they_were)
{
	static const char *const ids[] = {
		"0629C5C4F43F6A1A2B3C4D",
		"0000000000000000000000",
		"FFFFFFFFFFFFFFFFFFFFFF",
		"0123456789ABCDEF012345",
	};

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		names_add(&names, ids[i]);
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ck_assert_str_eq(NAMES_AT(&names, i), ids[i]);
	ck_assert_uint_eq(names.count, COUNT_OF(ids));
}
END_TEST

START_TEST(sorted)
{
	char id[ENTRY_ID_LENGTH + 1];

	ck_assert(!names_has(&names, make(1, id)));
	names_sort(&names);
	add_many(5000);
	names_sort(&names);
	for (size_t i = 1; i < names.count; i++)
		ck_assert_str_lt(NAMES_AT(&names, i - 1), NAMES_AT(&names, i));
	for (unsigned i = 0; i < 5000; i++)
		ck_assert(names_has(&names, make(i, id)));
	ck_assert(!names_has(&names, make(5000, id)));
	ck_assert(!names_has(&names, "FFFFFFFFFFFFFFFFFFFFFF"));
}
END_TEST

START_TEST(taken)
{
	char id[ENTRY_ID_LENGTH + 1], expected[ENTRY_ID_LENGTH + 1];

	add_many(300);
	names_pop(&names, id);
	ck_assert_str_eq(id, make(299, expected));
	names_drop(&names, 100);
	ck_assert_uint_eq(names.count, 199);
	ck_assert_str_eq(NAMES_AT(&names, 0), make(100, expected));
	names_add(&names, make(7, expected));
	ck_assert_str_eq(NAMES_AT(&names, 199), expected);
	names_drop(&names, 200);
	ck_assert_uint_eq(names.count, 0);
	names_add(&names, make(8, expected));
	ck_assert_str_eq(NAMES_AT(&names, 0), expected);
}
END_TEST

START_TEST(arranged)
{
	static const size_t order[] = { 2, 0, 1 };
	char id[ENTRY_ID_LENGTH + 1];

	add_many(5);
	names_arrange(&names, 2, order);
	ck_assert_str_eq(NAMES_AT(&names, 1), make(1, id));
	ck_assert_str_eq(NAMES_AT(&names, 2), make(4, id));
	ck_assert_str_eq(NAMES_AT(&names, 3), make(2, id));
	ck_assert_str_eq(NAMES_AT(&names, 4), make(3, id));
	names_arrange(&names, 5, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, as_they_were);
	tcase_add_test(all, sorted);
	tcase_add_test(all, taken);
	tcase_add_test(all, arranged);
	return fixture_run(suite);
}
