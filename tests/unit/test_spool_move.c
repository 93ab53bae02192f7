/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_spool_move - removing, moving, due times, and cleaning up after crashes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/spool.h"
#include "sample.h"

#define HOUR ((int64_t)3600)
#define NOW INT64_C(1700000000)

/* "q/new/ID": names below the queue; good until the next call but three. */
static const char *in(const char *directory, const char *id)
{
	static char names[4][400];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "q/%s/%s", directory, id);
	return name;
}

/* A queue with one entry, which is taken, and its journal. */
static void take_sample(struct spool *s, struct entry *e)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };

	sample_open(s);
	sample_submit(s, 1, id);
	fixture_write(in("log", id), "", 0);
	ck_assert_int_eq(spool_take(s, SPOOL_NEW, id, e, &f), SPOOL_TAKEN);
}

START_TEST(remove_takes_the_journal_along)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	take_sample(&s, &e);
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), 0);
		ck_assert_int_eq(fixture_count("q/new"), 0);
		ck_assert_int_eq(fixture_count("q/log"), 0);
	}
	entry_release(&e);
	spool_release(&s);
}
END_TEST

START_TEST(move_there_and_back)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	take_sample(&s, &e);
	for (int to = SPOOL_HOLD; to < SPOOL_PLACES; to++) {
		const char *name = spool_place_name((enum spool_place)to);

		ck_assert_int_eq(
			spool_move(&s, &e, SPOOL_NEW, (enum spool_place)to, &f),
			0);
		ck_assert(fixture_exists(in(name, e.id)));
		ck_assert(!fixture_exists(in("new", e.id)));
		ck_assert_int_eq(
			spool_move(&s, &e, (enum spool_place)to, SPOOL_NEW, &f),
			0);
		ck_assert(fixture_exists(in("new", e.id)));
	}
	ck_assert_int_eq(fixture_count("q/log"), 1);
	entry_release(&e);
	spool_release(&s);
}
END_TEST

START_TEST(move_never_replaces)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;
	char byte;

	take_sample(&s, &e);
	fixture_write(in("hold", e.id), "x", 1);
	ck_assert_int_eq(spool_move(&s, &e, SPOOL_NEW, SPOOL_HOLD, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert(fixture_exists(in("new", e.id)));
	ck_assert_uint_eq(fixture_read(in("hold", e.id), &byte, 1), 1);
	entry_release(&e);
	spool_release(&s);
}
END_TEST

/* A damaged file goes aside as it is, every byte of it. */
START_TEST(damaged_goes_to_bad)
{
	static const char damaged[] = "relay 1\nS x\nR y\n\nno trailer";
	char bytes[100];
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	sample_open(&s);
	fixture_write(in("new", SAMPLE_ID), damaged, sizeof(damaged));
	ck_assert_int_eq(spool_take(&s, SPOOL_NEW, SAMPLE_ID, &e, &f),
	                 SPOOL_DAMAGED);
	ck_assert_int_eq(spool_move(&s, &e, SPOOL_NEW, SPOOL_BAD, &f), 0);
	entry_release(&e);
	ck_assert_uint_eq(
		fixture_read(in("bad", SAMPLE_ID), bytes, sizeof(bytes)),
		sizeof(damaged));
	ck_assert_mem_eq(bytes, damaged, sizeof(damaged));
	spool_release(&s);
}
END_TEST

/* Only the file that was opened is moved or removed. */
START_TEST(another_file_took_its_name)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	take_sample(&s, &e);
	fixture_write("q/other", "x", 1);
	ck_assert_int_eq(rename("q/other", in("new", e.id)), 0);
	ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_int_eq(spool_move(&s, &e, SPOOL_NEW, SPOOL_BAD, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert(fixture_exists(in("new", e.id)));
	ck_assert(fixture_exists(in("log", e.id)));
	ck_assert(!fixture_exists(in("bad", e.id)));
	entry_release(&e);
	spool_release(&s);
}
END_TEST

static int move_locked(void *arg)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	(void)arg;
	take_sample(&s, &e);
	ck_assert_int_eq(chmod("q/new", 0500), 0);
	ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_int_eq(spool_move(&s, &e, SPOOL_NEW, SPOOL_HOLD, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert(fixture_exists(in("new", e.id)));
	ck_assert(fixture_exists(in("log", e.id)));
	entry_release(&e);
	spool_release(&s);
	return 0;
}

START_TEST(read_only_directory)
{
	ck_assert_int_eq(fixture_as_nobody(move_locked, NULL), 0);
}
END_TEST

/* --- due times ---------------------------------------------------------- */

/* A time that no wait can have led to means that the clock jumped. */
static const struct {
	int64_t mtime;
	int due;
} times[] = {
	{ NOW, 1 },
	{ NOW - 1, 1 },
	{ 0, 1 },
	{ -HOUR, 1 },
	{ NOW + 1, 0 },
	{ NOW + 4 * HOUR, 0 },
	{ NOW + 4 * HOUR + 4 * 360, 0 },
	{ NOW + 4 * HOUR + 4 * 360 + 1, 1 },
	{ NOW + 24 * HOUR, 1 },
	{ INT64_C(2147483648), 1 },
	{ INT64_C(4294967296), 1 },
};

START_TEST(due_by_mtime)
{
	struct spool s;
	struct entry e;

	take_sample(&s, &e);
	spool_set_due(&s, &e, times[_i].mtime);
	ck_assert_int_eq(spool_due(&s, e.id), times[_i].mtime);
	ck_assert_int_eq(spool_is_due(&s, e.id, NOW, NULL), times[_i].due);
	entry_release(&e);
	spool_release(&s);
}
END_TEST

START_TEST(due_at_once_and_when_gone)
{
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	take_sample(&s, &e);
	ck_assert_int_eq(spool_is_due(&s, e.id, (int64_t)time(NULL) + 1, NULL),
	                 1);
	ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), 0);
	ck_assert_int_eq(spool_is_due(&s, e.id, NOW, NULL), -1);
	entry_release(&e);
	ck_assert_int_eq(spool_due(&s, e.id), 0);
	spool_release(&s);
}
END_TEST

/* --- cleaning ----------------------------------------------------------- */

static void set_age(const char *name, int64_t seconds)
{
	struct timespec when[2] = { { .tv_nsec = UTIME_OMIT },
		                    { .tv_sec = time(NULL) - seconds } };

	ck_assert_int_eq(utimensat(AT_FDCWD, name, when, AT_SYMLINK_NOFOLLOW),
	                 0);
}

static const struct {
	int64_t age;
	bool stays;
} litter[] = {
	{ 0, true },
	{ 35 * HOUR, true },
	{ 37 * HOUR, false },
	{ 1000 * HOUR, false },
	{ -1000 * HOUR, true },
};

START_TEST(clean_old_litter)
{
	struct spool s;

	sample_open(&s);
	fixture_write(in("tmp", SAMPLE_ID), "x", 1);
	set_age(in("tmp", SAMPLE_ID), litter[_i].age);
	spool_clean(&s);
	ck_assert_int_eq(fixture_exists(in("tmp", SAMPLE_ID)),
	                 litter[_i].stays);
	spool_release(&s);
}
END_TEST

/* A caller may keep its pipe open for two days. */
START_TEST(clean_spares_what_is_being_written)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct spool s;
	int fd;

	sample_open(&s);
	fd = spool_create(&s, id, &f);
	set_age(in("tmp", id), 100 * HOUR);
	spool_clean(&s);
	ck_assert(fixture_exists(in("tmp", id)));
	close(fd);
	spool_clean(&s);
	ck_assert(!fixture_exists(in("tmp", id)));
	spool_release(&s);
}
END_TEST

