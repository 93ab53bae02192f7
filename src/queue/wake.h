/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wake - tell the flusher that there is something to do
 *
 * A flusher holds the FIFO `wake` open for reading exactly while it holds the
 * queue's lock.  Whoever adds work rings: if somebody listens, one byte; if
 * not, a flusher is started in the background.  No order of events loses a
 * wake:
 *
 *   submitter: commit, then open the FIFO (fails: start a flusher)
 *   flusher:   close the FIFO, let go of the lock, look at new/ once more
 *
 * Ringing never waits and its failure is nobody's fault: a timer finds the
 * message too.
 */
#ifndef QUEUE_WAKE_H
#define QUEUE_WAKE_H

#include <stdbool.h>

#include "base/dir.h"

/* The flusher's end: a descriptor to poll for reading, or -1 without harm.
 * Under the queue's lock only: what is no FIFO there is replaced. */
int wake_listen(const struct dir *root);
void wake_drain(int fd); /* eat the bytes that arrived */

/* Ring the running flusher, or start `relay-flush` for the queue.  The caller
 * ignores SIGPIPE: the flusher may close its end at any moment. */
void wake_ring(const struct dir *root);

/* Is a flusher at work?  Nobody is disturbed by the question. */
bool wake_is_heard(const struct dir *root);

/* Path of relay-flush: $RELAY_FLUSH (tests, odd installations) or as built. */
const char *wake_flusher_path(void);

#endif
