/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_source_many - sources that have many secrets: keyring, helper, netrc,
 * ses-key
 *
 * The keyring is a shell script in the place of relay-keyring, and so are the
 * helpers; each keeps the question and its verb.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "config/config.h"
#include "config/source.h"
#include "fixture.h"

#define WORDS 4

static struct source_query query;

/* An executable that keeps its question, then does `script`. */
static void make_program(const char *name, const char *script)
{
	struct sbuf b;

	sbuf_init(&b, 10000);
	sbuf_addf(&b, "#!/bin/sh\necho \"$@\" >%s\n", fixture_path("words"));
	sbuf_addf(&b, "cat >%s\n", fixture_path("question"));
	sbuf_addf(&b, "%s\n", script);
	fixture_write(name, b.data, b.len);
	ck_assert_int_eq(chmod(name, 0700), 0);
	sbuf_release(&b);
}

static void set_up(void)
{
	static struct smarthost h;

	fixture_setup();
	ck_assert_int_eq(setenv("RELAY_LIBEXEC", fixture_path(""), 1), 0);
	h = (struct smarthost){
		.name = (char *)(uintptr_t) "mine",
		.host = (char *)(uintptr_t) "smtp.example.org other.example",
		.user = (char *)(uintptr_t) "me@example.org",
	};
	smarthost_query(&h, SOURCE_PASSWORD, &query);
}

static void parse(struct source *s, const char *const words[WORDS])
{
	struct fault f = { .kind = FAULT_NONE };
	char *copies[WORDS];
	size_t n = 0;

	*s = (struct source){ .kind = SOURCE_NONE };
	for (; n < WORDS && words[n] != NULL; n++)
		copies[n] = strdup(words[n]);
	ck_assert_msg(source_parse(s, "password", copies, n, &f) == 0, "%s",
	              f.text);
	while (n > 0)
		free(copies[--n]);
}

/* The secret of the source, or a fault with this text in it. */
static void expect(const char *const words[WORDS], const char *secret,
                   enum fault_kind kind, const char *text)
{
	struct fault f = { .kind = FAULT_NONE };
	struct secret *got;
	struct source s;

	parse(&s, words);
	got = source_fetch(&s, &query, &f);
	if (secret != NULL) {
		ck_assert_msg(got != NULL, "%s", f.text);
		ck_assert_str_eq(secret_reveal(got), secret);
	} else {
		ck_assert_ptr_null(got);
		ck_assert_int_eq(f.kind, kind);
		ck_assert_msg(strstr(f.text, text) != NULL, "%s", f.text);
	}
	ck_assert_ptr_null(strstr(f.text, "hunter2"));
	secret_free(&got);
	source_release(&s);
}

static void file_is(const char *name, const char *content)
{
	char got[2000] = "";

	fixture_read(name, got, sizeof(got) - 1);
	ck_assert_str_eq(got, content);
}

/* --- keyring and helper --------------------------------------------------- */

static const char *const keyring[WORDS] = { "keyring" };

START_TEST(what_a_keyring_is_asked)
{
	make_program("relay-keyring", "echo secret=hunter2");
	expect(keyring, "hunter2", FAULT_NONE, NULL);
	file_is("words", "get\n");
	file_is("question", "account=mine\nkind=password\nservice=smtp\n"
	                    "host=smtp.example.org\nuser=me@example.org\n\n");
	query.kind = SOURCE_CLIENT_SECRET;
	query.user = NULL;
	query.is_interactive = true;
	expect(keyring, "hunter2", FAULT_NONE, NULL);
	file_is("question", "account=mine\nkind=client-secret\nservice=smtp\n"
	                    "host=smtp.example.org\ninteractive=1\n\n");
}
END_TEST

/* clang-format off */
static const struct {
	const char     *script;
	const char     *secret;
	enum fault_kind kind;
	const char     *text;
} answers[] = {
	{ "echo 'secret= a b '",              " a b ", FAULT_NONE, NULL },
	{ "echo new=1; echo secret=a; echo",  "a",  FAULT_NONE, NULL },
	{ "echo",                             NULL, FAULT_CONFIG, "password for me@example.org at smtp.example.org: `relay secret set mine`" },
	{ "echo secret=",                     NULL, FAULT_CONFIG, "gives an empty password" },
	{ "printf 'secret=hunter2\\a\\n'",    NULL, FAULT_TEMP,   "has a control character" },
	{ "echo error=locked; exit 75",       NULL, FAULT_TEMP,   "locked" },
	{ "echo error=asleep; exit 78",       NULL, FAULT_CONFIG, "asleep" },
	{ "echo secret=hunter2; exit 1",      NULL, FAULT_TEMP,   "failed with status 1" },
	{ "echo hunter2",                     NULL, FAULT_TEMP,   "answers what is no answer" },
	{ "echo secret=hunter2; kill -9 $$",  NULL, FAULT_TEMP,   "was killed by signal 9" },
	{ "echo secret=`head -c 65537 /dev/zero | tr '\\0' x`", NULL, FAULT_CONFIG, "more than 65536 bytes" },
};
/* clang-format on */

START_TEST(what_a_keyring_answers)
{
	make_program("relay-keyring", answers[_i].script);
	expect(keyring, answers[_i].secret, answers[_i].kind, answers[_i].text);
}
END_TEST

