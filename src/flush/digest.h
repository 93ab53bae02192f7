/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest - one report on many messages of a sender
 *
 * Whose reports had to wait (flush/tally) stay in new/, settled.  When the time
 * has come, the first of them names a report as ever, and the others get that
 * name into their journals as well: whoever has it is in the digest, and the
 * digest is about nobody else.  So a crash at any moment leaves what the next
 * pass needs to go on: with the name and no such entry, it is made from the
 * journals; with the entry, its messages are done.
 *
 * Its P line names itself, which is how it is known: before the first word of
 * it is sent, all messages with its name are told that it was queued.
 */
#ifndef FLUSH_DIGEST_H
#define FLUSH_DIGEST_H

#include "flush/job.h"

#define DIGEST_MOST 500 /* messages in one */

/* The name of the job's report to all that wait for theirs.  *is_full: some
 * have to wait on.  -1: some may have it. */
int digest_invite(const struct job *job, bool *is_full, struct fault *f);

/* Is the job's report that of other messages, too?  1, 0 or -1. */
int digest_is_shared(const struct job *job, struct fault *f);

/* Queue it. */
int digest_make(struct job *job, struct fault *f);

/* Before the digest `id` is sent. */
int digest_settle(const struct spool *spool, const char *id, struct fault *f);

#endif
