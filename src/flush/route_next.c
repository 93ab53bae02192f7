/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/route_parts.h"

#include "base/clock.h"
#include "flush/record.h"

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
	struct route_sum sum = route_sum(r);
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
	if (r->is_ending || r->is_stopped || route_sum(r).suspects > 0 ||
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
void route_finish_unasked(struct route *r, struct job **job)
{
	record_outcomes(*job, "none", &r->result);
	departure_finish(&r->departure, job, r->config, false, &r->result);
}

struct job *route_next_job(struct route *r)
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
		route_finish_unasked(r, &job);
	}
	return NULL;
}
