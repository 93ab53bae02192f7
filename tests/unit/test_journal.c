/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_journal - what was recorded is known again, whatever happens to the file
 */
#include "queue/journal.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "sample.h"

#define FILE_NAME "log/" SAMPLE_ID
#define SUBMITTED INT64_C(1734779249) /* what SAMPLE_ID says */
#define HOUR ((int64_t)3600)
#define DAY (24 * HOUR)

static void open_log(struct dir *log)
{
	struct fault f = { 0 };

	mkdir("log", 0700);
	ck_assert_msg(dir_open(log, NULL, fixture_path("log"), NULL, &f) == 0,
	              "%s", f.text);
}

/* Append one line, in a process of its own as it were. */
static void add(const struct dir *log, enum journal_kind kind, size_t recipient,
                const char *code, const char *text)
{
	struct fault f = { 0 };
	struct journal j;

	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, log, SAMPLE_ID, &f), 0);
	ck_assert_int_eq(journal_add(&j, kind, recipient, code, text, &f), 0);
	ck_assert_int_eq(journal_sync(&j, &f), 0);
	ck_assert(!j.is_dirty);
	journal_release(&j);
	journal_release(&j);
}

static void read_log(const struct dir *log, size_t recipients,
                     struct history *h)
{
	struct fault f = { 0 };

	ck_assert_msg(journal_read(log, SAMPLE_ID, recipients, h, &f) == 0,
	              "%s", f.text);
}

static void set_clock(int64_t seconds)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	setenv("RELAY_TEST_CLOCK", text, 1);
}

/* --- round trips -------------------------------------------------------- */

#define LONG_TEXT                                                              \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"                                                                   \
	"01234567890123456789012345678901234567890123456789012345678901234567" \
	"89"

/* What the server said, and what is read back. */
static const struct {
	const char *code, *text;
	const char *code_read, *text_read;
} lines[] = {
	{ "2.0.0", "250 ok queued as 4F2", "2.0.0", "250 ok queued as 4F2" },
	{ "", "x", "-", "x" },
	{ "2.0.0", "", "2.0.0", "" },
	{ "2.0.0", " ", "2.0.0", " " },
	{ "2.0.0", "  two  spaces  ", "2.0.0", "  two  spaces  " },
	{ "2.0.0", " *00000000", "2.0.0", " *00000000" },
	{ "2.0.0", "a\r\nD 1 1 2.0.0 ", "2.0.0", "a\\x0D\\x0AD 1 1 2.0.0 " },
	{ "2.0.0", "\t\v%s%n", "2.0.0", "\\x09\\x0B%s%n" },
	{ "2.0.0", "\xc3\xa9\xff", "2.0.0", "\xc3\xa9\\xFF" },
	{ "5.123.456", LONG_TEXT, "5.123.456", LONG_TEXT },
	{ "5.1234567890", "x", "5.123456789", "x" },
};

START_TEST(lines_come_back)
{
	struct history h;
	struct dir log;

	open_log(&log);
	set_clock(1700000123);
	add(&log, JOURNAL_DELIVERED, 1, lines[_i].code, lines[_i].text);
	read_log(&log, 2, &h);
	ck_assert_int_eq(h.marks[0].kind, 0);
	ck_assert_ptr_null(h.marks[0].text);
	ck_assert_int_eq(h.marks[1].kind, JOURNAL_DELIVERED);
	ck_assert_int_eq(h.marks[1].time, 1700000123);
	ck_assert_str_eq(h.marks[1].code, lines[_i].code_read);
	ck_assert_str_eq(h.marks[1].text, lines[_i].text_read);
	ck_assert(history_is_settled(&h, 1));
	ck_assert_uint_eq(history_open_count(&h), 1);
	history_release(&h);
	dir_release(&log);
}
END_TEST

