/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "flush/record.h"
#include "queue/pause.h"

/* Connections that may end at a message, one after the other, before the server
 * is left alone: one message must not keep all others waiting. */
#define REFUSALS_MOST 2

#define REST_MOST 10000 /* milliseconds that a connection waits for `rate` */

void route_init(struct route *r, const struct smarthost *smarthost,
                const struct config *config, const struct spool *spool)
{
	memset(r, 0, sizeof(*r));
	r->smarthost = smarthost;
	r->config = config;
	r->spool = spool;
	pace_init(&r->pace, smarthost->connections);
	bucket_parse(&r->bucket, smarthost->rate); /* which was checked */
	bucket_load(&r->bucket, &spool->pause, smarthost->name);
}

void route_release(struct route *r)
{
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		job_free(&r->lanes[i].job);
		lane_free(&r->lanes[i].lane);
	}
	spool_list_release(&r->waiting);
	spool_list_release(&r->returned);
}

void route_add(struct route *r, const char *id)
{
	spool_list_add(&r->waiting, id);
}

static size_t waiting_count(const struct route *r)
{
	return r->waiting.count - r->next + r->returned.count;
}

static unsigned lane_count(const struct route *r)
{
	unsigned count = 0;

	for (size_t i = 0; i < ROUTE_LANES; i++)
		count += r->lanes[i].lane != NULL ? 1 : 0;
	return count;
}

static unsigned ready_count(const struct route *r)
{
	unsigned count = 0;

	for (size_t i = 0; i < ROUTE_LANES; i++)
		count += r->lanes[i].lane != NULL && r->lanes[i].is_ready ? 1
		                                                          : 0;
	return count;
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
	log_warn(_("smarthost=%s scope=%s dsn=%s status=waiting (%s; mail is "
	           "kept, next try after %s)"),
	         r->smarthost->name, verdict_scope_name(scope), f->code,
	         f->text, until.data);
	sbuf_release(&until);
	r->is_stopped = true;
	if (f->kind == FAULT_CONFIG)
		r->result.needs_person = true;
	r->result.later += (unsigned)waiting_count(r);
}

/* --- the job ------------------------------------------------------------ */

/* A server that says 421 to a message after it took others wants a new
 * connection, and gets the message again on that one. */
static bool wants_new_connection(const struct route_lane *l)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(l->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP &&
	       l->useful > 0;
}

/* Somebody has the message: this connection was of use. */
static void record(struct route *r, struct route_lane *l)
{
	unsigned delivered = r->result.delivered;

	record_outcomes(l->job, lane_peer(l->lane), &r->result);
	if (r->result.delivered != delivered)
		l->useful++;
}

/* The message, not the connection, may be what the server cannot bear. */
static bool is_refused_here(const struct route_lane *l)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(l->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP;
}

static void end_job(struct route *r, struct route_lane *l)
{
	const struct fault *damage = lane_damage(l->lane);
	unsigned later = r->result.later;

	record(r, l);
	if (damage != NULL)
		job_damaged(l->job, damage, &r->result);
	else if (wants_new_connection(l) && !lane_is_lost(l->lane)) {
		r->result.later = later; /* counted when it is tried again */
		route_add(r, l->job->entry.id);
	} else {
		l->is_refused = is_refused_here(l);
		job_finish(l->job, r->config, lane_is_lost(l->lane),
		           &r->result);
	}
	job_free(&l->job);
}

/* Not a word was said about it: it comes first again. */
static void put_back(struct route *r, struct route_lane *l)
{
	spool_list_add(&r->returned, l->job->entry.id);
	job_free(&l->job);
}

/* May one more go, by the provider's rate? */
static bool is_allowed(struct route *r)
{
	int64_t wait = bucket_wait(&r->bucket, clock_now() / 1000);

	r->free_at = wait > 0 ? clock_ticks() + wait : 0;
	return wait == 0;
}

/* The id of the next one; false: there is none now. */
static bool next_id(struct route *r, char id[ENTRY_ID_LENGTH + 1])
{
	if (r->is_ending || r->is_stopped ||
	    (waiting_count(r) > 0 && !is_allowed(r)))
		return false;
	if (r->returned.count > 0)
		memcpy(id, r->returned.id[--r->returned.count],
		       ENTRY_ID_LENGTH + 1);
	else if (r->next < r->waiting.count)
		memcpy(id, r->waiting.id[r->next++], ENTRY_ID_LENGTH + 1);
	else
		return false;
	return true;
}

