/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits - what a smarthost was found to bear, kept over all flushes
 *
 * How many connections it takes at a time, how many messages on one of them,
 * how many recipients in a transaction, and that it cannot bear messages ahead
 * of its answers.  pause/limits.NAME is a hint, not synced: lost, it costs one
 * refusal more.  It is forgotten after a week, since servers change, and when
 * the configuration was changed after it.
 */
#ifndef QUEUE_LIMITS_H
#define QUEUE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"

#define LIMITS_TIME 604800 /* seconds until they are forgotten */

struct limits { /* 0: none was found */
	unsigned connections;
	unsigned messages;   /* on one connection */
	unsigned recipients; /* in one transaction */
	bool no_overlap;
	int64_t since; /* seconds since 1970, of the oldest of them */
};

/* None of it when it is older than a week or than `config_time`, from another
 * time than ours, or torn. */
void limits_load(struct limits *l, const struct dir *d, const char *smarthost,
                 int64_t config_time);
void limits_store(struct limits *l, const struct dir *d, const char *smarthost);

#endif
