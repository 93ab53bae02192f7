/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress - when the queue was last worked on
 *
 * What relay-flush leaves at the end of a pass (pause/last.flush), so that
 * `relay status` can say whether anybody sends at all.  A hint: lost, it costs
 * the words.
 */
#ifndef QUEUE_PROGRESS_H
#define QUEUE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"

/* A pass that moved nothing is written down no more often: who watches makes
 * one a minute, and a memory card is not worn out for that. */
#define PROGRESS_STEP 600 /* seconds */

/* Seconds since 1970; 0: never, or not known. */
struct progress {
	int64_t flush;    /* end of the last pass, PROGRESS_STEP too early at
	                     most */
	int64_t delivery; /* of the last one that delivered something */
};

/* Zeros when there is none. */
void progress_read(const struct dir *d, struct progress *p);

/* A pass ends now. */
void progress_note(const struct dir *d, bool has_delivered);

#endif
