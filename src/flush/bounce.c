/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/bounce.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "flush/record.h"
#include "message/report.h"
#include "queue/dsn.h"
#include "queue/id.h"

#define BODY_LIMIT \
	((off_t)8 << 20) /* with RET=FULL; a larger one: its header */
#define PIECE 8192

/* --- who is to be told what ----------------------------------------------- */

bool bounce_is_asked(const struct job *job, size_t recipient, const char *word)
{
	const char *notify = job->entry.envelope.dsn[recipient].notify;

	if (notify == NULL)
		notify = job->audience.notify.data;
	return dsn_asks(notify, word);
}

/* The lines of a report; the texts are the job's, but for the addresses. */
struct told {
	struct report_recipient *list;
	size_t count, room;
	int64_t retry_until; /* of what is delayed */
};

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

static void release(struct told *told)
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

static void gather(struct told *told, const struct job *job)
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

/* --- making it ------------------------------------------------------------ */

struct making {
	struct entry_writer writer;
	struct fault *fault;
};

static int put(void *arg, const char *bytes, size_t n)
{
	struct making *m = arg;

	return entry_write(&m->writer, bytes, n, m->fault);
}

static bool wants_body(const struct job *job)
{
	return job->ret != NULL && strcmp(job->ret, "FULL") == 0 &&
	       job->entry.content_end - job->entry.content <= BODY_LIMIT;
}

/* The header, or all of it, as it is in the queue. */
static int put_original(struct job *job, struct report_writer *w,
                        struct fault *f)
{
	uint64_t left = job->content.scan.header_bytes;
	char piece[PIECE];
	ssize_t n = 1;

	if (wants_body(job))
		left += job->content.scan.body_bytes;
	entry_rewind(&job->entry);
	while (left > 0 && n > 0) {
		n = entry_next(
			&job->entry, piece,
			left < sizeof(piece) ? (size_t)left : sizeof(piece), f);
		if (n < 0 ||
		    (n > 0 && report_original(w, piece, (size_t)n) != 0))
			return -1;
		left -= (uint64_t)n;
	}
	return 0;
}

static int put_report(struct job *job, const struct told *told, const char *id,
                      struct making *m)
{
	const struct entry_envelope *about = &job->entry.envelope;
	struct report_writer w;
	struct sbuf to;
	struct report report = {
		.id = id,
		.original = job->entry.id,
		.host = job->helo,
		.domain = job->rules->rewrite.domain,
		.envid = about->envid,
		.arrival = entry_time(job->entry.id),
		.now = clock_seconds(),
		.subject = job->content.subject,
		.retry_until = told->retry_until,
		.is_kept =
			told->retry_until == 0 && !record_is_all_delivered(job),
		.with_body = wants_body(job),
		.original_is_8bit = job->content.scan.has_8bit,
		.recipients = told->list,
		.count = told->count,
	};
	int result, ended;

	sbuf_init(&to, ADDRESS_MAX * 2);
	rewrite_qualify(&job->rules->rewrite, about->sender, &to);
	report.to = to.data;
	result = report_begin(&w, &report, put, m);
	if (result == 0)
		result = put_original(job, &w, m->fault);
	ended = report_end(&w);
	sbuf_release(&to);
	return result != 0 ? result : ended;
}

static int put_envelope(const struct job *job, struct making *m)
{
	struct entry_envelope env;
	int result;

	entry_envelope_init(&env);
	env.sender = mem_strdup("");
	entry_envelope_add(&env, job->entry.envelope.sender);
	env.uid = (unsigned)getuid();
	env.notify = mem_strdup("NEVER");
	env.about = mem_strdup(job->entry.id);
	result = entry_write_envelope(&m->writer, &env, m->fault);
	entry_envelope_release(&env);
	return result;
}

static int make(struct job *job, const struct told *told, const char *id,
                struct fault *f)
{
	struct making m = { .fault = f };
	int fd = spool_create_as(job->spool, id, f), result;

	if (fd < 0)
		return -1;
	entry_writer_init(&m.writer, fd);
	result = put_envelope(job, &m);
	if (result == 0)
		result = put_report(job, told, id, &m);
	if (result == 0)
		result = entry_finish(&m.writer, f);
	entry_writer_release(&m.writer);
	if (result == 0)
		return spool_commit(job->spool, id, fd, f);
	spool_abandon(job->spool, id, fd);
	return -1;
}

