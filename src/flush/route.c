/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"
#include "config/host.h"
#include "flush/hosts.h"
#include "flush/record.h"
#include "flush/way.h"
#include "queue/pause.h"

/* Connections that may end at a message, one after the other, before the server
 * is left alone: one message must not keep all others waiting. */
#define REFUSALS_MOST 2

#define REST_MOST 10000 /* milliseconds that a connection waits for `rate` */
#define STAY_MOST                                                            \
	100000          /* that the pass does, when the server slows us down \
	                 */
#define LEARNED_LEAST 2 /* messages on a connection that tell of a limit */
#define SLOWED_MOST 5   /* times that a message meets "slower" in a pass */

/* What the lanes have, added up. */
struct sum {
	unsigned lanes, staying, ready, large, suspects, under_way;
};

static struct sum add_up(const struct route *r)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < ROUTE_LANES; i++) {
		const struct carry *c = &r->lanes[i];

		if (c->lane == NULL)
			continue;
		sum.lanes++;
		sum.staying += c->is_ready && !c->is_leaving;
		sum.ready += c->is_ready;
		sum.large += carry_has(c, SUPPLY_LARGE_ONE);
		sum.suspects += carry_has(c, SUPPLY_SUSPECT);
		sum.under_way += c->count;
	}
	return sum;
}

bool route_is_busy(const struct route *r)
{
	return supply_count(&r->supply) > 0 || add_up(r).lanes > 0;
}

bool route_take_left(struct route *r, char id[ENTRY_ID_LENGTH + 1])
{
	const unsigned all = (1U << SUPPLY_KINDS) - 1;
	enum supply_kind unused;

	if (r->passed.count > 0) {
		memcpy(id, r->passed.id[--r->passed.count],
		       ENTRY_ID_LENGTH + 1);
		return true;
	}
	return r->is_stopped && r->falls_back &&
	       supply_take(&r->supply, all, id, &unused);
}

/* --- trouble ------------------------------------------------------------ */

/* Nothing more goes this way for a while, and why is remembered. */
static void stop_route(struct route *r, enum verdict_scope scope,
                       const struct fault *f)
{
	bool is_account = scope != VERDICT_SERVER;
	struct pause pause;
	struct sbuf until;

	pause_extend(&r->spool->pause, r->smarthost->name, is_account, f,
	             &pause);
	sbuf_init(&until, 64);
	clock_add_short(&until, pause.until);
	r->is_stopped = true;
	r->falls_back = !is_account && r->fallback != NULL;
	if (r->falls_back)
		log_warn(_("smarthost=%s scope=%s dsn=%s status=fallback (%s; "
		           "mail goes to %s, next try after %s)"),
		         r->smarthost->name, verdict_scope_name(scope), f->code,
		         f->text, r->smarthost->fallback, until.data);
	else
		log_warn(_("smarthost=%s scope=%s dsn=%s status=waiting (%s; "
		           "mail is kept, next try after %s)"),
		         r->smarthost->name, verdict_scope_name(scope), f->code,
		         f->text, until.data);
	sbuf_release(&until);
	if (f->kind == FAULT_CONFIG)
		r->result.needs_person = true;
	if (!r->falls_back)
		r->result.later += (unsigned)supply_count(&r->supply);
}

static void store_limits(struct route *r)
{
	limits_store(&r->limits, &r->spool->pause, r->smarthost->name);
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
	spool_list_release(&r->passed);
}

void route_add(struct route *r, const char *id)
{
	supply_add(&r->supply, id);
}

void route_sort(struct route *r)
{
	supply_sort(&r->supply, r->spool);
}

/* --- a message that we were too fast for ---------------------------------- */

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

/* It comes first again, as if not a word had been said about it. */
static void put_back(struct route *r, struct job **job)
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
	if (add_up(r).lanes > 1)
		pace_throttled(&r->pace, add_up(r).lanes);
	record(r, c, job);
	if (!is_hopeful && !r->is_stopped)
		stop_route(r, VERDICT_QUOTA, &why);
	if (is_hopeful && count_slowed(r, job->entry.id) < SLOWED_MOST) {
		r->result.later = later;
		put_back(r, &job);
		return;
	}
	departure_finish(&r->departure, &job, r->config, is_hopeful,
	                 &r->result);
}