START_TEST(longest_text_is_cut)
{
	char text[5000];
	struct history h;
	struct dir log;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	open_log(&log);
	add(&log, JOURNAL_FAILED, ENTRY_RECIPIENT_LIMIT - 1, "5.1.1", text);
	read_log(&log, ENTRY_RECIPIENT_LIMIT, &h);
	ck_assert_uint_eq(history_open_count(&h), ENTRY_RECIPIENT_LIMIT - 1);
	ck_assert_uint_eq(strlen(h.marks[ENTRY_RECIPIENT_LIMIT - 1].text),
	                  JOURNAL_TEXT);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* Lines about one recipient, in order, and where it stands then. */
static const struct {
	const char *kinds;
	char kind;
	bool settled, in_doubt;
	unsigned tries;
} stories[] = {
	{ "", 0, false, false, 0 },       { "A", 0, false, false, 1 },
	{ "L", 'L', false, false, 0 },    { "D", 'D', true, false, 0 },
	{ "F", 'F', true, false, 0 },     { "I", 'I', false, true, 0 },
	{ "LALA", 'L', false, false, 2 }, { "ID", 'D', true, false, 0 },
	{ "IL", 'L', false, true, 0 },    { "LI", 'I', false, true, 0 },
	{ "IF", 'F', true, true, 0 },     { "IAL", 'L', false, true, 1 },
	{ "DF", 'D', true, false, 0 },    { "FD", 'F', true, false, 0 },
	{ "DI", 'D', true, false, 0 },    { "DL", 'D', true, false, 0 },
	{ "DDD", 'D', true, false, 0 },   { "FR", 'F', true, false, 0 },
	{ "T", 0, false, false, 0 },      { "AT", 0, false, false, 0 },
	{ "ATA", 0, false, false, 1 },    { "FT", 'L', false, false, 0 },
	{ "FTD", 'D', true, false, 0 },   { "DT", 'D', true, false, 0 },
	{ "DTF", 'D', true, false, 0 },   { "IFT", 'L', false, true, 0 },
	{ "R", 0, false, false, 0 },      { "IR", 'I', false, true, 0 },
};

START_TEST(story_of_a_recipient)
{
	struct history h;
	struct dir log;

	open_log(&log);
	for (const char *k = stories[_i].kinds; *k != '\0'; k++)
		add(&log, (enum journal_kind) * k,
		    strchr("AT", *k) != NULL ? JOURNAL_ALL : 0, "4.0.0",
		    "text");
	read_log(&log, 1, &h);
	ck_assert_int_eq(h.marks[0].kind, stories[_i].kind);
	ck_assert_int_eq(h.marks[0].text != NULL, stories[_i].kind != 0);
	ck_assert_int_eq(history_is_settled(&h, 0), stories[_i].settled);
	ck_assert_uint_eq(history_open_count(&h), stories[_i].settled ? 0 : 1);
	ck_assert_int_eq(h.in_doubt, stories[_i].in_doubt);
	ck_assert_uint_eq(h.tries, stories[_i].tries);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* --- the age of a message ----------------------------------------------- */

/* Times of tries, as seconds after submission; the age that was seen. */
static const struct {
	int64_t after[6]; /* 0 ends it */
	int64_t age;
} ages[] = {
	{ { 60 }, 60 },
	{ { 60, 360, 1260 }, 1260 },
	{ { -DAY }, 0 },
	{ { -DAY, 60 }, 8 * HOUR },
	{ { 3650 * DAY }, 8 * HOUR },
	{ { 60, 3650 * DAY, 3650 * DAY + 60 }, 60 + 8 * HOUR + 60 },
	{ { 60, 3650 * DAY, 120, 180 }, 60 + 8 * HOUR + 60 },
	{ { 60, -3650 * DAY, 120, 180 }, 60 + 8 * HOUR + 60 },
	{ { 4 * HOUR, 8 * HOUR, 12 * HOUR }, 12 * HOUR },
	{ { 7 * DAY, 14 * DAY, 21 * DAY }, 24 * HOUR }, /* a laptop asleep */
	{ { INT64_C(4294967296) - SUBMITTED }, 8 * HOUR },
};

static void add_part(const struct dir *log, enum journal_kind kind,
                     size_t recipient, const char *address, const char *text)
{
	struct fault f = { 0 };
	struct journal j;

	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, log, SAMPLE_ID, &f), 0);
	ck_assert_int_eq(journal_add_part(&j, kind, recipient, address, "2.0.0",
	                                  text, &f),
	                 0);
	ck_assert_int_eq(journal_sync(&j, &f), 0);
	journal_release(&j);
}

