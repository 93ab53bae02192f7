/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_host - names of servers, one or several */
#include "config/host.h"

#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static const struct {
	const char *word;
	bool is_good, is_address;
} words[] = {
	{ "mail.example.org", true, false },
	{ "a_b-c.D.9", true, false },
	{ "xn--bcher-kva.example", true, false },
	{ "192.0.2.1", true, true },
	{ "2001:db8::1", true, true },
	{ "[2001:db8::1]", true, true },
	{ "[192.0.2.1]", true, true },
	{ "[::ffff:192.0.2.1]", true, true },
	{ "192.0.2.256", true, false }, /* a name, for all we know */
	{ "", false, false },
	{ "[]", false, false },
	{ "[a b]", false, false },
	{ "[::1", false, false },
	{ ".a", false, false },
	{ "-a", false, false },
	{ "a:587", false, false },
	{ "a:", false, false },
	{ "me@a", false, false },
	{ "smtp://a", false, false },
	{ "b\xc3\xbc"
	  "cher.example",
	  false, false },
	{ "a\tb", false, false },
};

START_TEST(what_is_a_host)
{
	const char *word = words[_i].word;
	struct fault f = { 0 };

	ck_assert_int_eq(host_check("host", word, &f),
	                 words[_i].is_good ? 0 : -1);
	ck_assert_int_eq(f.kind, words[_i].is_good ? FAULT_NONE : FAULT_CONFIG);
	ck_assert_int_eq(host_is_address(word, strlen(word)),
	                 words[_i].is_address);
}
END_TEST

START_TEST(how_long)
{
	char word[300];
	struct fault f;

	memset(word, 'a', sizeof(word));
	word[255] = '\0';
	ck_assert_int_eq(host_check("host", word, &f), 0);
	ck_assert(!host_is_address(word, 255));
	word[255] = 'a';
	word[256] = '\0';
	ck_assert_int_eq(host_check("host", word, &f), -1);
	ck_assert_ptr_null(strstr(f.text, "aaaa"));
}
END_TEST

/* An address is looked at to its length: more may stand behind it. */
START_TEST(a_list)
{
	const char *list = "192.0.2.1 b.example ::1";

	ck_assert_uint_eq(host_count(list), 3);
	ck_assert_uint_eq(host_length(list), 9);
	ck_assert(host_is_address(list, host_length(list)));
	list = host_next(list);
	ck_assert_uint_eq(host_length(list), 9);
	ck_assert(!host_is_address(list, host_length(list)));
	list = host_next(list);
	ck_assert_str_eq(list, "::1");
	ck_assert_ptr_null(host_next(list));
	ck_assert_uint_eq(host_count("a"), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *t = tcase_create("host");

	tcase_add_loop_test(t, what_is_a_host, 0, COUNT_OF(words));
	tcase_add_test(t, how_long);
	tcase_add_test(t, a_list);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
