/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schedule - when to try again, and when to give up
 *
 * By the number of tries a message has had: after 1, 5, 15, 30 minutes, then
 * doubling to 4 hours, each a tenth shorter or longer by chance so that many
 * messages do not come back together.  Seconds everywhere.
 *
 * A message gives up by its *seen* age: the time between its tries, each
 * interval counted only up to SCHEDULE_STEP_MOST.  So a clock that jumps, or a
 * laptop that slept for a week, never expires mail that was hardly tried.
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_LONGEST (4 * 3600) /* longest wait, before chance */
#define SCHEDULE_DOUBT (15 * 60)    /* shortest wait after "in doubt" */
#define SCHEDULE_STEP_MOST (2 * 4 * 3600)

/* Wait after the `tries`th try (1 is the first); `chance` is any number. */
int64_t schedule_wait(unsigned tries, uint32_t chance);

/* Seconds an interval between two tries counts towards the age. */
int64_t schedule_step(int64_t from, int64_t to);

/* The same with another limit than SCHEDULE_STEP_MOST. */
int64_t schedule_step_of(int64_t from, int64_t to, int64_t most);

/* Due: its time has come, or is so far away that a clock must have jumped. */
bool schedule_is_due(int64_t due, int64_t now);

#endif
