/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route - the messages of one pass that go through one smarthost
 *
 * A list of entries, and the lanes that take them, each one after the other; as
 * many lanes as are worth it (flush/pace).  A connection that breaks after it
 * took something is made anew; trouble of the account stops the route and is
 * remembered (queue/pause), so that the rest of the mail waits without a try
 * being counted.  A server that does not bear so many connections has fewer.
 */
#ifndef FLUSH_ROUTE_H
#define FLUSH_ROUTE_H

#include <poll.h>

#include "flush/bucket.h"
#include "flush/job.h"
#include "flush/lane.h"
#include "flush/pace.h"

#define ROUTE_LANES 20

/* One connection, and the message at hand. */
struct route_lane {
	struct lane *lane; /* NULL: there is none */
	struct job *job;
	bool is_job_sent; /* the server has heard of it */
	bool is_resting;  /* until `rate` lets it go on */
	bool is_ready;    /* past the login */
	unsigned jobs;    /* messages begun on this connection */
	unsigned useful;  /* how often it brought somebody an end */
	bool is_refused;  /* it ended at a message */
	int64_t since;    /* clock_ticks() of the call, then of the message */
};

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
	struct spool_list returned; /* of those that were taken and not sent */

	struct route_lane lanes[ROUTE_LANES];
	struct pace pace;
	struct bucket bucket;
	int64_t free_at;   /* clock_ticks(): the rate lets none go before */
	unsigned refusals; /* lanes in a row that ended at a message, none
	                      useful */
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

/* Go on as far as possible.  How many of `fds` (room for ROUTE_LANES) are to be
 * polled, and the first deadline in clock_ticks(); 0: this route has nothing
 * (more) to do now. */
nfds_t route_advance(struct route *r, struct pollfd *fds, int64_t *deadline);

/* Messages that are left because of `rate`, and seconds until the next one may
 * go. */
size_t route_held_back(const struct route *r, int64_t *seconds);

#endif