/* The next entry that can be sent, or NULL at the end of the list. */
static struct job *next_job(struct route *r)
{
	char id[ENTRY_ID_LENGTH + 1];

	while (next_id(r, id)) {
		struct job *job = job_open(r->spool, id, &r->result);

		if (job == NULL)
			continue;
		if (!job_prepare(job, &r->rules, r->helo, &r->result)) {
			job_free(&job);
			continue;
		}
		job_leave_here(job);
		if (job_has_open(job))
			return job;
		/* Nobody can be asked; or a crash came after the last line and
		 * before the move. */
		record_outcomes(job, "none", &r->result);
		job_finish(job, r->config, false, &r->result);
		job_free(&job);
	}
	return NULL;
}

/* Ask the open recipients. */
static void send_job(struct route *r, struct route_lane *l)
{
	size_t asked = job_open_count(l->job);

	if (asked > SESSION_FLIGHT)
		asked = SESSION_FLIGHT;
	l->since = clock_ticks();
	bucket_take(&r->bucket, (unsigned)asked);
	bucket_store(&r->bucket, &r->spool->pause, r->smarthost->name);
	if (!record_reserve(l->job, &r->result)) {
		job_free(&l->job);
		return;
	}
	l->is_job_sent = lane_send(l->lane, &l->job->content, &l->job->mail) ||
	                 !job_has_open(l->job);
}

/* The lane is idle: what it had is done, unless the server takes the
 * recipients in several parts. */
static void go_on_with_job(struct route *r, struct route_lane *l)
{
	enum verdict_scope scope;
	bool in_trouble = lane_trouble(l->lane, &scope) != NULL;

	if (job_has_open(l->job) && !in_trouble && !r->is_ending) {
		record(r, l);
		send_job(r, l);
		return;
	}
	if (!in_trouble) {
		l->useful++;
		pace_taken(&r->pace, clock_ticks() - l->since);
	}
	end_job(r, l);
}

static bool is_used_up(const struct route *r, const struct route_lane *l)
{
	unsigned most = r->smarthost->messages_per_connection;
	enum verdict_scope scope;

	return lane_trouble(l->lane, &scope) != NULL ||
	       (most > 0 && l->jobs >= most);
}

/* Is the next message allowed so soon that it is worth to stay? */
static bool rests(const struct route *r)
{
	return r->free_at != 0 && !r->is_ending && !r->is_stopped &&
	       waiting_count(r) > 0 && r->free_at - clock_ticks() < REST_MOST;
}

static void feed(struct route *r, struct route_lane *l)
{
	if (!l->is_ready) {
		l->is_ready = true;
		pace_ready(&r->pace, clock_ticks() - l->since);
	}
	if (l->job != NULL && l->is_job_sent) {
		go_on_with_job(r, l);
		return;
	}
	if (l->job == NULL && !is_used_up(r, l))
		l->job = next_job(r);
	l->is_job_sent = false;
	if (l->job == NULL && !is_used_up(r, l) && rests(r)) {
		l->is_resting = true;
		return;
	}
	if (l->job == NULL) {
		lane_quit(l->lane);
		return;
	}
	l->jobs++;
	send_job(r, l);
}

/* --- the lanes ---------------------------------------------------------- */

/* A message is read and verified before anybody is called. */
static bool start_lane(struct route *r, struct route_lane *l)
{
	struct lane_settings settings = { .smarthost = r->smarthost,
		                          .helo = r->helo,
		                          .keeper = r->keeper,
		                          .store = r->store };
	struct job *job = next_job(r);

	if (job == NULL)
		return false;
	*l = (struct route_lane){ .job = job, .since = clock_ticks() };
	l->lane = lane_create(&settings);
	r->connections++;
	return true;
}

/* With others beside it that go on, one more was too many for the server: it
 * said so to the call, or refused a login that it took from the others. */
static bool was_too_many(struct route *r, const struct route_lane *l,
                         enum verdict_scope scope, const struct fault *f)
{
	unsigned others = lane_count(r) - 1;
	bool is_login = !l->is_ready && ready_count(r) > 0;
	bool is_server = l->useful == 0 && scope == VERDICT_SERVER &&
	                 f->kind == FAULT_TEMP;

