/* SPDX-License-Identifier: GPL-3.0-or-later */
/* departure - the messages that leave the queue together
 *
 * Delivered to everybody, with nothing owed to their senders.  Their answers
 * came at the same time, so one fsync of new/ makes all their removals durable;
 * until then nothing more is said on the connections that they went over.
 * Their journals go after it (doc/QUEUE): a journal must outlive its message.
 */
#ifndef FLUSH_DEPARTURE_H
#define FLUSH_DEPARTURE_H

#include "flush/job.h"

struct departure {
	struct job **jobs; /* unlinked, their locks held */
	size_t count, room;
};

void departure_release(struct departure *d);

/* job_finish(), and what leaves the queue is unlinked.  Takes the job over.  A
 * name that cannot be unlinked stays for a while, and its journal says who has
 * the message. */
void departure_finish(struct departure *d, struct job **job,
                      const struct config *config, bool was_lost,
                      struct job_result *result);

/* Make it durable. */
void departure_commit(struct departure *d, struct job_result *result);

#endif
