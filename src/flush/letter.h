/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter - an entry that relay-flush writes: from nobody, to a sender
 *
 *     letter_begin(&l, job, id, about, &fault)
 *     ... letter_put(&l, bytes, n) ...           the message, in wire form
 *     result = letter_end(&l, result)            always, after a good begin
 *
 * It is in new/ under its id, durably, when letter_end() says 0, and nothing is
 * left of it when it says -1.
 */
#ifndef FLUSH_LETTER_H
#define FLUSH_LETTER_H

#include "flush/job.h"

struct letter {
	const struct spool *spool;
	const char *id; /* borrowed */
	int fd;
	struct entry_writer writer;
	struct fault *fault;
};

/* To the sender of the job.  `about` is the entry that it reports on. */
int letter_begin(struct letter *l, const struct job *job, const char *id,
                 const char *about, struct fault *f);
int letter_put(void *letter, const char *bytes, size_t n);
int letter_end(struct letter *l, int result);

/* Write a line about a letter (JOURNAL_REPORTED, JOURNAL_WARNED) into the
 * journal of the entry `about`: durable. */
int letter_note(const struct spool *spool, const char *about,
                enum journal_kind kind, const char *text, struct fault *f);

/* The same that it was queued: nobody writes it again. */
int letter_note_done(const struct spool *spool, const char *about,
                     enum journal_kind kind, const char *id, struct fault *f);

#endif
