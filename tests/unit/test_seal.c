/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_seal - tokens that a stolen file does not tell, and a store that nobody
 * else's secret opens
 */
#include "token/seal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define LINES                                                             \
	"version=1\naccount=work\nuser=me@example.org\nclient_id=relay\n" \
	"token_url=https://t.example/token\nobtained=1\nexpires=2\n"
#define TOKENS "access_token=acc3ss.token\nrefresh_token=r3fresh.token\n"

static char *path;
static struct fault f;

static const struct settings sealed = { .account = "work", .seal = "s3al" };

static void open_with(struct tokens *t, const char *lines)
{
	ck_assert_int_eq(tokens_open(t, path, &f), 0);
	if (lines != NULL)
		ck_assert_int_eq(
			pairs_read(&t->lines, lines, strlen(lines), &f), 0);
}

static void write_sealed(const char *lines)
{
	struct tokens t;

	open_with(&t, lines);
	ck_assert_int_eq(seal_write(&t, &sealed, &f), 0);
	tokens_release(&t);
}

/* Lines as they are in the file. */
static void read_raw(struct tokens *t)
{
	open_with(t, NULL);
	ck_assert_int_eq(tokens_read(t, &f), 1);
}

static void write_raw(struct tokens *t)
{
	ck_assert_int_eq(tokens_write(t, &f), 0);
	tokens_release(t);
}

static void expect_open(const struct settings *s)
{
	struct tokens t;

	open_with(&t, NULL);
	ck_assert_msg(seal_read(&t, s, &f) == 1, "%s", f.text);
	ck_assert_str_eq(pairs_get(&t.lines, "access_token"), "acc3ss.token");
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), "r3fresh.token");
	ck_assert_str_eq(pairs_get(&t.lines, "user"), "me@example.org");
	ck_assert_ptr_null(pairs_get(&t.lines, "sealed"));
	tokens_release(&t);
}

static void expect_shut(const struct settings *s, const char *words)
{
	struct tokens t;

	open_with(&t, NULL);
	ck_assert_int_eq(seal_read(&t, s, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, words) != NULL, "%s", f.text);
	ck_assert_msg(strstr(f.text, "relay login work") != NULL, "%s", f.text);
	ck_assert_ptr_null(pairs_get(&t.lines, "access_token"));
	tokens_release(&t);
}

START_TEST(there_and_back)
{
	struct tokens t;
	const char *key, *value;

	write_sealed(LINES TOKENS);
	expect_open(&sealed);
	read_raw(&t);
	ck_assert_ptr_nonnull(pairs_get(&t.lines, "sealed"));
	ck_assert_str_eq(pairs_get(&t.lines, "expires"), "2");
	for (size_t i = 0; (key = pairs_at(&t.lines, i, &value)) != NULL; i++) {
		ck_assert_ptr_null(strstr(key, "_token"));
		ck_assert_ptr_null(strstr(value, "acc3ss"));
		ck_assert_ptr_null(strstr(value, "r3fresh"));
	}
	tokens_release(&t);
}
END_TEST

/* Whoever wrote goes on with what it had. */
START_TEST(lines_stay_open)
{
	struct tokens t;

	open_with(&t, LINES TOKENS);
	ck_assert_int_eq(seal_write(&t, &sealed, &f), 0);
	ck_assert_str_eq(pairs_get(&t.lines, "access_token"), "acc3ss.token");
	ck_assert_ptr_null(pairs_get(&t.lines, "sealed"));
	tokens_release(&t);
}
END_TEST

START_TEST(never_the_same_twice)
{
	struct tokens t;
	char *first;

	write_sealed(LINES TOKENS);
	read_raw(&t);
	first = strdup(pairs_get(&t.lines, "sealed"));
	tokens_release(&t);
	write_sealed(LINES TOKENS);
	read_raw(&t);
	ck_assert_uint_eq(strlen(first), strlen(pairs_get(&t.lines, "sealed")));
	ck_assert_msg(strncmp(first, pairs_get(&t.lines, "sealed"), 64) != 0,
	              "the salt is the same");
	ck_assert_msg(strcmp(first + 64, pairs_get(&t.lines, "sealed") + 64) !=
	                      0,
	              "the rest is the same");
	tokens_release(&t);
	free(first);
}
END_TEST

START_TEST(other_secrets)
{
	const struct settings none = { .account = "work" };
	static const char *const others[] = { "", "s3a", "s3al ", "S3al",
		                              "another" };

	write_sealed(LINES TOKENS);
	expect_shut(&none, "`oauth_seal`");
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		const struct settings other = { .account = "work",
			                        .seal = others[i] };

		expect_shut(&other, "cannot be decrypted");
	}
	expect_open(&sealed);
}
END_TEST

