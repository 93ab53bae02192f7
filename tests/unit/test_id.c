/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_id - new names */
#include "queue/id.h"

#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static const struct {
	int64_t microseconds;
	const char *begin;
} cases[] = {
	{ 0, "00000000000000" },
	{ 1, "00000000000001" },
	{ INT64_C(1735689600000000), "062A99BA0C6000" },
	{ INT64_C(0xffffffffffffff), "FFFFFFFFFFFFFF" },
	/* no longer in order, and still a name: in 2,283 years */
	{ INT64_C(0x100000000000000), "00000000000000" },
	{ -1, "FFFFFFFFFFFFFF" },
};

START_TEST(name)
{
	char id[ENTRY_ID_LENGTH + 1];

	memset(id, 'x', sizeof(id));
	ck_assert_int_eq(id_make(id, cases[_i].microseconds), 0);
	ck_assert_uint_eq(strlen(id), ENTRY_ID_LENGTH);
	ck_assert_int_eq(strncmp(id, cases[_i].begin, 14), 0);
	ck_assert(entry_is_id(id));
}
END_TEST

START_TEST(is_read_again)
{
	char id[ENTRY_ID_LENGTH + 1];

	ck_assert_int_eq(id_make(id, INT64_C(1735689600123456)), 0);
	ck_assert_int_eq(entry_time(id), 1735689600);
}
END_TEST

START_TEST(no_name_returns)
{
	char ids[200][ENTRY_ID_LENGTH + 1];

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ck_assert_int_eq(id_make(ids[i], 7), 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(ids[i], ids[k]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("id");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, name, 0, COUNT_OF(cases));
	tcase_add_test(all, is_read_again);
	tcase_add_test(all, no_name_returns);
	return fixture_run(suite);
}
