/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_forget - what was given up goes after its time, and never before
 *
 * Days pass by setting the clock; the queue is a real one.
 */
#include "flush/forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"
#include "queue/journal.h"
#include "sample.h"

#define START INT64_C(1800000000)
#define DAY INT64_C(86400)
#define KEEP ((unsigned)(30 * DAY))

static void set_clock(int64_t seconds)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	setenv("RELAY_TEST_CLOCK", text, 1);
}

static void add(struct spool *s, const char *id, enum journal_kind kind,
                size_t recipient, const char *text)
{
	struct fault f = { 0 };
	struct journal j;

	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &s->log, id, &f), 0);
	ck_assert_int_eq(journal_add(&j, kind, recipient, "5.1.1", text, &f),
	                 0);
	journal_release(&j);
}

/* An entry in failed/, without a journal. */
static void lay(struct spool *s, const struct entry_envelope *env,
                char id[ENTRY_ID_LENGTH + 1])
{
	struct fault f = { 0 };
	struct entry e;
	char name[64];
	int fd;

	fd = spool_create(s, id, &f);
	ck_assert_int_ge(fd, 0);
	spool_abandon(s, id, fd);
	snprintf(name, sizeof(name), "q/new/%s", id);
	sample_write(name, env, SAMPLE_CONTENT, strlen(SAMPLE_CONTENT));
	ck_assert_int_eq(spool_take(s, SPOOL_NEW, id, &e, &f), SPOOL_TAKEN);
	ck_assert_int_eq(spool_move(s, &e, SPOOL_NEW, SPOOL_FAILED, &f), 0);
	entry_release(&e);
}

/* One of two recipients failed, and a report was sent. */
static void lay_failed(struct spool *s, char id[ENTRY_ID_LENGTH + 1])
{
	struct entry_envelope env;

	sample_envelope(&env, 2);
	lay(s, &env, id);
	entry_envelope_release(&env);
	add(s, id, JOURNAL_DELIVERED, 0, "250 ok");
	add(s, id, JOURNAL_FAILED, 1, "550 no");
	add(s, id, JOURNAL_REPORTED, JOURNAL_ALL, SAMPLE_ID);
}

/* One pass a day, from the day `from` to the day `to`. */
static void pass_days(struct spool *s, int from, int to, unsigned keep)
{
	for (int day = from; day <= to; day++) {
		set_clock(START + day * DAY);
		forget_run(s, keep);
	}
}

static bool is_kept(const struct spool *s, const char *id)
{
	return spool_is_in(s, SPOOL_FAILED, id);
}

static int64_t kept(const struct spool *s, const char *id, int64_t now)
{
	struct fault f = { 0 };
	struct history h;
	int64_t seconds;

	ck_assert_int_eq(journal_read(&s->log, id, 2, &h, &f), 0);
	seconds = history_kept(&h, now);
	history_release(&h);
	return seconds;
}

static void begin(struct spool *s)
{
	set_clock(START);
	sample_open(s);
}

START_TEST(after_thirty_days)
{
	char id[ENTRY_ID_LENGTH + 1], other[ENTRY_ID_LENGTH + 1];
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	pass_days(&s, 1, 9, KEEP);
	lay_failed(&s, other);
	pass_days(&s, 10, 29, KEEP);
	ck_assert(is_kept(&s, id));
	ck_assert_int_eq(kept(&s, id, START + 29 * DAY), 29 * DAY);
	pass_days(&s, 30, 30, KEEP);
	ck_assert(!is_kept(&s, id));
	ck_assert(is_kept(&s, other));
	ck_assert_int_eq(fixture_count("q/log"), 1);
	pass_days(&s, 31, 39, KEEP);
	ck_assert(!is_kept(&s, other));
	ck_assert_int_eq(fixture_count("q/log"), 0);
	ck_assert_int_eq(fixture_count("q/failed"), 0);
	spool_release(&s);
}
END_TEST

