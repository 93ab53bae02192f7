/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_progress - when mail last moved, and no damage makes it another time */
#include "queue/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/hint.h"

#define NOW 1700000000
#define FILE_NAME "pause/last.flush"

static void set_clock(int64_t seconds)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	setenv("RELAY_TEST_CLOCK", text, 1);
}

static void open_place(struct dir *d)
{
	struct fault f = { 0 };

	set_clock(NOW);
	mkdir("pause", 0700);
	ck_assert_msg(dir_open(d, NULL, fixture_path("pause"), NULL, &f) == 0,
	              "%s", f.text);
}

static void expect(const struct dir *d, int64_t flush, int64_t delivery)
{
	struct progress p;

	progress_read(d, &p);
	ck_assert_int_eq(p.flush, flush);
	ck_assert_int_eq(p.delivery, delivery);
}

START_TEST(what_is_remembered)
{
	struct dir d;

	open_place(&d);
	expect(&d, 0, 0);
	progress_note(&d, false);
	expect(&d, NOW, 0);
	set_clock(NOW + 5);
	progress_note(&d, true);
	expect(&d, NOW + 5, NOW + 5);
	set_clock(NOW + 5 + PROGRESS_STEP);
	progress_note(&d, false);
	expect(&d, NOW + 5 + PROGRESS_STEP, NOW + 5);
	dir_release(&d);
}
END_TEST

/* A pass that did nothing writes nothing, unless it is the first for long, or
 * the clock went back. */
START_TEST(no_more_often)
{
	struct dir d;

	open_place(&d);
	progress_note(&d, true);
	set_clock(NOW + PROGRESS_STEP - 1);
	progress_note(&d, false);
	expect(&d, NOW, NOW);
	set_clock(NOW - 1);
	progress_note(&d, false);
	expect(&d, NOW - 1, NOW);
	dir_release(&d);
}
END_TEST

START_TEST(damage)
{
	char bytes[200];
	struct progress p;
	struct dir d;
	size_t n;

	open_place(&d);
	progress_note(&d, true);
	n = fixture_read(FILE_NAME, bytes, sizeof(bytes));
	for (size_t cut = 0; cut < n; cut++) {
		fixture_write(FILE_NAME, bytes, cut);
		expect(&d, 0, 0);
	}
	for (size_t bit = 0; bit < n * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fixture_write(FILE_NAME, bytes, n);
		progress_read(&d, &p);
		ck_assert(p.flush == 0 || p.flush == NOW);
		ck_assert_int_eq(p.delivery, p.flush);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	memset(bytes, '1', sizeof(bytes));
	bytes[sizeof(bytes) - 1] = '\n';
	fixture_write(FILE_NAME, bytes, sizeof(bytes));
	expect(&d, 0, 0);
	progress_note(&d, false);
	expect(&d, NOW, 0);
	dir_release(&d);
}
END_TEST

/* What is in the way of a hint is neither read nor changed nor waited for. */
static int meet_obstacles(void *arg)
{
	static const char *const names[] = { "link", "fifo", "directory",
		                             "nothing" };
	char text[20];
	struct dir d;

	(void)arg;
	open_place(&d);
	fixture_write("other", "o\n", 2);
	ck_assert_int_eq(symlink("../other", "pause/link"), 0);
	ck_assert_int_eq(mkfifo("pause/fifo", 0600), 0);
	ck_assert_int_eq(mkdir("pause/directory", 0700), 0);
	ck_assert_int_eq(chmod("pause", 0500), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert(!hint_write_file(&d, names[i], "x\n"));
		ck_assert(!hint_read_file(&d, names[i], text, sizeof(text)));
		ck_assert_str_eq(text, "");
	}
	ck_assert_uint_eq(fixture_read("other", text, sizeof(text)), 2);
	dir_release(&d);
	return 0;
}

START_TEST(things_in_its_way)
{
	ck_assert_int_eq(fixture_as_nobody(meet_obstacles, NULL), 0);
}
END_TEST

START_TEST(room_of_the_reader)
{
	char text[6];
	struct dir d;

	open_place(&d);
	ck_assert(hint_write_file(&d, "x", "1234\n"));
	ck_assert(hint_read_file(&d, "x", text, sizeof(text)));
	ck_assert_str_eq(text, "1234\n");
	ck_assert(!hint_read_file(&d, "x", text, sizeof(text) - 1));
	ck_assert_str_eq(text, "");
	dir_release(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("progress");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, what_is_remembered);
	tcase_add_test(all, no_more_often);
	tcase_add_test(all, damage);
	tcase_add_test(all, things_in_its_way);
	tcase_add_test(all, room_of_the_reader);
	return fixture_run(suite);
}
