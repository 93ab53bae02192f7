/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bucket - a provider's `rate`, kept over all flushes
 *
 *     rate 14/s            rate 100/min       rate 2000/day recipients
 *
 * A token bucket that holds half of the number and gets the other half in the
 * time, so that in no such time more is sent than the provider counts; what was
 * taken is remembered in the state directory (a hint: not synced, and lost it
 * only means that a provider counts for itself).  A clock that jumps back adds
 * nothing, one that jumps ahead fills it.
 */
#ifndef QUEUE_BUCKET_H
#define QUEUE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"

struct bucket {
	unsigned count;   /* 0: there is no limit */
	unsigned seconds; /* in which so many may go */
	bool of_recipients;
	int64_t level; /* millionths of a message; below 0: a debt */
	int64_t at;    /* milliseconds since 1970 */
};

/* Full.  A count of 0: there is no limit. */
void bucket_init(struct bucket *b, unsigned count, unsigned seconds,
                 bool of_recipients);

/* What the last flush left of the same rate, else full. */
void bucket_load(struct bucket *b, const struct dir *d, const char *smarthost);
void bucket_store(const struct bucket *b, const struct dir *d,
                  const char *smarthost);

/* Milliseconds until one more may go: 0, now. */
int64_t bucket_wait(struct bucket *b, int64_t now);

/* A transaction with so many recipients goes: a message, to the provider. */
void bucket_take(struct bucket *b, unsigned recipients);

/* How many may go at once, messages or recipients; 0 where there is no limit.
 */
unsigned bucket_left(const struct bucket *b, int64_t now);

#endif
