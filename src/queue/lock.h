/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lock - one flusher per queue
 *
 * flock on the open file `lock`: it dies with the process, so no lock is ever
 * stale.  Entries have their own (spool_take).
 */
#ifndef QUEUE_LOCK_H
#define QUEUE_LOCK_H

#include "base/dir.h"

/* The descriptor that holds the lock; close it to let go.  -1 with `busy` true:
 * another flusher works on this queue. */
int lock_take(const struct dir *root, bool *busy, struct fault *f);

#endif