START_TEST(for_ever)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	pass_days(&s, 1, 100, 0);
	ck_assert(is_kept(&s, id));
	ck_assert(!fixture_exists("q/pause/last.sweep"));
	spool_release(&s);
}
END_TEST

/* A year ahead, and back, and ahead: each leap is one day at most. */
START_TEST(clock_that_jumps)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	pass_days(&s, 365, 365, KEEP);
	ck_assert(is_kept(&s, id));
	ck_assert_int_eq(kept(&s, id, START + 365 * DAY), DAY);
	pass_days(&s, 1, 1, KEEP);
	ck_assert_int_eq(kept(&s, id, START + DAY), DAY);
	pass_days(&s, 3650, 3650, KEEP);
	ck_assert(is_kept(&s, id));
	ck_assert_int_eq(kept(&s, id, START + 3650 * DAY), 2 * DAY);
	ck_assert_int_eq(kept(&s, id, INT64_MAX), 3 * DAY);
	ck_assert_int_eq(kept(&s, id, INT64_MIN), 2 * DAY);
	spool_release(&s);
}
END_TEST

/* However often somebody passes, and whatever becomes of the hint. */
START_TEST(no_faster)
{
	char id[ENTRY_ID_LENGTH + 1], name[64];
	struct stat before, after;
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	snprintf(name, sizeof(name), "q/log/%s", id);
	set_clock(START + DAY);
	forget_run(&s, KEEP);
	ck_assert_int_eq(stat(name, &before), 0);
	for (int i = 1; i < 100; i++) {
		set_clock(START + DAY + i * 60);
		forget_run(&s, KEEP);
	}
	ck_assert_int_eq(stat(name, &after), 0);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(kept(&s, id, START + DAY), DAY);
	for (int i = 0; i < 100; i++) {
		unlink("q/pause/last.sweep");
		forget_run(&s, KEEP);
	}
	ck_assert_int_eq(kept(&s, id, START + DAY + 99 * 60), DAY + 99 * 60);
	spool_release(&s);
}
END_TEST

/* Brought back, and given up again: from the beginning. */
START_TEST(tried_again)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	pass_days(&s, 1, 29, KEEP);
	add(&s, id, JOURNAL_AGAIN, JOURNAL_ALL, "relay queue retry");
	add(&s, id, JOURNAL_FAILED, 1, "550 no");
	add(&s, id, JOURNAL_REPORTED, JOURNAL_ALL, SAMPLE_ID);
	ck_assert_int_eq(kept(&s, id, START + 29 * DAY), 0);
	pass_days(&s, 30, 58, KEEP);
	ck_assert(is_kept(&s, id));
	pass_days(&s, 59, 59, KEEP);
	ck_assert(!is_kept(&s, id));
	spool_release(&s);
}
END_TEST

/* Whoever was not told keeps it. */
static const struct {
	const char *name;
	const char *sender;
	const char *all;        /* sendmail -N */
	const char *notify;     /* of the recipient */
	const char *about;      /* it is a report */
	enum journal_kind kind; /* what became of him */
	bool goes;
} unreported[] = {
	{ "nobody was told", "a@x.test", NULL, NULL, NULL, JOURNAL_FAILED,
	  false },
	{ "the null sender", "", NULL, NULL, NULL, JOURNAL_FAILED, true },
	{ "a report", "a@x.test", NULL, NULL, SAMPLE_ID, JOURNAL_FAILED, true },
	{ "-N never", "a@x.test", "never", NULL, NULL, JOURNAL_FAILED, true },
	{ "-N is none", "a@x.test", "nobody", NULL, NULL, JOURNAL_FAILED,
	  false },
	{ "NOTIFY=NEVER", "a@x.test", NULL, "NEVER", NULL, JOURNAL_FAILED,
	  true },
	{ "NOTIFY=SUCCESS", "a@x.test", NULL, "SUCCESS", NULL, JOURNAL_FAILED,
	  true },
	{ "NOTIFY counts, not -N", "a@x.test", "never", "FAILURE", NULL,
	  JOURNAL_FAILED, false },
	{ "the other way round", "a@x.test", "failure", "NEVER", NULL,
	  JOURNAL_FAILED, true },
	{ "still open", "", NULL, NULL, NULL, JOURNAL_LATER, false },
	{ "delivered", "a@x.test", NULL, NULL, NULL, JOURNAL_DELIVERED, true },
};

