/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route_parts.h"

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "config/host.h"
#include "flush/alarm.h"
#include "flush/hosts.h"
#include "queue/pause.h"

/* Connections that may end at a message, one after the other, before the server
 * is left alone: one message must not keep all others waiting. */
#define REFUSALS_MOST 2

#define LEARNED_LEAST 2 /* messages on a connection that tell of a limit */

/* How loudly it is told: what a person must mend, once and then once a day, so
 * that syslog can wake him. */
static enum log_level loudness(struct route *r, enum verdict_scope scope,
                               const struct fault *f)
{
	if (f->kind != FAULT_CONFIG)
		return LOG_LEVEL_WARN;
	r->result.needs_person = true;
	return alarm_raise(&r->spool->pause, r->keeper, r->smarthost->name,
	                   verdict_scope_name(scope), f)
	               ? LOG_LEVEL_ERROR
	               : LOG_LEVEL_WARN;
}

void route_stop(struct route *r, enum verdict_scope scope,
                const struct fault *f)
{
	bool is_account = scope != VERDICT_SERVER;
	enum log_level level = loudness(r, scope, f);
	struct pause pause;
	struct sbuf until;

	pause_extend(&r->spool->pause, r->smarthost->name, is_account, f,
	             &pause);
	sbuf_init(&until, 64);
	clock_add_short(&until, pause.until);
	r->is_stopped = true;
	r->falls_back = !is_account && r->fallback != NULL;
	if (r->falls_back)
		log_at(level,
		       _("smarthost=%s scope=%s dsn=%s status=fallback (%s; "
		         "mail goes to %s, next try after %s)"),
		       r->smarthost->name, verdict_scope_name(scope), f->code,
		       f->text, r->smarthost->fallback, until.data);
	else
		log_at(level,
		       _("smarthost=%s scope=%s dsn=%s status=waiting (%s; "
		         "mail is kept, next try after %s)"),
		       r->smarthost->name, verdict_scope_name(scope), f->code,
		       f->text, until.data);
	sbuf_release(&until);
	if (!r->falls_back)
		r->result.later += (unsigned)supply_count(&r->supply);
}

static void store_limits(struct route *r)
{
	limits_store(&r->limits, &r->spool->pause, r->smarthost->name);
}

void route_note_overlap(struct route *r, const struct carry *c)
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

/* With others beside it that go on, one more was too many for the server: it
 * said so to the call, or refused a login that it took from the others. */
static bool was_too_many(struct route *r, const struct carry *c,
                         enum verdict_scope scope, const struct fault *f)
{
	struct route_sum sum = route_sum(r);
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
	if (recipients > 0 && recipients != route_recipients(r)) {
		r->limits.recipients = recipients;
		store_limits(r);
	}
	if (!carry_is_dismissed(c))
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
	    route_sum(r).lanes > 1)
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
void route_end_lane(struct route *r, struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);
	bool is_damaged = lane_damage(c->lane) != NULL, is_forgiven;

	if (c->next != NULL)
		route_put_back(r, &c->next);
	learn(r, c);
	throttle_store(&r->throttle, &r->spool->pause, r->smarthost->name);
	if (c->useful > 0) {
		r->refusals = 0;
		pause_clear(&r->spool->pause, r->smarthost->name);
		alarm_end(&r->spool->pause, r->keeper, r->smarthost->name);
	}
	is_forgiven = carry_is_dismissed(c) ||
	              (c->is_refused && supply_count(&r->supply) > 0 &&
	               ++r->refusals < REFUSALS_MOST) ||
	              has_other_host(r, c, scope, f);
	if (f != NULL && is_forgiven)
		log_note("smarthost=%s dsn=%s status=reconnecting (%s)",
		         r->smarthost->name, f->code, f->text);
	else if (f != NULL && !r->is_stopped && !was_too_many(r, c, scope, f))
		route_stop(r, scope, f);
	else if (f == NULL && c->useful == 0 && !c->is_refused && !is_damaged &&
	         r->throttle.refused == 0 && route_sum(r).lanes == 1)
		r->is_stopped = true; /* never the same again without reason */
	carry_release(c);
}