/* Of one recipient's many addresses each is known by its name. */
START_TEST(parts_of_a_recipient)
{
	static const char odd[] = "\"a b>:9:\"@x.test";
	const struct mark *mark;
	struct history h;
	struct dir log;

	open_log(&log);
	add_part(&log, JOURNAL_PART_DELIVERED, 1, "b@x.test", "250 ok");
	add_part(&log, JOURNAL_PART_FAILED, 1, odd, "550 no");
	add_part(&log, JOURNAL_PART_DELIVERED, 0, "c@x.test", "");
	add_part(&log, JOURNAL_PART_DELIVERED, 7, "d@x.test", "nobody");
	read_log(&log, 2, &h);
	ck_assert_uint_eq(h.part_count, 3);
	mark = history_part(&h, 1, "b@x.test");
	ck_assert_ptr_nonnull(mark);
	ck_assert_int_eq(mark->kind, JOURNAL_DELIVERED);
	ck_assert_str_eq(mark->text, "250 ok");
	mark = history_part(&h, 1, odd);
	ck_assert_ptr_nonnull(mark);
	ck_assert_int_eq(mark->kind, JOURNAL_FAILED);
	ck_assert_str_eq(mark->text, "550 no");
	ck_assert_str_eq(history_part(&h, 0, "c@x.test")->text, "");
	ck_assert_ptr_null(history_part(&h, 0, "b@x.test"));
	ck_assert_ptr_null(history_part(&h, 1, "B@x.test"));
	ck_assert_ptr_null(history_part(&h, 7, "d@x.test"));
	ck_assert_uint_eq(history_open_count(&h), 2);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* A person's word opens what had failed; what comes then counts. */
START_TEST(parts_begun_again)
{
	struct history h;
	struct dir log;

	open_log(&log);
	add_part(&log, JOURNAL_PART_FAILED, 0, "a@x.test", "550 no");
	add_part(&log, JOURNAL_PART_DELIVERED, 0, "b@x.test", "250 ok");
	add(&log, JOURNAL_AGAIN, JOURNAL_ALL, "-", "");
	read_log(&log, 1, &h);
	ck_assert_ptr_null(history_part(&h, 0, "a@x.test"));
	ck_assert_ptr_nonnull(history_part(&h, 0, "b@x.test"));
	history_release(&h);
	add_part(&log, JOURNAL_PART_DELIVERED, 0, "a@x.test", "250 ok");
	read_log(&log, 1, &h);
	ck_assert_int_eq(history_part(&h, 0, "a@x.test")->kind,
	                 JOURNAL_DELIVERED);
	history_release(&h);
	dir_release(&log);
}
END_TEST

START_TEST(age_of_a_message)
{
	const int64_t *after = ages[_i].after;
	unsigned tries = 0;
	struct history h;
	struct dir log;

	open_log(&log);
	for (; tries < 6 && after[tries] != 0; tries++) {
		set_clock(SUBMITTED + after[tries]);
		add(&log, JOURNAL_ATTEMPT, JOURNAL_ALL, "4.4.1", "no answer");
	}
	read_log(&log, 1, &h);
	ck_assert_uint_eq(h.tries, tries);
	ck_assert_int_eq(h.age, ages[_i].age);
	ck_assert_int_eq(h.first_try, SUBMITTED + after[0]);
	ck_assert_int_eq(h.last_try, SUBMITTED + after[tries - 1]);
	ck_assert_str_eq(h.last.text, "no answer");
	ck_assert_str_eq(h.last.code, "4.4.1");
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* A person's "try again" starts another life. */
START_TEST(age_after_try_again)
{
	struct history h;
	struct dir log;

	open_log(&log);
	set_clock(SUBMITTED + 8 * HOUR);
	add(&log, JOURNAL_ATTEMPT, JOURNAL_ALL, "4.4.1", "no answer");
	set_clock(SUBMITTED + 9 * HOUR);
	add(&log, JOURNAL_AGAIN, JOURNAL_ALL, "-", "by hand");
	read_log(&log, 1, &h);
	ck_assert_int_eq(h.age, 0);
	ck_assert_uint_eq(h.tries, 0);
	ck_assert_int_eq(h.since, SUBMITTED + 9 * HOUR);
	history_release(&h);
	set_clock(SUBMITTED + 10 * HOUR);
	add(&log, JOURNAL_ATTEMPT, JOURNAL_ALL, "4.4.1", "no answer");
	read_log(&log, 1, &h);
	ck_assert_int_eq(h.age, HOUR);
	ck_assert_uint_eq(h.tries, 1);
	ck_assert_int_eq(h.first_try, SUBMITTED + 10 * HOUR);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* --- trouble with the file ---------------------------------------------- */

START_TEST(a_missing_journal_is_empty)
{
	struct history h;
	struct dir log;

	open_log(&log);
	read_log(&log, 3, &h);
	ck_assert_uint_eq(h.count, 3);
	ck_assert_uint_eq(history_open_count(&h), 3);
	ck_assert_uint_eq(h.tries, 0);
	ck_assert_int_eq(h.age, 0);
	ck_assert_int_eq(fixture_count("log"), 0);
	history_release(&h);
	history_release(&h);
	dir_release(&log);
}
END_TEST

static void put_link(void)
{
	fixture_write("other", "", 0);
	ck_assert_int_eq(symlink("../other", FILE_NAME), 0);
}

static void put_fifo(void)
{
	ck_assert_int_eq(mkfifo(FILE_NAME, 0600), 0);
}

static void put_directory(void)
{
	ck_assert_int_eq(mkdir(FILE_NAME, 0700), 0);
}

static void put_huge(void)
{
	fixture_write(FILE_NAME, "", 0);
	ck_assert_int_eq(truncate(FILE_NAME, (off_t)1 << 40), 0);
}

static void put_locked(void)
{
	fixture_write(FILE_NAME, "", 0);
	ck_assert_int_eq(chmod(FILE_NAME, 0), 0);
}

static void (*const obstacles[])(void) = { put_link, put_fifo, put_directory,
	                                   put_huge, put_locked };

/* No history, no sending: a fault, at once. */
static int meet_obstacle(void *arg)
{
	struct fault f = { 0 };
	struct history h;
	struct dir log;

	open_log(&log);
	obstacles[*(const int *)arg]();
	ck_assert_int_eq(journal_read(&log, SAMPLE_ID, 1, &h, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, SAMPLE_ID));
	history_release(&h);
	dir_release(&log);
	return 0;
}

START_TEST(what_is_no_journal)
{
	int which = _i;

	ck_assert_int_eq(fixture_as_nobody(meet_obstacle, &which), 0);
}
END_TEST

static int add_without_room(void *arg)
{
	const struct rlimit tight = { 150, RLIM_INFINITY };
	const struct rlimit wide = { RLIM_INFINITY, RLIM_INFINITY };
	struct fault f = { 0 };
	struct journal j;
	struct history h;
	struct dir log;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	open_log(&log);
	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
	ck_assert_int_eq(
		journal_add(&j, JOURNAL_DELIVERED, 0, "2.0.0", "one", &f), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	ck_assert_int_eq(
		journal_add(&j, JOURNAL_FAILED, 1, "5.0.0", LONG_TEXT, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert(j.is_torn);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	ck_assert_int_eq(
		journal_add(&j, JOURNAL_DELIVERED, 2, "2.0.0", "three", &f), 0);
	ck_assert_int_eq(journal_sync(&j, &f), 0);
	journal_release(&j);
	read_log(&log, 3, &h);
	ck_assert_int_eq(h.marks[0].kind, JOURNAL_DELIVERED);
	ck_assert_int_eq(h.marks[1].kind, 0);
	ck_assert_int_eq(h.marks[2].kind, JOURNAL_DELIVERED);
	history_release(&h);
	dir_release(&log);
	return 0;
}

START_TEST(a_line_that_is_cut_by_a_full_disk)
{
	ck_assert_int_eq(fixture_child(add_without_room, NULL), 0);
}
END_TEST

/* Write until the disk is full. */
static void fill_disk(void)
{
	static const char block[4096];
	int fd = open("log/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, block, sizeof(block)) > 0)
		;
	while (write(fd, block, 1) > 0)
		;
	close(fd);
}

/* A small disk of our own, where we may have one: 2 is "we may not". */
static int record_on_full_disk(void *arg)
{
	struct fault f = { 0 };
	struct journal j;
	struct history h;
	struct dir log;

	(void)arg;
	mkdir("log", 0700);
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "log", "tmpfs", 0, "size=64k,mode=700") != 0)
		return 2;
	open_log(&log);
	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
	ck_assert_int_eq(journal_reserve(&j, 4096, &f), 0);
	fill_disk();
	for (size_t i = 0; i < 10; i++)
		ck_assert_msg(journal_add(&j, JOURNAL_DELIVERED, i, "2.0.0",
		                          "ok", &f) == 0,
		              "%s", f.text);
	ck_assert_int_eq(journal_sync(&j, &f), 0);
	ck_assert_int_eq(journal_reserve(&j, 65536, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	journal_release(&j);
	read_log(&log, 10, &h);
	ck_assert_uint_eq(history_open_count(&h), 0);
	history_release(&h);
	dir_release(&log);
	return 0;
}

START_TEST(reserved_space_is_there_on_a_full_disk)
{
	int result = fixture_child(record_on_full_disk, NULL);

	ck_assert(result == 0 || result == 2);
}
END_TEST

/* Without a disk of our own: the space is the file's, its length is not. */
START_TEST(reserved_space_belongs_to_the_file)
{
	struct fault f = { 0 };
	struct journal j;
	struct stat st;
	struct dir log;

	open_log(&log);
	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
	ck_assert(j.is_new);
	ck_assert_int_eq(journal_reserve(&j, 8192, &f), 0);
	ck_assert(!j.is_new);
	ck_assert(!j.is_dirty);
	ck_assert_int_eq(stat(FILE_NAME, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_ge(st.st_blocks, 16);
	journal_release(&j);
	dir_release(&log);
}
END_TEST

/* Only what must be durable costs a sync. */
static const struct {
	enum journal_kind kind;
	bool is_dirty;
} syncs[] = {
	{ JOURNAL_DELIVERED, true }, { JOURNAL_FAILED, true },
	{ JOURNAL_REPORTED, true },  { JOURNAL_AGAIN, true },
	{ JOURNAL_DOUBT, false },    { JOURNAL_ATTEMPT, false },
	{ JOURNAL_LATER, false },    { JOURNAL_KEPT, false },
};

START_TEST(what_must_be_synced)
{
	struct fault f = { 0 };
	struct journal j;
	struct dir log;

	open_log(&log);
	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
	ck_assert_int_eq(journal_add(&j, syncs[_i].kind, 0, "2.0.0", "x", &f),
	                 0);
	ck_assert_int_eq(j.is_dirty, syncs[_i].is_dirty);
	ck_assert_int_eq(journal_sync(&j, &f), 0);
	ck_assert(!j.is_dirty);
	/* An unsynced name must be synced with the first line that counts. */
	ck_assert_int_eq(j.is_new, !syncs[_i].is_dirty);
	journal_release(&j);
	ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
	ck_assert(j.is_new);
	journal_release(&j);
	dir_release(&log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, lines_come_back, 0, COUNT_OF(lines));
	tcase_add_test(all, longest_text_is_cut);
	tcase_add_loop_test(all, story_of_a_recipient, 0, COUNT_OF(stories));
	tcase_add_test(all, parts_of_a_recipient);
	tcase_add_test(all, parts_begun_again);
	tcase_add_loop_test(all, age_of_a_message, 0, COUNT_OF(ages));
	tcase_add_test(all, age_after_try_again);
	tcase_add_test(all, a_missing_journal_is_empty);
	tcase_add_loop_test(all, what_is_no_journal, 0, COUNT_OF(obstacles));
	tcase_add_test(all, a_line_that_is_cut_by_a_full_disk);
	tcase_add_test(all, reserved_space_is_there_on_a_full_disk);
	tcase_add_test(all, reserved_space_belongs_to_the_file);
	tcase_add_loop_test(all, what_must_be_synced, 0, COUNT_OF(syncs));
	return fixture_run(suite);
}
