/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_limits - what was found out about a smarthost, and when it is forgotten
 */
#include "queue/limits.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "fixture.h"
#include "queue/hint.h"

static struct dir d;

static void set_up(void)
{
	struct fault f = { 0 };

	fixture_setup();
	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("."), NULL, &f), 0);
}

static void tear_down(void)
{
	dir_release(&d);
	fixture_teardown();
}

START_TEST(remembered)
{
	struct limits l, found;

	limits_load(&l, &d, "a/b", 0);
	ck_assert(!l.no_overlap && l.connections == 0 && l.since == 0);
	l.connections = 3;
	l.messages = 100;
	l.recipients = 50;
	l.no_overlap = true;
	limits_store(&l, &d, "a/b");
	ck_assert_int_ne(l.since, 0);
	limits_load(&found, &d, "a/b", 0);
	ck_assert_uint_eq(found.connections, 3);
	ck_assert_uint_eq(found.messages, 100);
	ck_assert_uint_eq(found.recipients, 50);
	ck_assert(found.no_overlap);
	ck_assert_int_eq(found.since, l.since);
	limits_load(&found, &d, "other", 0);
	ck_assert_uint_eq(found.connections, 0);
	/* a person had another look at the configuration */
	limits_load(&found, &d, "a/b", l.since + 1);
	ck_assert(!found.no_overlap);
}
END_TEST

static bool is_believed(int64_t since)
{
	struct limits found;
	char text[HINT_LIMIT];

	snprintf(text, sizeof(text), "3 0 0 1 %" PRId64 "\n", since);
	hint_write(&d, "limits.", "a", text);
	limits_load(&found, &d, "a", 0);
	return found.no_overlap;
}

/* After a week, and when the clock went back. */
START_TEST(forgotten)
{
	int64_t now = clock_seconds();

	ck_assert(is_believed(now - 100));
	ck_assert(!is_believed(now - LIMITS_TIME - 1));
	ck_assert(!is_believed(now + 1000));
	ck_assert(!is_believed(INT64_MAX));
	ck_assert(!is_believed(INT64_MIN));
}
END_TEST

static const char *const torn[] = {
	"",
	"\n",
	"3 0 0 1",
	"3 0 0 1 1795407601",
	"three 0 0 1 1795407601\n",
	"3 0 0\n",
};

START_TEST(damaged)
{
	struct limits found;

	hint_write(&d, "limits.", "a", torn[_i]);
	limits_load(&found, &d, "a", 0);
	ck_assert(!found.no_overlap && found.connections == 0);
}
END_TEST

/* Whatever lies there is not followed, nor waited for. */
START_TEST(not_a_file)
{
	char text[HINT_LIMIT + 1];

	ck_assert_int_eq(symlink("elsewhere", fixture_path("limits.a")), 0);
	hint_write(&d, "limits.", "a", "1 1 1 1 1\n");
	ck_assert_int_ne(access(fixture_path("elsewhere"), F_OK), 0);
	ck_assert(!hint_read(&d, "limits.", "a", text));
}
END_TEST

/* Longer than any that we write: cut, and so no line. */
START_TEST(too_long)
{
	char text[HINT_LIMIT + 1], line[HINT_LIMIT + 2];

	snprintf(line, sizeof(line), "%0*d\n", HINT_LIMIT, 1);
	hint_write(&d, "limits.", "a", line);
	ck_assert(!hint_read(&d, "limits.", "a", text));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, remembered);
	tcase_add_test(all, forgotten);
	tcase_add_loop_test(all, damaged, 0, COUNT_OF(torn));
	tcase_add_test(all, not_a_file);
	tcase_add_test(all, too_long);
	return fixture_run(suite);
}
