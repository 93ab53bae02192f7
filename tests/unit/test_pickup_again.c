/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pickup_again - what is in drop/ goes to new/, or aside, or waits; never
 * round and round */
#include "flush/pickup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "fixture.h"
#include "queue/share.h"

#define ID "0123456789ABCD01234567"

static void open_queue(struct spool *s)
{
	static const char *const names[] = { "q",        "q/drop",  "q/new",
		                             "q/hold",   "q/tmp",   "q/log",
		                             "q/failed", "q/pause", "q/bad" };
	struct fault f = { 0 };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(mkdir(names[i], 0700), 0);
	spool_init(s);
	spool_share(s, geteuid());
	ck_assert_int_eq(spool_open(s, fixture_path("q"), &f), 0);
}

static void pick_up(const struct spool *s)
{
	struct fault f = { 0 };

	ck_assert_int_eq(pickup_run(s, &f), 0);
	ck_assert(!pickup_has_more(s));
}

static void drop(const char *name)
{
	fixture_write(name, "x", 1);
	ck_assert_int_eq(chmod(name, 0640), 0);
}

static int take_one(void *arg)
{
	struct spool s;

	(void)arg;
	open_queue(&s);
	drop("q/drop/m." ID);
	ck_assert(pickup_has_more(&s));
	pick_up(&s);
	ck_assert(fixture_exists("q/new/" ID));
	spool_release(&s);
	return 0;
}

START_TEST(an_entry_is_taken)
{
	ck_assert_int_eq(fixture_as_nobody(take_one, NULL), 0);
}
END_TEST

/* A directory that we may not write in cannot leave its parent, no more than
 * another user's; and then comes another of that name. */
static int meet_directories(void *arg)
{
	struct spool s;

	(void)arg;
	open_queue(&s);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mkdir("q/drop/m." ID, 0500), 0);
		pick_up(&s);
		ck_assert(!fixture_exists("q/drop/m." ID));
	}
	ck_assert_int_eq(fixture_count("q/drop"), 3);
	spool_release(&s);
	return 0;
}

START_TEST(what_cannot_be_moved_is_seen_once)
{
	ck_assert_int_eq(fixture_as_nobody(meet_directories, NULL), 0);
}
END_TEST

/* The moment between link() and unlink() of relay-drop. */
static int meet_two_names(void *arg)
{
	struct spool s;

	(void)arg;
	open_queue(&s);
	drop("q/drop/t." ID);
	ck_assert_int_eq(link("q/drop/t." ID, "q/drop/m." ID), 0);
	pick_up(&s);
	ck_assert_int_eq(fixture_count("q/drop"), 2);
	ck_assert_int_eq(fixture_count("q/bad"), 0);
	ck_assert_int_eq(unlink("q/drop/t." ID), 0);
	pick_up(&s);
	ck_assert(fixture_exists("q/new/" ID));
	spool_release(&s);
	return 0;
}

START_TEST(an_entry_that_is_being_renamed_is_left)
{
	ck_assert_int_eq(fixture_as_nobody(meet_two_names, NULL), 0);
}
END_TEST

/* A hard link that somebody made has no unfinished twin. */
static int meet_link(void *arg)
{
	struct spool s;

	(void)arg;
	open_queue(&s);
	drop("q/drop/m." ID);
	ck_assert_int_eq(link("q/drop/m." ID, "other"), 0);
	drop("q/drop/a");
	pick_up(&s);
	ck_assert_int_eq(fixture_count("q/drop"), 0);
	ck_assert_int_eq(fixture_count("q/bad"), 2);
	ck_assert(fixture_exists("q/bad/" ID));
	spool_release(&s);
	return 0;
}

START_TEST(what_is_not_ours_goes_to_bad)
{
	ck_assert_int_eq(fixture_as_nobody(meet_link, NULL), 0);
}
END_TEST

/* Beyond its owner's share: it waits, and the log says so, once. */
static int fill_share(void *arg)
{
	char text[1024] = "";
	struct spool s;

	(void)arg;
	open_queue(&s);
	drop("q/new/full");
	ck_assert_int_eq(truncate("q/new/full", (off_t)SHARE_BYTES), 0);
	drop("q/drop/m." ID);
	drop("q/drop/m.FFFFFFFFFFFFFF00000000");
	ck_assert_ptr_nonnull(freopen("said", "w", stderr));
	pick_up(&s);
	pick_up(&s);
	fflush(stderr);
	ck_assert(fixture_exists("q/drop/w." ID));
	ck_assert(fixture_exists("q/drop/w.FFFFFFFFFFFFFF00000000"));
	fixture_read("said", text, sizeof(text) - 1);
	ck_assert_ptr_nonnull(strstr(text, " 5000 "));
	ck_assert_ptr_eq(strchr(text, '\n'), strrchr(text, '\n'));
	ck_assert_int_eq(truncate("q/new/full", 0), 0);
	pick_up(&s);
	ck_assert_int_eq(fixture_count("q/new"), 3);
	spool_release(&s);
	return 0;
}

START_TEST(beyond_the_share_it_waits)
{
	ck_assert_int_eq(fixture_as_nobody(fill_share, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pickup");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, an_entry_is_taken);
	tcase_add_test(all, what_cannot_be_moved_is_seen_once);
	tcase_add_test(all, an_entry_that_is_being_renamed_is_left);
	tcase_add_test(all, what_is_not_ours_goes_to_bad);
	tcase_add_test(all, beyond_the_share_it_waits);
	return fixture_run(suite);
}
