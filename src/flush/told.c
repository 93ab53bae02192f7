/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/told.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "flush/bounce.h"
#include "flush/record.h"

#define BODY_LIMIT \
	((off_t)8 << 20) /* with RET=FULL; a larger one: its header */

static struct report_recipient *add(struct told *told, const struct job *job,
                                    size_t recipient)
{
	const struct mark *mark = &job->history.marks[recipient];
	struct report_recipient *r;
	struct sbuf whole;
	size_t room = told->room == 0 ? 4 : told->room * 2;

	if (told->count == told->room) {
		told->list = mem_grow(told->list, told->room, room,
		                      sizeof(*told->list));
		told->room = room;
	}
	sbuf_init(&whole, ADDRESS_MAX * 2);
	rewrite_qualify(&job->rules->rewrite,
	                job->entry.envelope.recipients[recipient], &whole);
	r = &told->list[told->count++];
	*r = (struct report_recipient){
		.address = mem_strdup(whole.data),
		.orcpt = job->entry.envelope.dsn[recipient].orcpt,
		.action = REPORT_FAILED,
		.status = mark->code,
		.words = mark->text != NULL ? mark->text : "",
		.last_try = mark->time,
		.in_doubt = mark->in_doubt,
	};
	sbuf_release(&whole);
	return r;
}

void told_release(struct told *told)
{
	for (size_t i = 0; i < told->count; i++)
		free((char *)(uintptr_t)told->list[i].address);
	free(told->list);
}

/* Of an alias: the addresses that failed, those of earlier tries first. */
static void add_parts(struct told *told, const struct job *job,
                      size_t recipient)
{
	const struct audience *a = &job->audience;

	for (size_t i = 0; i < job->history.part_count; i++) {
		const struct part *part = &job->history.parts[i];
		struct report_recipient *r;

		if (part->recipient != recipient ||
		    part->mark.kind != JOURNAL_FAILED ||
		    history_part(&job->history, recipient, part->address) !=
		            &part->mark)
			continue;
		r = add(told, job, recipient);
		r->final = part->address;
		r->status = part->mark.code;
		r->words = part->mark.text;
		r->last_try = part->mark.time;
	}
	for (size_t i = a->first[recipient]; i < a->first[recipient + 1]; i++) {
		size_t slot = a->members[i].slot;
		struct report_recipient *r;

		if (slot == AUDIENCE_BEFORE ||
		    audience_kind(&a->recipients[slot].outcome) !=
		            JOURNAL_FAILED)
			continue;
		r = add(told, job, recipient);
		r->final = a->recipients[slot].address;
		r->status = a->recipients[slot].outcome.code;
		r->words = a->recipients[slot].outcome.text;
	}
}

static void add_failed(struct told *told, const struct job *job,
                       size_t recipient)
{
	size_t before = told->count;

	if (!bounce_is_asked(job, recipient, "FAILURE"))
		return;
	if (audience_is_many(&job->audience, recipient) ||
	    job->history.part_count > 0)
		add_parts(told, job, recipient);
	if (told->count == before)
		add(told, job, recipient);
}

void told_settled(struct told *told, const struct job *job)
{
	for (size_t i = 0; i < job->history.count; i++) {
		const struct mark *mark = &job->history.marks[i];

		if (mark->kind == JOURNAL_FAILED)
			add_failed(told, job, i);
		else if (mark->kind == JOURNAL_DELIVERED && mark->owes_success)
			add(told, job, i)->action = mark->is_here
			                                    ? REPORT_DELIVERED
			                                    : REPORT_RELAYED;
	}
}

void told_delayed(struct told *told, const struct job *job, int64_t retry_until)
{
	told->retry_until = retry_until;
	for (size_t i = 0; i < job->history.count; i++)
		if (!history_is_settled(&job->history, i) &&
		    bounce_is_asked(job, i, "DELAY"))
			add(told, job, i)->action = REPORT_DELAYED;
}

bool told_with_body(const struct job *job)
{
	return job->ret != NULL && strcmp(job->ret, "FULL") == 0 &&
	       job->entry.content_end - job->entry.content <= BODY_LIMIT;
}

void told_describe(const struct told *told, const struct job *job,
                   struct sbuf *to, struct report *r)
{
	const struct entry_envelope *about = &job->entry.envelope;

	rewrite_qualify(&job->rules->rewrite, about->sender, to);
	*r = (struct report){
		.original = job->entry.id,
		.host = job->helo,
		.domain = job->rules->rewrite.domain,
		.to = to->data,
		.envid = about->envid,
		.arrival = entry_time(job->entry.id),
		.now = clock_seconds(),
		.subject = job->content.subject,
		.retry_until = told->retry_until,
		.is_kept =
			told->retry_until == 0 && !record_is_all_delivered(job),
		.with_body = told_with_body(job),
		.original_is_8bit = job->content.scan.has_8bit,
		.recipients = told->list,
		.count = told->count,
	};
}
