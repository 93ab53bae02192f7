/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sbuf.h"
#include "config/host.h"
#include "config/preset.h"
#include "flush/hosts.h"
#include "flush/record.h"
#include "flush/route_parts.h"

#define REST_MOST 10000 /* milliseconds that a connection waits for `rate` */

/* That the pass waits when the server slows us down. */
#define STAY_MOST 100000

struct route_sum route_sum(const struct route *r)
{
	struct route_sum sum = { 0 };

	for (size_t i = 0; i < ROUTE_LANES; i++) {
		const struct carry *c = &r->lanes[i];

		if (c->lane == NULL)
			continue;
		sum.lanes++;
		sum.is_deep |= c->is_ready && lane_is_deep(c->lane);
		sum.staying += c->is_ready && !c->is_leaving;
		sum.ready += c->is_ready;
		sum.large += carry_has(c, SUPPLY_LARGE_ONE);
		sum.suspects += carry_has(c, SUPPLY_SUSPECT);
		sum.under_way += c->count;
	}
	return sum;
}

unsigned route_recipients(const struct route *r)
{
	unsigned told = preset_recipients(r->smarthost);
	unsigned found = r->limits.recipients;

	return found > 0 && (told == 0 || found < told) ? found : told;
}

bool route_is_busy(const struct route *r)
{
	return supply_count(&r->supply) > 0 || route_sum(r).lanes > 0;
}

bool route_take_left(struct route *r, char id[ENTRY_ID_LENGTH + 1])
{
	const unsigned all = (1U << SUPPLY_KINDS) - 1;
	enum supply_kind unused;

	if (r->passed.count > 0) {
		names_pop(&r->passed, id);
		return true;
	}
	return r->is_stopped && r->falls_back &&
	       supply_take(&r->supply, all, id, &unused);
}

void route_init(struct route *r, const struct smarthost *smarthost,
                const struct config *config, int64_t config_time,
                const struct spool *spool)
{
	memset(r, 0, sizeof(*r));
	r->smarthost = smarthost;
	r->config = config;
	r->spool = spool;
	pace_init(&r->pace, smarthost->connections);
	bucket_parse(&r->bucket, smarthost->rate); /* which was checked */
	bucket_load(&r->bucket, &spool->pause, smarthost->name);
	throttle_load(&r->throttle, &spool->pause, smarthost->name);
	limits_load(&r->limits, &spool->pause, smarthost->name, config_time);
	pace_remember(&r->pace, r->limits.connections);
}

void route_release(struct route *r)
{
	for (size_t i = 0; i < ROUTE_LANES; i++)
		carry_release(&r->lanes[i]);
	departure_release(&r->departure);
	supply_release(&r->supply);
	names_release(&r->passed);
}

void route_add(struct route *r, const char *id)
{
	supply_add(&r->supply, id);
}

void route_sort(struct route *r)
{
	supply_sort(&r->supply, r->spool);
}

/* --- feeding the lanes ------------------------------------------------------
 */

/* Ask the open recipients of the next one.  False: the lane has to be looked at
 * first. */
static bool send_next(struct route *r, struct carry *c)
{
	size_t asked = job_open_count(c->next);
	unsigned limit = route_recipients(r);
	size_t most = limit > 0 ? limit : SESSION_FLIGHT;
	struct fault f;

	if (asked > most)
		asked = most;
	bucket_take(&r->bucket, (unsigned)asked);
	bucket_store(&r->bucket, &r->spool->pause, r->smarthost->name);
	throttle_sent(&r->throttle, clock_ticks());
	if (!record_reserve(c->next, &r->result)) {
		job_free(&c->next);
		return true;
	}
	switch (lane_send(c->lane, &c->next->content, &c->next->mail, &f)) {
	case LANE_SENT: carry_push(c, clock_ticks()); return true;
	case LANE_DAMAGED:
		job_damaged(c->next, &f, &r->result);
		job_free(&c->next);
		return true;
	case LANE_UNSENT: break;
	}
	if (job_has_open(c->next))
		return false;
	route_finish_unasked(r, &c->next);
	return true;
}

