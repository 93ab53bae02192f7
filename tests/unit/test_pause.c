/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pause - a smarthost rests, and no damage to the file makes it rest more
 */
#include "queue/pause.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

#define NOW 1700000000

static void open_pauses(struct dir *d)
{
	struct fault f = { 0 };

	setenv("RELAY_TEST_CLOCK", "1700000000", 1);
	mkdir("pause", 0700);
	ck_assert_msg(dir_open(d, NULL, fixture_path("pause"), NULL, &f) == 0,
	              "%s", f.text);
}

static void set_reason(struct fault *f, const char *text)
{
	fault_set(f, FAULT_CONFIG, "4.7.8", "%s", text);
}

static const char *const reasons[] = {
	"535 no such login", "", " ", " x  y ", "a\nb", "\xc3\xa9", "%s%n"
};

START_TEST(what_is_remembered)
{
	struct pause p, got;
	struct fault why;
	struct dir d;

	open_pauses(&d);
	ck_assert_int_eq(pause_read(&d, "work", &got), 0);
	set_reason(&why, reasons[_i]);
	pause_extend(&d, "work", true, &why, &p);
	ck_assert_int_eq(pause_read(&d, "work", &got), 1);
	ck_assert_int_eq(got.since, NOW);
	ck_assert_int_eq(got.until, p.until);
	ck_assert_uint_eq(got.count, 1);
	ck_assert(got.is_account);
	ck_assert_int_eq(got.why.kind, FAULT_CONFIG);
	ck_assert_str_eq(got.why.code, "4.7.8");
	ck_assert_str_eq(got.why.text, why.text);
	pause_clear(&d, "work");
	pause_clear(&d, "work");
	ck_assert_int_eq(pause_read(&d, "work", &got), 0);
	ck_assert_int_eq(fixture_count("pause"), 0);
	dir_release(&d);
}
END_TEST

/* Seconds after each failure in a row, before chance. */
static const struct {
	int64_t server, account;
} waits[] = {
	{ 60, 300 },      { 300, 300 },     { 900, 900 },
	{ 1800, 1800 },   { 3600, 3600 },   { 7200, 7200 },
	{ 14400, 14400 }, { 14400, 14400 }, { 14400, 14400 },
};

static void expect_wait(const struct pause *p, int64_t wait)
{
	ck_assert_int_ge(p->until - p->since, wait - wait / 10);
	ck_assert_int_le(p->until - p->since, wait + wait / 10);
}

START_TEST(it_grows)
{
	struct fault why;
	struct pause p;
	struct dir d;

	open_pauses(&d);
	set_reason(&why, "no answer");
	for (unsigned i = 0; i < COUNT_OF(waits); i++) {
		pause_extend(&d, "server", false, &why, &p);
		expect_wait(&p, waits[i].server);
		pause_extend(&d, "account", true, &why, &p);
		ck_assert_uint_eq(p.count, i + 1);
		expect_wait(&p, waits[i].account);
		ck_assert_int_ge(p.until - p.since, 300);
	}
	for (int i = 0; i < 1100; i++)
		pause_extend(&d, "server", false, &why, &p);
	ck_assert_uint_eq(p.count, 1000);
	pause_read(&d, "server", &p);
	ck_assert(!p.is_account);
	pause_clear(&d, "server");
	pause_extend(&d, "server", false, &why, &p);
	ck_assert_uint_eq(p.count, 1);
	dir_release(&d);
}
END_TEST

/* A smarthost may be called anything; each has its own file, and all are in
 * pause/. */
START_TEST(any_name)
{
	static const char *const names[] = { "work", "../new/x",    "..",
		                             ".",    "/etc/passwd", "a b",
		                             "a\nb", "-rf",         "%41",
		                             "A",    "w\xc3\xb6rk", "a/b/c" };
	char longest[1000];
	struct fault why;
	struct pause p;
	struct dir d;

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	open_pauses(&d);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		set_reason(&why, names[i]);
		pause_extend(&d, names[i], false, &why, &p);
		ck_assert_int_eq(fixture_count("pause"), (int)i + 1);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert_int_eq(pause_read(&d, names[i], &p), 1);
		ck_assert_uint_eq(p.count, 1);
	}
	pause_extend(&d, longest, false, &why, &p);
	ck_assert_int_eq(pause_read(&d, longest, &p), 1);
	pause_extend(&d, "", false, &why, &p);
	ck_assert_int_eq(pause_read(&d, "", &p), 0);
	dir_release(&d);
}
END_TEST

