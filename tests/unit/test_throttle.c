/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_throttle - how fast a provider takes mail, alone and among a hundred
 *
 * The crowd: hosts with mail without end and a provider that counts all of them
 * together, refills its bucket evenly and refuses what is too much; answers
 * take a round trip.  All in milliseconds of a clock that is only counted.
 */
#include "flush/throttle.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/hint.h"

/* --- alone ---------------------------------------------------------------- */

START_TEST(unlimited)
{
	struct throttle t;

	throttle_init(&t, 0, 0);
	for (int64_t now = 0; now < 1000; now++) {
		ck_assert_int_eq(throttle_wait(&t, now), 0);
		throttle_sent(&t, now);
		throttle_taken(&t, now);
	}
}
END_TEST

/* Ten a second were taken: six a second go from then on. */
START_TEST(slower)
{
	struct throttle t;
	int64_t gap;

	throttle_init(&t, 0, 0);
	for (int64_t now = 0; now < 3200; now += 100) {
		throttle_sent(&t, now);
		throttle_taken(&t, now);
	}
	ck_assert(throttle_refused(&t, 3200, 512));
	gap = t.gap;
	ck_assert_int_ge(gap, 150000);
	ck_assert_int_le(gap, 180000);
	ck_assert_int_ge(throttle_wait(&t, 3200), gap / 1000 - 1);
	/* others of the same moment change nothing */
	ck_assert(throttle_refused(&t, 3300, 0));
	ck_assert(throttle_refused(&t, 4199, 1023));
	ck_assert_int_eq(t.gap, gap);
	ck_assert(throttle_refused(&t, 4200, 0));
	ck_assert_int_eq(t.gap, gap * 5 / 3);
}
END_TEST

/* Back to as fast as it goes, if nothing is in the way. */
START_TEST(faster)
{
	struct throttle t;
	int64_t now = 1000;

	throttle_init(&t, 0, 0);
	throttle_taken(&t, now);
	throttle_refused(&t, now + 100, 0);
	ck_assert_int_gt(t.gap, 0);
	while (t.gap > 0) {
		int64_t before = t.gap;

		now += throttle_wait(&t, now) + 1;
		throttle_sent(&t, now);
		throttle_taken(&t, now);
		ck_assert_int_le(t.gap, before);
		ck_assert_int_lt(now, 600000);
	}
}
END_TEST

START_TEST(hopeless)
{
	const int64_t last = 1100000 + 99 * 10000;
	struct throttle t;

	throttle_init(&t, 0, 0);
	for (int i = 1; i < THROTTLE_HOPELESS; i++)
		ck_assert(throttle_refused(&t, i * 10000, 0));
	ck_assert(!throttle_refused(&t, 1000000, 0));
	throttle_taken(&t, 1000001);
	ck_assert(throttle_refused(&t, 1000002, 0));
	for (int i = 0; i < 100; i++)
		throttle_refused(&t, 1100000 + i * 10000, 1023);
	ck_assert_int_eq(t.gap, THROTTLE_GAP);
	ck_assert_int_gt(throttle_wait(&t, last), 0);
	ck_assert_int_le(throttle_wait(&t, last), 90000);
}
END_TEST

/* From the last flush; the older, the less it says. */
START_TEST(remembered)
{
	static const struct {
		int64_t gap, age, expected;
	} cases[] = {
		{ 100000, 0, 100000 },      { 100000, 35000, 50000 },
		{ 100000, 80000, 25000 },   { 100000, 86400000, 0 },
		{ 100000, -1, 0 },          { -5, 0, 0 },
		{ THROTTLE_GAP + 1, 0, 0 }, { INT64_MAX, INT64_MAX, 0 },
		{ 100000, INT64_MAX, 0 },
	};
	struct throttle t;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		throttle_init(&t, cases[i].gap, cases[i].age);
		ck_assert_int_eq(t.gap, cases[i].expected);
		ck_assert_int_eq(throttle_wait(&t, 5), 0);
	}
}
END_TEST

/* On disk, with its time; damaged, it is none. */
START_TEST(kept)
{
	static const char *const damaged[] = { "", "100000 5", "x 5\n",
		                               "100000 -5\n", "100000 1\n" };
	struct throttle t, other;
	struct fault f = { 0 };
	struct dir d;

	fixture_setup();
	ck_assert_int_eq(dir_open(&d, NULL, fixture_path("."), NULL, &f), 0);
	throttle_load(&t, &d, "a");
	ck_assert_int_eq(t.gap, 0);
	t.gap = 5000000;
	throttle_store(&t, &d, "a");
	throttle_load(&other, &d, "a");
	ck_assert_int_ge(other.gap, 2500000);
	ck_assert_int_le(other.gap, 5000000);
	for (size_t i = 0; i < COUNT_OF(damaged); i++) {
		hint_write(&d, "speed.", "a", damaged[i]);
		throttle_load(&other, &d, "a");
		ck_assert_int_eq(other.gap, 0);
	}
	dir_release(&d);
	fixture_teardown();
}
END_TEST

