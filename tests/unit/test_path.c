/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_path - addresses and parameters behind MAIL FROM: and RCPT TO: */
#include "smtp/path.h"

#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "smtp/parameters.h"

/* Address and rest; NULL: there is no path. */
static const struct {
	const char *text, *address, *rest;
} paths[] = {
	{ "<a@b.c>", "a@b.c", "" },
	{ "<>", "", "" },
	{ "  \t<a@b.c>", "a@b.c", "" },
	{ "<a@b.c> SIZE=3 X", "a@b.c", " SIZE=3 X" },
	{ "<a@b.c>\tX", "a@b.c", "\tX" },
	{ "a@b.c", "a@b.c", "" },
	{ "a@b.c SIZE=3", "a@b.c", " SIZE=3" },
	{ "<\"a b\"@c>", "\"a b\"@c", "" },
	{ "<\"a>b\"@c> X", "\"a>b\"@c", " X" },
	{ "<\"a\\\"> b\"@c> X", "\"a\\\"> b\"@c", " X" },
	{ "\"a b\"@c X", "\"a b\"@c", " X" },
	{ "<@a.b:c@d>", "c@d", "" },
	{ "<@a.b,@c.d:\"e:f\"@g>", "\"e:f\"@g", "" },
	{ "<@>", "@", "" },
	{ "<@a:>", "", "" },
	{ "<<a@b>>", NULL, NULL },
	{ "<a@b", NULL, NULL },
	{ "<\"a@b>", NULL, NULL },
	{ "<\"a\\", NULL, NULL },
	{ "<", NULL, NULL },
	{ "", NULL, NULL },
	{ "   ", NULL, NULL },
	{ "<a@b>X", NULL, NULL },
	{ "<a@b>>", NULL, NULL },
	{ "\"a", NULL, NULL },
};

START_TEST(path)
{
	struct sbuf address;
	const char *rest;

	sbuf_init(&address, 100);
	rest = path_take(paths[_i].text, &address);
	ck_assert_pstr_eq(rest, paths[_i].rest);
	if (rest != NULL)
		ck_assert_str_eq(address.data, paths[_i].address);
	sbuf_release(&address);
}
END_TEST

#define M PARAMETERS_MAIL
#define R PARAMETERS_RCPT
#define NO PARAMETERS_WRONG

