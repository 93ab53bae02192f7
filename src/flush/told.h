/* SPDX-License-Identifier: GPL-3.0-or-later */
/* told - what the sender of a message is to be told of its recipients
 *
 * From what is known of a job, and what NOTIFY asked for, come the lines of a
 * report (message/report.h).  Nothing is written here.
 */
#ifndef FLUSH_TOLD_H
#define FLUSH_TOLD_H

#include "flush/job.h"
#include "message/report.h"

/* Zeroed at first.  The texts are the job's, but for the addresses. */
struct told {
	struct report_recipient *list;
	size_t count, room;
	int64_t retry_until; /* of what is delayed */
};

void told_release(struct told *told);

/* Who will not get it, and who has it where the sender wants to know. */
void told_settled(struct told *told, const struct job *job);

/* Who waits, and until when it is tried (seconds since 1970). */
void told_delayed(struct told *told, const struct job *job,
                  int64_t retry_until);

/* All that a report says, but for its id.  The sender is qualified into `to`;
 * that, the list and the job are borrowed. */
void told_describe(const struct told *told, const struct job *job,
                   struct sbuf *to, struct report *r);

/* With RET=FULL, a message that is not too large goes along whole. */
bool told_with_body(const struct job *job);

#endif
