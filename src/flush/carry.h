/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carry - one connection of a route, and the messages that are under way on it
 *
 * In the order in which they went; their answers come in the same.  What to do
 * with them is the route's business.
 */
#ifndef FLUSH_CARRY_H
#define FLUSH_CARRY_H

#include <stdint.h>

#include "flush/depth.h"
#include "flush/job.h"
#include "flush/lane.h"
#include "flush/supply.h"

struct carry {
	struct lane *lane; /* NULL: there is none */
	enum lane_state state;
	struct job *next; /* the server has not heard of it */
	struct job *jobs[SESSION_WINDOW];
	int64_t since[SESSION_WINDOW]; /* clock_ticks(): when they went */
	unsigned count;
	struct depth depth;
	int64_t called;  /* clock_ticks() */
	bool is_ready;   /* past the login */
	bool is_resting; /* until `rate` lets it go on */
	bool is_refused; /* it ended at a message */
	bool is_leaving; /* QUIT was said, or will be */
	unsigned begun;  /* messages, on this connection */
	unsigned taken;  /* those of them that the server answered to the end */
	unsigned useful; /* how often it brought somebody an end */
};

void carry_release(struct carry *c);

/* `next` is under way now. */
void carry_push(struct carry *c, int64_t now);

/* The oldest, if the server has said all about it; else NULL.  The caller's
 * now, with the time that it took. */
struct job *carry_pop(struct carry *c, int64_t now, int64_t *milliseconds);

/* May `next` follow what is under way? */
bool carry_allows(const struct carry *c);

/* Is a message of this kind under way or next?  Large ones and suspects are
 * never under way with others. */
bool carry_has(const struct carry *c, enum supply_kind kind);

/* A server that says 421 to a message after it took others wants a new
 * connection, and gets the message again on that one. */
bool carry_is_dismissed(const struct carry *c);

#endif
