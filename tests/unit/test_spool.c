/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_spool - opening a queue, and submitting: all of a message or nothing */
#include "queue/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/journal.h"
#include "sample.h"

/* "q/new/ID": names below the queue; good until the next call but three. */
static const char *in(const char *directory, const char *id)
{
	static char names[4][400];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "q/%s/%s", directory, id);
	return name;
}

/* --- opening ------------------------------------------------------------ */

static const char *const directories[] = { "q/tmp",   "q/new",  "q/log",
	                                   "q/pause", "q/hold", "q/failed",
	                                   "q/bad" };

START_TEST(open_makes_everything)
{
	struct fault f = { 0 };
	struct spool s;
	struct stat st;

	for (int again = 0; again < 2; again++) {
		spool_init(&s);
		ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f), 0);
		ck_assert_int_eq(f.kind, FAULT_NONE);
		spool_release(&s);
	}
	for (size_t i = 0; i < COUNT_OF(directories); i++) {
		ck_assert_int_eq(stat(directories[i], &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0700);
	}
	ck_assert_int_eq(fixture_count("q"), COUNT_OF(directories));
}
END_TEST

START_TEST(open_to_submit_makes_two)
{
	struct fault f = { 0 };
	struct spool s;

	spool_init(&s);
	ck_assert_int_eq(spool_open_to_submit(&s, fixture_path("a/b/q"), &f),
	                 0);
	ck_assert_int_eq(f.kind, FAULT_NONE);
	ck_assert_int_eq(fixture_count("a/b/q"), 2);
	spool_release(&s);
	spool_release(&s);
}
END_TEST

START_TEST(open_existing_makes_no_queue)
{
	struct fault f = { 0 };
	bool missing = false;
	struct names list;
	struct history history;
	struct spool s;

	spool_init(&s);
	ck_assert_int_eq(
		spool_open_existing(&s, fixture_path("q"), &missing, &f), -1);
	ck_assert(missing);
	ck_assert(!fixture_exists("q"));
	ck_assert_int_eq(mkdir("q", 0700), 0);
	fault_clear(&f);
	ck_assert_int_eq(
		spool_open_existing(&s, fixture_path("q"), &missing, &f), 0);
	ck_assert(!missing);
	ck_assert_int_eq(f.kind, FAULT_NONE);
	ck_assert_int_eq(fixture_count("q"), 0);
	for (size_t i = 0; i < SPOOL_PLACES; i++) {
		ck_assert_int_eq(spool_list(&s, (enum spool_place)i, &list, &f),
		                 0);
		ck_assert_uint_eq(list.count, 0);
	}
	ck_assert_int_eq(
		journal_read(&s.log, "0011223344556677889900", 1, &history, &f),
		0);
	history_release(&history);
	ck_assert_int_eq(spool_complete(&s, &f), 0);
	ck_assert_int_eq(fixture_count("q"), 7);
	spool_release(&s);
}
END_TEST

static void root_is_a_link(void)
{
	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("real", "q"), 0);
}

static void root_is_a_file(void)
{
	fixture_write("q", "", 0);
}

static void root_is_shared(void)
{
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(chmod("q", 0770), 0);
}

static void new_is_a_link(void)
{
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("../real", "q/new"), 0);
}

static void new_is_shared(void)
{
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(mkdir("q/new", 0700), 0);
	ck_assert_int_eq(chmod("q/new", 0777), 0);
}

static const struct {
	void (*make)(void);
	int status;
} roots[] = {
	{ root_is_a_link, EX_CANTCREAT }, { root_is_a_file, EX_CANTCREAT },
	{ root_is_shared, EX_NOPERM },    { new_is_a_link, EX_CANTCREAT },
	{ new_is_shared, EX_NOPERM },
};

START_TEST(refuse_to_open)
{
	struct fault f = { 0 };
	struct spool s;

	roots[_i].make();
	spool_init(&s);
	ck_assert_int_eq(spool_open_to_submit(&s, fixture_path("q"), &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), roots[_i].status);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, fixture_path("q")));
	spool_release(&s);
	if (fixture_exists("real"))
		ck_assert_int_eq(fixture_count("real"), 0);
}
END_TEST

