/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_bucket - never more in a time than the provider counts */
#include "flush/bucket.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "config/rate.h"
#include "fixture.h"

static const struct {
	const char *words;
	unsigned count, seconds; /* 0: refused */
	bool of_recipients;
} rates[] = {
	{ "14/s", 14, 1, false },
	{ "100/min", 100, 60, false },
	{ "500/hour messages", 500, 3600, false },
	{ "2000/day recipients", 2000, 86400, true },
	{ "1000000/s", 1000000, 1, false },
	{ "0/s", 0, 0, false },
	{ "1000001/s", 0, 0, false },
	{ "99999999999999/s", 0, 0, false },
	{ "14", 0, 0, false },
	{ "14/", 0, 0, false },
	{ "14/sec", 0, 0, false },
	{ "/s", 0, 0, false },
	{ "-1/s", 0, 0, false },
	{ "1.5/s", 0, 0, false },
	{ "14/s people", 0, 0, false },
	{ "14/s ", 0, 0, false },
	{ "", 0, 0, false },
};

START_TEST(words)
{
	struct rate rate;
	bool good = rate_parse(rates[_i].words, &rate);

	ck_assert_int_eq(good, rates[_i].count > 0);
	if (!good)
		return;
	ck_assert_uint_eq(rate.count, rates[_i].count);
	ck_assert_uint_eq(rate.seconds, rates[_i].seconds);
	ck_assert_int_eq(rate.of_recipients, rates[_i].of_recipients);
}
END_TEST

static const char *const limits[] = { "1/s",    "2/s",      "14/s", "100/min",
	                              "7/hour", "2000/day", "1/day" };

/* As fast as it lets us, for three times: in each time no more than that, and
 * in all of it not much less. */
START_TEST(never_more)
{
	struct bucket b;
	int64_t now = 1795407601000, start = now, *sent;
	size_t count = 0, first = 0, most = 0;

	ck_assert(bucket_parse(&b, limits[_i]));
	sent = calloc((size_t)b.count * 5 + 10, sizeof(*sent));
	while (now - start < 3000 * (int64_t)b.seconds) {
		int64_t wait = bucket_wait(&b, now);

		now += wait;
		if (wait > 0)
			continue;
		bucket_take(&b, 1);
		sent[count++] = now;
		while (sent[first] <= now - 1000 * (int64_t)b.seconds)
			first++;
		if (count - first > most)
			most = count - first;
	}
	ck_assert_uint_le(most, b.count > 1 ? b.count + 1 : 2);
	ck_assert_uint_ge(count, (size_t)b.count * 3 / 2);
	free(sent);
}
END_TEST

START_TEST(many_recipients_are_a_debt)
{
	struct bucket b;
	int64_t now = 1795407601000;

	ck_assert(bucket_parse(&b, "100/min recipients"));
	ck_assert_int_eq(bucket_wait(&b, now), 0);
	bucket_take(&b, 250);
	ck_assert_int_gt(bucket_wait(&b, now), 200 * 60000 / 50);
	ck_assert_int_eq(bucket_wait(&b, now + 300000), 0);
}
END_TEST

START_TEST(clock_that_jumps)
{
	struct bucket b;
	int64_t now = 1795407601000, wait;

	ck_assert(bucket_parse(&b, "2/hour"));
	bucket_wait(&b, now);
	bucket_take(&b, 1);
	wait = bucket_wait(&b, now);
	ck_assert_int_gt(wait, 3000000);
	ck_assert_int_le(wait, 3600000 + 1);
	ck_assert_int_eq(bucket_wait(&b, now - 86400000), wait);
	ck_assert_int_eq(bucket_wait(&b, now + 864000000), 0);
	bucket_take(&b, 1);
	ck_assert_int_gt(bucket_wait(&b, now + 864000000), 0);
}
END_TEST

START_TEST(remembered)
{
	struct fault f = { 0 };
	struct bucket b, other;
	struct dir d;

	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("."), NULL, &f), 0);
	ck_assert(bucket_parse(&b, "10/day"));
	bucket_load(&b, &d, "a/b");
	ck_assert_int_eq(bucket_wait(&b, 1795407601000), 0);
	bucket_take(&b, 1);
	bucket_store(&b, &d, "a/b");
	ck_assert(bucket_parse(&other, "10/day"));
	bucket_load(&other, &d, "a/b");
	ck_assert_int_eq(other.level, b.level);
	ck_assert_int_eq(other.at, b.at);
	ck_assert(bucket_parse(&other, NULL));
	bucket_load(&other, &d, "a/b");
	ck_assert_int_eq(bucket_wait(&other, 0), 0);
	dir_release(&d);
}
END_TEST

START_TEST(what_is_left)
{
	struct bucket b;
	int64_t now = 1795407601000;

	ck_assert(bucket_parse(&b, NULL));
	ck_assert_uint_eq(bucket_left(&b, now), 0);
	ck_assert(bucket_parse(&b, "10/day"));
	ck_assert_uint_eq(bucket_left(&b, now), 5);
	ck_assert_int_eq(bucket_wait(&b, now), 0);
	bucket_take(&b, 1);
	ck_assert_uint_eq(bucket_left(&b, now), 4);
	ck_assert_uint_eq(bucket_left(&b, now + 86400000), 5);
	ck_assert_uint_eq(bucket_left(&b, now), 4);
	for (int i = 0; i < 9; i++)
		bucket_take(&b, 1);
	ck_assert_uint_eq(bucket_left(&b, now), 0);
}
END_TEST

/* Numbers that no flush wrote: a full bucket, and no sum that overflows. */
static const char *const impossible[] = {
	"10/86400 -9223372036854775808 1795407601000\n",
	"10/86400 -2000000000000 1795407601000\n",
	"10/86400 9000000 1795407601000\n",
	"10/86400 0 -9223372036854775808\n",
	"10/86400 0 -1\n",
	"10/86401 0 1795407601000\n",
	"10/86400 0 1795407601000",
	"10/86400 0\n",
};

START_TEST(what_cannot_be)
{
	struct fault f = { 0 };
	struct bucket b;
	struct dir d;

	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("."), NULL, &f), 0);
	fixture_write("rate.x", impossible[_i], strlen(impossible[_i]));
	ck_assert(bucket_parse(&b, "10/day"));
	bucket_load(&b, &d, "x");
	ck_assert_uint_eq(bucket_left(&b, 1795407601000), 5);
	dir_release(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bucket");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, words, 0, COUNT_OF(rates));
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, never_more, 0, COUNT_OF(limits));
	tcase_add_test(all, many_recipients_are_a_debt);
	tcase_add_test(all, clock_that_jumps);
	tcase_add_test(all, remembered);
	tcase_add_test(all, what_is_left);
	tcase_add_loop_test(all, what_cannot_be, 0, COUNT_OF(impossible));
	return fixture_run(suite);
}
