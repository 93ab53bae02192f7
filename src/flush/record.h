/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record - what became of the recipients of a job: written down, then logged
 *
 * From the outcomes of addresses follows what is known of each recipient
 * (flush/audience).  Lines of the journal are durable before anything else is
 * said to the server; doc/QUEUE says which.
 */
#ifndef FLUSH_RECORD_H
#define FLUSH_RECORD_H

#include "flush/job.h"

/* Before each transaction: room in the journal.  False: not now. */
bool record_reserve(struct job *job, struct job_result *result);

/* After each transaction: what is settled. */
void record_outcomes(struct job *job, const char *peer,
                     struct job_result *result);

/* What is known of the recipient, into the open journal. */
int record_mark(struct job *job, size_t recipient, struct fault *f);

bool record_open_journal(struct job *job, struct fault *f);
bool record_is_all_delivered(const struct job *job);

#endif