/* --- among a hundred ------------------------------------------------------ */

#define HOSTS 101 /* the last one joins late */
#define AT_ONCE 20
#define ROUND_TRIP 50
#define BEGIN 600000 /* when counting begins */
#define JOIN 1200000
#define LAST_MINUTE (JOIN + 60000)
#define END (JOIN + 120000)

struct answer {
	int64_t at;
	bool is_good;
};

struct host {
	struct throttle throttle;
	struct answer due[AT_ONCE];
	unsigned due_count;
	uint64_t taken;
};

struct crowd {
	struct host hosts[HOSTS];
	double quota, tokens; /* messages a second */
	uint64_t seed;
};

static uint32_t chance(struct crowd *c)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) +
	          UINT64_C(1442695040888963407);
	return (uint32_t)(c->seed >> 33);
}

static void hear(struct crowd *c, struct host *h, int64_t now)
{
	while (h->due_count > 0 && h->due[0].at <= now) {
		if (h->due[0].is_good)
			throttle_taken(&h->throttle, now);
		else
			throttle_refused(&h->throttle, now, chance(c));
		h->due_count--;
		memmove(h->due, h->due + 1, h->due_count * sizeof(h->due[0]));
	}
}

static void say(struct crowd *c, struct host *h, int64_t now)
{
	while (h->due_count < AT_ONCE &&
	       throttle_wait(&h->throttle, now) == 0) {
		bool is_good = c->tokens >= 1;

		throttle_sent(&h->throttle, now);
		c->tokens -= is_good ? 1 : 0;
		h->taken += is_good ? 1 : 0;
		h->due[h->due_count++] =
			(struct answer){ now + ROUND_TRIP, is_good };
	}
}

/* Until `end`, with the first `count` hosts, in another order each time. */
static void pass(struct crowd *c, size_t count, int64_t begin, int64_t end)
{
	for (int64_t now = begin; now < end; now++) {
		size_t first = chance(c) % count;

		c->tokens += c->quota / 1000;
		if (c->tokens > c->quota)
			c->tokens = c->quota;
		for (size_t i = 0; i < count; i++) {
			struct host *h = &c->hosts[(first + i) % count];

			hear(c, h, now);
			say(c, h, now);
		}
	}
}

static const double quotas[] = { 14, 100, 1000 };

/* Jain, Chiu, Hawe 1984: 1 when all have the same. */
static void check_parts(const struct crowd *c, const uint64_t *before)
{
	double sum = 0, squares = 0, seconds = (JOIN - BEGIN) / 1000.0;

	for (size_t i = 0; i < HOSTS - 1; i++) {
		double taken = (double)(c->hosts[i].taken - before[i]);

		sum += taken;
		squares += taken * taken;
	}
	printf("# quota %.0f/s: %.0f %% used, fairness %.3f\n", c->quota,
	       100 * sum / c->quota / seconds,
	       sum * sum / (HOSTS - 1) / squares);
	ck_assert_double_ge(sum / c->quota / seconds, 0.85);
	ck_assert_double_ge(sum * sum / (HOSTS - 1) / squares, 0.9);
}

/* A hundred hosts use what one account may send, about equally; and one that
 * joins has its part in the second minute. */
START_TEST(crowd)
{
	struct crowd *c = calloc(1, sizeof(*c));
	uint64_t before[HOSTS], joined;
	double part;

	ck_assert_ptr_nonnull(c);
	c->quota = quotas[_i];
	c->seed = 1984;
	for (size_t i = 0; i < HOSTS; i++)
		throttle_init(&c->hosts[i].throttle, 0, 0);
	pass(c, HOSTS - 1, 1, BEGIN);
	for (size_t i = 0; i < HOSTS; i++)
		before[i] = c->hosts[i].taken;
	pass(c, HOSTS - 1, BEGIN, JOIN);
	check_parts(c, before);
	pass(c, HOSTS, JOIN, LAST_MINUTE);
	joined = c->hosts[HOSTS - 1].taken;
	pass(c, HOSTS, LAST_MINUTE, END);
	part = (double)(c->hosts[HOSTS - 1].taken - joined) /
	       (c->quota * 60 / HOSTS);
	printf("# who joined has %.1f parts in the second minute\n", part);
	ck_assert_double_ge(part, 0.5);
	ck_assert_double_le(part, 4);
	free(c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("throttle");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 300);
	tcase_add_test(all, unlimited);
	tcase_add_test(all, slower);
	tcase_add_test(all, faster);
	tcase_add_test(all, hopeless);
	tcase_add_test(all, remembered);
	tcase_add_test(all, kept);
	tcase_add_loop_test(all, crowd, 0, COUNT_OF(quotas));
	return fixture_run(suite);
}
