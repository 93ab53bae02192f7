/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_listing - everything in the queue is seen, whatever state it is in */
#include "queue/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "sample.h"

#define NEW_ID "q/new/" SAMPLE_ID

/* What listing_each said about the last item. */
struct seen {
	const struct spool *spool;
	int count, stop_at;
	char last[ENTRY_ID_LENGTH + 1];
};

static int see(void *arg, const struct listing_item *item)
{
	struct seen *seen = arg;

	ck_assert_str_lt(seen->last, item->entry.id);
	ck_assert_int_eq(item->damage.kind, FAULT_NONE);
	snprintf(seen->last, sizeof(seen->last), "%s", item->entry.id);
	return ++seen->count == seen->stop_at ? 9 : 0;
}

START_TEST(all_in_order)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct seen all = { 0 }, some = { .stop_at = 3 };
	struct fault f = { 0 };
	struct spool s;

	sample_open(&s);
	ck_assert_int_eq(listing_each(&s, SPOOL_NEW, see, &all, &f), 0);
	ck_assert_int_eq(all.count, 0);
	for (int i = 0; i < 10; i++)
		sample_submit(&s, 1, id);
	fixture_write("q/new/foreign", "x", 1);
	ck_assert_int_eq(listing_each(&s, SPOOL_NEW, see, &all, &f), 0);
	ck_assert_int_eq(all.count, 10);
	ck_assert_str_eq(all.last, id);
	ck_assert_int_eq(listing_each(&s, SPOOL_NEW, see, &some, &f), 9);
	ck_assert_int_eq(some.count, 3);
	spool_release(&s);
}
END_TEST

/* The flusher sends the others while we look at the first. */
static int see_and_remove(void *arg, const struct listing_item *item)
{
	struct seen *seen = arg;
	struct names list;
	struct fault f = { 0 };

	seen->count++;
	ck_assert_int_eq(spool_list(seen->spool, SPOOL_NEW, &list, &f), 0);
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(NAMES_AT(&list, i), item->entry.id) != 0)
			unlinkat(seen->spool->place[SPOOL_NEW].fd,
			         NAMES_AT(&list, i), 0);
	names_release(&list);
	return 0;
}

START_TEST(those_that_go_are_left_out)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct spool s;
	struct seen seen = { .spool = &s };

	sample_open(&s);
	for (int i = 0; i < 4; i++)
		sample_submit(&s, 1, id);
	ck_assert_int_eq(listing_each(&s, SPOOL_NEW, see_and_remove, &seen, &f),
	                 0);
	ck_assert_int_eq(seen.count, 1);
	spool_release(&s);
}
END_TEST

START_TEST(one_item)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct listing_item item;
	struct fault f = { 0 };
	struct journal j;
	struct spool s;
	struct entry e;

	setenv("RELAY_TEST_CLOCK", "1700000000", 1);
	sample_open(&s);
	sample_submit(&s, 3, id);
	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &s.log, id, &f), 0);
	journal_add(&j, JOURNAL_DELIVERED, 1, "2.0.0", "ok", &f);
	journal_add(&j, JOURNAL_ATTEMPT, JOURNAL_ALL, "4.4.1", "later", &f);
	journal_release(&j);
	ck_assert_int_eq(spool_take(&s, SPOOL_NEW, id, &e, &f), SPOOL_TAKEN);
	spool_set_due(&s, &e, 1700000060);
	ck_assert(listing_read(&s, SPOOL_NEW, id, &item));
	ck_assert_int_eq(item.place, SPOOL_NEW);
	ck_assert_str_eq(item.entry.id, id);
	ck_assert_int_eq(item.arrival, 1700000000);
	ck_assert_int_eq(item.due, 1700000060);
	ck_assert_int_eq(item.size, strlen(SAMPLE_CONTENT));
	ck_assert_int_eq(item.damage.kind, FAULT_NONE);
	sample_expect_envelope(&item.entry.envelope, &e.envelope);
	ck_assert_uint_eq(item.history.count, 3);
	ck_assert_uint_eq(history_open_count(&item.history), 2);
	ck_assert_uint_eq(item.history.tries, 1);
	ck_assert(item.is_active);
	listing_item_release(&item);
	listing_item_release(&item);
	entry_release(&e);
	ck_assert(listing_read(&s, SPOOL_NEW, id, &item));
	ck_assert(!item.is_active);
	/* Looking takes no lock away from the flusher. */
	ck_assert_int_eq(spool_take(&s, SPOOL_NEW, id, &e, &f), SPOOL_TAKEN);
	entry_release(&e);
	listing_item_release(&item);
	spool_release(&s);
}
END_TEST

