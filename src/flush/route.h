/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route - the messages of one pass that go through one smarthost
 *
 * A list of entries, and the lanes that take them, as many as are worth it
 * (flush/pace), each one after the other, or ahead of the answers where the
 * server is known to bear that (flush/depth).  What was answered is written
 * down before anything more is said, together where it came together.  A
 * connection that breaks after it took something is made anew; trouble of the
 * account stops the route and is remembered (queue/pause), so that the rest of
 * the mail waits without a try being counted.  A server that does not bear so
 * many connections has fewer.
 */
#ifndef FLUSH_ROUTE_H
#define FLUSH_ROUTE_H

#include <poll.h>

#include "flush/bucket.h"
#include "flush/carry.h"
#include "flush/departure.h"
#include "flush/pace.h"
#include "flush/supply.h"
#include "flush/throttle.h"
#include "queue/limits.h"

#define ROUTE_LANES 20
#define ROUTE_SLOWED 20
#define ROUTE_UNDER_WAY 256 /* messages: each is an open file */

struct route {
	const struct smarthost *smarthost;
	const struct config *config;
	const struct spool *spool;
	const char *helo;            /* the name we give, borrowed */
	struct rules rules;          /* about addresses */
	struct tls_store *store;     /* shared by all routes, borrowed */
	const struct keeper *keeper; /* likewise */

	struct route *fallback; /* borrowed, NULL: there is none (flush/way) */

	struct supply supply; /* entries of this pass */
	struct names passed;  /* those that the fallback is to get */
	struct carry lanes[ROUTE_LANES];
	struct departure departure;
	struct pace pace;
	struct bucket bucket;
	struct throttle throttle;
	struct {
		char id[ENTRY_ID_LENGTH + 1];
		unsigned times;
	} slowed[ROUTE_SLOWED]; /* messages that met "slower" lately */
	unsigned next_slowed;
	struct limits limits;
	int64_t free_at;      /* clock_ticks(): the rate lets none go before */
	unsigned refusals;    /* lanes in a row that ended at a message, none
	                         useful */
	unsigned last_taken;  /* messages on the last lane that the server ended
	                       */
	size_t host_failures; /* hosts in a row that did not get to a message */
	bool is_stopped;
	bool falls_back; /* and what is left goes to the fallback */
	bool is_probed;  /* was left alone, and is tried by one message */
	bool is_ending;
	struct job_result result;
	unsigned connections; /* for the sum at the end */
};

/* `config_time` is that of the configuration: see queue/limits.h. */
void route_init(struct route *r, const struct smarthost *smarthost,
                const struct config *config, int64_t config_time,
                const struct spool *spool);
void route_release(struct route *r);

void route_add(struct route *r, const char *id);

/* Put what was added in order of turns. */
void route_sort(struct route *r);

/* Is there a message under way, or one that waits? */
bool route_is_busy(const struct route *r);

/* Take one that is to go to the fallback, if there is one left. */
bool route_take_left(struct route *r, char id[ENTRY_ID_LENGTH + 1]);

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
