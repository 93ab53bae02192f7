/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_xtext - any text as one word of a command */
#include "smtp/xtext.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/dsn.h"

static const struct {
	const char *text, *word;
} cases[] = {
	{ "", "" },
	{ "ann@x.test", "ann@x.test" },
	{ "a+b=c", "a+2Bb+3Dc" },
	{ "a b", "a+20b" },
	{ "a\r\nRCPT TO:<b>", "a+0D+0ARCPT+20TO:<b>" },
	{ "\001\177~!", "+01+7F~!" },
	{ "\303\266\377", "+C3+B6+FF" },
	{ "\"a b\"@x", "\"a+20b\"@x" },
};

START_TEST(word)
{
	struct sbuf b;

	sbuf_init(&b, 500);
	sbuf_addstr(&b, "rfc822;");
	xtext_add(&b, cases[_i].text);
	ck_assert_str_eq(b.data + 7, cases[_i].word);
	ck_assert(b.len == 7 || dsn_is_orcpt(b.data, b.len));
	sbuf_release(&b);
}
END_TEST

static const struct {
	const char *word, *text; /* NULL: it is none */
} words[] = {
	{ "", "" },
	{ "id-1", "id-1" },
	{ "a+2Bb+3Dc+20d", "a+b=c d" },
	{ "+C3+B6", "\303\266" },
	{ "a=b", NULL },
	{ "a b", NULL },
	{ "+2b", NULL },
	{ "+2", NULL },
	{ "+", NULL },
	{ "a+0Db", NULL },
	{ "+00", NULL },
	{ "+7F", NULL },
	{ "\303\266", NULL },
	{ "more than ten", NULL },
	{ "+41+41+41+41+41+41+41+41+41+41+41", NULL },
};

START_TEST(read_word)
{
	struct sbuf b;

	sbuf_init(&b, 10);
	ck_assert_int_eq(xtext_read(&b, words[_i].word, strlen(words[_i].word)),
	                 words[_i].text != NULL);
	if (words[_i].text != NULL)
		ck_assert_str_eq(b.data, words[_i].text);
	sbuf_release(&b);
}
END_TEST

/* Whatever the byte is, there is one word, and it says which byte it was. */
START_TEST(every_byte)
{
	for (int c = 1; c < 256; c++) {
		char text[2] = { (char)c, '\0' };
		struct sbuf b;

		sbuf_init(&b, 8);
		xtext_add(&b, text);
		if (b.len == 1)
			ck_assert_int_eq(b.data[0], text[0]);
		else
			ck_assert_int_eq(strtol(b.data + 1, NULL, 16), c);
		ck_assert(b.len == 1 || b.len == 3);
		sbuf_release(&b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xtext");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, word, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, read_word, 0, COUNT_OF(words));
	tcase_add_test(all, every_byte);
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