static void put_nothing(void)
{
}

static void put_damaged(void)
{
	fixture_write(NEW_ID, "relay 1\nS x\n", 12);
}

static void put_newer(void)
{
	fixture_write(NEW_ID, "relay 2\n", 8);
}

static void put_link(void)
{
	ck_assert_int_eq(symlink("/etc/passwd", NEW_ID), 0);
}

static void put_fifo(void)
{
	ck_assert_int_eq(mkfifo(NEW_ID, 0600), 0);
}

static void put_directory(void)
{
	ck_assert_int_eq(mkdir(NEW_ID, 0700), 0);
}

static void put_locked(void)
{
	put_damaged();
	ck_assert_int_eq(chmod(NEW_ID, 0), 0);
}

static const struct {
	void (*put)(void);
	bool is_there;
	enum fault_kind damage;
	int64_t size;
} things[] = {
	{ put_nothing, false, FAULT_NONE, 0 },
	{ put_damaged, true, FAULT_PERM, 12 },
	{ put_newer, true, FAULT_CONFIG, 8 },
	{ put_link, true, FAULT_CONFIG, 0 },
	{ put_fifo, true, FAULT_CONFIG, 0 },
	{ put_directory, true, FAULT_CONFIG, 0 },
	{ put_locked, true, FAULT_TEMP, 0 },
};

static int look(void *arg)
{
	const int i = *(const int *)arg;
	struct listing_item item;
	struct spool s;

	sample_open(&s);
	things[i].put();
	ck_assert_int_eq(listing_read(&s, SPOOL_NEW, SAMPLE_ID, &item),
	                 things[i].is_there);
	ck_assert_int_eq(item.damage.kind, things[i].damage);
	ck_assert_int_eq(item.damage.text[0] != '\0', things[i].is_there);
	ck_assert_int_eq(item.size, things[i].size);
	ck_assert(!item.is_active);
	ck_assert_str_eq(item.entry.id, SAMPLE_ID);
	ck_assert_int_eq(item.arrival, entry_time(SAMPLE_ID));
	listing_item_release(&item);
	spool_release(&s);
	return 0;
}

START_TEST(what_is_wrong)
{
	int which = _i;

	ck_assert_int_eq(fixture_as_nobody(look, &which), 0);
}
END_TEST

/* A journal that cannot be read hides nothing else. */
START_TEST(a_broken_journal)
{
	char id[ENTRY_ID_LENGTH + 1], name[100];
	struct listing_item item;
	struct spool s;

	sample_open(&s);
	sample_submit(&s, 2, id);
	snprintf(name, sizeof(name), "q/log/%s", id);
	ck_assert_int_eq(mkdir(name, 0700), 0);
	ck_assert(listing_read(&s, SPOOL_NEW, id, &item));
	ck_assert_int_eq(item.damage.kind, FAULT_NONE);
	ck_assert_uint_eq(item.history.tries, 0);
	ck_assert_uint_eq(history_open_count(&item.history), 2);
	listing_item_release(&item);
	spool_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listing");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, all_in_order);
	tcase_add_test(all, those_that_go_are_left_out);
	tcase_add_test(all, one_item);
	tcase_add_loop_test(all, what_is_wrong, 0, COUNT_OF(things));
	tcase_add_test(all, a_broken_journal);
	return fixture_run(suite);
}
