/* SPDX-License-Identifier: GPL-3.0-or-later */
/* throttle - how fast a provider takes mail from us, found out
 *
 * Pure.  As fast as it goes until the provider says "slower"; then at three
 * fifths of the speed at which it took messages lately, and faster by a
 * hundredth with each second in which it takes them, and by more when it has
 * not refused one for long.  Who sends more is refused more often, so all that
 * share an account come to about equal parts of it without a word between them,
 * whatever its quota, and one that joins has its part within two minutes.
 *
 * Only the first refusal of a second counts: the others were under way.
 */
#ifndef FLUSH_THROTTLE_H
#define FLUSH_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"

#define THROTTLE_GAP 60000000 /* microseconds: as slow as it gets */
#define THROTTLE_HOPELESS 10  /* refusals in a row */
#define THROTTLE_RECENT 16

struct throttle {
	int64_t gap;  /* microseconds from one message to the next; 0: none */
	int64_t next; /* microseconds: none goes before */
	int64_t cut;  /* milliseconds: when it was last made slower */
	int64_t grown;
	int64_t recent[THROTTLE_RECENT]; /* when messages were taken */
	unsigned taken;
	unsigned refused; /* in a row */
	int64_t stored;   /* the gap as it is on disk */
};

/* Times are milliseconds of a clock that does not jump.  `gap` is what was
 * learned `age` milliseconds ago, or 0. */
void throttle_init(struct throttle *t, int64_t gap, int64_t age);

/* What the last flush learned of a smarthost, in pause/speed.NAME: a hint. */
void throttle_load(struct throttle *t, const struct dir *d,
                   const char *smarthost);
void throttle_store(struct throttle *t, const struct dir *d,
                    const char *smarthost);

/* Milliseconds until one more may go: 0, now. */
int64_t throttle_wait(const struct throttle *t, int64_t now);
void throttle_sent(struct throttle *t, int64_t now);

void throttle_taken(struct throttle *t, int64_t now);

/* The provider said: slower.  `chance` is any number: many hosts must not all
 * come back at the same moment.  False: it says so to everything. */
bool throttle_refused(struct throttle *t, int64_t now, uint32_t chance);

#endif
