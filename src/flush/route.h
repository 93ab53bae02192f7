/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route - the messages of one pass that go through one smarthost
 *
 * A list of entries, and the lane that takes them one after the other.  A
 * connection that breaks after it took something is made anew; trouble of the
 * account stops the route and is remembered (queue/pause), so that the rest of
 * the mail waits without a try being counted.
 */
#ifndef FLUSH_ROUTE_H
#define FLUSH_ROUTE_H

#include "flush/job.h"
#include "flush/lane.h"

struct route {
	const struct smarthost *smarthost;
	const struct config *config;
	const struct spool *spool;
	const char *helo;            /* the name we give, borrowed */
	struct rules rules;          /* about addresses */
	struct tls_store *store;     /* shared by all routes, borrowed */
	const struct keeper *keeper; /* likewise */

	struct spool_list waiting; /* entries of this pass, oldest first */
	size_t next;

	struct lane *lane;
	struct job *job;      /* the message at hand */
	bool is_job_sent;     /* the server has heard of it */
	unsigned lane_jobs;   /* messages begun on this connection */
	unsigned lane_useful; /* how often it brought somebody an end */
	bool lane_refused;    /* it ended at a message */
	unsigned refusals;    /* such lanes in a row, none useful */
	bool is_stopped;
	bool is_ending;
	struct job_result result;
	unsigned connections; /* for the sum at the end */
};

void route_init(struct route *r, const struct smarthost *smarthost,
                const struct config *config, const struct spool *spool);
void route_release(struct route *r);

void route_add(struct route *r, const char *id);

/* Begin nothing more; a message that is under way is finished. */
void route_end(struct route *r);

/* No time is left: what is under way is settled as lost and written down. */
void route_abort(struct route *r);

/* Go on as far as possible.  True: poll the lane and call again; false: this
 * route has nothing (more) to do now. */
bool route_advance(struct route *r);

#endif
