/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fault - kinds, exit statuses, and texts that are safe to show */
#include "base/fault.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "fixture.h"

static const struct {
	enum fault_kind kind;
	int status;
} kinds[] = {
	{ FAULT_NONE, EX_OK },
	{ FAULT_TEMP, EX_IOERR },
	{ FAULT_PERM, EX_UNAVAILABLE },
	{ FAULT_CONFIG, EX_CONFIG },
};

START_TEST(status_of_a_kind)
{
	struct fault f = { .status = 99 };

	ck_assert_int_eq(fault_set(&f, kinds[_i].kind, "4.4.1", "x"), -1);
	ck_assert_int_eq(f.kind, kinds[_i].kind);
	ck_assert_str_eq(f.code, "4.4.1");
	ck_assert_int_eq(fault_exit_status(&f), kinds[_i].status);
}
END_TEST

/* What the machine does to us must never cost a message. */
static const struct {
	int status;
	enum fault_kind kind;
} statuses[] = {
	{ EX_USAGE, FAULT_PERM },    { EX_DATAERR, FAULT_PERM },
	{ EX_NOINPUT, FAULT_PERM },  { EX_NOUSER, FAULT_PERM },
	{ EX_NOHOST, FAULT_PERM },   { EX_UNAVAILABLE, FAULT_PERM },
	{ EX_SOFTWARE, FAULT_TEMP }, { EX_OSERR, FAULT_TEMP },
	{ EX_OSFILE, FAULT_TEMP },   { EX_CANTCREAT, FAULT_TEMP },
	{ EX_IOERR, FAULT_TEMP },    { EX_NOPERM, FAULT_TEMP },
	{ EX_CONFIG, FAULT_CONFIG },
};

START_TEST(kind_of_a_status)
{
	const int status = statuses[_i].status;
	struct fault f = { 0 };

	ck_assert_int_eq(fault_set_exit(&f, status, "%d", 5), -1);
	ck_assert_int_eq(f.kind, statuses[_i].kind);
	ck_assert_int_eq(fault_exit_status(&f), status);
	ck_assert_str_eq(f.text, "5");
	ck_assert_int_eq(f.code[0], f.kind == FAULT_PERM ? '5' : '4');
}
END_TEST

START_TEST(control_bytes_are_shown)
{
	struct fault f = { 0 };

	fault_set(&f, FAULT_TEMP, "4.0.0", "a\nb\x1b[2Jc\x7f %s", "\r\xff");
	ck_assert_str_eq(f.text, "a\\x0Ab\\x1B[2Jc\\x7F \\x0D\\xFF");
	fault_wrap(&f, "line\n%d", 1);
	ck_assert_str_eq(f.text,
	                 "line\\x0A1: a\\x0Ab\\x1B[2Jc\\x7F \\x0D\\xFF");
}
END_TEST

START_TEST(its_own_text_as_an_argument)
{
	struct fault f = { 0 };

	fault_set(&f, FAULT_TEMP, "4.0.0", "inner");
	fault_set(&f, FAULT_PERM, f.code, "outer, %s", f.text);
	ck_assert_str_eq(f.text, "outer, inner");
	ck_assert_int_eq(fault_wrap(&f, "%s", f.text), -1);
	ck_assert_str_eq(f.text, "outer, inner: outer, inner");
	ck_assert_int_eq(f.kind, FAULT_PERM);
	ck_assert_str_eq(f.code, "4.0.0");
}
END_TEST

/* Longer than there is room: cut, terminated, no broken character. */
START_TEST(long_texts_are_cut)
{
	char text[5000];
	struct fault f = { 0 };

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fault_set(&f, FAULT_PERM, text, "%s", text);
	ck_assert_uint_eq(strlen(f.text), sizeof(f.text) - 1);
	ck_assert_uint_eq(strlen(f.code), sizeof(f.code) - 1);
	fault_wrap(&f, "%s", text);
	ck_assert_uint_eq(strlen(f.text), sizeof(f.text) - 1);
	memset(text, '\x01', sizeof(text) - 1);
	fault_set_exit(&f, EX_IOERR, "%s", text);
	ck_assert_uint_eq(strlen(f.text), (sizeof(f.text) - 1) / 4 * 4);
}
END_TEST

START_TEST(clear_forgets_it)
{
	struct fault f = { 0 };

	fault_set_exit(&f, EX_DATAERR, "x");
	fault_clear(&f);
	ck_assert_int_eq(f.kind, FAULT_NONE);
	ck_assert_int_eq(fault_exit_status(&f), EX_OK);
	ck_assert_str_eq(f.text, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, status_of_a_kind, 0, COUNT_OF(kinds));
	tcase_add_loop_test(all, kind_of_a_status, 0, COUNT_OF(statuses));
	tcase_add_test(all, control_bytes_are_shown);
	tcase_add_test(all, its_own_text_as_an_argument);
	tcase_add_test(all, long_texts_are_cut);
	tcase_add_test(all, clear_forgets_it);
	return fixture_run(suite);
}
