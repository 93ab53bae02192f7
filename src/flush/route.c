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

void route_init(struct route *r, const struct smarthost *smarthost,
                const struct config *config, const struct spool *spool)
{
	memset(r, 0, sizeof(*r));
	r->smarthost = smarthost;
	r->config = config;
	r->spool = spool;
}

void route_release(struct route *r)
{
	job_free(&r->job);
	lane_free(&r->lane);
	spool_list_release(&r->waiting);
}

void route_add(struct route *r, const char *id)
{
	spool_list_add(&r->waiting, id);
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
	r->result.later += (unsigned)(r->waiting.count - r->next);
}

/* --- the job ------------------------------------------------------------ */

/* A server that says 421 to a message after it took others wants a new
 * connection, and gets the message again on that one. */
static bool wants_new_connection(const struct route *r)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(r->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP &&
	       r->lane_useful > 0;
}

/* Somebody has the message: this connection was of use. */
static void record(struct route *r)
{
	unsigned delivered = r->result.delivered;

	record_outcomes(r->job, lane_peer(r->lane), &r->result);
	if (r->result.delivered != delivered)
		r->lane_useful++;
}

/* The message, not the connection, may be what the server cannot bear. */
static bool is_refused_here(const struct route *r)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(r->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP;
}

static void end_job(struct route *r)
{
	const struct fault *damage = lane_damage(r->lane);
	unsigned later = r->result.later;

	record(r);
	if (damage != NULL)
		job_damaged(r->job, damage, &r->result);
	else if (wants_new_connection(r) && !lane_is_lost(r->lane)) {
		r->result.later = later; /* counted when it is tried again */
		route_add(r, r->job->entry.id);
	} else {
		r->lane_refused = is_refused_here(r);
		job_finish(r->job, r->config, lane_is_lost(r->lane),
		           &r->result);
	}
	job_free(&r->job);
}

/* Not a word was said about it: it comes first again. */
static void put_back(struct route *r)
{
	job_free(&r->job);
	r->next--;
}

/* The next entry that can be sent, or NULL at the end of the list. */
static struct job *next_job(struct route *r)
{
	while (r->next < r->waiting.count && !r->is_ending) {
		const char *id = r->waiting.id[r->next++];
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
static void send_job(struct route *r)
{
	if (!record_reserve(r->job, &r->result)) {
		job_free(&r->job);
		return;
	}
	r->is_job_sent = lane_send(r->lane, &r->job->content, &r->job->mail) ||
	                 !job_has_open(r->job);
}

/* The lane is idle: what it had is done, unless the server takes the
 * recipients in several parts. */
static void go_on_with_job(struct route *r)
{
	enum verdict_scope scope;
	bool in_trouble = lane_trouble(r->lane, &scope) != NULL;

	if (job_has_open(r->job) && !in_trouble && !r->is_ending) {
		record(r);
		send_job(r);
		return;
	}
	if (!in_trouble)
		r->lane_useful++;
	end_job(r);
}

static bool is_lane_used_up(const struct route *r)
{
	unsigned most = r->smarthost->messages_per_connection;
	enum verdict_scope scope;

	return lane_trouble(r->lane, &scope) != NULL ||
	       (most > 0 && r->lane_jobs >= most);
}

static void feed_lane(struct route *r)
{
	if (r->job != NULL && r->is_job_sent) {
		go_on_with_job(r);
		return;
	}
	if (r->job == NULL && !is_lane_used_up(r))
		r->job = next_job(r);
	if (r->job == NULL) {
		lane_quit(r->lane);
		return;
	}
	r->lane_jobs++;
	send_job(r);
}

/* --- the lane ----------------------------------------------------------- */

/* A message is read and verified before anybody is called. */
static bool start_lane(struct route *r)
{
	struct lane_settings settings = { .smarthost = r->smarthost,
		                          .helo = r->helo,
		                          .keeper = r->keeper,
		                          .store = r->store };

	if (r->is_stopped)
		return false;
	if (r->job == NULL)
		r->job = next_job(r);
	if (r->job == NULL)
		return false;
	r->is_job_sent = false;
	r->lane = lane_create(&settings);
	r->lane_jobs = r->lane_useful = 0;
	r->lane_refused = false;
	r->connections++;
	return true;
}

/* A server that drops us after it took mail is simply called again; one that
 * never took any is left alone. */
static void end_lane(struct route *r)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(r->lane, &scope);
	bool is_damaged = lane_damage(r->lane) != NULL, is_forgiven;

	if (r->job != NULL && (r->is_job_sent || is_damaged))
		end_job(r);
	else if (r->job != NULL)
		put_back(r);
	if (r->lane_useful > 0) {
		r->refusals = 0;
		pause_clear(&r->spool->pause, r->smarthost->name);
	}
	is_forgiven = wants_new_connection(r) ||
	              (r->lane_refused && r->next < r->waiting.count &&
	               ++r->refusals < REFUSALS_MOST);
	if (f != NULL && is_forgiven)
		log_note("smarthost=%s dsn=%s status=reconnecting (%s)",
		         r->smarthost->name, f->code, f->text);
	else if (f != NULL)
		stop_route(r, scope, f);
	else if (r->lane_useful == 0 && !r->lane_refused && !is_damaged)
		r->is_stopped = true; /* never the same again without reason */
	lane_free(&r->lane);
}

void route_end(struct route *r)
{
	r->is_ending = true;
	if (r->job == NULL || r->is_job_sent)
		return;
	put_back(r);
	lane_free(&r->lane);
}

void route_abort(struct route *r)
{
	if (r->lane == NULL || r->job == NULL || !r->is_job_sent)
		return;
	lane_abort(r->lane);
	end_job(r);
}

bool route_advance(struct route *r)
{
	for (;;) {
		if (r->lane == NULL && !start_lane(r))
			return false;
		switch (lane_advance(r->lane)) {
		case LANE_WAITING: return true;
		case LANE_IDLE: feed_lane(r); break;
		case LANE_OVER: end_lane(r); break;
		}
	}
}