/* --- queueing it ---------------------------------------------------------- */

static struct notice *notice_of(struct history *h, enum journal_kind kind)
{
	return kind == JOURNAL_WARNED ? &h->warning : &h->report;
}

/* Its name, the one of an earlier attempt if there was one: durable. */
static int name_it(struct job *job, enum journal_kind kind,
                   struct notice *notice, struct fault *f)
{
	char id[ENTRY_ID_LENGTH + 1];

	if (notice->id[0] != '\0')
		return 0;
	if (id_make(id, clock_now()) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("no random numbers from the kernel"));
	if (!record_open_journal(job, f) ||
	    journal_add(&job->journal, kind, JOURNAL_ALL, "-", id, f) != 0 ||
	    journal_sync(&job->journal, f) != 0)
		return -1;
	memcpy(notice->id, id, sizeof(id));
	return 0;
}

static int queue(struct job *job, enum journal_kind kind,
                 const struct told *told, struct fault *f)
{
	struct notice *notice = notice_of(&job->history, kind);

	if (name_it(job, kind, notice, f) != 0)
		return -1;
	if (!spool_has(job->spool, notice->id) &&
	    make(job, told, notice->id, f) != 0)
		return -1;
	notice->is_done = true;
	log_note("id=%s report=%s to=<%s> status=%s", job->entry.id, notice->id,
	         job->entry.envelope.sender,
	         kind == JOURNAL_WARNED ? "warned" : "reported");
	return 0;
}

/* To nobody, nor about what tells of others. */
static bool is_possible(const struct job *job)
{
	const struct entry_envelope *env = &job->entry.envelope;

	return env->sender[0] != '\0' && env->about == NULL;
}

int bounce_send(struct job *job, struct fault *f)
{
	struct told told = { .count = 0 };
	int result = 0;

	if (!is_possible(job) || job->history.report.is_done)
		return 0;
	gather(&told, job);
	if (told.count > 0)
		result = queue(job, JOURNAL_REPORTED, &told, f);
	release(&told);
	return result;
}

int bounce_warn(struct job *job, int64_t retry_until, struct fault *f)
{
	struct told told = { .retry_until = retry_until };
	int result = 0;

	if (!is_possible(job) || job->history.warning.is_done)
		return 0;
	for (size_t i = 0; i < job->history.count; i++)
		if (!history_is_settled(&job->history, i) &&
		    bounce_is_asked(job, i, "DELAY"))
			add(&told, job, i)->action = REPORT_DELAYED;
	if (told.count > 0)
		result = queue(job, JOURNAL_WARNED, &told, f);
	release(&told);
	return result;
}

static bool is_waiting_for(const struct notice *notice, const char *id)
{
	return !notice->is_done && strcmp(notice->id, id) == 0;
}

static int write_done(const struct spool *spool, const struct entry *report,
                      enum journal_kind kind, struct fault *f)
{
	const char *about = report->envelope.about;
	char text[ENTRY_ID_LENGTH + 8];
	struct journal journal;
	int result;

	snprintf(text, sizeof(text), "%s done", report->id);
	journal_init(&journal);
	result = journal_open(&journal, &spool->log, about, f);
	if (result == 0)
		result = journal_add(&journal, kind, JOURNAL_ALL, "-", text, f);
	if (result == 0)
		result = journal_sync(&journal, f);
	journal_release(&journal);
	return result;
}

/* Which of the two it is, its journal says; or neither, if it was written
 * down before, or the message was brought back since. */
static int settle(const struct spool *spool, const struct entry *report,
                  struct fault *f)
{
	struct history h;
	int result =
		journal_read(&spool->log, report->envelope.about, 1, &h, f);

	if (result == 0 && is_waiting_for(&h.report, report->id))
		result = write_done(spool, report, JOURNAL_REPORTED, f);
	else if (result == 0 && is_waiting_for(&h.warning, report->id))
		result = write_done(spool, report, JOURNAL_WARNED, f);
	history_release(&h);
	return result;
}

/* A message that is on its way still may not know how far it came. */
int bounce_settle(const struct spool *spool, const struct entry *report,
                  struct fault *f)
{
	const char *about = report->envelope.about;

	if (about == NULL || (!spool_is_in(spool, SPOOL_NEW, about) &&
	                      !spool_is_in(spool, SPOOL_HOLD, about)))
		return 0;
	return settle(spool, report, f);
}
