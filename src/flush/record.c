/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "flush/bounce.h"

#define RESERVE_LINE (JOURNAL_TEXT + 100)

bool record_open_journal(struct job *job, struct fault *f)
{
	return job->journal.fd >= 0 ||
	       journal_open(&job->journal, &job->spool->log, job->entry.id,
	                    f) == 0;
}

/* One recipient needs no record: delivered, the entry is removed at once. */
bool record_reserve(struct job *job, struct job_result *result)
{
	size_t asked = job_open_count(job);
	struct fault f;

	if (!spool_touch(job->spool, &job->entry, &f)) {
		log_warn(_("id=%s status=deferred (%s; nothing was sent)"),
		         job->entry.id, f.text);
		result->trouble = true;
		return false;
	}
	if (job->entry.envelope.recipient_count == 1 &&
	    !audience_is_many(&job->audience, 0))
		return true;
	if (asked > SESSION_FLIGHT)
		asked = SESSION_FLIGHT;
	if (record_open_journal(job, &f) &&
	    journal_reserve(&job->journal, 2 * asked * RESERVE_LINE, &f) == 0)
		return true;
	log_warn(_("id=%s status=deferred (%s; nothing was sent)"),
	         job->entry.id, f.text);
	result->trouble = true;
	return false;
}

static const char *status_word(enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_DELIVERED: return "sent";
	case JOURNAL_FAILED: return "failed";
	case JOURNAL_DOUBT: return "in-doubt";
	case JOURNAL_REPORTED:
	case JOURNAL_WARNED:
	case JOURNAL_SUCCESS:
	case JOURNAL_PART_DELIVERED:
	case JOURNAL_PART_FAILED:
	case JOURNAL_ATTEMPT:
	case JOURNAL_LATER:
	case JOURNAL_KEPT:
	case JOURNAL_AGAIN: break;
	}
	return "deferred";
}

/* One line for each message, recipient and attempt, the same everywhere. */
static void log_outcome(const struct job *job, size_t slot, const char *peer,
                        enum journal_kind kind, const struct outcome *o)
{
	int64_t delay = clock_seconds() - entry_time(job->entry.id);
	const char *to = job->audience.recipients[slot].address;
	const char *orig =
		job->entry.envelope.recipients[job->audience.slots[slot].last];
	bool is_trouble = kind == JOURNAL_FAILED || kind == JOURNAL_DOUBT ||
	                  o->kind == FAULT_CONFIG;
	bool is_same = strcmp(orig, to) == 0;

	(is_trouble ? log_warn : log_note)(
		"id=%s from=<%s> to=<%s>%s%s%s relay=%s delay=%" PRId64
		" dsn=%s status=%s (%s)",
		job->entry.id, job->mail.sender, to,
		is_same ? "" : " orig_to=<", is_same ? "" : orig,
		is_same ? "" : ">", peer, delay < 0 ? 0 : delay, o->code,
		status_word(kind), o->text);
}

static void count(struct job_result *result, enum journal_kind kind,
                  const struct outcome *o)
{
	if (kind == JOURNAL_DELIVERED)
		result->delivered++;
	else if (kind == JOURNAL_FAILED)
		result->failed++;
	else
		result->later++;
	if (o->kind == FAULT_CONFIG)
		result->needs_person = true;
}

static void remember(struct job *job, size_t recipient, enum journal_kind kind,
                     const struct fault *f)
{
	struct mark *mark = &job->history.marks[recipient];

	mark->kind = kind;
	mark->in_doubt |= kind == JOURNAL_DOUBT;
	mark->time = clock_seconds();
	snprintf(mark->code, sizeof(mark->code), "%s", f->code);
	free(mark->text);
	mark->text = mem_strdup(f->text);
}

bool record_is_all_delivered(const struct job *job)
{
	for (size_t i = 0; i < job->history.count; i++)
		if (job->history.marks[i].kind != JOURNAL_DELIVERED)
			return false;
	return true;
}

/* Of an alias: who has it, and who never will, though others still wait. */
static int write_parts(struct job *job, size_t recipient, struct fault *f)
{
	struct audience *a = &job->audience;

	for (size_t i = a->first[recipient]; i < a->first[recipient + 1]; i++) {
		struct audience_member *m = &a->members[i];
		const struct session_recipient *r;
		enum journal_kind kind;

		if (m->is_recorded ||
		    a->recipients[m->slot].outcome.state == OUTCOME_OPEN)
			continue;
		r = &a->recipients[m->slot];
		kind = audience_kind(&r->outcome);
		if (kind != JOURNAL_DELIVERED && kind != JOURNAL_FAILED)
			continue;
		kind = kind == JOURNAL_DELIVERED ? JOURNAL_PART_DELIVERED
		                                 : JOURNAL_PART_FAILED;
		if (!record_open_journal(job, f) ||
		    journal_add_part(&job->journal, kind, recipient, r->address,
		                     r->outcome.code, r->outcome.text, f) != 0)
			return -1;
		m->is_recorded = true;
	}
	return 0;
}

