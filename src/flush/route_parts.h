/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route_parts - what the files of a route share
 *
 * Private to route*.c.  route.c feeds the lanes; route_next.c chooses the
 * message that goes next, route_settle.c says what becomes of one that was
 * answered, and route_trouble.c what a connection that ended means for the
 * others.
 */
#ifndef FLUSH_ROUTE_PARTS_H
#define FLUSH_ROUTE_PARTS_H

#include "flush/route.h"

/* What the lanes have, added up. */
struct route_sum {
	unsigned lanes, ready, staying, large, suspects, under_way;
	bool is_deep; /* one of the lanes may have many messages under way */
};

struct route_sum route_sum(const struct route *r);

/* Recipients in one transaction, as the provider's preset says or as was found;
 * 0: any number. */
unsigned route_recipients(const struct route *r);

/* The next entry that can be sent, or NULL: there is none now. */
struct job *route_next_job(struct route *r);

/* Nobody of it is to be asked, or is left: it is done with. */
void route_finish_unasked(struct route *r, struct job **job);

/* It comes first again, as if not a word had been said about it. */
void route_put_back(struct route *r, struct job **job);

/* Write down what the server has said all about, and what follows from it; made
 * durable by departure_commit(). */
void route_settle(struct route *r, struct carry *c);

/* Nothing more goes this way for a while, and why is remembered. */
void route_stop(struct route *r, enum verdict_scope scope,
                const struct fault *f);

/* Who breaks under messages that are sent ahead gets them one by one. */
void route_note_overlap(struct route *r, const struct carry *c);

/* The connection is over, and its messages are settled. */
void route_end_lane(struct route *r, struct carry *c);

#endif
