/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_hide - what is left of a secret in the words of others */
#include "base/hide.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

static const struct {
	const char *text, *secret, *shown;
} cases[] = {
	{ "no secret here", "dXNlcjEyMw==", "no secret here" },
	{ "cannot decode dXNlcjEyMw==", "dXNlcjEyMw==",
	  "cannot decode ************" },
	{ "dXNlcjEyMw== dXNlcjEyMw==", "dXNlcjEyMw==",
	  "************ ************" },
	/* a part of 8 bytes is no accident, one of 7 may be */
	{ "...NlcjEyMw...", "dXNlcjEyMw==", "...********..." },
	{ "...NlcjEyM...", "dXNlcjEyMw==", "...NlcjEyM..." },
	/* parts that overlap */
	{ "xdXNlcjEyMw==x", "dXNlcjEyMw==", "x************x" },
	{ "abcdefghabcdefgh", "abcdefgh", "****************" },
	/* a short one must be whole, and 3 bytes are anywhere */
	{ "is hunter2 it", "hunter2", "is ******* it" },
	{ "is hunter it", "hunter2", "is hunter it" },
	{ "AQ==", "AQ==", "****" },
	{ "the cat", "cat", "the cat" },
	{ "anything", "", "anything" },
	{ "", "dXNlcjEyMw==", "" },
	{ "short", "dXNlcjEyMw==", "short" },
};

START_TEST(what_is_shown)
{
	struct sbuf text;

	sbuf_init(&text, 1000);
	sbuf_addstr(&text, cases[_i].text);
	hide_in(&text, cases[_i].secret, strlen(cases[_i].secret));
	ck_assert_str_eq(text.data, cases[_i].shown);
	sbuf_release(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hide");
	TCase *t = tcase_create("hide");

	tcase_add_loop_test(t, what_is_shown, 0, COUNT_OF(cases));
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
