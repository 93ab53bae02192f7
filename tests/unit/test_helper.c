/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_helper - both ends of the protocol of doc/HELPERS */
#include "config/helper.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "helper/question.h"

/* --- who asks ------------------------------------------------------------- */

/* What the helper, a shell, does; then what comes of it. */
/* clang-format off */
static const struct {
	const char     *script;
	const char     *secret; /* NULL: none */
	enum fault_kind kind;
	const char     *text; /* of the fault, a part of it */
} helpers[] = {
	{ "echo secret=s3same; echo",       "s3same",  FAULT_NONE,   NULL },
	{ "echo secret=a=b; echo new=1",    "a=b",     FAULT_NONE,   NULL },
	{ "echo",                           NULL,      FAULT_NONE,   NULL },
	{ "read line; echo \"secret=$line\"", "host=h.example", FAULT_NONE, NULL },
	{ "echo error=locked; exit 75",     NULL,      FAULT_TEMP,   "locked" },
	{ "echo error=log in; exit 78",     NULL,      FAULT_CONFIG, "log in" },
	{ "exit 78",                        NULL,      FAULT_CONFIG, "failed with status 78 and said nothing" },
	{ "exit 1",                         NULL,      FAULT_TEMP,   "failed with status 1 and said nothing" },
	{ "echo hunter2",                   NULL,      FAULT_TEMP,   "answers what is no answer: line 1 is not" },
	{ "echo secret=a; echo secret=b",   NULL,      FAULT_TEMP,   "line 2 says `secret` a second time" },
	{ "printf 'secret=a\\tb\\n'",       NULL,      FAULT_TEMP,   "line 1, `secret`, has a control" },
	{ "kill -9 $$",                     NULL,      FAULT_TEMP,   "was killed by signal 9" },
};
/* clang-format on */

static int ask(const char *program, const char *script, struct pairs *answer,
               struct fault *f)
{
	char c[] = "-c";
	char *copy = strdup(script);
	char *path = strdup(program);
	char *const argv[] = { path, c, copy, NULL };
	struct pairs question;
	int result;

	pairs_init(&question);
	pairs_init(answer);
	ck_assert_int_eq(pairs_put(&question, "host", "h.example", f), 0);
	result = helper_ask(argv, &question, answer, f);
	pairs_release(&question);
	free(path);
	free(copy);
	return result;
}

START_TEST(asking)
{
	struct fault f = { .kind = FAULT_NONE };
	struct pairs answer;
	int result = ask("/bin/sh", helpers[_i].script, &answer, &f);

	if (helpers[_i].kind == FAULT_NONE) {
		ck_assert_int_eq(result, 0);
		ck_assert_pstr_eq(pairs_get(&answer, "secret"),
		                  helpers[_i].secret);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(f.kind, helpers[_i].kind);
		ck_assert_msg(strstr(f.text, helpers[_i].text) != NULL, "%s",
		              f.text);
		ck_assert_ptr_null(strstr(f.text, "hunter2"));
	}
	pairs_release(&answer);
}
END_TEST

START_TEST(no_such_helper)
{
	struct fault f;
	struct pairs answer;

	ck_assert_int_eq(ask("/nowhere/help", "", &answer, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_ptr_nonnull(strstr(f.text, "help"));
	pairs_release(&answer);
}
END_TEST

START_TEST(where_ours_are)
{
	struct sbuf path;

	sbuf_init(&path, 1000);
	ck_assert_int_eq(setenv("RELAY_LIBEXEC", "/x/y", 1), 0);
	helper_path("relay-token", &path);
	ck_assert_str_eq(path.data, "/x/y/relay-token");
	sbuf_reset(&path);
	ck_assert_int_eq(setenv("RELAY_LIBEXEC", "here", 1), 0);
	helper_path("relay-token", &path);
	ck_assert_str_eq(path.data, PKGLIBEXECDIR "/relay-token");
	sbuf_release(&path);
}
END_TEST

/* --- who answers ---------------------------------------------------------- */

static int file_with(const char *bytes, size_t n)
{
	fixture_write("question", bytes, n);
	return open(fixture_path("question"), O_RDONLY | O_CLOEXEC);
}

START_TEST(a_question_ends_where_it_ends)
{
	static const char text[] = "a=1\nb=2\n\nthe next line";
	int fd = file_with(text, sizeof(text) - 1);
	struct pairs question;
	char rest[40] = "";
	struct fault f;

	pairs_init(&question);
	ck_assert_int_eq(question_read(fd, &question, &f), 0);
	ck_assert_str_eq(pairs_get(&question, "b"), "2");
	ck_assert_int_eq(read(fd, rest, sizeof(rest) - 1), 13);
	ck_assert_str_eq(rest, "the next line");
	close(fd);
	pairs_release(&question);
}
END_TEST

START_TEST(what_is_no_question)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{ "hunter2\n\n", 9, "this is no question: line 1 is not" },
		{ "a=\0\n\n", 5, "too long or has a NUL" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int fd = file_with(cases[i].bytes, cases[i].n);
		struct pairs question;
		struct fault f;

		pairs_init(&question);
		ck_assert_int_eq(question_read(fd, &question, &f), -1);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(f.text, cases[i].text) != NULL, "%s",
		              f.text);
		close(fd);
		pairs_release(&question);
	}
}
END_TEST

static const struct {
	enum fault_kind kind; /* NONE: not failed */
	int status;
	const char *said;
} answers[] = {
	{ FAULT_NONE, EX_OK, "secret=s\n\n" },
	{ FAULT_TEMP, EX_TEMPFAIL, "error=why\n\n" },
	{ FAULT_CONFIG, EX_CONFIG, "error=why\n\n" },
	{ FAULT_PERM, EX_CONFIG, "error=why\n\n" },
};

START_TEST(answering)
{
	struct fault f = { .kind = answers[_i].kind, .text = "why" };
	char said[100] = "";
	struct pairs answer;
	struct fault none;
	int fd, status;

	pairs_init(&answer);
	ck_assert_int_eq(pairs_put(&answer, "secret", "s", &none), 0);
	fd = open(fixture_path("answer"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	status = question_answer(fd, &answer, &f,
	                         answers[_i].kind != FAULT_NONE);
	close(fd);
	ck_assert_int_eq(status, answers[_i].status);
	fixture_read("answer", said, sizeof(said));
	ck_assert_str_eq(said, answers[_i].said);
	pairs_release(&answer);
}
END_TEST

START_TEST(nobody_to_tell)
{
	struct fault f = { .kind = FAULT_NONE };
	struct pairs answer;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	pairs_init(&answer);
	ck_assert_int_eq(question_answer(fd, &answer, &f, false), EX_IOERR);
	close(fd);
	pairs_release(&answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("helper");
	TCase *tests = tcase_create("helper");

	tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tests, asking, 0, (int)COUNT_OF(helpers));
	tcase_add_test(tests, no_such_helper);
	tcase_add_test(tests, where_ours_are);
	tcase_add_test(tests, a_question_ends_where_it_ends);
	tcase_add_test(tests, what_is_no_question);
	tcase_add_loop_test(tests, answering, 0, (int)COUNT_OF(answers));
	tcase_add_test(tests, nobody_to_tell);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
