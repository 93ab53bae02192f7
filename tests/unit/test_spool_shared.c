/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_spool_shared - the machine's queue: other users' files in it */
#include "queue/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "sample.h"

#define USER 4711
#define NOW 1750000000

static const char *in(const char *place, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "q/%s/%s", place, name);
	return path;
}

static void put(const char *place)
{
	struct entry_envelope env;

	sample_envelope(&env, 1);
	sample_write(in(place, SAMPLE_ID), &env, SAMPLE_CONTENT,
	             strlen(SAMPLE_CONTENT));
	entry_envelope_release(&env);
	ck_assert_int_eq(chmod(in(place, SAMPLE_ID), 0640), 0);
}

static void set_time(const char *path, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = seconds },
		                     { .tv_sec = seconds } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* --- opening ----------------------------------------------------------------
 */

/* What is missing is not made: it would have our owner and group. */
START_TEST(nothing_is_made)
{
	static const char *const places[] = { "drop", "new",   "hold", "failed",
		                              "log",  "pause", "bad",  "tmp" };
	struct spool s;
	struct fault f;

	sample_open_shared(&s);
	spool_release(&s);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		char path[64];

		snprintf(path, sizeof(path), "q/%s", places[i]);
		ck_assert_int_eq(rename(path, "away"), 0);
		spool_init(&s);
		spool_share(&s, geteuid());
		ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f), -1);
		ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
		ck_assert(!fixture_exists(path));
		spool_release(&s);
		ck_assert_int_eq(rename("away", path), 0);
	}
	ck_assert_int_eq(rename("q", "away"), 0);
	spool_init(&s);
	spool_share(&s, geteuid());
	ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f), -1);
	ck_assert(!fixture_exists("q"));
	spool_release(&s);
}
END_TEST

/* A group may write where the sticky bit protects what others put there. */
START_TEST(modes)
{
	static const struct {
		mode_t mode;
		bool is_good;
	} rows[] = {
		{ 01770, true },  { 0770, false }, { 01777, false },
		{ 01772, false }, { 0750, true },  { 0700, true },
		{ 02750, true },
	};
	struct spool s;
	struct fault f;

	sample_open_shared(&s);
	spool_release(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ck_assert_int_eq(chmod("q/drop", rows[i].mode), 0);
		spool_init(&s);
		spool_share(&s, geteuid());
		ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f),
		                 rows[i].is_good ? 0 : -1);
		spool_release(&s);
	}
}
END_TEST

static int open_of_another(void *arg)
{
	struct spool s;
	struct fault f;

	(void)arg;
	spool_init(&s);
	spool_share(&s, geteuid() + 1);
	ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_NOPERM);
	spool_release(&s);
	return 0;
}

START_TEST(another_owner)
{
	struct spool s;

	sample_open_shared(&s);
	spool_release(&s);
	ck_assert_int_eq(open_of_another(NULL), 0);
}
END_TEST

/* --- another user's entry ----------------------------------------------------
 */

static enum spool_taken take(const struct spool *s)
{
	struct fault f = { 0 };
	struct entry e;
	enum spool_taken taken = spool_take(s, SPOOL_NEW, SAMPLE_ID, &e, &f);

	entry_release(&e);
	return taken;
}

START_TEST(is_taken)
{
	struct spool s;

	sample_open_shared(&s);
	put("new");
	ck_assert_int_eq(take(&s), SPOOL_TAKEN);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(in("new", SAMPLE_ID), USER, USER), 0);
		ck_assert_int_eq(take(&s), SPOOL_TAKEN);
	}
	ck_assert_int_eq(link(in("new", SAMPLE_ID), "second"), 0);
	ck_assert_int_eq(take(&s), SPOOL_FOREIGN);
	spool_release(&s);
}
END_TEST

/* --- the time of the next try ------------------------------------------------
 */

#define NONE ((time_t)-1)

/* Of the entry and of its journal, when it is due. */
static const struct {
	time_t entry, journal;
	int64_t due;
} dues[] = {
	{ NOW, NONE, NOW },
	{ NOW, NOW + 60, NOW + 60 },
	{ NOW + 60, NOW, NOW + 60 },
	{ NOW + 60, NONE, NOW + 60 },
	{ NOW - 5, NOW - 9, NOW - 5 },
};

START_TEST(due)
{
	struct spool s;
	int64_t when = 0;

	sample_open_shared(&s);
	ck_assert_int_eq(spool_is_due(&s, SAMPLE_ID, NOW, NULL), -1);
	put("new");
	set_time(in("new", SAMPLE_ID), dues[_i].entry);
	if (dues[_i].journal != NONE) {
		fixture_write(in("log", SAMPLE_ID), "x", 1);
		set_time(in("log", SAMPLE_ID), dues[_i].journal);
	}
	ck_assert_int_eq(spool_due(&s, SAMPLE_ID), dues[_i].due);
	ck_assert_int_eq(spool_is_due(&s, SAMPLE_ID, NOW, &when),
	                 dues[_i].due <= NOW ? 1 : 0);
	ck_assert_int_eq(when, dues[_i].due);
	spool_release(&s);
}
END_TEST

/* The entry is another's, and its time cannot be set: the journal's is. */
static int put_off(void *arg)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	(void)arg;
	spool_init(&s);
	spool_share(&s, geteuid());
	ck_assert_msg(spool_open(&s, fixture_path("q"), &f) == 0, "%s", f.text);
	ck_assert_int_eq(spool_take(&s, SPOOL_NEW, SAMPLE_ID, &e, &f),
	                 SPOOL_TAKEN);
	ck_assert(spool_touch(&s, &e, &f));
	spool_set_due(&s, &e, NOW + 600);
	ck_assert_int_eq(spool_due(&s, SAMPLE_ID), NOW + 600);
	ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), 0);
	ck_assert(!fixture_exists(in("new", SAMPLE_ID)));
	ck_assert(!fixture_exists(in("log", SAMPLE_ID)));
	entry_release(&e);
	spool_release(&s);
	return 0;
}

/* As on a machine: the file is of its submitter and of a group of ours. */
static int become_and_put_off(void *arg)
{
	if (geteuid() == 0) {
		ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	}
	return put_off(arg);
}

START_TEST(is_put_off)
{
	static const char *const places[] = {
		"q",     "q/drop", "q/new", "q/hold",  "q/failed",
		"q/log", "q/tmp",  "q/bad", "q/pause",
	};
	struct spool s;

	sample_open_shared(&s);
	spool_release(&s);
	put("new");
	set_time(in("new", SAMPLE_ID), NOW);
	fixture_write(in("log", SAMPLE_ID), "x", 1);
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(".", 0711), 0);
		for (size_t i = 0; i < COUNT_OF(places); i++)
			ck_assert_int_eq(lchown(places[i], 65534, 65534), 0);
		ck_assert_int_eq(chown(in("log", SAMPLE_ID), 65534, 65534), 0);
		ck_assert_int_eq(chown(in("new", SAMPLE_ID), USER, 65534), 0);
	}
	ck_assert_int_eq(fixture_child(become_and_put_off, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_shared");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, nothing_is_made);
	tcase_add_test(all, modes);
	tcase_add_test(all, another_owner);
	tcase_add_test(all, is_taken);
	tcase_add_loop_test(all, due, 0, COUNT_OF(dues));
	tcase_add_test(all, is_put_off);
	return fixture_run(suite);
}
