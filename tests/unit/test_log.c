/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_log - which lines are shown, and that each is one line */
#include "base/log.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

/* Levels that are shown, and what comes out then. */
static const struct {
	enum log_level shown;
	const char *lines;
} levels[] = {
	{ LOG_LEVEL_DEBUG,
	  "prog: debug 1\nprog: note 2\nprog: warn 3\nprog: error 4\n" },
	{ LOG_LEVEL_NOTE, "prog: note 2\nprog: warn 3\nprog: error 4\n" },
	{ LOG_LEVEL_WARN, "prog: warn 3\nprog: error 4\n" },
	{ LOG_LEVEL_ERROR, "prog: error 4\n" },
	{ LOG_LEVEL_QUIET, "" },
};

/* What a child prints on stdout and stderr goes to files. */
static void redirect(void)
{
	ck_assert_int_eq(
		dup2(open("out", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1), 1);
	ck_assert_int_eq(
		dup2(open("err", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 2), 2);
}

static int log_three(void *arg)
{
	redirect();
	log_open("prog", *(const enum log_level *)arg, false);
	log_debug("%s %d", "debug", 1);
	log_note("%s %d", "note", 2);
	log_warn("%s %d", "warn", 3);
	log_at(LOG_LEVEL_ERROR, "%s %d", "error", 4);
	return 0;
}

static void expect_printed(const char *expected)
{
	char text[4096] = "";

	fixture_read("err", text, sizeof(text) - 1);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(fixture_read("out", text, 1), 0);
}

START_TEST(levels_shown)
{
	enum log_level shown = levels[_i].shown;

	ck_assert_int_eq(fixture_child(log_three, &shown), 0);
	expect_printed(levels[_i].lines);
}
END_TEST

static int log_odd(void *arg)
{
	(void)arg;
	redirect();
	log_open("prog", LOG_LEVEL_NOTE, false);
	log_note("to=<%s>", "a\nb\r\x1b[31m\xe2\x80\xae\xff\x7f");
	return 0;
}

START_TEST(strangers_words_are_escaped)
{
	ck_assert_int_eq(fixture_child(log_odd, NULL), 0);
	expect_printed("prog: to=<a\\x0Ab\\x0D\\x1B[31m\\xE2\\x80\\xAE\\xFF"
	               "\\x7F>\n");
}
END_TEST

static int log_long(void *arg)
{
	char *text = calloc(1, 100001);

	(void)arg;
	redirect();
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 100000);
	log_open("prog", LOG_LEVEL_NOTE, false);
	log_note("%s", text);
	free(text);
	return 0;
}

START_TEST(long_lines_are_cut)
{
	char text[4096];
	size_t n;

	ck_assert_int_eq(fixture_child(log_long, NULL), 0);
	n = fixture_read("err", text, sizeof(text));
	ck_assert_uint_gt(n, 900);
	ck_assert_uint_le(n, 1000 + strlen("prog: "));
	ck_assert_ptr_eq(memchr(text, '\n', n), text + n - 1);
}
END_TEST

/* Nobody reads: the message matters more than the line about it. */
static int log_nowhere(void *arg)
{
	(void)arg;
	dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	log_open("prog", LOG_LEVEL_DEBUG, false);
	log_warn("lost");
	close(STDERR_FILENO);
	log_warn("lost");
	return 0;
}

START_TEST(no_place_to_write)
{
	ck_assert_int_eq(fixture_child(log_nowhere, NULL), 0);
}
END_TEST

/* A service of systemd: once, with a priority, and not to syslog too. */
static int log_to_journal(void *arg)
{
	bool is_other = *(const bool *)arg;
	char stream[64];
	struct stat st;

	redirect();
	ck_assert_int_eq(fstat(2, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	         (uintmax_t)st.st_ino + is_other);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", LOG_LEVEL_WARN, !is_other);
	log_debug("%s %d", "debug", 1);
	log_note("%s %d", "note", 2);
	log_warn("%s %d", "warn", 3);
	log_at(LOG_LEVEL_ERROR, "%s %d", "error", 4);
	log_to_syslog(false);
	log_note("%s %d", "note", 5);
	return 0;
}

/* Another file has the number that was syslog's, and keeps it. */
static int log_detached(void *arg)
{
	int first = dup(0), mine;

	(void)arg;
	close(first);
	redirect();
	log_open("prog", LOG_LEVEL_QUIET, true);
	log_warn("connects, where there is a syslog");
	log_detach();
	close(first);
	mine = open("out", O_RDONLY | O_CLOEXEC);
	log_warn("again");
	return fcntl(mine, F_GETFD) >= 0 ? 0 : 1;
}

START_TEST(what_a_child_closes)
{
	ck_assert_int_eq(fixture_child(log_detached, NULL), 0);
}
END_TEST

START_TEST(a_service_of_systemd)
{
	bool is_other = false;

	ck_assert_int_eq(fixture_child(log_to_journal, &is_other), 0);
	expect_printed("<6>note 2\n<4>warn 3\n<3>error 4\n");
}
END_TEST

START_TEST(the_journal_of_another)
{
	bool is_other = true;

	ck_assert_int_eq(fixture_child(log_to_journal, &is_other), 0);
	expect_printed("prog: warn 3\nprog: error 4\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, levels_shown, 0, COUNT_OF(levels));
	tcase_add_test(all, what_a_child_closes);
	tcase_add_test(all, a_service_of_systemd);
	tcase_add_test(all, the_journal_of_another);
	tcase_add_test(all, strangers_words_are_escaped);
	tcase_add_test(all, long_lines_are_cut);
	tcase_add_test(all, no_place_to_write);
	return fixture_run(suite);
}
