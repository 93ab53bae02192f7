/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_escape - nothing that moves a cursor or ends a line is shown */
#include "base/escape.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

#define TEXT(s) s, sizeof(s) - 1

/* clang-format off */
static const struct {
	const char *bytes;
	size_t n;
	const char *shown;
} cases[] = {
	{ TEXT(""), "" },
	{ TEXT("plain ~ text"), "plain ~ text" },
	{ TEXT("a\nb\r\tc"), "a\\x0Ab\\x0D\\x09c" },
	{ TEXT("\0\x1b[31m\x7f"), "\\x00\\x1B[31m\\x7F" },
	{ TEXT("back\\slash \"quote\""), "back\\slash \"quote\"" },
	/* UTF-8: the first and the last of each length */
	{ TEXT("\xc2\xa0 \xdf\xbf"), "\xc2\xa0 \xdf\xbf" },
	{ TEXT("\xe0\xa0\x80 \xef\xbf\xb8"), "\xe0\xa0\x80 \xef\xbf\xb8" },
	{ TEXT("\xed\x9f\xbf \xee\x80\x80"), "\xed\x9f\xbf \xee\x80\x80" },
	{ TEXT("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"),
	  "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf" },
	/* broken: overlong, surrogates, too high, cut, alone */
	{ TEXT("\xc0\xaf"), "\\xC0\\xAF" },
	{ TEXT("\xc1\xbf"), "\\xC1\\xBF" },
	{ TEXT("\xe0\x9f\xbf"), "\\xE0\\x9F\\xBF" },
	{ TEXT("\xf0\x8f\xbf\xbf"), "\\xF0\\x8F\\xBF\\xBF" },
	{ TEXT("\xed\xa0\x80"), "\\xED\\xA0\\x80" },
	{ TEXT("\xed\xbf\xbf"), "\\xED\\xBF\\xBF" },
	{ TEXT("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80" },
	{ TEXT("\xf5\x80\x80\x80"), "\\xF5\\x80\\x80\\x80" },
	{ TEXT("\xc3"), "\\xC3" },
	{ TEXT("\xe2\x82"), "\\xE2\\x82" },
	{ TEXT("\xf0\x9f\x98"), "\\xF0\\x9F\\x98" },
	{ TEXT("\xc3x"), "\\xC3x" },
	{ TEXT("\xe2\x82x"), "\\xE2\\x82x" },
	{ TEXT("\x80\xbf\xff"), "\\x80\\xBF\\xFF" },
	/* C1, and what reorders or hides */
	{ TEXT("\xc2\x80\xc2\x9b\xc2\x9f"),
	  "\\xC2\\x80\\xC2\\x9B\\xC2\\x9F" },
	{ TEXT("\xe2\x80\x8b"), "\\xE2\\x80\\x8B" },	/* zero width space */
	{ TEXT("\xe2\x80\x8f"), "\\xE2\\x80\\x8F" },	/* right-to-left mark */
	{ TEXT("\xe2\x80\x90"), "\xe2\x80\x90" },	/* hyphen */
	{ TEXT("\xe2\x80\xa7"), "\xe2\x80\xa7" },
	{ TEXT("\xe2\x80\xa8"), "\\xE2\\x80\\xA8" },	/* line separator */
	{ TEXT("\xe2\x80\xae"), "\\xE2\\x80\\xAE" },	/* override */
	{ TEXT("\xe2\x80\xaf"), "\xe2\x80\xaf" },
	{ TEXT("\xe2\x81\xa6"), "\\xE2\\x81\\xA6" },	/* isolate */
	{ TEXT("\xef\xbb\xbf"), "\\xEF\\xBB\\xBF" },	/* BOM */
};

static const struct {
	const char *text;
	const char *json;
} json[] = {
	{ "", "\"\"" },
	{ "a b", "\"a b\"" },
	{ "\"a\"\\", "\"\\\"a\\\"\\\\\"" },
	{ "a\nb", "\"a\\\\x0Ab\"" },
	{ "\xc3\xa4\xff", "\"\xc3\xa4\\\\xFF\"" },
};
/* clang-format on */

START_TEST(shown)
{
	const char *expected = cases[_i].shown;
	size_t n = strlen(expected);
	char to[200];
	struct sbuf b;

	memset(to, 'z', sizeof(to));
	ck_assert_uint_eq(
		escape_copy(to, sizeof(to), cases[_i].bytes, cases[_i].n), n);
	ck_assert_str_eq(to, expected);

	sbuf_init(&b, 1000);
	sbuf_addstr(&b, ">");
	escape_add(&b, cases[_i].bytes, cases[_i].n);
	ck_assert_str_eq(b.data + 1, expected);
	sbuf_release(&b);

	/* shown again it is the same */
	ck_assert_uint_eq(escape_copy(to, sizeof(to), expected, n), n);
	ck_assert_str_eq(to, expected);
}
END_TEST

/* In every room there is a beginning of it, of whole characters. */
START_TEST(truncated)
{
	const char *expected = cases[_i].shown;

	for (size_t size = 1; size <= strlen(expected) + 1; size++) {
		char *to = malloc(size), again[200];
		size_t n;

		ck_assert_ptr_nonnull(to);
		n = escape_copy(to, size, cases[_i].bytes, cases[_i].n);
		ck_assert_uint_lt(n, size);
		ck_assert_uint_eq(strlen(to), n);
		ck_assert_mem_eq(to, expected, n);
		if (size == strlen(expected) + 1)
			ck_assert_uint_eq(n, size - 1);
		ck_assert_uint_eq(escape_copy(again, sizeof(again), to, n), n);
		free(to);
	}
}
END_TEST

START_TEST(no_room_at_all)
{
	char c = 'z';

	ck_assert_uint_eq(escape_copy(&c, 0, "abc", 3), 0);
	ck_assert_int_eq(c, 'z');
}
END_TEST

START_TEST(as_json)
{
	struct sbuf b;

	sbuf_init(&b, 1000);
	escape_add_json(&b, json[_i].text);
	ck_assert_str_eq(b.data, json[_i].json);
	sbuf_release(&b);
}
END_TEST

START_TEST(as_a_member)
{
	struct sbuf b;

	sbuf_init(&b, 1000);
	escape_add_member(&b, "{", "one", "a\"\n");
	escape_add_member(&b, ", ", "two", NULL);
	escape_add_member(&b, ", ", "three", "");
	ck_assert_str_eq(b.data, "{\"one\": \"a\\\"\\\\x0A\", \"two\": null, "
	                         "\"three\": \"\"");
	sbuf_release(&b);
}
END_TEST

/* Whatever three bytes: what is shown is one line and can be shown again. */
START_TEST(every_three_bytes)
{
	char bytes[3], to[16], again[16];

	for (unsigned i = 0; i < 1U << 24; i += 5) {
		size_t n;

		bytes[0] = (char)(i >> 16);
		bytes[1] = (char)(i >> 8);
		bytes[2] = (char)i;
		n = escape_copy(to, sizeof(to), bytes, 3);
		for (size_t k = 0; k < n; k++)
			if ((unsigned char)to[k] < 0x20 || to[k] == 0x7f)
				ck_abort_msg("control byte from %06X", i);
		if (escape_copy(again, sizeof(again), to, n) != n)
			ck_abort_msg("shown twice differs: %06X", i);
	}
}
END_TEST

START_TEST(as_a_name)
{
	static const char *const names[][2] = {
		{ "work-2_a", "work-2_a" },
		{ "../etc", "%2E%2E%2Fetc" },
		{ "a b%", "a%20b%25" },
		{ "\xc3\xa9", "%C3%A9" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct sbuf b;

		sbuf_init(&b, 100);
		escape_add_name(&b, names[i][0]);
		ck_assert_str_eq(b.data, names[i][1]);
		sbuf_release(&b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 240);
	tcase_add_loop_test(all, shown, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, truncated, 0, COUNT_OF(cases));
	tcase_add_test(all, no_room_at_all);
	tcase_add_loop_test(all, as_json, 0, COUNT_OF(json));
	tcase_add_test(all, as_a_member);
	tcase_add_test(all, as_a_name);
	tcase_add_test(all, every_three_bytes);
	return fixture_run(suite);
}