static bool is_used_up(const struct route *r, const struct carry *c)
{
	unsigned most = r->smarthost->messages_per_connection;
	unsigned found = r->limits.messages;
	enum verdict_scope scope;

	return lane_trouble(c->lane, &scope) != NULL || c->is_leaving ||
	       route_sum(r).staying > pace_limit(&r->pace) ||
	       (most > 0 && c->begun >= most) ||
	       (found > 0 && c->begun >= found);
}

/* Is the next message allowed so soon that it is worth to wait for it? */
static bool stays(const struct route *r, int64_t milliseconds)
{
	return r->free_at != 0 && !r->is_ending && !r->is_stopped &&
	       supply_count(&r->supply) > 0 &&
	       r->free_at - clock_ticks() < milliseconds;
}

static bool rests(const struct route *r)
{
	return stays(r, REST_MOST);
}

static void take_next(struct route *r, struct carry *c)
{
	if (c->next != NULL || is_used_up(r, c))
		return;
	c->next = route_next_job(r);
	if (c->next != NULL)
		c->begun++;
}

/* Nothing is under way here, and nothing is to be. */
static void leave(struct route *r, struct carry *c)
{
	c->is_resting = !is_used_up(r, c) && rests(r);
	if (c->is_resting)
		return;
	c->is_leaving = true;
	lane_quit(c->lane);
}

/* Ahead of answers; true: one went. */
static bool feed_ready(struct route *r, struct carry *c)
{
	if (c->count < c->depth.limit &&
	    route_sum(r).under_way < ROUTE_UNDER_WAY) {
		take_next(r, c);
		if (c->next != NULL && carry_allows(c) && send_next(r, c))
			return true;
	}
	lane_wait(c->lane);
	return false;
}

static void feed_idle(struct route *r, struct carry *c)
{
	if (!c->is_ready) {
		c->is_ready = true;
		pace_ready(&r->pace, clock_ticks() - c->called,
		           lane_round_trip(c->lane));
		r->host_failures = 0;
		hosts_learn(&r->spool->pause, r->smarthost,
		            lane_connect(c->lane), NULL);
	}
	take_next(r, c);
	if (c->next != NULL)
		send_next(r, c);
	else
		leave(r, c);
}

/* --- the lanes ---------------------------------------------------------- */

static enum session_overlap overlap(const struct route *r)
{
	static const enum session_overlap as[] = {
		[CONFIG_OVERLAP_AUTO] = OVERLAP_KNOWN,
		[CONFIG_OVERLAP_YES] = OVERLAP_ALWAYS,
		[CONFIG_OVERLAP_NO] = OVERLAP_NEVER,
	};

	return r->limits.no_overlap ? OVERLAP_NEVER : as[r->smarthost->overlap];
}

/* A message is read and verified before anybody is called. */
static bool start_lane(struct route *r, struct carry *c)
{
	struct sbuf hosts;
	struct lane_settings settings = { .smarthost = r->smarthost,
		                          .helo = r->helo,
		                          .keeper = r->keeper,
		                          .store = r->store,
		                          .overlap = overlap(r),
		                          .recipients = route_recipients(r) };
	struct job *job = route_next_job(r);

	if (job == NULL)
		return false;
	*c = (struct carry){ .next = job, .begun = 1, .called = clock_ticks() };
	depth_init(&c->depth);
	sbuf_init(&hosts, CONFIG_LINE_LIMIT);
	hosts_order(&r->spool->pause, r->smarthost, &hosts);
	settings.hosts = hosts.data;
	c->lane = lane_create(&settings);
	sbuf_release(&hosts);
	r->connections++;
	return true;
}

void route_end(struct route *r)
{
	r->is_ending = true;
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		struct carry *c = &r->lanes[i];

		if (c->next != NULL)
			route_put_back(r, &c->next);
		if (c->lane != NULL && c->count == 0)
			carry_release(c);
	}
}

void route_abort(struct route *r)
{
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		struct carry *c = &r->lanes[i];

		if (c->lane == NULL)
			continue;
		lane_abort(c->lane);
		c->state = LANE_OVER;
		route_settle(r, c);
	}
	departure_commit(&r->departure, &r->result);
}

/* Hear what the server says, as far as it goes. */
static void advance(struct route *r, struct carry *c)
{
	if (c->lane == NULL ||
	    (c->is_resting && rests(r) && clock_ticks() < r->free_at))
		return;
	c->is_resting = false;
	if (c->state != LANE_ANSWERED)
		c->state = lane_advance(c->lane);
	route_settle(r, c);
}