/* --- a message that is done ----------------------------------------------- */

/* A server that says 421 to a message after it took others wants a new
 * connection, and gets the message again on that one. */
static bool wants_new_connection(const struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP &&
	       c->useful > 0;
}

/* The message, not the connection, may be what the server cannot bear. */
static bool is_refused_here(const struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP;
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
	if (wants_new_connection(c) && !lane_is_lost(c->lane)) {
		r->result.later = later; /* counted when it is tried again */
		route_add(r, job->entry.id);
		job_free(&job);
		return;
	}
	c->is_refused = is_refused_here(c);
	if (passes_on(r, c, job)) {
		r->result.later = later; /* likewise */
		spool_list_add(&r->passed, job->entry.id);
		job_free(&job);
		return;
	}
	departure_finish(&r->departure, &job, r->config, lane_is_lost(c->lane),
	                 &r->result);
}

/* The connection ended before the server had the message: was it only in the
 * way? */
static bool is_bystander(const struct job *job)
{
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct outcome *o = &job->mail.recipients[i].outcome;

		if (o->state != OUTCOME_OPEN &&
		    !job->audience.slots[i].is_counted &&
		    (o->state != OUTCOME_REFUSED ||
		     o->scope != VERDICT_SERVER || o->kind != FAULT_TEMP))
			return false;
	}
	return true;
}

