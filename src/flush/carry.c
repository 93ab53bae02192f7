/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/carry.h"

#include <string.h>

void carry_release(struct carry *c)
{
	job_free(&c->next);
	for (unsigned i = 0; i < c->count; i++)
		job_free(&c->jobs[i]);
	c->count = 0;
	lane_free(&c->lane);
}

void carry_push(struct carry *c, int64_t now)
{
	c->jobs[c->count] = c->next;
	c->since[c->count] = now;
	c->count++;
	c->next = NULL;
}

struct job *carry_pop(struct carry *c, int64_t now, int64_t *milliseconds)
{
	struct job *job = c->jobs[0];

	if (c->count == 0 || lane_has(c->lane, &job->mail))
		return NULL;
	*milliseconds = now - c->since[0];
	c->count--;
	memmove(c->jobs, c->jobs + 1, c->count * sizeof(c->jobs[0]));
	memmove(c->since, c->since + 1, c->count * sizeof(c->since[0]));
	return job;
}

bool carry_allows(const struct carry *c)
{
	uint64_t bytes = 0;

	if (c->count > 0 && (supply_kind_of(c->next) == SUPPLY_SUSPECT ||
	                     supply_kind_of(c->jobs[0]) == SUPPLY_SUSPECT))
		return false;
	for (unsigned i = 0; i < c->count; i++)
		bytes += content_size(&c->jobs[i]->content);
	return depth_allows(&c->depth, c->count, bytes,
	                    content_size(&c->next->content));
}

bool carry_has(const struct carry *c, enum supply_kind kind)
{
	return (c->next != NULL && supply_kind_of(c->next) == kind) ||
	       (c->count == 1 && supply_kind_of(c->jobs[0]) == kind);
}

bool carry_is_dismissed(const struct carry *c)
{
	enum verdict_scope scope;
	const struct fault *f = lane_trouble(c->lane, &scope);

	return f != NULL && scope == VERDICT_SERVER && f->kind == FAULT_TEMP &&
	       c->useful > 0;
}
