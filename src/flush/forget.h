/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forget - what was given up long ago leaves failed/
 *
 * Once a day, before a pass: each entry of failed/ gets a line in its journal
 * that it was there another day, until `keep_failed` is over; then it goes, the
 * entry first and its journal after it.  The days are those between two such
 * lines, each counted once (journal.h): a clock that jumps ahead by years makes
 * it one day older.
 *
 * Only what its sender was told of goes: a report was made, and has left the
 * queue, too; or none was wanted.  What is damaged, unreadable or in somebody's
 * hands stays.
 */
#ifndef FLUSH_FORGET_H
#define FLUSH_FORGET_H

#include "queue/spool.h"

/* `keep` in seconds, 0: for ever.  Under the queue's lock; what it cannot do
 * waits for the next day. */
void forget_run(const struct spool *spool, unsigned keep);

#endif
