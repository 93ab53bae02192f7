/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_secret - kept exactly, given up at once */
#include "base/secret.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static const struct {
	const char *bytes;
	size_t n;
} texts[] = {
	{ "", 0 },     { "hunter2", 7 },      { "hunter2 and more", 7 },
	{ "a\0b", 3 }, { "\xC3\xA9\xFF", 3 },
};

START_TEST(kept)
{
	char *own = malloc(texts[_i].n + 1);
	struct secret *secret;

	memcpy(own, texts[_i].bytes, texts[_i].n);
	secret = secret_create(own, texts[_i].n);
	memset(own, 'x', texts[_i].n); /* it is a copy */
	free(own);
	ck_assert_uint_eq(secret_length(secret), texts[_i].n);
	ck_assert_mem_eq(secret_reveal(secret), texts[_i].bytes, texts[_i].n);
	ck_assert_int_eq(secret_reveal(secret)[texts[_i].n], '\0');
	secret_free(&secret);
	ck_assert_ptr_null(secret);
	secret_free(&secret); /* again is fine */
}
END_TEST

START_TEST(large)
{
	char *text = malloc(65536);
	struct secret *secret;

	memset(text, 'k', 65536);
	secret = secret_create(text, 65536);
	ck_assert_uint_eq(secret_length(secret), 65536);
	ck_assert_mem_eq(secret_reveal(secret), text, 65536);
	secret_free(&secret);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, kept, 0, COUNT_OF(texts));
	tcase_add_test(all, large);
	return fixture_run(suite);
}