START_TEST(void_by_the_configuration)
{
	const struct pause p = { .since = NOW };

	ck_assert(!pause_is_void(&p, 0, NOW + 9));
	ck_assert(!pause_is_void(&p, NOW - 1, NOW + 9));
	ck_assert(pause_is_void(&p, NOW, NOW + 9));
	ck_assert(pause_is_void(&p, NOW + 9, NOW + 9));
	ck_assert(!pause_is_void(&p, NOW + 10, NOW + 9));
}
END_TEST

/* Torn or altered: none, or one with the very same reason. */
static void expect_sound(const struct dir *d, const char *reason)
{
	struct pause p;

	if (pause_read(d, "work", &p) == 1) {
		ck_assert_str_eq(p.why.text, reason);
		return;
	}
	ck_assert_int_eq(p.until, 0);
	ck_assert_uint_eq(p.count, 0);
	ck_assert_int_eq(p.why.kind, FAULT_NONE);
}

START_TEST(damage)
{
	char bytes[1000];
	struct pause p;
	struct fault why;
	struct dir d;
	size_t n;

	open_pauses(&d);
	set_reason(&why, "535 no such login");
	pause_extend(&d, "work", true, &why, &p);
	n = fixture_read("pause/work", bytes, sizeof(bytes));
	for (size_t cut = 0; cut < n; cut++) {
		fixture_write("pause/work", bytes, cut);
		ck_assert_int_eq(pause_read(&d, "work", &p), 0);
	}
	for (size_t bit = 0; bit < n * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fixture_write("pause/work", bytes, n);
		expect_sound(&d, why.text);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	memset(bytes, 'x', sizeof(bytes));
	fixture_write("pause/work", bytes, sizeof(bytes));
	ck_assert_int_eq(pause_read(&d, "work", &p), 0);
	dir_release(&d);
}
END_TEST

/* It is a hint: nothing that is in its way is a fault. */
static int meet_obstacles(void *arg)
{
	struct fault why;
	struct pause p;
	struct dir d;
	char byte;

	(void)arg;
	open_pauses(&d);
	set_reason(&why, "x");
	fixture_write("other", "o", 1);
	ck_assert_int_eq(symlink("../other", "pause/link"), 0);
	ck_assert_int_eq(mkfifo("pause/fifo", 0600), 0);
	ck_assert_int_eq(mkdir("pause/directory", 0700), 0);
	pause_extend(&d, "link", false, &why, &p);
	pause_extend(&d, "fifo", false, &why, &p);
	pause_extend(&d, "directory", false, &why, &p);
	ck_assert_int_eq(chmod("pause", 0500), 0);
	pause_extend(&d, "new", false, &why, &p);
	ck_assert_uint_eq(p.count, 1);
	ck_assert_int_eq(pause_read(&d, "link", &p), 0);
	ck_assert_int_eq(pause_read(&d, "fifo", &p), 0);
	ck_assert_int_eq(pause_read(&d, "directory", &p), 0);
	ck_assert_int_eq(pause_read(&d, "new", &p), 0);
	pause_clear(&d, "link");
	ck_assert_uint_eq(fixture_read("other", &byte, 1), 1);
	ck_assert_int_eq(byte, 'o');
	dir_release(&d);
	return 0;
}

START_TEST(things_in_its_way)
{
	ck_assert_int_eq(fixture_as_nobody(meet_obstacles, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pause");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, what_is_remembered, 0, COUNT_OF(reasons));
	tcase_add_test(all, it_grows);
	tcase_add_test(all, any_name);
	tcase_add_test(all, void_by_the_configuration);
	tcase_add_test(all, damage);
	tcase_add_test(all, things_in_its_way);
	return fixture_run(suite);
}