static char *copy(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

START_TEST(without_a_report)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct entry_envelope env;
	struct spool s;

	begin(&s);
	entry_envelope_init(&env);
	env.sender = mem_strdup(unreported[_i].sender);
	entry_envelope_add(&env, "b@y.test");
	entry_envelope_add_dsn(&env, NULL, unreported[_i].notify);
	env.notify = copy(unreported[_i].all);
	env.about = copy(unreported[_i].about);
	lay(&s, &env, id);
	entry_envelope_release(&env);
	add(&s, id, unreported[_i].kind, 0, "550 no");
	pass_days(&s, 1, 40, KEEP);
	ck_assert_msg(is_kept(&s, id) != unreported[_i].goes, "%s",
	              unreported[_i].name);
	spool_release(&s);
}
END_TEST

/* Its report is in the queue still: waiting, failed, held or damaged. */
START_TEST(report_not_sent)
{
	static const char *const places[] = { "new", "hold", "failed", "bad" };
	char id[ENTRY_ID_LENGTH + 1], name[64];
	struct entry_envelope env;
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	snprintf(name, sizeof(name), "q/%s/%s", places[_i], SAMPLE_ID);
	sample_envelope(&env, 1);
	sample_write(name, &env, SAMPLE_CONTENT, strlen(SAMPLE_CONTENT));
	entry_envelope_release(&env);
	pass_days(&s, 1, 40, KEEP);
	ck_assert(is_kept(&s, id));
	ck_assert_int_eq(unlink(name), 0);
	pass_days(&s, 41, 41, KEEP);
	ck_assert(!is_kept(&s, id));
	spool_release(&s);
}
END_TEST

static int cannot_be_noted(void *arg)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;

	(void)arg;
	begin(&s);
	lay_failed(&s, id);
	ck_assert_int_eq(chmod("q/pause", 0500), 0);
	pass_days(&s, 1, 40, KEEP);
	ck_assert_int_eq(kept(&s, id, START), 0);
	ck_assert_int_eq(chmod("q/pause", 0700), 0);
	spool_release(&s);
	return 0;
}

START_TEST(no_place_for_the_hint)
{
	ck_assert_int_eq(fixture_as_nobody(cannot_be_noted, NULL), 0);
}
END_TEST

/* Somebody looks at it: the next day is early enough. */
START_TEST(in_use_or_damaged)
{
	char id[ENTRY_ID_LENGTH + 1], bad[ENTRY_ID_LENGTH + 1], name[64];
	struct fault f = { 0 };
	struct entry e;
	struct spool s;

	begin(&s);
	lay_failed(&s, id);
	lay_failed(&s, bad);
	snprintf(name, sizeof(name), "q/failed/%s", bad);
	ck_assert_int_eq(truncate(name, 40), 0);
	pass_days(&s, 1, 29, KEEP);
	ck_assert_int_eq(spool_take(&s, SPOOL_FAILED, id, &e, &f), SPOOL_TAKEN);
	pass_days(&s, 30, 30, KEEP);
	ck_assert(is_kept(&s, id));
	entry_release(&e);
	pass_days(&s, 31, 31, KEEP);
	ck_assert(!is_kept(&s, id));
	ck_assert(is_kept(&s, bad));
	spool_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forget");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, after_thirty_days);
	tcase_add_test(all, for_ever);
	tcase_add_test(all, clock_that_jumps);
	tcase_add_test(all, no_faster);
	tcase_add_test(all, tried_again);
	tcase_add_loop_test(all, without_a_report, 0, COUNT_OF(unreported));
	tcase_add_loop_test(all, report_not_sent, 0, 4);
	tcase_add_test(all, no_place_for_the_hint);
	tcase_add_test(all, in_use_or_damaged);
	return fixture_run(suite);
}
