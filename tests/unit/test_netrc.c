/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_netrc - whose password it is, as other programs write the file */
#include "config/netrc.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define H "smtp.example.org"
#define U "me@example.org"

/* What a search for H and U finds. */
/* clang-format off */
static const struct {
	const char *text;
	const char *password; /* NULL: none, or `fault` */
	const char *fault;
} files[] = {
	{ "machine " H " login " U " password hunter2",   "hunter2", NULL },
	{ "machine " H "\n\tlogin " U "\n\tpassword hunter2\n", "hunter2", NULL },
	{ "machine " H "\r\n login " U "\r\n password hunter2\r\n", "hunter2", NULL },
	{ "machine SMTP.Example.ORG login " U " password a", "a", NULL },
	{ "machine " H " password a login " U,             "a", NULL },
	{ "machine " H " login " U " account x password a", "a", NULL },
	{ "machine " H " password a",                      "a", NULL },
	{ "default login " U " password a",                "a", NULL },
	{ "default password a",                            "a", NULL },
	{ "machine other login " U " password hunter2 machine " H " login " U " password b", "b", NULL },
	{ "machine " H " login you password hunter2\nmachine " H " login " U " password b", "b", NULL },
	{ "machine " H " login you password hunter2 default login " U " password c", "c", NULL },
	{ "machine " H " login " U " password a\nmachine " H " login " U " password b", "a", NULL },
	{ "machine " H " login " U "\nmachine " H " login " U " password b", "b", NULL },
	{ "machine " H " login " U " password \"two words\"", "two words", NULL },
	{ "machine " H " login \"" U "\" password \"a\\\"b\\\\c\"", "a\"b\\c", NULL },
	{ "machine " H " login " U " password a\"b\\c",     "a\"b\\c", NULL },
	{ "machine " H " login " U " password #a",          "#a", NULL },
	{ "machine " H " login " U " password \"\"",        "", NULL },
	{ "machine " H " login " U " password machine",     "machine", NULL },
	{ "machine " H " login " U " password a # password b\n", "a", NULL },
	{ "# machine " H " login " U " password hunter2\nmachine " H " login " U " password b", "b", NULL },
	{ "macdef init\ncd /pub\nmachine " H "\n\nmachine " H " login " U " password b", "b", NULL },
	{ "macdef init\nhunter2\n",                         NULL, NULL },
	{ "",                                               NULL, NULL },
	{ "\n \n",                                          NULL, NULL },
	{ "machine " H " login you password hunter2",       NULL, NULL },
	{ "machine example.org login " U " password hunter2", NULL, NULL },
	{ "machine " H ".evil login " U " password hunter2", NULL, NULL },
	{ "machine " H " login " U,                         NULL, NULL },
	{ "machine " H "\nlogin " U " hunter2",             NULL, "line 2 has a word where machine, default, login, password, account or macdef should be; one with blanks goes in double quotes" },
	{ "machine " H " login " U " password two hunter2", NULL, "line 1 has a word where machine, default, login, password, account or macdef should be; one with blanks goes in double quotes" },
	{ "machine " H "\nlogin " U "\npassword \"hunter2\n\n", NULL, "line 3 opens a quote that nothing closes" },
	{ "machine " H "\nlogin " U "\npassword",           NULL, "line 3 ends the file where the word behind `password` should be" },
	{ "\"machine\" " H,                                 NULL, "line 1 has a word where machine, default, login, password, account or macdef should be; one with blanks goes in double quotes" },
};
/* clang-format on */

START_TEST(file)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf b;
	int found;

	sbuf_init(&b, 1000);
	found = netrc_find(files[_i].text, strlen(files[_i].text), H, U, &b,
	                   &f);
	if (files[_i].password != NULL) {
		ck_assert_int_eq(found, 1);
		ck_assert_str_eq(b.data, files[_i].password);
	} else {
		ck_assert_int_eq(found, files[_i].fault != NULL ? -1 : 0);
		ck_assert_str_eq(b.data, "");
	}
	ck_assert_str_eq(f.text,
	                 files[_i].fault != NULL ? files[_i].fault : "");
	sbuf_release(&b);
}
END_TEST

START_TEST(any_user)
{
	static const char text[] = "machine " H " login you password a";
	struct fault f;
	struct sbuf b;

	sbuf_init(&b, 1000);
	ck_assert_int_eq(netrc_find(text, sizeof(text) - 1, H, NULL, &b, &f),
	                 1);
	ck_assert_str_eq(b.data, "a");
	sbuf_release(&b);
}
END_TEST

START_TEST(a_word_that_is_too_long)
{
	static char text[NETRC_WORD + 200];
	struct fault f;
	struct sbuf b;
	size_t n = strlen("machine " H " password ");

	sbuf_init(&b, NETRC_WORD + 200);
	memcpy(text, "machine " H " password ", n);
	memset(text + n, 'x', NETRC_WORD + 1);
	ck_assert_int_eq(netrc_find(text, n + NETRC_WORD, H, U, &b, &f), 1);
	ck_assert_uint_eq(b.len, NETRC_WORD);
	sbuf_reset(&b);
	ck_assert_int_eq(netrc_find(text, n + NETRC_WORD + 1, H, U, &b, &f),
	                 -1);
	ck_assert_str_eq(f.text, "line 1 has a word of more than 65536 bytes");
	sbuf_release(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netrc");
	TCase *tests = tcase_create("netrc");

	tcase_add_loop_test(tests, file, 0, (int)COUNT_OF(files));
	tcase_add_test(tests, any_user);
	tcase_add_test(tests, a_word_that_is_too_long);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
