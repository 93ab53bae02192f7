/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pairs - lines that are no pairs are refused, and nothing of them is told
 */
#include "base/pairs.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static int read_text(struct pairs *p, const char *text, struct fault *f)
{
	pairs_init(p);
	return pairs_read(p, text, strlen(text), f);
}

static void expect(const struct pairs *p, const char *lines)
{
	struct sbuf b;

	sbuf_init(&b, PAIRS_LIMIT);
	pairs_write(p, &b);
	ck_assert_str_eq(b.data, lines);
	sbuf_release(&b);
}

/* clang-format off */
static const struct {
	const char *text;
	const char *lines; /* NULL: refused, and `fault` is the text */
	const char *fault;
} texts[] = {
	{ "",                     "\n",              NULL },
	{ "\n",                   "\n",              NULL },
	{ "a=1\nb=2\n\n",         "a=1\nb=2\n\n",    NULL },
	{ "a=1\r\nb=2\r\n\r\n",   "a=1\nb=2\n\n",    NULL },
	{ "a=1",                  "a=1\n\n",         NULL },
	{ "a=\n",                 "a=\n\n",          NULL },
	{ "a==b = c \n",          "a==b = c \n\n",   NULL },
	{ "key_2=\xe9\n",         "key_2=\xe9\n\n",  NULL },
	{ "a=1\n\n rubbish\n",    "a=1\n\n",         NULL },
	{ "a=1\nnone\n",          NULL, "line 2 is not KEY=VALUE" },
	{ "=1\n",                 NULL, "line 1 is not KEY=VALUE" },
	{ "A=1\n",                NULL, "line 1 is not KEY=VALUE" },
	{ "a b=1\n",              NULL, "line 1 is not KEY=VALUE" },
	{ " a=1\n",               NULL, "line 1 is not KEY=VALUE" },
	{ "a=1\na=2\n",           NULL, "line 2 says `a` a second time" },
	{ "a=x\ty\n",             NULL, "line 1, `a`, has a control character in it" },
	{ "a=x\rb=y\n",           NULL, "line 1, `a`, has a control character in it" },
};
/* clang-format on */

START_TEST(reading)
{
	struct pairs p;
	struct fault f;
	int result = read_text(&p, texts[_i].text, &f);

	ck_assert_int_eq(result, texts[_i].lines != NULL ? 0 : -1);
	if (result == 0) {
		expect(&p, texts[_i].lines);
	} else {
		ck_assert_str_eq(f.text, texts[_i].fault);
		expect(&p, "\n");
	}
	pairs_release(&p);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	static const char text[] = "a=x\0y\n";
	struct pairs p;
	struct fault f;

	pairs_init(&p);
	ck_assert_int_eq(pairs_read(&p, text, sizeof(text) - 1, &f), -1);
	pairs_release(&p);
}
END_TEST

START_TEST(a_key_has_a_limit)
{
	char text[PAIRS_KEY + 8];
	struct pairs p;
	struct fault f;

	memset(text, 'k', sizeof(text));
	memcpy(text + PAIRS_KEY - 1, "=v\n", 4);
	ck_assert_int_eq(read_text(&p, text, &f), 0);
	pairs_release(&p);
	memset(text, 'k', sizeof(text));
	memcpy(text + PAIRS_KEY, "=v\n", 4);
	ck_assert_int_eq(read_text(&p, text, &f), -1);
	pairs_release(&p);
}
END_TEST

START_TEST(put_replaces_and_removes)
{
	struct pairs p;
	struct fault f;

	pairs_init(&p);
	ck_assert_int_eq(pairs_put(&p, "one", "first", &f), 0);
	ck_assert_int_eq(pairs_put_number(&p, "two", -2, &f), 0);
	ck_assert_int_eq(pairs_put(&p, "one", "again", &f), 0);
	expect(&p, "two=-2\none=again\n\n");
	ck_assert_int_eq(pairs_put(&p, "two", NULL, &f), 0);
	expect(&p, "one=again\n\n");
	ck_assert_ptr_null(pairs_get(&p, "two"));
	ck_assert_ptr_null(pairs_get(&p, "on"));
	ck_assert_int_eq(pairs_put(&p, "one", "a\nb=c", &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "`one` has a line break"));
	ck_assert_ptr_null(strstr(f.text, "b=c"));
	expect(&p, "\n");
	pairs_release(&p);
}
END_TEST

START_TEST(all_of_it_has_a_limit)
{
	char *text = malloc(PAIRS_LIMIT);
	struct pairs p;
	struct fault f;

	memset(text, 'x', PAIRS_LIMIT);
	text[PAIRS_LIMIT - 2] = '\0';
	pairs_init(&p);
	ck_assert_int_eq(pairs_put(&p, "a", text, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	text[PAIRS_LIMIT - 3] = '\0';
	ck_assert_int_eq(pairs_put(&p, "ab", text, &f), -1);
	ck_assert_int_eq(pairs_put(&p, "a", text, &f), 0);
	ck_assert_int_eq(pairs_put(&p, "b", "", &f), -1);
	pairs_release(&p);
	free(text);
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	bool        is_number;
	int64_t     value;
} numbers[] = {
	{ "n=0\n",                     true,  0 },
	{ "n=-7\n",                    true,  -7 },
	{ "n=9223372036854775807\n",   true,  INT64_MAX },
	{ "n=9223372036854775808\n",   false, 0 },
	{ "n=\n",                      false, 0 },
	{ "n=1 \n",                    false, 0 },
	{ "n=0x10\n",                  false, 0 },
	{ "n=1-2\n",                   false, 0 },
	{ "m=1\n",                     false, 0 },
};
/* clang-format on */

START_TEST(a_number)
{
	struct pairs p;
	struct fault f;
	int64_t value = 0;

	ck_assert_int_eq(read_text(&p, numbers[_i].text, &f), 0);
	ck_assert_int_eq(pairs_get_number(&p, "n", &value),
	                 numbers[_i].is_number);
	if (numbers[_i].is_number)
		ck_assert_int_eq(value, numbers[_i].value);
	pairs_release(&p);
}
END_TEST

START_TEST(one_after_the_other)
{
	const char *value = NULL;
	struct pairs p;
	struct fault f;

	ck_assert_int_eq(read_text(&p, "a=1\nb=\n", &f), 0);
	ck_assert_str_eq(pairs_at(&p, 0, &value), "a");
	ck_assert_str_eq(value, "1");
	ck_assert_str_eq(pairs_at(&p, 1, &value), "b");
	ck_assert_str_eq(value, "");
	ck_assert_ptr_null(pairs_at(&p, 2, &value));
	pairs_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pairs");
	TCase *tests = tcase_create("pairs");

	tcase_add_loop_test(tests, reading, 0, (int)COUNT_OF(texts));
	tcase_add_test(tests, a_nul_is_a_control_character);
	tcase_add_test(tests, a_key_has_a_limit);
	tcase_add_test(tests, put_replaces_and_removes);
	tcase_add_test(tests, all_of_it_has_a_limit);
	tcase_add_loop_test(tests, a_number, 0, (int)COUNT_OF(numbers));
	tcase_add_test(tests, one_after_the_other);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
