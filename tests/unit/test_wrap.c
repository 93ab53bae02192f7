/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wrap - paragraphs for a terminal */
#include "base/wrap.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define TEN "abcdefghi "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN
#define E_ACUTE "\303\251"
#define E_TEN                                                           \
	E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE \
		E_ACUTE E_ACUTE

static const struct {
	const char *lead;
	size_t indent;
	const char *text, *out;
} cases[] = {
	{ "", 0, "", "\n" },
	{ "  ", 4, "a b", "  a b\n" },
	{ "  ", 4, "a   b ", "  a   b \n" },
	/* 79 columns and one more */
	{ "", 2, SEVENTY "123456789", SEVENTY "123456789\n" },
	{ "", 2, SEVENTY "1234567890",
	  TEN TEN TEN TEN TEN TEN "abcdefghi\n  1234567890\n" },
	{ "-> ", 3, SEVENTY "1234567 x",
	  "-> " TEN TEN TEN TEN TEN TEN "abcdefghi\n   1234567 x\n" },
	/* characters count, not bytes */
	{ "", 0, E_TEN " " E_TEN " " E_TEN " " E_TEN " " E_TEN " " E_TEN " x",
	  E_TEN " " E_TEN " " E_TEN " " E_TEN " " E_TEN " " E_TEN " x\n" },
	/* a long word stays whole, and never leaves an empty line behind */
	{ "    -> ", 7, E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN " x",
	  "    -> " E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN E_TEN
	  "\n       x\n" },
};

START_TEST(paragraph)
{
	struct sbuf b;

	sbuf_init(&b, 4096);
	wrap_add(&b, cases[_i].lead, cases[_i].indent, cases[_i].text);
	ck_assert_str_eq(b.data, cases[_i].out);
	sbuf_release(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, paragraph, 0, COUNT_OF(cases));
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
