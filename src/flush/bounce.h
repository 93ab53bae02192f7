/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bounce - the report to the sender of a message that is settled
 *
 * A warning when it takes long, and one report for each message, when nobody is
 * left to be asked: who will not get it and why (unless NOTIFY said otherwise),
 * and who has it, where the sender asked and the server cannot tell him (RFC
 * 3461).  It is an entry of the same queue, from the null sender to whoever
 * sent the message, by the same rules as all mail; a report that fails is never
 * reported.  Who gets many in an hour gets the next ones together (flush/tally,
 * flush/digest); a warning beyond that waits for the next try.
 *
 * Never two, and never none, whatever crashes: its id is written down before it
 * is queued, and that it was queued before the first word of it is sent.
 */
#ifndef FLUSH_BOUNCE_H
#define FLUSH_BOUNCE_H

#include "flush/job.h"

/* Queue the report, if the message needs one and has none.  BOUNCE_LATER: it
 * is to wait for others, and comes back when it is due.  -1: it cannot be now.
 * Either way the message must stay in new/. */
#define BOUNCE_LATER 1
int bounce_send(struct job *job, struct fault *f);

/* The same to say that it takes long, and until when it is tried (seconds since
 * 1970); once for each message. */
int bounce_warn(struct job *job, int64_t retry_until, struct fault *f);

/* Before a report is sent: the message that it is about must know that it has
 * one.  -1: it cannot be told. */
int bounce_settle(const struct spool *spool, const struct entry *report,
                  struct fault *f);

/* Does NOTIFY ask for this word ("SUCCESS", "FAILURE", "DELAY") about the
 * recipient?  Where it was not given it asks for the last two. */
bool bounce_is_asked(const struct job *job, size_t recipient, const char *word);

#endif
