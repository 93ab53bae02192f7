/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_dsn - what fits behind ORCPT= and NOTIFY=, and nothing else */
#include "queue/dsn.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
	const char *text;
	size_t n;
	bool is_orcpt, is_notify;
} cases[] = {
	{ TEXT("rfc822;ann+40x.test"), true, false },
	{ TEXT("utf-8;\\x{E9}"), true, false },
	{ TEXT("x;;"), true, false },
	{ TEXT("NEVER"), false, true },
	{ TEXT("SUCCESS"), false, true },
	{ TEXT("FAILURE,SUCCESS,DELAY"), false, true },
	{ TEXT("DELAY,FAILURE"), false, true },
	{ TEXT(""), false, false },
	{ TEXT(";"), false, false },
	{ TEXT("x;"), false, false },
	{ TEXT(";x"), false, false },
	{ TEXT("x;a b"), false, false },
	{ TEXT("x;a\tb"), false, false },
	{ TEXT("x;a\r\nRCPT"), false, false },
	{ TEXT("x;\0"), false, false },
	{ TEXT("x;\xc3\xa9"), false, false },
	{ TEXT("x;\x7f"), false, false },
	{ TEXT("never"), false, false },
	{ TEXT("NEVERE"), false, false },
	{ TEXT("NEVER,DELAY"), false, false },
	{ TEXT("DELAY,NEVER"), false, false },
	{ TEXT("DELAY,DELAY"), false, false },
	{ TEXT("DELAY,"), false, false },
	{ TEXT(",DELAY"), false, false },
	{ TEXT("DELAY,,FAILURE"), false, false },
	{ TEXT("DELAY, FAILURE"), false, false },
	{ TEXT("DELA"), false, false },
	{ TEXT("DELAY\0"), false, false },
};

/* From memory of just that size, for the sanitizer to watch. */
START_TEST(values)
{
	char *text = mem_alloc(cases[_i].n > 0 ? cases[_i].n : 1);

	memcpy(text, cases[_i].text, cases[_i].n);
	ck_assert(dsn_is_orcpt(text, cases[_i].n) == cases[_i].is_orcpt);
	ck_assert(dsn_is_notify(text, cases[_i].n) == cases[_i].is_notify);
	free(text);
}
END_TEST

START_TEST(the_longest)
{
	char text[DSN_ORCPT_LIMIT + 1];

	memset(text, 'x', sizeof(text));
	text[3] = ';';
	ck_assert(dsn_is_orcpt(text, DSN_ORCPT_LIMIT));
	ck_assert(!dsn_is_orcpt(text, DSN_ORCPT_LIMIT + 1));
}
END_TEST

static const struct {
	const char *a, *b, *both;
} joined[] = {
	{ NULL, NULL, NULL },
	{ "NEVER", NULL, NULL },
	{ NULL, "FAILURE", NULL },
	{ NULL, "DELAY,FAILURE", NULL },
	{ NULL, "SUCCESS", "SUCCESS,FAILURE,DELAY" },
	{ "NEVER", "NEVER", "NEVER" },
	{ "NEVER", "DELAY", "DELAY" },
	{ "SUCCESS", "FAILURE", "SUCCESS,FAILURE" },
	{ "DELAY,SUCCESS", "SUCCESS", "SUCCESS,DELAY" },
	{ "DELAY", "FAILURE", "FAILURE,DELAY" },
	{ "FAILURE,DELAY", "SUCCESS,DELAY", "SUCCESS,FAILURE,DELAY" },
};

/* Whichever comes first. */
START_TEST(join)
{
	const char *a = joined[_i].a, *b = joined[_i].b;
	const char *both = joined[_i].both;

	if (both == NULL) {
		ck_assert_ptr_null(dsn_join(a, b));
		ck_assert_ptr_null(dsn_join(b, a));
		return;
	}
	ck_assert_str_eq(dsn_join(a, b), both);
	ck_assert_str_eq(dsn_join(b, a), both);
	ck_assert(dsn_is_notify(both, strlen(both)));
}
END_TEST

static const struct {
	const char *notify;
	bool failure, success;
} wishes[] = {
	{ NULL, true, false },
	{ "", true, false },
	{ "NEVER", false, false },
	{ "SUCCESS", false, true },
	{ "SUCCESS,FAILURE,DELAY", true, true },
	{ "DELAY", false, false },
};

START_TEST(who_asks)
{
	ck_assert(dsn_asks(wishes[_i].notify, "FAILURE") == wishes[_i].failure);
	ck_assert(dsn_asks(wishes[_i].notify, "SUCCESS") == wishes[_i].success);
}
END_TEST

static const struct {
	const char *given, *words; /* "": it is none */
} options[] = {
	{ "never", "NEVER" },
	{ "failure, delay", "FAILURE,DELAY" },
	{ " Success\t,FAILURE,delay ", "SUCCESS,FAILURE,DELAY" },
	{ "", "" },
	{ "nobody", "" },
	{ "failure,failure", "" },
	{ "never,delay", "" },
	{ "success,failure,delay,success,failure", "" },
	{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "" },
};

START_TEST(what_the_option_says)
{
	char words[DSN_NOTIFY_SIZE];

	ck_assert(dsn_of_option(options[_i].given, words) ==
	          (options[_i].words[0] != '\0'));
	ck_assert_str_eq(words, options[_i].words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dsn");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, values, 0, COUNT_OF(cases));
	tcase_add_test(all, the_longest);
	tcase_add_loop_test(all, who_asks, 0, COUNT_OF(wishes));
	tcase_add_loop_test(all, what_the_option_says, 0, COUNT_OF(options));
	tcase_add_loop_test(all, join, 0, COUNT_OF(joined));
	return fixture_run(suite);
}