static int open_roots_queue(void *arg)
{
	struct fault f = { 0 };
	struct spool s;

	(void)arg;
	spool_init(&s);
	ck_assert_int_eq(spool_open_to_submit(&s, "/", &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_NOPERM);
	ck_assert_ptr_nonnull(strstr(f.text, "user 0"));
	spool_release(&s);
	return 0;
}

START_TEST(the_queue_of_another_user)
{
	struct fault f = { 0 };
	struct spool s;

	ck_assert_int_eq(fixture_as_nobody(open_roots_queue, NULL), 0);
	if (geteuid() != 0)
		return;
	spool_init(&s);
	ck_assert_int_eq(mkdir("q", 0700), 0);
	ck_assert_int_eq(chown("q", 65534, 65534), 0);
	ck_assert_int_eq(spool_open(&s, fixture_path("q"), &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_NOPERM);
	spool_release(&s);
}
END_TEST

/* --- submission --------------------------------------------------------- */

START_TEST(submit_one)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct stat st;
	struct spool s;
	struct sbuf got;
	struct entry e;

	sample_open(&s);
	sample_submit(&s, 3, id);
	ck_assert(entry_is_id(id));
	ck_assert_int_eq(fixture_count("q/tmp"), 0);
	ck_assert_int_eq(fixture_count("q/new"), 1);
	ck_assert_int_eq(lstat(in("new", id), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	sbuf_init(&got, 1000);
	ck_assert_int_eq(sample_read(in("new", id), &e, &got, &f), 0);
	ck_assert_str_eq(got.data, SAMPLE_CONTENT);
	ck_assert_uint_eq(e.envelope.recipient_count, 3);
	sbuf_release(&got);
	entry_release(&e);
	spool_release(&s);
}
END_TEST

START_TEST(abandon_leaves_nothing)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct spool s;
	int fd;

	sample_open(&s);
	fd = spool_create(&s, id, &f);
	ck_assert(fixture_exists(in("tmp", id)));
	spool_abandon(&s, id, fd);
	ck_assert_int_eq(fixture_count("q/tmp"), 0);
	ck_assert_int_eq(fixture_count("q/new"), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	spool_release(&s);
}
END_TEST

/* Also with a clock that stands still. */
START_TEST(names_are_new_and_in_order)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct names list;
	struct fault f = { 0 };
	struct spool s;

	setenv("RELAY_TEST_CLOCK", "1700000000", 1);
	sample_open(&s);
	for (int i = 0; i < 100; i++)
		sample_submit(&s, 1, id);
	setenv("RELAY_TEST_CLOCK", "1700000001", 1);
	sample_submit(&s, 1, id);
	unsetenv("RELAY_TEST_CLOCK");
	ck_assert_int_eq(spool_list(&s, SPOOL_NEW, &list, &f), 0);
	ck_assert_uint_eq(list.count, 101);
	for (size_t i = 1; i < list.count; i++)
		ck_assert_str_lt(NAMES_AT(&list, i - 1), NAMES_AT(&list, i));
	ck_assert_str_eq(NAMES_AT(&list, 100), id);
	ck_assert_int_eq(entry_time(NAMES_AT(&list, 0)), 1700000000);
	ck_assert_int_eq(entry_time(id), 1700000001);
	names_release(&list);
	spool_release(&s);
}
END_TEST

/* The last byte of each directory's mode, and the status that follows. */
static int submit_locked(void *arg)
{
	const char *locked = arg;
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct spool s;
	int fd;

	sample_open(&s);
	ck_assert_int_eq(chmod(locked, 0500), 0);
	fd = spool_create(&s, id, &f);
	if (fd < 0) {
		ck_assert_int_eq(fault_exit_status(&f), EX_CANTCREAT);
	} else {
		ck_assert_int_eq(spool_commit(&s, id, fd, &f), -1);
		ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
		ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	}
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, locked));
	ck_assert_int_eq(fixture_count("q/tmp"), 0);
	ck_assert_int_eq(fixture_count("q/new"), 0);
	spool_release(&s);
	return 0;
}

START_TEST(submit_where_nothing_can_be_written)
{
	char tmp[] = "q/tmp", new[] = "q/new";

	ck_assert_int_eq(fixture_as_nobody(submit_locked, _i == 0 ? tmp : new),
	                 0);
}
END_TEST

/* A descriptor that cannot be synced stands for a disk that fails. */
START_TEST(commit_that_cannot_sync)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct fault f = { 0 };
	struct spool s;
	int fd, ends[2];

	sample_open(&s);
	fd = spool_create(&s, id, &f);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], fd), fd);
	ck_assert_int_eq(spool_commit(&s, id, fd, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
	ck_assert_int_eq(fixture_count("q/tmp"), 0);
	ck_assert_int_eq(fixture_count("q/new"), 0);
	spool_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, open_makes_everything);
	tcase_add_test(all, open_to_submit_makes_two);
	tcase_add_test(all, open_existing_makes_no_queue);
	tcase_add_loop_test(all, refuse_to_open, 0, COUNT_OF(roots));
	tcase_add_test(all, the_queue_of_another_user);
	tcase_add_test(all, submit_one);
	tcase_add_test(all, abandon_leaves_nothing);
	tcase_add_test(all, names_are_new_and_in_order);
	tcase_add_loop_test(all, submit_where_nothing_can_be_written, 0, 2);
	tcase_add_test(all, commit_that_cannot_sync);
	return fixture_run(suite);
}
