/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/throttle.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "queue/hint.h"

#define EPOCH 1000      /* milliseconds in which one refusal counts */
#define GROWTH 100000   /* milliseconds in which the gap would be gone */
#define EAGER 10000     /* milliseconds without a refusal that double that */
#define EAGER_MOST 10   /* times */
#define HALF_LIFE 35000 /* milliseconds, while nothing is sent */
#define NO_GAP 200      /* microseconds that are none */
#define FIRST 1000000   /* microseconds, when nothing was taken yet */
#define LATELY 60000    /* milliseconds */
#define AGE_MOST 86400  /* seconds */

void throttle_init(struct throttle *t, int64_t gap, int64_t age)
{
	*t = (struct throttle){ .cut = INT64_MIN / 2 };
	if (gap <= 0 || gap > THROTTLE_GAP || age < 0)
		return;
	for (; age >= HALF_LIFE && gap > 0; age -= HALF_LIFE)
		gap /= 2;
	t->gap = gap > NO_GAP ? gap : 0;
}

void throttle_load(struct throttle *t, const struct dir *d,
                   const char *smarthost)
{
	char text[HINT_LIMIT + 1];
	int64_t gap = 0, at = 0, age = 0;

	if (hint_read(d, "speed.", smarthost, text) &&
	    sscanf(text, "%" SCNd64 " %" SCNd64, &gap, &at) == 2)
		age = at > 0 ? clock_seconds() - at : -1;
	if (age > AGE_MOST)
		age = -1;
	throttle_init(t, gap, age < 0 ? -1 : age * 1000);
	t->stored = t->gap;
}

void throttle_store(struct throttle *t, const struct dir *d,
                    const char *smarthost)
{
	char text[HINT_LIMIT];

	if (t->gap == t->stored)
		return;
	t->stored = t->gap;
	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 "\n", t->gap,
	         clock_seconds());
	hint_write(d, "speed.", smarthost, text);
}

int64_t throttle_wait(const struct throttle *t, int64_t now)
{
	int64_t wait = (t->next - now * 1000 + 999) / 1000;

	return t->gap > 0 && wait > 0 ? wait : 0;
}

void throttle_sent(struct throttle *t, int64_t now)
{
	if (t->gap == 0)
		return;
	if (t->next < now * 1000)
		t->next = now * 1000;
	t->next += t->gap;
}

/* Who has not been refused for long, since others left, is faster sooner. */
static void grow(struct throttle *t, int64_t now)
{
	int64_t passed = now - t->grown, eager = 1 + (now - t->cut) / EAGER;
	int64_t less;

	if (eager > EAGER_MOST)
		eager = EAGER_MOST;
	if (passed * eager > GROWTH / 2)
		passed = GROWTH / 2 / eager;
	less = t->gap * passed * eager / GROWTH;
	if (less > 0)
		t->grown = now;
	t->gap -= less;
	if (t->gap <= NO_GAP)
		t->gap = 0;
}

void throttle_taken(struct throttle *t, int64_t now)
{
	t->recent[t->taken++ % THROTTLE_RECENT] = now;
	t->refused = 0;
	if (t->gap > 0)
		grow(t, now);
}

/* Microseconds between the messages that it took lately. */
static int64_t measured(const struct throttle *t, int64_t now)
{
	unsigned count =
		t->taken < THROTTLE_RECENT ? t->taken : THROTTLE_RECENT;
	int64_t oldest = now;
	unsigned lately = 0;

	for (unsigned i = 0; i < count; i++) {
		if (now - t->recent[i] > LATELY)
			continue;
		lately++;
		if (t->recent[i] < oldest)
			oldest = t->recent[i];
	}
	return lately > 0 ? (now - oldest) * 1000 / lately : FIRST;
}

/* Between the half of the gap and one and a half. */
static int64_t scattered(int64_t gap, uint32_t chance)
{
	return gap / 2 + gap / 1024 * (chance % 1024);
}

bool throttle_refused(struct throttle *t, int64_t now, uint32_t chance)
{
	t->refused++;
	if (now - t->cut >= EPOCH) {
		t->cut = t->grown = now;
		if (t->gap == 0)
			t->gap = measured(t, now);
		if (t->gap < NO_GAP)
			t->gap = NO_GAP;
		t->gap = t->gap * 5 / 3;
		if (t->gap > THROTTLE_GAP)
			t->gap = THROTTLE_GAP;
		t->next = now * 1000 + scattered(t->gap, chance);
	}
	return t->refused < THROTTLE_HOPELESS;
}