int record_mark(struct job *job, size_t recipient, struct fault *f)
{
	const struct mark *mark = &job->history.marks[recipient];

	if (mark->owes_success &&
	    journal_add(&job->journal, JOURNAL_SUCCESS, recipient, "-",
	                mark->is_here ? "delivered" : "relayed", f) != 0)
		return -1;
	return journal_add(&job->journal, mark->kind, recipient, mark->code,
	                   mark->text, f);
}

static int write_line(struct job *job, size_t recipient, struct fault *f)
{
	if (!record_open_journal(job, f) || record_mark(job, recipient, f) != 0)
		return -1;
	job->news[recipient] = NEWS_WRITTEN;
	return 0;
}

/* Then it does not leave the queue at once. */
static bool owes_report(const struct job *job)
{
	for (size_t i = 0; i < job->history.count; i++)
		if (job->history.marks[i].owes_success)
			return true;
	return false;
}

/* Lines of what was settled since the last call.  Not needed when all are
 * delivered: then the entry goes, and its absence says so. */
static int write_lines(struct job *job, struct fault *f)
{
	if (record_is_all_delivered(job) && !owes_report(job))
		return 0;
	for (size_t i = 0; i < job->history.count; i++) {
		bool is_settled = history_is_settled(&job->history, i);

		if (audience_is_many(&job->audience, i) && !is_settled &&
		    write_parts(job, i, f) != 0)
			return -1;
		if (job->news[i] == NEWS_FRESH && write_line(job, i, f) != 0)
			return -1;
	}
	return job->journal.fd >= 0 ? journal_sync(&job->journal, f) : 0;
}

/* Will nobody else tell the sender that the recipient has it? */
static void note_success(struct job *job, size_t recipient)
{
	const struct audience *a = &job->audience;
	struct mark *mark = &job->history.marks[recipient];

	for (size_t i = a->first[recipient]; i < a->first[recipient + 1]; i++) {
		size_t slot = a->members[i].slot;

		if (slot == AUDIENCE_BEFORE || a->slots[slot].is_told)
			continue;
		mark->owes_success = true;
		mark->is_here = a->slots[slot].is_here;
	}
}

/* Those the server has taken just now, with what it was told about reports. */
static void note_told(struct job *job)
{
	struct audience *a = &job->audience;

	for (size_t i = 0; i < a->count; i++)
		if (a->recipients[i].outcome.state == OUTCOME_DELIVERED &&
		    !a->slots[i].is_counted && !a->slots[i].is_here)
			a->slots[i].is_told = job->mail.has_dsn;
}

/* What the outcomes of addresses mean for the recipients. */
static void settle_recipients(struct job *job)
{
	for (size_t i = 0; i < job->history.count; i++) {
		enum journal_kind kind;
		struct fault words;

		if (job->news[i] != NEWS_NONE ||
		    !audience_result(&job->audience, i, &kind, &words))
			continue;
		remember(job, i, kind, &words);
		if (kind == JOURNAL_DELIVERED &&
		    bounce_is_asked(job, i, "SUCCESS"))
			note_success(job, i);
		job->news[i] = NEWS_FRESH;
	}
}

static void log_outcomes(struct job *job, const char *peer,
                         struct job_result *result)
{
	struct audience *a = &job->audience;

	for (size_t i = 0; i < a->count; i++) {
		const struct outcome *o = &a->recipients[i].outcome;
		enum journal_kind kind = audience_kind(o);

		if (o->state == OUTCOME_OPEN || a->slots[i].is_counted)
			continue;
		a->slots[i].is_counted = true;
		log_outcome(job, i, peer, kind, o);
		count(result, kind, o);
	}
}

void record_outcomes(struct job *job, const char *peer,
                     struct job_result *result)
{
	struct fault f;

	note_told(job);
	settle_recipients(job);
	if (write_lines(job, &f) != 0) {
		log_warn(_("id=%s: %s; a recipient may get the message twice"),
		         job->entry.id, f.text);
		job->has_lost_line = true;
		result->trouble = true;
	}
	log_outcomes(job, peer, result);
}