/* The server took it, or part of it: the rest is asked next. */
static void go_on_with(struct route *r, struct carry *c, struct job *job)
{
	record(r, c, job);
	if (c->next == NULL)
		c->next = job;
	else
		put_back(r, &job);
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
 * were bystanders, unless the server may have them. */
static void settle_last(struct route *r, struct carry *c, struct job *job,
                        bool *is_blamed)
{
	const struct fault *damage = lane_damage(c->lane);

	if (damage != NULL && c->count == 0) {
		record(r, c, job);
		job_damaged(job, damage, &r->result);
		job_free(&job);
	} else if (*is_blamed && is_bystander(job)) {
		put_back(r, &job);
	} else {
		*is_blamed |= is_bystander(job) || lane_is_lost(c->lane);
		settle(r, c, job, 0);
	}
}

/* Who breaks under messages that are sent ahead gets them one by one. */
static void note_overlap(struct route *r, const struct carry *c)
{
	if (r->is_ending || c->count < 2 || !lane_is_lost(c->lane) ||
	    lane_damage(c->lane) != NULL || !lane_may_overlap(c->lane))
		return;
	log_note(_("smarthost=%s status=no-overlap (the connection broke with "
	           "%u messages under way: from now on each waits for the "
	           "answer to the last)"),
	         r->smarthost->name, c->count);
	r->limits.no_overlap = true;
	store_limits(r);
}

/* What the server has said all about. */
static void settle_answered(struct route *r, struct carry *c)
{
	int64_t now = clock_ticks(), milliseconds;
	bool is_blamed = false;
	struct job *job;

	if (c->state == LANE_OVER)
		note_overlap(r, c);
	while ((job = carry_pop(c, now, &milliseconds)) != NULL)
		if (c->state == LANE_OVER)
			settle_last(r, c, job, &is_blamed);
		else
			settle(r, c, job, milliseconds);
}

/* --- the next message -------------------------------------------------------
 */

/* May one more go, by the provider's rate, and as fast as it takes them? */
static bool is_allowed(struct route *r)
{
	int64_t wait = bucket_wait(&r->bucket, clock_now() / 1000);
	int64_t slower = throttle_wait(&r->throttle, clock_ticks());

	if (slower > wait)
		wait = slower;
	r->free_at = wait > 0 ? clock_ticks() + wait : 0;
	return wait == 0;
}

/* Large messages leave one connection to the others, if there may be two; and
 * suspects go when nothing else is left, and nothing beside them. */
static unsigned wanted_kinds(const struct route *r)
{
	struct sum sum = add_up(r);
	unsigned wanted = 1U << SUPPLY_ORDINARY;
	bool is_crowded = supply_left(&r->supply, SUPPLY_ORDINARY) > 0 &&
	                  sum.large + 1 >= pace_limit(&r->pace) &&
	                  sum.large > 0;

	if (!is_crowded)
		wanted |= 1U << SUPPLY_LARGE_ONE;
	if (sum.under_way == 0 &&
	    supply_count(&r->supply) == supply_left(&r->supply, SUPPLY_SUSPECT))
		wanted |= 1U << SUPPLY_SUSPECT;
	return wanted;
}

/* The id of the next one; false: there is none now. */
static bool next_id(struct route *r, char id[ENTRY_ID_LENGTH + 1],
                    enum supply_kind *kind)
{
	if (r->is_ending || r->is_stopped || add_up(r).suspects > 0 ||
	    (supply_count(&r->supply) > 0 && !is_allowed(r)))
		return false;
	return supply_take(&r->supply, wanted_kinds(r), id, kind);
}

/* Its turn comes later. */
static bool is_set_aside(struct route *r, const struct job *job,
                         enum supply_kind kind)
{
	enum supply_kind its = supply_kind_of(job);

	if (its == kind || (wanted_kinds(r) & 1U << its) != 0)
		return false;
	supply_set_aside(&r->supply, its, job->entry.id);
	return true;
}

/* Nobody can be asked; or a crash came after the last line and before the
 * move. */
static void finish_unasked(struct route *r, struct job **job)
{
	record_outcomes(*job, "none", &r->result);
	departure_finish(&r->departure, job, r->config, false, &r->result);
}

/* The next entry that can be sent, or NULL at the end of the list. */
static struct job *next_job(struct route *r)
{
	char id[ENTRY_ID_LENGTH + 1];
	enum supply_kind kind;

	while (next_id(r, id, &kind)) {
		struct job *job = job_open(r->spool, id, &r->result);

		if (job == NULL)
			continue;
		if (is_set_aside(r, job, kind) ||
		    !job_prepare(job, &r->rules, r->helo, &r->result)) {
			job_free(&job);
			continue;
		}
		job_leave_here(job);
		if (job_has_open(job))
			return job;
		finish_unasked(r, &job);
	}
	return NULL;
}

/* --- feeding the lanes ------------------------------------------------------
 */

/* Ask the open recipients of the next one.  False: the lane has to be looked at
 * first. */
static bool send_next(struct route *r, struct carry *c)
{
	size_t asked = job_open_count(c->next);
	size_t most = r->limits.recipients > 0 ? r->limits.recipients
	                                       : SESSION_FLIGHT;
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
	finish_unasked(r, &c->next);
	return true;
}

static bool is_used_up(const struct route *r, const struct carry *c)
{
	unsigned most = r->smarthost->messages_per_connection;
	unsigned found = r->limits.messages;
	enum verdict_scope scope;

	return lane_trouble(c->lane, &scope) != NULL || c->is_leaving ||
	       add_up(r).staying > pace_limit(&r->pace) ||
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
	c->next = next_job(r);
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
	    add_up(r).under_way < ROUTE_UNDER_WAY) {
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
		pace_ready(&r->pace, clock_ticks() - c->called);
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
		                          .recipients = r->limits.recipients };
	struct job *job = next_job(r);

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

/* With others beside it that go on, one more was too many for the server: it
 * said so to the call, or refused a login that it took from the others. */
static bool was_too_many(struct route *r, const struct carry *c,
                         enum verdict_scope scope, const struct fault *f)
{
	struct sum sum = add_up(r);
	unsigned others = sum.lanes - 1;
	bool is_login = !c->is_ready && sum.ready > 0;
	bool is_server = c->useful == 0 && scope == VERDICT_SERVER &&
	                 f->kind == FAULT_TEMP;

	if (others == 0 || (!is_login && !is_server))
		return false;
	if (is_login) /* a login that is refused is not tried again and again */
		pace_settle(&r->pace, sum.ready);
	else
		pace_throttled(&r->pace, others + 1);
	r->limits.connections = pace_learned(&r->pace);
	store_limits(r);
	log_note("smarthost=%s dsn=%s connections=%u status=fewer (%s)",
	         r->smarthost->name, f->code, pace_limit(&r->pace), f->text);
	return true;
}

/* A server that ends two connections after the same number of messages has such
 * a limit, and one that takes fewer recipients at a time, too. */
static void learn(struct route *r, const struct carry *c)
{
	unsigned recipients = lane_most_recipients(c->lane);

	if (r->limits.connections > 0 &&
	    pace_limit(&r->pace) > r->limits.connections) {
		r->limits.connections = pace_learned(&r->pace);
		store_limits(r);
	}
	if (recipients > 0 && recipients != r->limits.recipients) {
		r->limits.recipients = recipients;
		store_limits(r);
	}
	if (!wants_new_connection(c))
		return;
	if (c->taken >= LEARNED_LEAST && c->taken == r->last_taken &&
	    c->taken != r->limits.messages) {
		r->limits.messages = c->taken;
		store_limits(r);
	}
	r->last_taken = c->taken;
}

/* The only connection did not get as far as a message, and one to another host
 * of the smarthost may: bounded by a count, as what is remembered can get lost.
 */
static bool has_other_host(struct route *r, const struct carry *c,
                           enum verdict_scope scope, const struct fault *f)
{
	const struct dir *pauses = &r->spool->pause;

	if (c->is_ready || f == NULL || scope != VERDICT_SERVER ||
	    add_up(r).lanes > 1)
		return false;
	hosts_learn(pauses, r->smarthost, lane_connect(c->lane), f);
	if (++r->host_failures >= host_count(r->smarthost->host) ||
	    !hosts_has_healthy(pauses, r->smarthost))
		return false;
	r->result.needs_person |= f->kind == FAULT_CONFIG;
	return true;
}

/* A server that drops us after it took mail is simply called again; one that
 * never took any is left alone. */
static void end_lane(struct route *r, struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);
	bool is_damaged = lane_damage(c->lane) != NULL, is_forgiven;

	if (c->next != NULL)
		put_back(r, &c->next);
	learn(r, c);
	throttle_store(&r->throttle, &r->spool->pause, r->smarthost->name);
	if (c->useful > 0) {
		r->refusals = 0;
		pause_clear(&r->spool->pause, r->smarthost->name);
	}
	is_forgiven = wants_new_connection(c) ||
	              (c->is_refused && supply_count(&r->supply) > 0 &&
	               ++r->refusals < REFUSALS_MOST) ||
	              has_other_host(r, c, scope, f);
	if (f != NULL && is_forgiven)
		log_note("smarthost=%s dsn=%s status=reconnecting (%s)",
		         r->smarthost->name, f->code, f->text);
	else if (f != NULL && !r->is_stopped && !was_too_many(r, c, scope, f))
		stop_route(r, scope, f);
	else if (f == NULL && c->useful == 0 && !c->is_refused && !is_damaged &&
	         r->throttle.refused == 0 && add_up(r).lanes == 1)
		r->is_stopped = true; /* never the same again without reason */
	carry_release(c);
}

void route_end(struct route *r)
{
	r->is_ending = true;
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		struct carry *c = &r->lanes[i];

		if (c->next != NULL)
			put_back(r, &c->next);
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
		settle_answered(r, c);
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
	c->state = lane_advance(c->lane);
	settle_answered(r, c);
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
	case LANE_IDLE: feed_idle(r, c); return true;
	case LANE_OVER: end_lane(r, c); return true;
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
static unsigned lanes_wanted(const struct route *r, const struct sum *sum)
{
	unsigned wanted = pace_wanted(&r->pace, sum->lanes, sum->ready,
	                              sum->under_way, supply_count(&r->supply));

	if (wanted == sum->lanes && sum->large == sum->lanes &&
	    supply_left(&r->supply, SUPPLY_ORDINARY) > 0 &&
	    wanted < pace_limit(&r->pace))
		wanted++;
	return wanted;
}

/* True: a lane was begun. */
static bool add_lanes(struct route *r)
{
	struct sum sum = add_up(r);
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