/* As many as may go together leave together. */
static void feed_ahead(struct route *r, struct carry *c)
{
	while (c->state == LANE_READY && feed_ready(r, c))
		c->state = lane_advance(c->lane);
}

/* True: it may go on at once. */
static bool feed(struct route *r, struct carry *c)
{
	if (c->lane == NULL || c->is_resting)
		return false;
	switch (c->state) {
	case LANE_WAITING: return false;
	case LANE_READY: feed_ahead(r, c); return true;
	case LANE_ANSWERED: c->state = LANE_WAITING; return true;
	case LANE_IDLE: feed_idle(r, c); return true;
	case LANE_OVER: route_end_lane(r, c); return true;
	}
	return false;
}

/* All lanes as far as they go: first what was said is written down, then more
 * is said.  False: all of them wait. */
static bool turn(struct route *r)
{
	bool goes_on = false;

	for (size_t i = 0; i < ROUTE_LANES; i++)
		advance(r, &r->lanes[i]);
	departure_commit(&r->departure, &r->result);
	for (size_t i = 0; i < ROUTE_LANES; i++)
		goes_on |= feed(r, &r->lanes[i]);
	return goes_on;
}

/* Large messages on all of them must not block small ones. */
static unsigned lanes_wanted(const struct route *r, const struct route_sum *sum)
{
	const struct pace_state now = { .lanes = sum->lanes,
		                        .ready = sum->ready,
		                        .under_way = sum->under_way,
		                        .is_deep = sum->is_deep,
		                        .waiting = supply_count(&r->supply) };
	unsigned wanted = pace_wanted(&r->pace, &now);

	if (wanted == sum->lanes && sum->large == sum->lanes &&
	    supply_left(&r->supply, SUPPLY_ORDINARY) > 0 &&
	    wanted < pace_limit(&r->pace))
		wanted++;
	return wanted;
}

/* True: a lane was begun. */
static bool add_lanes(struct route *r)
{
	struct route_sum sum = route_sum(r);
	unsigned wanted = lanes_wanted(r, &sum);
	bool begun = false;

	for (size_t i = 0; i < ROUTE_LANES && sum.lanes < wanted; i++) {
		if (r->lanes[i].lane != NULL)
			continue;
		if (!start_lane(r, &r->lanes[i]))
			break;
		begun = true;
		sum.lanes++;
	}
	return begun;
}

static void note_deadline(int64_t *deadline, int64_t when)
{
	if (when != 0 && (*deadline == 0 || when < *deadline))
		*deadline = when;
}

/* What the lanes wait for. */
static nfds_t gather(const struct route *r, struct pollfd *fds,
                     int64_t *deadline)
{
	nfds_t n = 0;

	for (size_t i = 0; i < ROUTE_LANES; i++) {
		const struct lane *lane = r->lanes[i].lane;

		if (lane == NULL)
			continue;
		if (r->lanes[i].is_resting) { /* what it hears can wait */
			fds[n++] = (struct pollfd){ .fd = -1 };
			continue;
		}
		fds[n++] = (struct pollfd){ .fd = lane_fd(lane),
			                    .events = lane_events(lane) };
		note_deadline(deadline, lane_deadline(lane));
	}
	if (stays(r, throttle_wait(&r->throttle, clock_ticks()) > 0
	                     ? STAY_MOST
	                     : REST_MOST)) {
		if (n == 0)
			fds[n++] = (struct pollfd){ .fd = -1 };
		note_deadline(deadline, r->free_at);
	}
	return n;
}

nfds_t route_advance(struct route *r, struct pollfd *fds, int64_t *deadline)
{
	bool goes_on = true;

	while (goes_on) {
		goes_on = turn(r);
		goes_on |= add_lanes(r);
	}
	departure_commit(&r->departure, &r->result);
	return gather(r, fds, deadline);
}

size_t route_held_back(const struct route *r, int64_t *seconds)
{
	int64_t wait = r->free_at - clock_ticks();

	if (r->free_at == 0 || r->is_stopped || r->smarthost->rate == NULL)
		return 0;
	*seconds = wait > 0 ? wait / 1000 + 1 : 1;
	return supply_count(&r->supply);
}
