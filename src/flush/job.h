/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job - one queue entry on its way through one smarthost
 *
 * Takes the entry (locked), verifies it, says how its envelope looks on the
 * wire, and writes down what became of each recipient, durably and before
 * anything else is said to the server (doc/QUEUE).  Ends in one of: entry
 * removed, moved to failed/ or bad/, or left in new/ with the time of its next
 * try.  When the disk refuses a record, the message stays: twice rather than
 * never.
 */
#ifndef FLUSH_JOB_H
#define FLUSH_JOB_H

#include "config/rules.h"
#include "flush/audience.h"
#include "flush/content.h"
#include "queue/journal.h"
#include "queue/spool.h"
#include "smtp/session.h"

/* What happened to a recipient in this try. */
enum news {
	NEWS_NONE,
	NEWS_FRESH, /* and is to be written down */
	NEWS_WRITTEN,
};

struct job {
	const struct spool *spool;
	struct entry entry;
	struct history history;
	struct journal journal;
	const struct rules *rules; /* about addresses, and our name: borrowed */
	const char *helo;
	struct content content;
	struct audience audience;
	struct session_mail mail; /* its recipients are the audience's */
	char *sender;             /* as it goes on the wire */
	char *ret, *envid;        /* likewise, or NULL */
	unsigned char *news;      /* of each recipient: enum news */
	bool has_lost_line;       /* the disk refused a record */
};

/* What came of a job, for the sum at the end. */
struct job_result {
	unsigned delivered; /* recipients */
	unsigned failed;
	unsigned later;
	bool needs_person;
	bool trouble; /* of the queue itself: the fault was logged */
};

/* Open, lock and read the entry `id`; then, with the smarthost's rules known,
 * verify it and prepare the mail.  NULL: nothing to send; why was logged and,
 * where the file is damaged, it was put into bad/. */
struct job *job_open(const struct spool *spool, const char *id,
                     struct job_result *result);
bool job_prepare(struct job *job, const struct rules *rules, const char *helo,
                 struct job_result *result);
void job_free(struct job **job);

/* Are there recipients that were not asked yet and are to be asked?  And is one
 * to be delivered on this machine: the next? */
bool job_has_open(const struct job *job);
size_t job_open_count(const struct job *job); /* both kinds */
bool job_next_here(const struct job *job, size_t *slot);

/* Those on this machine are somebody else's business (flush/here), who has been
 * there. */
void job_leave_here(struct job *job);

/* No more for now: give up or put off, and tell the sender what he is to know.
 * `was_lost`: the connection broke in the middle of this message.  True: all
 * have it and nothing is owed to the sender, so it is to leave the queue
 * (flush/departure). */
bool job_finish(struct job *job, const struct config *config, bool was_lost,
                struct job_result *result);

/* Delivered, and yet it stays: write down to whom, and come back late. */
void job_keep_delivered(struct job *job);

/* The same when there are others, who cannot be asked now: those who were asked
 * are not asked again before their time. */
void job_put_off(struct job *job, const struct config *config);

/* The file changed while it was sent. */
void job_damaged(struct job *job, const struct fault *f,
                 struct job_result *result);

#endif