/* A digit elsewhere, and it says nothing at all. */
START_TEST(changed)
{
	struct tokens t;
	char *value;
	size_t n;

	write_sealed(LINES TOKENS);
	read_raw(&t);
	value = strdup(pairs_get(&t.lines, "sealed"));
	n = strlen(value);
	tokens_release(&t);
	for (size_t i = 0; i < n; i++) {
		char kept = value[i];

		value[i] = kept == '0' ? '1' : '0';
		read_raw(&t);
		ck_assert_int_eq(pairs_put(&t.lines, "sealed", value, &f), 0);
		write_raw(&t);
		expect_shut(&sealed, "cannot be decrypted");
		value[i] = kept;
	}
	free(value);
}
END_TEST

/* clang-format off */
static const char *const nonsense[] = {
	"", "0", "00", "zz", "0g", "0A", " 00",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
};
/* clang-format on */

START_TEST(none_at_all)
{
	struct tokens t;

	open_with(&t, LINES);
	ck_assert_int_eq(pairs_put(&t.lines, "sealed", nonsense[_i], &f), 0);
	write_raw(&t);
	expect_shut(&sealed, "cannot be decrypted");
}
END_TEST

static const char *const owners[][2] = {
	{ "user", "you@example.org" },
	{ "client_id", "other" },
	{ "token_url", "https://evil.example/token" },
	{ "user", NULL },
	{ "token_url", NULL },
};

/* Who can write the file cannot have the token sent elsewhere. */
START_TEST(another_owner)
{
	struct tokens t;

	write_sealed(LINES TOKENS);
	read_raw(&t);
	ck_assert_int_eq(pairs_put(&t.lines, owners[_i][0], owners[_i][1], &f),
	                 0);
	write_raw(&t);
	expect_shut(&sealed, "cannot be decrypted");
}
END_TEST

/* Where `oauth_seal` is new: taken as it is, and sealed by who may write. */
START_TEST(not_yet_sealed)
{
	struct tokens t;

	open_with(&t, LINES TOKENS);
	write_raw(&t);
	expect_open(&sealed);
	read_raw(&t);
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), "r3fresh.token");
	tokens_release(&t);
	open_with(&t, NULL);
	ck_assert_int_eq(tokens_lock(&t, 1, &f), 0);
	ck_assert_int_eq(seal_read(&t, &sealed, &f), 1);
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), "r3fresh.token");
	tokens_release(&t);
	read_raw(&t);
	ck_assert_ptr_null(pairs_get(&t.lines, "refresh_token"));
	tokens_release(&t);
	expect_open(&sealed);
}
END_TEST

START_TEST(nothing_to_seal)
{
	const struct settings none = { .account = "work" };
	struct tokens t;

	write_sealed(LINES);
	read_raw(&t);
	ck_assert_ptr_null(pairs_get(&t.lines, "sealed"));
	tokens_release(&t);
	open_with(&t, NULL);
	ck_assert_int_eq(seal_read(&t, &none, &f), 1);
	tokens_release(&t);
}
END_TEST

START_TEST(no_store)
{
	struct tokens t;

	open_with(&t, NULL);
	ck_assert_int_eq(seal_read(&t, &sealed, &f), 0);
	tokens_release(&t);
	ck_assert_int_eq(seal_try(&sealed, &f), 0);
}
END_TEST

/* As large as they come (12,288 octets in base64), twice. */
START_TEST(large)
{
	char *token = malloc(12289);
	struct tokens t;

	memset(token, 'x', 12288);
	token[12288] = '\0';
	open_with(&t, LINES);
	ck_assert_int_eq(pairs_put(&t.lines, "access_token", token, &f), 0);
	ck_assert_int_eq(pairs_put(&t.lines, "refresh_token", token, &f), 0);
	ck_assert_int_eq(seal_write(&t, &sealed, &f), 0);
	tokens_release(&t);
	open_with(&t, NULL);
	ck_assert_int_eq(seal_read(&t, &sealed, &f), 1);
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), token);
	tokens_release(&t);
	free(token);
}
END_TEST

static void setup(void)
{
	fixture_setup();
	path = strdup(fixture_path("tokens/work"));
}

static void teardown(void)
{
	free(path);
	fixture_teardown();
}

int main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, there_and_back);
	tcase_add_test(tests, lines_stay_open);
	tcase_add_test(tests, never_the_same_twice);
	tcase_add_test(tests, other_secrets);
	tcase_add_test(tests, changed);
	tcase_add_loop_test(tests, none_at_all, 0, (int)COUNT_OF(nonsense));
	tcase_add_loop_test(tests, another_owner, 0, (int)COUNT_OF(owners));
	tcase_add_test(tests, not_yet_sealed);
	tcase_add_test(tests, nothing_to_seal);
	tcase_add_test(tests, no_store);
	tcase_add_test(tests, large);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
