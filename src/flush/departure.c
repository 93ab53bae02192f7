/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/departure.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

void departure_release(struct departure *d)
{
	for (size_t i = 0; i < d->count; i++)
		job_free(&d->jobs[i]);
	free(d->jobs);
	*d = (struct departure){ 0 };
}

static void stay(struct job *job, const struct fault *f,
                 struct job_result *result)
{
	log_warn("id=%s: %s", job->entry.id, f->text);
	result->trouble = true;
	job_keep_delivered(job);
}

static bool leaves(struct job *job, const struct config *config, bool was_lost,
                   struct job_result *result)
{
	struct fault f;

	if (!job_finish(job, config, was_lost, result))
		return false;
	if (spool_unlink(job->spool, SPOOL_NEW, &job->entry, &f) == 0)
		return true;
	stay(job, &f, result);
	return false;
}

void departure_finish(struct departure *d, struct job **job,
                      const struct config *config, bool was_lost,
                      struct job_result *result)
{
	if (!leaves(*job, config, was_lost, result)) {
		job_free(job);
		return;
	}
	if (d->count == d->room) {
		d->jobs = mem_grow(d->jobs, d->count, d->room + 16,
		                   sizeof(struct job *));
		d->room += 16;
	}
	d->jobs[d->count++] = *job;
	*job = NULL;
}

void departure_commit(struct departure *d, struct job_result *result)
{
	struct fault f;
	int failed;

	if (d->count == 0)
		return;
	failed = spool_sync(d->jobs[0]->spool, SPOOL_NEW, &f);
	for (size_t i = 0; i < d->count; i++) {
		if (failed != 0)
			stay(d->jobs[i], &f, result);
		else
			spool_forget(d->jobs[i]->spool, &d->jobs[i]->entry);
		job_free(&d->jobs[i]);
	}
	d->count = 0;
}
