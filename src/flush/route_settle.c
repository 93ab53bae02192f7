/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/port.h"
#include "flush/record.h"
#include "flush/way.h"

#define SLOWED_MOST 5 /* times that a message meets "slower" in a pass */

/* Somebody was not taken because we are too fast.  Who, or NULL. */
static const struct outcome *throttled(const struct job *job)
{
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct outcome *o = &job->mail.recipients[i].outcome;

		if (o->state == OUTCOME_REFUSED &&
		    o->scope == VERDICT_THROTTLE &&
		    !job->audience.slots[i].is_counted)
			return o;
	}
	return NULL;
}

/* How often in this pass, with this time. */
static unsigned count_slowed(struct route *r, const char *id)
{
	size_t at = 0;

	while (at < ROUTE_SLOWED && strcmp(r->slowed[at].id, id) != 0)
		at++;
	if (at == ROUTE_SLOWED) {
		at = r->next_slowed++ % ROUTE_SLOWED;
		memcpy(r->slowed[at].id, id, ENTRY_ID_LENGTH + 1);
		r->slowed[at].times = 0;
	}
	return ++r->slowed[at].times;
}

/* Somebody has the message: this connection was of use. */
static void record(struct route *r, struct carry *c, struct job *job)
{
	unsigned delivered = r->result.delivered;

	record_outcomes(job, lane_peer(c->lane), &r->result);
	if (r->result.delivered != delivered)
		c->useful++;
}

/* The message, not the connection, may be what the server cannot bear. */
static bool is_refused_here(const struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP;
}

void route_put_back(struct route *r, struct job **job)
{
	supply_return(&r->supply, (*job)->entry.id);
	job_free(job);
}

/* It goes again, later in this pass; not for ever, since the server may mean
 * the message.  Nothing but that is taken: the account waits. */
static void slow_down(struct route *r, struct carry *c, struct job *job)
{
	unsigned later = r->result.later;
	uint32_t chance = 0;
	struct fault why;
	bool is_hopeful;

	outcome_fault(throttled(job), &why);
	port_random(&chance, sizeof(chance));
	is_hopeful = throttle_refused(&r->throttle, clock_ticks(), chance);
	if (route_sum(r).lanes > 1)
		pace_throttled(&r->pace, route_sum(r).lanes);
	record(r, c, job);
	if (!is_hopeful && !r->is_stopped)
		route_stop(r, VERDICT_QUOTA, &why);
	if (is_hopeful && count_slowed(r, job->entry.id) < SLOWED_MOST) {
		r->result.later = later;
		route_put_back(r, &job);
		return;
	}
	departure_finish(&r->departure, &job, r->config, is_hopeful,
	                 &r->result);
}

/* What the server cannot take now the fallback may; not what it may have, which
 * is in doubt. */
static bool passes_on(const struct route *r, const struct carry *c,
                      const struct job *job)
{
	return is_refused_here(c) && !lane_is_lost(c->lane) &&
	       !job->has_lost_line && way_is_open(r);
}

static void end_job(struct route *r, struct carry *c, struct job *job)
{
	unsigned later = r->result.later;

	record(r, c, job);
	if (carry_is_dismissed(c) && !lane_is_lost(c->lane) &&
	    !record_is_all_delivered(job)) {
		r->result.later = later; /* counted when it is tried again */
		route_add(r, job->entry.id);
		job_free(&job);
		return;
	}
	c->is_refused = is_refused_here(c);
	if (passes_on(r, c, job)) {
		r->result.later = later; /* likewise */
		names_add(&r->passed, job->entry.id);
		job_free(&job);
		return;
	}
	departure_finish(&r->departure, &job, r->config, lane_is_lost(c->lane),
	                 &r->result);
}

/* What the message had to do with the end of the connection. */
enum role {
	ROLE_NONE,  /* the server did not look at it */
	ROLE_IN_IT, /* it ended before the server had it */
	ROLE_HEARD, /* the server spoke about it, or may have it */
};

static enum role role_of(const struct job *job)
{
	enum role role = ROLE_NONE;

	for (size_t i = 0; i < job->mail.count; i++) {
		const struct outcome *o = &job->mail.recipients[i].outcome;

		if (o->state == OUTCOME_OPEN ||
		    job->audience.slots[i].is_counted)
			continue;
		if (o->state != OUTCOME_REFUSED || o->scope != VERDICT_SERVER ||
		    o->kind != FAULT_TEMP)
			return ROLE_HEARD;
		role = ROLE_IN_IT;
	}
	return role;
}

/* The server took it, or part of it: the rest is asked next. */
static void go_on_with(struct route *r, struct carry *c, struct job *job)
{
	record(r, c, job);
	if (c->next == NULL)
		c->next = job;
	else
		route_put_back(r, &job);
}

static void settle(struct route *r, struct carry *c, struct job *job,
                   int64_t milliseconds)
{
	enum verdict_scope scope;
	bool in_trouble = lane_trouble(c->lane, &scope) != NULL;

	if (throttled(job) != NULL) {
		slow_down(r, c, job);
		return;
	}
	if (job_has_open(job) && !in_trouble && !r->is_ending) {
		go_on_with(r, c, job);
		return;
	}
	if (!in_trouble) {
		c->useful++;
		c->taken++;
		r->is_probed = false;
		pace_taken(&r->pace, milliseconds);
		depth_taken(&c->depth, milliseconds);
		throttle_taken(&r->throttle, clock_ticks());
	}
	end_job(r, c, job);
}

/* One message ended the connection, or was there when it ended; those behind it
 * only stood by, unless the server may have them. */
static void settle_last(struct route *r, struct carry *c, struct job *job,
                        bool *is_blamed)
{
	const struct fault *damage = lane_damage(c->lane);
	enum role role = role_of(job);

	if (damage != NULL && c->count == 0) {
		record(r, c, job);
		job_damaged(job, damage, &r->result);
		job_free(&job);
	} else if (role == ROLE_NONE || (*is_blamed && role == ROLE_IN_IT)) {
		route_put_back(r, &job);
	} else {
		*is_blamed |= role == ROLE_IN_IT || lane_is_lost(c->lane);
		settle(r, c, job, 0);
	}
}

/* What the server has said all about. */
void route_settle(struct route *r, struct carry *c)
{
	int64_t now = clock_ticks(), milliseconds;
	bool is_blamed = false;
	struct job *job;

	if (c->state == LANE_OVER)
		route_note_overlap(r, c);
	while ((job = carry_pop(c, now, &milliseconds)) != NULL)
		if (c->state == LANE_OVER)
			settle_last(r, c, job, &is_blamed);
		else
			settle(r, c, job, milliseconds);
}