	if (others == 0 || (!is_login && !is_server))
		return false;
	pace_throttled(&r->pace, others + 1);
	if (is_login) /* a login that is refused is not tried again and again */
		pace_settle(&r->pace, ready_count(r));
	log_note("smarthost=%s dsn=%s connections=%u status=fewer (%s)",
	         r->smarthost->name, f->code, r->pace.limit, f->text);
	return true;
}

/* A server that drops us after it took mail is simply called again; one that
 * never took any is left alone. */
static void end_lane(struct route *r, struct route_lane *l)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(l->lane, &scope);
	bool is_damaged = lane_damage(l->lane) != NULL, is_forgiven;

	if (l->job != NULL && (l->is_job_sent || is_damaged))
		end_job(r, l);
	else if (l->job != NULL)
		put_back(r, l);
	if (l->useful > 0) {
		r->refusals = 0;
		pause_clear(&r->spool->pause, r->smarthost->name);
	}
	is_forgiven = wants_new_connection(l) ||
	              (l->is_refused && waiting_count(r) > 0 &&
	               ++r->refusals < REFUSALS_MOST);
	if (f != NULL && is_forgiven)
		log_note("smarthost=%s dsn=%s status=reconnecting (%s)",
		         r->smarthost->name, f->code, f->text);
	else if (f != NULL && !r->is_stopped && !was_too_many(r, l, scope, f))
		stop_route(r, scope, f);
	else if (f == NULL && l->useful == 0 && !l->is_refused && !is_damaged &&
	         lane_count(r) == 1)
		r->is_stopped = true; /* never the same again without reason */
	lane_free(&l->lane);
}

void route_end(struct route *r)
{
	r->is_ending = true;
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		struct route_lane *l = &r->lanes[i];

		if (l->job == NULL || l->is_job_sent)
			continue;
		put_back(r, l);
		lane_free(&l->lane);
	}
}

void route_abort(struct route *r)
{
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		struct route_lane *l = &r->lanes[i];

		if (l->lane == NULL || l->job == NULL || !l->is_job_sent)
			continue;
		lane_abort(l->lane);
		end_job(r, l);
	}
}

/* As far as it goes; true: it waits. */
static bool advance(struct route *r, struct route_lane *l)
{
	while (l->lane != NULL) {
		if (l->is_resting && rests(r) && clock_ticks() < r->free_at)
			return true;
		l->is_resting = false;
		switch (lane_advance(l->lane)) {
		case LANE_WAITING: return true;
		case LANE_IDLE: feed(r, l); break;
		case LANE_OVER: end_lane(r, l); break;
		}
	}
	return false;
}

/* True: a lane was begun. */
static bool add_lanes(struct route *r)
{
	unsigned lanes = lane_count(r);
	unsigned wanted =
		pace_wanted(&r->pace, lanes, ready_count(r), waiting_count(r));
	bool begun = false;

	for (size_t i = 0; i < ROUTE_LANES && lanes < wanted; i++) {
		if (r->lanes[i].lane != NULL)
			continue;
		if (!start_lane(r, &r->lanes[i]))
			break;
		begun = true;
		lanes++;
	}
	return begun;
}

nfds_t route_advance(struct route *r, struct pollfd *fds, int64_t *deadline)
{
	nfds_t n;

	do {
		n = 0;
		for (size_t i = 0; i < ROUTE_LANES; i++)
			if (advance(r, &r->lanes[i]))
				n++;
	} while (add_lanes(r));
	n = 0;
	for (size_t i = 0; i < ROUTE_LANES; i++) {
		const struct lane *lane = r->lanes[i].lane;
		int64_t when;

		if (lane == NULL)
			continue;
		if (r->lanes[i].is_resting) { /* what it hears can wait */
			fds[n++] = (struct pollfd){ .fd = -1 };
			continue;
		}
		fds[n++] = (struct pollfd){ .fd = lane_fd(lane),
			                    .events = lane_events(lane) };
		when = lane_deadline(lane);
		if (when != 0 && (*deadline == 0 || when < *deadline))
			*deadline = when;
	}
	if (rests(r)) {
		if (n == 0)
			fds[n++] = (struct pollfd){ .fd = -1 };
		if (*deadline == 0 || r->free_at < *deadline)
			*deadline = r->free_at;
	}
	return n;
}

size_t route_held_back(const struct route *r, int64_t *seconds)
{
	int64_t wait = r->free_at - clock_ticks();

	if (r->free_at == 0 || r->is_stopped)
		return 0;
	*seconds = wait > 0 ? wait / 1000 + 1 : 1;
	return waiting_count(r);
}
