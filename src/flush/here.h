/* SPDX-License-Identifier: GPL-3.0-or-later */
/* here - mail for names of this machine, before the rest goes its way
 *
 * Where `local` is configured, an entry that may have a recipient here comes
 * here first; the keeper delivers (flush/local), a few messages at a time, and
 * what is left of the entry is passed on to its smarthost.  No smarthost's
 * trouble keeps the machine's own mail waiting, nor the other way round.
 */
#ifndef FLUSH_HERE_H
#define FLUSH_HERE_H

#include <poll.h>

#include "flush/departure.h"
#include "flush/job.h"
#include "flush/local.h"

#define HERE_VISITS 8 /* messages that are being delivered at a time */

struct here_visit {
	struct job *job; /* NULL: nobody is visited */
	size_t slot;
	int answer; /* poll; -1: nothing was asked yet */
	int64_t deadline;
};

struct here {
	const struct config *config;
	const struct spool *spool;
	const struct keeper *keeper;
	const char *helo;
	struct rules rules;
	/* Others are open.  False: they cannot be asked now. */
	bool (*pass_on)(void *arg, const char *id);
	void *arg;

	struct names waiting;
	size_t next;
	struct here_visit visits[HERE_VISITS];
	bool is_ending;
	struct departure departure;
	struct job_result result;
};

/* The rest of it is the caller's to set: config to arg, all borrowed. */
void here_init(struct here *h);
void here_release(struct here *h);

/* May some of the recipients be delivered here?  May any at all? */
bool here_may_have_any(const struct here *h);
bool here_may_have(const struct here *h, const struct entry_envelope *envelope);
void here_add(struct here *h, const char *id);

/* Begin nothing more; what was asked is waited for. */
void here_end(struct here *h);

/* Go on as far as possible.  How many of `fds` (room for HERE_VISITS) are to be
 * polled, and the first deadline in clock_ticks(); 0: nothing is left. */
nfds_t here_advance(struct here *h, struct pollfd *fds, int64_t *deadline);

#endif
