/* SPDX-License-Identifier: GPL-3.0-or-later */
/* round - one pass over the queue
 *
 * Lists new/, shares what is due out to the smarthosts, and drives their lanes
 * from one poll loop until nothing is left to do now.  The caller holds the
 * queue's lock.  Never blocks on one smarthost while another could go on.
 */
#ifndef FLUSH_ROUND_H
#define FLUSH_ROUND_H

#include <signal.h>

#include "config/rules.h"
#include "flush/job.h"
#include "flush/keeper.h"
#include "queue/spool.h"

struct round_settings {
	const struct config *config;
	int64_t config_time;         /* mtime of its file: voids older pauses */
	const struct people *people; /* of this machine */
	const struct spool *spool;
	bool is_now;          /* ignore waits and pauses */
	bool has_new_network; /* ignore pauses because of the network */
	char *const *ids;     /* only these, whatever their wait; NULL: all */
	size_t id_count;
	const struct keeper *keeper;   /* of the passwords */
	int wake;                      /* FIFO to listen to meanwhile, or -1 */
	const sigset_t *while_waiting; /* signals blocked while we poll */
};

struct round_result {
	struct job_result jobs;
	unsigned connections;
	unsigned waiting;  /* entries that were not due or whose smarthost
	                      is left alone */
	bool is_held_back; /* some of them by a smarthost left alone */
	bool is_missing;   /* an id that was asked for is not there */
	int64_t next;      /* when the next one is due, 0: never */
	struct names seen; /* all that was in new/ at the last look */
};

void round_result_release(struct round_result *result);

/* Did something arrive in new/ that the pass has not seen? */
bool round_has_missed(const struct round_settings *settings,
                      const struct round_result *result);

/* Until everything due was tried.  Set *stop from a signal handler to end after
 * the messages that are under way.  -1: the queue itself cannot be read. */
int round_run(const struct round_settings *settings, const volatile int *stop,
              struct round_result *result, struct fault *f);

#endif