START_TEST(what_a_helper_answers)
{
	char path[4200];
	const char *const words[WORDS] = { "helper", path, "two words" };

	make_program("mine", answers[_i].script);
	snprintf(path, sizeof(path), "%s", fixture_path("mine"));
	expect(words, answers[_i].secret, answers[_i].kind, answers[_i].text);
	if (answers[_i].secret == NULL)
		expect(words, NULL, answers[_i].kind, path);
	file_is("words", "two words get\n");
}
END_TEST

START_TEST(no_keyring)
{
	expect(keyring, NULL, FAULT_CONFIG,
	       "install the package relay-keyring");
}
END_TEST

/* --- netrc ---------------------------------------------------------------- */

static void fetch_netrc(mode_t mode, const char *content, const char *secret,
                        const char *text)
{
	char path[4200];
	const char *const words[WORDS] = { "netrc", path };

	snprintf(path, sizeof(path), "%s", fixture_path("netrc"));
	fixture_write("netrc", content, strlen(content));
	ck_assert_int_eq(chmod("netrc", mode), 0);
	expect(words, secret, FAULT_CONFIG, text);
}

START_TEST(netrc)
{
	static const char good[] =
		"machine smtp.example.org login me@example.org password "
		"\"hunter 2\"\n";

	fetch_netrc(0600, good, "hunter 2", NULL);
	fetch_netrc(0640, good, NULL, "can be read by other users: chmod 600");
	fetch_netrc(0602, good, NULL, "can be changed by other users");
	fetch_netrc(0600, "machine other.example password hunter2", NULL,
	            "add a line `machine smtp.example.org login "
	            "me@example.org password ...`");
	fetch_netrc(0600, "machine smtp.example.org password \"hunter2", NULL,
	            "netrc: line 1 opens a quote");
	fetch_netrc(0600, "default password \"\"", NULL, "empty password");
}
END_TEST

/* --- ses-key -------------------------------------------------------------- */

#define PASSWORD "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"

START_TEST(ses_key)
{
	static const char *const words[WORDS] = { "ses-key",
		                                  "some+secret+key" };

	expect(words, NULL, FAULT_CONFIG,
	       "smtp.example.org names none: write `region NAME`");
	snprintf(query.host, sizeof(query.host),
	         "email-smtp.eu-central-1.amazonaws.com");
	expect(words, PASSWORD, FAULT_NONE, NULL);
	query.region = "us-west-1";
	expect(words, "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj",
	       FAULT_NONE, NULL);
	query.region = "mars";
	query.user = "ASIAIOSFODNN7EXAMPLE";
	expect(words, NULL, FAULT_CONFIG, "is a temporary key of AWS");
}
END_TEST

START_TEST(ses_key_of_each_source)
{
	char path[4200];
	const char *const file[WORDS] = { "ses-key", "file", path };
	static const char *const env[WORDS] = { "ses-key", "env", "T_KEY" };
	static const char *const ring[WORDS] = { "ses-key", "keyring" };

	query.region = "eu-central-1";
	snprintf(path, sizeof(path), "%s", fixture_path("key"));
	fixture_write("key", "some+secret+key\n", 16);
	ck_assert_int_eq(chmod("key", 0600), 0);
	expect(file, PASSWORD, FAULT_NONE, NULL);
	ck_assert_int_eq(chmod("key", 0644), 0);
	expect(file, NULL, FAULT_CONFIG, "can be read by other users");
	setenv("T_KEY", "some+secret+key", 1);
	expect(env, PASSWORD, FAULT_NONE, NULL);
	make_program("relay-keyring", "echo secret=some+secret+key");
	expect(ring, PASSWORD, FAULT_NONE, NULL);
}
END_TEST

START_TEST(looking)
{
	char path[4200];
	const char *const words[WORDS] = { "ses-key", "netrc", path };
	struct fault f = { .kind = FAULT_NONE };
	struct source s;

	snprintf(path, sizeof(path), "%s", fixture_path("netrc"));
	parse(&s, words);
	ck_assert_int_eq(source_look(&s, &f), 0);
	fixture_write("netrc", "hunter2", 7);
	ck_assert_int_eq(chmod("netrc", 0644), 0);
	ck_assert_int_eq(source_look(&s, &f), -1);
	ck_assert(!source_is_inline(&s));
	source_forget(&s);
	ck_assert_int_eq(s.kind, SOURCE_SES_KEY);
	ck_assert_int_eq(source_look(&s, &f), 0);
	source_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_many");
	TCase *tests = tcase_create("source_many");
	int count = (int)COUNT_OF(answers);

	tcase_add_checked_fixture(tests, set_up, fixture_teardown);
	tcase_add_test(tests, what_a_keyring_is_asked);
	tcase_add_loop_test(tests, what_a_keyring_answers, 0, count);
	tcase_add_loop_test(tests, what_a_helper_answers, 0, count);
	tcase_add_test(tests, no_keyring);
	tcase_add_test(tests, netrc);
	tcase_add_test(tests, ses_key);
	tcase_add_test(tests, ses_key_of_each_source);
	tcase_add_test(tests, looking);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
