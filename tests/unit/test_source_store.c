/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_source_store - a secret goes where it will be fetched, or it is said why
 * not */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "config/source.h"
#include "fixture.h"

#define WORDS 4

static struct source_query query = { .account = "mine",
	                             .kind = SOURCE_PASSWORD,
	                             .user = "me",
	                             .host = "smtp.example.org" };

static void parse(struct source *s, const char *const words[WORDS])
{
	struct fault f = { .kind = FAULT_NONE };
	char *copies[WORDS];
	size_t n = 0;

	*s = (struct source){ .kind = SOURCE_NONE };
	for (; n < WORDS && words[n] != NULL; n++)
		copies[n] = strdup(words[n]);
	if (n > 0)
		ck_assert_int_eq(source_parse(s, "password", copies, n, &f), 0);
	while (n > 0)
		free(copies[--n]);
}

static int store(const char *const words[WORDS], const char *text,
                 struct fault *f)
{
	struct secret *secret = secret_create(text, strlen(text));
	struct source s;
	int result;

	*f = (struct fault){ .kind = FAULT_NONE };
	parse(&s, words);
	result = source_store(&s, &query, secret, f);
	ck_assert_ptr_null(strstr(f->text, "hunter2"));
	source_release(&s);
	secret_free(&secret);
	return result;
}

static int erase(const char *const words[WORDS], struct fault *f)
{
	struct source s;
	int result;

	*f = (struct fault){ .kind = FAULT_NONE };
	parse(&s, words);
	result = source_erase(&s, &query, f);
	source_release(&s);
	return result;
}

static void file_is(const char *name, const char *content)
{
	char got[2000] = "";

	fixture_read(name, got, sizeof(got) - 1);
	ck_assert_str_eq(got, content);
}

static char file_path[4200];
static const char *const file[WORDS] = { "file", file_path };

static void set_up(void)
{
	fixture_setup();
	snprintf(file_path, sizeof(file_path), "%s", fixture_path("word"));
	ck_assert_int_eq(setenv("RELAY_LIBEXEC", fixture_path(""), 1), 0);
}

/* --- a file --------------------------------------------------------------- */

START_TEST(into_a_file)
{
	struct fault f;
	struct stat st;

	ck_assert_int_eq(store(file, "hunter2", &f), 0);
	file_is("word", "hunter2\n");
	ck_assert_int_eq(stat("word", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(chmod("word", 0644), 0);
	ck_assert_int_eq(store(file, "hunter22", &f), 0);
	file_is("word", "hunter22\n");
	ck_assert_int_eq(stat("word", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(fixture_count("."), 1);
	ck_assert_int_eq(erase(file, &f), 0);
	ck_assert(!fixture_exists("word"));
	ck_assert_int_eq(erase(file, &f), 0); /* is gone, as was asked */
}
END_TEST

START_TEST(behind_a_link)
{
	struct fault f;
	struct stat st;

	ck_assert_int_eq(mkdir("far", 0700), 0);
	fixture_write("far/away", "old\n", 4);
	ck_assert_int_eq(symlink("far/away", "word"), 0);
	ck_assert_int_eq(store(file, "hunter2", &f), 0);
	file_is("far/away", "hunter2\n");
	ck_assert_int_eq(lstat("word", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(fixture_count("far"), 1);
}
END_TEST

static void cannot(const char *text)
{
	struct fault f;

	ck_assert_int_eq(store(file, "hunter2", &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, text) != NULL, "%s", f.text);
}

START_TEST(not_into_that)
{
	ck_assert_int_eq(mkfifo("word", 0600), 0);
	cannot("is not a regular file");
	ck_assert_int_eq(unlink("word"), 0);
	ck_assert_int_eq(mkdir("word", 0700), 0);
	cannot("is not a regular file");
	snprintf(file_path, sizeof(file_path), "%s", fixture_path("none/word"));
	cannot("none/word as user");
	snprintf(file_path, sizeof(file_path), "/proc/version");
	cannot("/proc/version as user");
}
END_TEST

/* --- a keyring or helper -------------------------------------------------- */

static void make_keyring(const char *script)
{
	struct sbuf b;

	sbuf_init(&b, 10000);
	sbuf_addf(&b, "#!/bin/sh\necho \"$@\" >%s\n", fixture_path("words"));
	sbuf_addf(&b, "cat >%s\n", fixture_path("question"));
	sbuf_addf(&b, "%s\n", script);
	fixture_write("relay-keyring", b.data, b.len);
	ck_assert_int_eq(chmod("relay-keyring", 0700), 0);
	sbuf_release(&b);
}

static const char *const keyring[WORDS] = { "keyring" };
static const char *const of_key[WORDS] = { "ses-key", "keyring" };

START_TEST(into_a_keyring)
{
	struct fault f;

	make_keyring("echo");
	ck_assert_int_eq(store(keyring, "hunter2", &f), 0);
	file_is("words", "store\n");
	file_is("question",
	        "account=mine\nkind=password\nservice=smtp\n"
	        "host=smtp.example.org\nuser=me\nsecret=hunter2\n\n");
	ck_assert_int_eq(store(of_key, "the key", &f), 0);
	file_is("question",
	        "account=mine\nkind=password\nservice=smtp\n"
	        "host=smtp.example.org\nuser=me\nsecret=the key\n\n");
	ck_assert_int_eq(erase(keyring, &f), 0);
	file_is("words", "erase\n");
	file_is("question", "account=mine\nkind=password\nservice=smtp\n"
	                    "host=smtp.example.org\nuser=me\n\n");
}
END_TEST

START_TEST(trouble_of_a_keyring)
{
	struct fault f;

	make_keyring("echo error=locked; exit 75");
	ck_assert_int_eq(store(keyring, "hunter2", &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_str_eq(f.text, "locked");
	make_keyring("echo erased=1; echo left=1");
	ck_assert_int_eq(erase(keyring, &f), -1);
	ck_assert_msg(strstr(f.text,
	                     "secret-tool clear host "
	                     "smtp.example.org service smtp user me") != NULL,
	              "%s", f.text);
}
END_TEST

/* --- not by us ------------------------------------------------------------ */

static const struct {
	const char *words[WORDS];
	const char *text;
} others[] = {
	{ { NULL }, "add `password keyring`" },
	{ { "inline", "hunter2" }, "is in the configuration itself" },
	{ { "credential", "mail" }, "LoadCredential=mail:PATH" },
	{ { "env", "MAIL" }, "environment variable MAIL" },
	{ { "command", "pass", "hunter2" }, "the command `pass`" },
	{ { "netrc", "/x" }, "is in /x, which other" },
	{ { "ses-key", "env", "MAIL" }, "environment variable MAIL" },
};

START_TEST(not_by_us)
{
	struct source s;
	struct fault f;

	parse(&s, others[_i].words);
	ck_assert(!source_is_store(&s));
	source_release(&s);
	ck_assert_int_eq(store(others[_i].words, "hunter2", &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, others[_i].text) != NULL, "%s", f.text);
	ck_assert_int_eq(erase(others[_i].words, &f), -1);
	ck_assert_msg(strstr(f.text, others[_i].text) != NULL, "%s", f.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_store");
	TCase *tests = tcase_create("source_store");

	tcase_add_checked_fixture(tests, set_up, fixture_teardown);
	tcase_add_test(tests, into_a_file);
	tcase_add_test(tests, behind_a_link);
	tcase_add_test(tests, not_into_that);
	tcase_add_test(tests, into_a_keyring);
	tcase_add_test(tests, trouble_of_a_keyring);
	tcase_add_loop_test(tests, not_by_us, 0, (int)COUNT_OF(others));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