START_TEST(clean_spares_what_is_no_file)
{
	struct spool s;

	sample_open(&s);
	ck_assert_int_eq(mkdir("q/tmp/directory", 0700), 0);
	ck_assert_int_eq(mkfifo("q/tmp/fifo", 0600), 0);
	ck_assert_int_eq(symlink("../lock", "q/tmp/link"), 0);
	fixture_write("q/lock", "x", 1);
	set_age("q/lock", 100 * HOUR);
	set_age("q/tmp/directory", 100 * HOUR);
	set_age("q/tmp/fifo", 100 * HOUR);
	set_age("q/tmp/link", 100 * HOUR);
	spool_clean(&s);
	ck_assert_int_eq(fixture_count("q/tmp"), 3);
	ck_assert(fixture_exists("q/lock"));
	spool_release(&s);
}
END_TEST

START_TEST(clean_journals_without_a_message)
{
	struct spool s;

	sample_open(&s);
	fixture_write(in("log", SAMPLE_ID), "x", 1);
	fixture_write(in("log", "foreign"), "x", 1);
	if (_i < SPOOL_PLACES)
		fixture_write(
			in(spool_place_name((enum spool_place)_i), SAMPLE_ID),
			"x", 1);
	spool_clean(&s);
	ck_assert_int_eq(fixture_exists(in("log", SAMPLE_ID)),
	                 _i < SPOOL_PLACES);
	ck_assert(fixture_exists(in("log", "foreign")));
	spool_release(&s);
}
END_TEST

/* Who cannot look must not believe that the message is gone. */
static int clean_blind(void *arg)
{
	struct spool s;

	(void)arg;
	sample_open(&s);
	fixture_write(in("new", SAMPLE_ID), "x", 1);
	fixture_write(in("log", SAMPLE_ID), "x", 1);
	ck_assert_int_eq(chmod("q/new", 0), 0);
	spool_clean(&s);
	ck_assert(fixture_exists(in("log", SAMPLE_ID)));
	spool_release(&s);
	return 0;
}

START_TEST(clean_spares_journals_in_doubt)
{
	ck_assert_int_eq(fixture_as_nobody(clean_blind, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_move");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, remove_takes_the_journal_along);
	tcase_add_test(all, move_there_and_back);
	tcase_add_test(all, move_never_replaces);
	tcase_add_test(all, damaged_goes_to_bad);
	tcase_add_test(all, another_file_took_its_name);
	tcase_add_test(all, read_only_directory);
	tcase_add_loop_test(all, due_by_mtime, 0, COUNT_OF(times));
	tcase_add_test(all, due_at_once_and_when_gone);
	tcase_add_loop_test(all, clean_old_litter, 0, COUNT_OF(litter));
	tcase_add_test(all, clean_spares_what_is_being_written);
	tcase_add_test(all, clean_spares_what_is_no_file);
	tcase_add_loop_test(all, clean_journals_without_a_message, 0,
	                    SPOOL_PLACES + 1);
	tcase_add_test(all, clean_spares_journals_in_doubt);
	return fixture_run(suite);
}