static const struct {
	enum parameters_of of;
	const char *text;
	enum parameters_result result;
	struct parameters want;
} cases[] = {
	{ M, "", PARAMETERS_OK, { 0 } },
	{ M, " body=8bitmime", PARAMETERS_OK, { .body = "8BITMIME" } },
	{ M, " BODY=7BIT SIZE=0", PARAMETERS_OK, { .body = "7BIT" } },
	{ M, " SIZE=123  ", PARAMETERS_OK, { .size = 123 } },
	{ M,
	  " SIZE=18446744073709551615",
	  PARAMETERS_OK,
	  { .size = 1844674407370955161 } },
	{ M,
	  "\tRET=hdrs ENVID=a+20b smtputf8",
	  PARAMETERS_OK,
	  { .ret = "HDRS", .envid = "a b", .smtputf8 = true } },
	{ R, " NOTIFY=never", PARAMETERS_OK, { .notify = "NEVER" } },
	{ R,
	  " NOTIFY=delay,Success,delay ORCPT=rfc822;a+3Db",
	  PARAMETERS_OK,
	  { .notify = "SUCCESS,DELAY", .orcpt = "rfc822;a+3Db" } },
	{ R,
	  " NOTIFY=DELAY,FAILURE,SUCCESS",
	  PARAMETERS_OK,
	  { .notify = "SUCCESS,FAILURE,DELAY" } },
	{ M, " NOTIFY=NEVER", PARAMETERS_UNKNOWN, { 0 } },
	{ R, " BODY=7BIT", PARAMETERS_UNKNOWN, { 0 } },
	{ M, " BOD=7BIT", PARAMETERS_UNKNOWN, { 0 } },
	{ M, " AUTH=<>", PARAMETERS_UNKNOWN, { 0 } },
	{ M, " =", PARAMETERS_UNKNOWN, { 0 } },
	{ M, " BODY", NO, { 0 } },
	{ M, " BODY=", NO, { 0 } },
	{ M, " BODY=BINARYMIME", NO, { 0 } },
	{ M, " BODY=7BIT BODY=7BIT", NO, { 0 } },
	{ M, " SIZE=", NO, { 0 } },
	{ M, " SIZE=-1", NO, { 0 } },
	{ M, " SIZE=1x", NO, { 0 } },
	{ M, " SIZE=1 SIZE=1", NO, { 0 } },
	{ M, " SIZE=000000000000000000001", NO, { 0 } },
	{ M, " RET=all", NO, { 0 } },
	{ M, " RET=FULL RET=FULL", NO, { 0 } },
	{ M, " ENVID=", NO, { 0 } },
	{ M, " ENVID=a=b", NO, { 0 } },
	{ M, " ENVID=\xc3\xa9", NO, { 0 } },
	{ M, " ENVID=a ENVID=a", NO, { 0 } },
	{ M, " SMTPUTF8=yes", NO, { 0 } },
	{ M, " SMTPUTF8 SMTPUTF8", NO, { 0 } },
	{ R, " NOTIFY", NO, { 0 } },
	{ R, " NOTIFY=", NO, { 0 } },
	{ R, " NOTIFY=,", NO, { 0 } },
	{ R, " NOTIFY=DELAY,", NO, { 0 } },
	{ R, " NOTIFY=NEVER,DELAY", NO, { 0 } },
	{ R, " NOTIFY=DELAY,NEVER,FAILURE,SUCCESS", NO, { 0 } },
	{ R, " NOTIFY=ALWAYS", NO, { 0 } },
	{ R, " NOTIFY=NEVER NOTIFY=NEVER", NO, { 0 } },
	{ R, " ORCPT=", NO, { 0 } },
	{ R, " ORCPT=a;b ORCPT=a;b", NO, { 0 } },
};

START_TEST(parameters)
{
	const struct parameters *want = &cases[_i].want;
	struct parameters got = { 0 };
	struct path_parameter bad;

	ck_assert_int_eq(
		parameters_take(&got, cases[_i].of, cases[_i].text, &bad),
		cases[_i].result);
	if (cases[_i].result != PARAMETERS_OK)
		return;
	ck_assert_pstr_eq(got.body, want->body);
	ck_assert_pstr_eq(got.ret, want->ret);
	ck_assert_pstr_eq(got.envid, want->envid);
	ck_assert_pstr_eq(got.orcpt, want->orcpt);
	ck_assert_pstr_eq(got.notify, want->notify);
	ck_assert(got.smtputf8 == want->smtputf8);
	ck_assert_uint_eq(got.size, want->size);
}
END_TEST

/* At their limits: RFC 3461, sections 4.2 and 5.4. */
START_TEST(long_values)
{
	static const struct {
		enum parameters_of of;
		const char *name;
		size_t limit;
	} longest[] = { { M, " ENVID=", 100 }, { R, " ORCPT=", 500 } };

	for (size_t i = 0; i < COUNT_OF(longest); i++)
		for (size_t n = longest[i].limit; n < longest[i].limit + 2;
		     n++) {
			struct parameters got = { 0 };
			struct path_parameter bad;
			char text[600];

			memset(text, 'x', sizeof(text));
			memcpy(text, longest[i].name, 7);
			text[7 + n] = '\0';
			ck_assert_int_eq(parameters_take(&got, longest[i].of,
			                                 text, &bad),
			                 n > longest[i].limit ? NO
			                                      : PARAMETERS_OK);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, path, 0, COUNT_OF(paths));
	tcase_add_loop_test(all, parameters, 0, COUNT_OF(cases));
	tcase_add_test(all, long_values);
	return fixture_run(suite);
}
