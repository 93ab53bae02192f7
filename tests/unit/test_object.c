/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_object - JSON as servers send it, and what only looks like it */
#include "net/object.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* "name=value;" of each member, then how it ended. */
static void read_all(const char *bytes, size_t n, struct sbuf *sum)
{
	struct object_member m;
	struct object o;
	int more;

	object_open(&o, bytes, n);
	while ((more = object_next(&o, &m)) > 0) {
		sbuf_add(sum, m.name, m.name_length);
		sbuf_addstr(sum, "=");
		object_add_value(&m, sum);
		sbuf_addstr(sum, ";");
	}
	sbuf_addstr(sum, more == 0 ? "." : "!");
}

static const struct {
	const char *json, *sum;
} good[] = {
	{ "{}", "." },
	{ " { } \r\n\t", "." },
	{ "{\"status\":\"401\"}", "status=401;." },
	{ "{\"status\":401,\"schemes\":\"bearer mac\"}",
	  "status=401;schemes=bearer mac;." },
	{ "{ \"a\" : -0.5e+10 , \"b\" : true, \"c\":null,\"d\":false }",
	  "a=-0.5e+10;b=true;c=null;d=false;." },
	{ "{\"a\":0,\"b\":1E5,\"c\":2e-3,\"d\":10}",
	  "a=0;b=1E5;c=2e-3;d=10;." },
	{ "{\"roles\":[\"SMTP.SendAsApp\", 7 ,[1],{\"x\":[]},true]}",
	  "roles=SMTP.SendAsApp 7 true;." },
	{ "{\"l\":[],\"o\":{},\"o2\":{\"x\":{\"y\":[1,{\"z\":\"}\"}]},\"w\":1}"
	  "}",
	  "l=;o=;o2=;." },
	{ "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
	  "a=\"\\/\\x08\\x0C\\x0A\\x0D\\x09;." },
	{ "{\"a\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}",
	  "a=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80;." },
	{ "{\"a\":\"\\ud83d\",\"b\":\"\\ud83d\\u0041\",\"c\":\"\\u0000\"}",
	  "a=\\xED\\xA0\\xBD;b=\\xED\\xA0\\xBD"
	  "A;c=\\x00;." },
	{ "{\"a\":\"\x1b[31m\"}", "!" },
	{ "{\"a\":\"\\u001b[31m \\u202e\xc3\xa9\xff\"}",
	  "a=\\x1B[31m \\xE2\\x80\\xAE\xc3\xa9\\xFF;." },
	{ "{\"\":\"\",\"a\":\"1\",\"a\":\"2\"}", "=;a=1;a=2;." },
	{ "{\"a\\u0062\":1}", "a\\u0062=1;." },
	{ "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "a=;." },
};

START_TEST(what_is_read)
{
	struct sbuf sum;

	sbuf_init(&sum, 10000);
	read_all(good[_i].json, strlen(good[_i].json), &sum);
	ck_assert_str_eq(sum.data, good[_i].sum);
	sbuf_release(&sum);
}
END_TEST

START_TEST(what_is_none)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[]",
		"\"a\"",
		"1",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\":1,}",
		"{,\"a\":1}",
		"{\"a\":1 \"b\":2}",
		"{a:1}",
		"{'a':1}",
		"{\"a\":1}}",
		"{\"a\":1}{}",
		"{}x",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{\"a\":.5}",
		"{\"a\":1.}",
		"{\"a\":1e}",
		"{\"a\":-}",
		"{\"a\":True}",
		"{\"a\":nul}",
		"{\"a\":truex}",
		"{\"a\":\"b}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\\",
		"{\"a\":\"\\u12",
		"{\"a\":\"\n\"}",
		"{\"a\":[1,]}",
		"{\"a\":[1 2]}",
		"{\"a\":[1}}",
		"{\"a\":{\"b\":1]}",
		"{\"a\":{\"b\"}}",
		"{\"a\":{1:2}}",
		"{\"a\":{\"b\":1,}}",
		"{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
		"\xef\xbb\xbf{}",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sbuf sum;

		sbuf_init(&sum, 10000);
		read_all(bad[i], strlen(bad[i]), &sum);
		ck_assert_msg(sum.data[sum.len - 1] == '!', "%s: %s", bad[i],
		              sum.data);
		sbuf_release(&sum);
	}
}
END_TEST

/* No part of an object is one, and no NUL ends it. */
START_TEST(cut_short)
{
	static const char whole[] =
		"{\"a\":[1,{\"b\":\"\\u00e9\"}],\"c\":-1.5e3,\"d\":null}";

	for (size_t n = 0; n < sizeof(whole); n++) {
		struct sbuf sum;
		char copy[sizeof(whole)];

		memcpy(copy, whole, sizeof(whole));
		sbuf_init(&sum, 10000);
		read_all(copy, n, &sum);
		ck_assert((sum.data[sum.len - 1] == '.') ==
		          (n == sizeof(whole) - 1));
		if (n < sizeof(whole) - 1) {
			sbuf_reset(&sum);
			copy[n] = '\0';
			read_all(copy, sizeof(whole) - 1, &sum);
			ck_assert_int_eq(sum.data[sum.len - 1], '!');
		}
		sbuf_release(&sum);
	}
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *json;
		bool is_number;
		long long number;
	} cases[] = {
		{ "{\"n\":0}", true, 0 },
		{ "{\"n\":1767225600}", true, 1767225600 },
		{ "{\"n\":999999999999999999}", true, 999999999999999999 },
		{ "{\"n\":1000000000000000000}", false, 0 },
		{ "{\"n\":-1}", false, 0 },
		{ "{\"n\":1.5}", false, 0 },
		{ "{\"n\":\"1\"}", false, 0 },
		{ "{\"n\":[1]}", false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct object_member m;
		long long number = 0;
		struct object o;

		object_open(&o, cases[i].json, strlen(cases[i].json));
		ck_assert_int_eq(object_next(&o, &m), 1);
		ck_assert(object_is(&m, "n"));
		ck_assert(!object_is(&m, "nn") && !object_is(&m, ""));
		ck_assert(object_get_number(&m, &number) == cases[i].is_number);
		ck_assert(number == cases[i].number);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object");
	TCase *t = tcase_create("object");

	tcase_add_loop_test(t, what_is_read, 0, COUNT_OF(good));
	tcase_add_test(t, what_is_none);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, numbers);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
