/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pace - how many connections to a smarthost are worth their logins now
 *
 * Pure: told how long things took, it answers with a number.  One connection
 * until its login; more only while what waits would keep those there are busy,
 * with as many messages ahead of answers as they have now, for longer than it
 * takes to make another; three new ones for each that is ready, never over the
 * limit, and none once each message takes twice as long as it did, or all are
 * answered at once: then the server, or we, have enough to do.  A server that
 * throttles halves the limit, and each dozen of messages that it takes after
 * that adds one (additive increase, multiplicative decrease): hosts that share
 * an account come to an agreement without a word between them.
 */
#ifndef FLUSH_PACE_H
#define FLUSH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
	unsigned allowed; /* by the configuration */
	unsigned most;    /* that is worth an attempt in this pass */
	unsigned limit;   /* that the server bears */
	unsigned good;    /* messages since the limit changed */
	int64_t setup;    /* milliseconds to a login, smoothed; 0: unknown */
	int64_t trip;     /* milliseconds of the last round trip */
	int64_t each;     /* milliseconds for a message, in eighths, smoothed */
	int64_t least;    /* that it ever was */
};

void pace_init(struct pace *p, unsigned most);

/* At most so many were borne at an earlier time; 0: nothing is known. */
void pace_remember(struct pace *p, unsigned connections);

/* How many may be tried now; and what is to be remembered of that. */
unsigned pace_limit(const struct pace *p);
unsigned pace_learned(const struct pace *p);

/* A connection is ready after, a message was taken in, so many milliseconds.
 * `round_trip`: what the server's fastest answer took. */
void pace_ready(struct pace *p, int64_t milliseconds, int64_t round_trip);
void pace_taken(struct pace *p, int64_t milliseconds);

/* The server said: not so many (`lanes` there were). */
void pace_throttled(struct pace *p, unsigned lanes);

/* So many, and no attempt at more. */
void pace_settle(struct pace *p, unsigned most);

/* What there is. */
struct pace_state {
	unsigned lanes;
	unsigned ready;     /* of them past the login */
	unsigned under_way; /* messages */
	bool is_deep;       /* a lane may have many of them */
	size_t waiting;     /* that no lane has yet */
};

/* How many connections there should be. */
unsigned pace_wanted(const struct pace *p, const struct pace_state *now);

#endif
