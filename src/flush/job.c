/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/port.h"
#include "flush/bounce.h"
#include "flush/record.h"
#include "message/address.h"
#include "message/idn.h"
#include "queue/schedule.h"
#include "smtp/xtext.h"

#define TRACE_LIMIT 1024 /* bytes */
#define REPORT_WAIT 900  /* seconds until a report is tried again */
#define SENDER_ROOM (2 * ENTRY_VALUE_LIMIT)
#define ENVID_LIMIT 100 /* characters: RFC 3461, 4.4 */

/* --- opening ------------------------------------------------------------ */

static void put_aside(struct job *job, const struct fault *f,
                      struct job_result *result)
{
	struct fault move;

	log_warn(_("id=%s status=damaged (%s: put into %s/bad; look at it "
	           "there)"),
	         job->entry.id, f->text, job->spool->root.path);
	result->needs_person = true;
	if (spool_move(job->spool, &job->entry, SPOOL_NEW, SPOOL_BAD, &move) !=
	    0) {
		log_warn("id=%s: %s", job->entry.id, move.text);
		result->trouble = true;
	}
}

/* Taken and not damaged?  What else it may be is logged here. */
static bool is_taken(struct job *job, enum spool_taken taken, const char *id,
                     const struct fault *f, struct job_result *result)
{
	switch (taken) {
	case SPOOL_TAKEN: return true;
	case SPOOL_GONE: return false;
	case SPOOL_BUSY:
		log_debug("id=%s is held by another process", id);
		return false;
	case SPOOL_DAMAGED: put_aside(job, f, result); return false;
	case SPOOL_HIDDEN:
	case SPOOL_FOREIGN: result->needs_person = true; break;
	case SPOOL_UNREADABLE: result->trouble = true; break;
	}
	log_warn("id=%s status=skipped (%s/new/%s: %s)", id,
	         job->spool->root.path, id, f->text);
	return false;
}

struct job *job_open(const struct spool *spool, const char *id,
                     struct job_result *result)
{
	struct job *job = mem_alloc(sizeof(*job));
	struct fault f = { 0 };
	enum spool_taken taken;

	job->spool = spool;
	content_init(&job->content, &job->entry);
	audience_init(&job->audience);
	journal_init(&job->journal);
	taken = spool_take(spool, SPOOL_NEW, id, &job->entry, &f);
	if (!is_taken(job, taken, id, &f, result)) {
		job_free(&job);
		return NULL;
	}
	job->news = mem_array(job->entry.envelope.recipient_count, 1);
	if (journal_read(&spool->log, id, job->entry.envelope.recipient_count,
	                 &job->history, &f) == 0)
		return job;
	log_warn("id=%s status=skipped (%s)", id, f.text);
	result->trouble = true;
	job_free(&job);
	return NULL;
}

void job_free(struct job **pointer)
{
	struct job *job = *pointer;

	if (job == NULL)
		return;
	content_release(&job->content);
	audience_release(&job->audience);
	free(job->sender);
	free(job->ret);
	free(job->envid);
	free(job->news);
	journal_release(&job->journal);
	history_release(&job->history);
	entry_release(&job->entry);
	free(job);
	*pointer = NULL;
}

/* --- preparing ---------------------------------------------------------- */

/* Read it all before a connection is used: what is damaged is never begun. */
static bool verify(struct job *job, struct job_result *result)
{
	struct fault f;

	if (entry_verify(&job->entry, content_see, &job->content, &f) != 0) {
		job_damaged(job, &f, result);
		return false;
	}
	if (!content_is_whole(&job->content)) {
		fault_set(&f, FAULT_PERM, "5.6.0",
		          _("its lines do not end as they were written"));
		job_damaged(job, &f, result);
		return false;
	}
	return true;
}

/* If it is a report, what it is about knows of it. */
static bool settle_report(const struct job *job, struct job_result *result)
{
	struct fault f;

	if (bounce_settle(job->spool, &job->entry, &f) == 0)
		return true;
	log_warn(_("id=%s status=deferred (%s; nothing was sent)"),
	         job->entry.id, f.text);
	result->trouble = true;
	return false;
}

/* Who submitted it, by the kernel's word (RFC 5321, 4.4).  The same at each
 * try. */
static void add_trace(const struct job *job, const char *helo,
                      struct sbuf *trace)
{
	struct stat st;

	if (!job->spool->is_shared || fstat(job->entry.fd, &st) != 0)
		return;
	sbuf_addf(trace, "Received: by %s (relay, from userid %u)\r\n\tid %s; ",
	          helo, (unsigned)st.st_uid, job->entry.id);
	clock_add_date(trace, entry_time(job->entry.id));
	sbuf_addstr(trace, "\r\n");
}

/* The sender as this smarthost takes it. */
static void set_sender(struct job *job, const struct rules *rules)
{
	struct sbuf named, ascii;
	struct fault f;

	sbuf_init(&named, SENDER_ROOM);
	sbuf_init(&ascii, SENDER_ROOM);
	rewrite_sender(&rules->rewrite, job->entry.envelope.sender, &named);
	if (idn_address(named.data, &ascii, &f) != 0) {
		sbuf_reset(&ascii);
		sbuf_addstr(&ascii, named.data);
	}
	job->sender = mem_strdup(ascii.data);
	sbuf_release(&named);
	sbuf_release(&ascii);
}

/* What reports are to hold, in the words of RFC 3461: its limits, too. */
static void set_reports(struct job *job)
{
	const struct entry_envelope *env = &job->entry.envelope;
	struct sbuf id;

	if (env->ret != NULL && ascii_is_word(env->ret, "full"))
		job->ret = mem_strdup("FULL");
	else if (env->ret != NULL && (ascii_is_word(env->ret, "hdrs")))
		job->ret = mem_strdup("HDRS");
	sbuf_init(&id, ENVID_LIMIT);
	if (env->envid != NULL)
		xtext_add(&id, env->envid);
	if (id.len > 0 && !id.overflow)
		job->envid = mem_strdup(id.data);
	sbuf_release(&id);
}

static void fill_mail(struct job *job)
{
	struct session_mail *mail = &job->mail;

	mail->sender = job->sender;
	mail->ret = job->ret;
	mail->envid = job->envid;
	mail->recipients = job->audience.recipients;
	mail->count = job->audience.count;
	mail->size = content_size(&job->content);
	mail->is_8bit = content_is_8bit(&job->content);
	mail->is_utf8 = !address_is_ascii(job->sender);
	for (size_t i = 0; i < mail->count; i++)
		mail->is_utf8 |= !address_is_ascii(mail->recipients[i].address);
}

bool job_prepare(struct job *job, const struct rules *rules, const char *helo,
                 struct job_result *result)
{
	struct sbuf trace;
	struct fault f;
	int rewritten;

	job->rules = rules;
	job->helo = helo;
	if (!verify(job, result) || !settle_report(job, result))
		return false;
	sbuf_init(&trace, TRACE_LIMIT);
	add_trace(job, helo, &trace);
	rewritten =
		content_rewrite(&job->content, trace.data, &rules->rewrite, &f);
	sbuf_release(&trace);
	if (rewritten != 0) {
		job_damaged(job, &f, result);
		return false;
	}
	set_sender(job, rules);
	set_reports(job);
	audience_gather(&job->audience, &job->entry.envelope, &job->history,
	                &rules->resolve);
	fill_mail(job);
	return true;
}

void job_damaged(struct job *job, const struct fault *f,
                 struct job_result *result)
{
	if (f->kind == FAULT_PERM) {
		put_aside(job, f, result);
		return;
	}
	log_warn("id=%s status=skipped (%s)", job->entry.id, f->text);
	result->trouble = true;
}

/* --- who is open ---------------------------------------------------------- */

size_t job_open_count(const struct job *job)
{
	size_t open = 0;

	for (size_t i = 0; i < job->mail.count; i++)
		open += job->mail.recipients[i].outcome.state == OUTCOME_OPEN;
	return open;
}

static bool is_open(const struct job *job, size_t slot)
{
	return job->mail.recipients[slot].outcome.state == OUTCOME_OPEN;
}

bool job_has_open(const struct job *job)
{
	for (size_t i = 0; i < job->mail.count; i++)
		if (is_open(job, i) && !job->audience.slots[i].is_here)
			return true;
	return false;
}

bool job_next_here(const struct job *job, size_t *slot)
{
	for (size_t i = 0; i < job->mail.count; i++)
		if (is_open(job, i) && job->audience.slots[i].is_here) {
			*slot = i;
			return true;
		}
	return false;
}

/* Logged and written down they are already, with the same words. */
void job_leave_here(struct job *job)
{
	size_t slot;

	while (job_next_here(job, &slot)) {
		struct audience_slot *its = &job->audience.slots[slot];
		struct outcome *o = &job->audience.recipients[slot].outcome;
		const struct mark *mark = &job->history.marks[its->last];
		struct fault f;

		fault_set(&f, FAULT_TEMP,
		          mark->kind == JOURNAL_LATER ? mark->code : "4.2.0",
		          "%s", mark->text != NULL ? mark->text : "");
		outcome_set(o, OUTCOME_REFUSED, VERDICT_RECIPIENT, &f);
		its->is_counted = true;
		if (!audience_is_many(&job->audience, its->last))
			job->news[its->last] = NEWS_WRITTEN;
	}
}

/* --- finishing ---------------------------------------------------------- */

/* The first that was asked now and has to wait. */
static const struct session_recipient *first_waiting(const struct job *job)
{
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct session_recipient *r = &job->mail.recipients[i];

		enum journal_kind kind = audience_kind(&r->outcome);

		if (r->outcome.state != OUTCOME_OPEN &&
		    kind != JOURNAL_DELIVERED && kind != JOURNAL_FAILED)
			return r;
	}
	return NULL;
}

static bool is_in_doubt(const struct job *job)
{
	for (size_t i = 0; i < job->history.count; i++)
		if (job->history.marks[i].in_doubt &&
		    !history_is_settled(&job->history, i))
			return true;
	return false;
}

static void give_up(const struct job *job, size_t slot, unsigned lifetime)
{
	struct outcome *o = &job->audience.recipients[slot].outcome;
	const struct mark *mark =
		&job->history.marks[job->audience.slots[slot].last];
	struct fault f;

	fault_set(&f, FAULT_PERM, "4.4.7",
	          mark->in_doubt
	                  ? _("given up after %u hours of trying, but it may "
	                      "have been delivered; the last answer was: %s")
	                  : _("given up after %u hours of trying; the last "
	                      "answer was: %s"),
	          lifetime / 3600,
	          o->state != OUTCOME_OPEN ? o->text
	          : mark->text != NULL     ? mark->text
	                                   : "");
	outcome_set(o, OUTCOME_REFUSED, o->scope, &f);
}

/* Too old: those who wait are given up, with the last reason. */
static void expire(struct job *job, unsigned lifetime,
                   struct job_result *result)
{
	struct audience *a = &job->audience;

	for (size_t i = 0; i < a->count; i++) {
		enum journal_kind kind =
			audience_kind(&a->recipients[i].outcome);

		if (a->recipients[i].outcome.state != OUTCOME_OPEN &&
		    (kind == JOURNAL_DELIVERED || kind == JOURNAL_FAILED))
			continue;
		give_up(job, i, lifetime);
		a->slots[i].is_counted = false;
	}
	for (size_t i = 0; i < job->history.count; i++)
		if (!history_is_settled(&job->history, i))
			job->news[i] = NEWS_NONE;
	record_outcomes(job, "none", result);
}

/* The account's trouble costs a message no try: it waits for the smarthost, not
 * by its own schedule, unless the connection broke in the middle of it. */
static bool costs_a_try(const struct session_recipient *r, bool was_lost)
{
	return was_lost || r->outcome.state == OUTCOME_DOUBT ||
	       r->outcome.scope == VERDICT_SERVER ||
	       !verdict_is_account(r->outcome.scope);
}

static void put_off(struct job *job, const struct session_recipient *why)
{
	int64_t now = clock_seconds(), wait;
	uint32_t chance = 0;
	struct fault f;

	port_random(&chance, sizeof(chance));
	wait = schedule_wait(job->history.tries + 1, chance);
	if (is_in_doubt(job) && wait < SCHEDULE_DOUBT)
		wait = SCHEDULE_DOUBT;
	/* A hint; a full disk only means an earlier try. */
	if (record_open_journal(job, &f))
		journal_add(&job->journal, JOURNAL_ATTEMPT, JOURNAL_ALL,
		            why->outcome.code, why->outcome.text, &f);
	spool_set_due(job->spool, &job->entry, now + wait);
}

static int64_t seen_age(const struct job *job)
{
	return job->history.age +
	       schedule_step(job->history.since, clock_seconds());
}

/* Synced or not, it is better than another copy for everybody. */
void job_keep_delivered(struct job *job)
{
	struct fault f;

	if (record_open_journal(job, &f)) {
		for (size_t i = 0; i < job->history.count; i++)
			record_mark(job, i, &f);
		journal_sync(&job->journal, &f);
	}
	spool_set_due(job->spool, &job->entry,
	              clock_seconds() + SCHEDULE_LONGEST);
}

/* The sender is told first: until he is, it stays.  True: all have it. */
static bool leave_queue(struct job *job, struct job_result *result)
{
	struct fault f;
	int told = bounce_send(job, &f);

	if (told == BOUNCE_LATER)
		return false;
	if (told != 0) {
		log_warn(_("id=%s: the report to its sender cannot be queued: "
		           "%s"),
		         job->entry.id, f.text);
		result->trouble = true;
		if (record_is_all_delivered(job))
			job_keep_delivered(job);
		else
			spool_set_due(job->spool, &job->entry,
			              clock_seconds() + REPORT_WAIT);
		return false;
	}
	if (record_is_all_delivered(job))
		return true;
	if (spool_move(job->spool, &job->entry, SPOOL_NEW, SPOOL_FAILED, &f) !=
	    0) {
		log_warn("id=%s: %s", job->entry.id, f.text);
		result->trouble = true;
	}
	return false;
}

/* A person can live with a late warning, and without one. */
static void warn(struct job *job, const struct config *config)
{
	int64_t age = seen_age(job);
	struct fault f;

	if (config->warn == 0 || age < (int64_t)config->warn)
		return;
	if (bounce_warn(job, clock_seconds() + (int64_t)config->lifetime - age,
	                &f) != 0)
		log_warn(_("id=%s: the warning to its sender cannot be queued: "
		           "%s"),
		         job->entry.id, f.text);
}

void job_put_off(struct job *job, const struct config *config)
{
	const struct session_recipient *waiting = first_waiting(job);

	if (waiting == NULL)
		return;
	put_off(job, waiting);
	warn(job, config);
}

bool job_finish(struct job *job, const struct config *config, bool was_lost,
                struct job_result *result)
{
	const struct session_recipient *waiting = first_waiting(job);

	if (waiting != NULL && costs_a_try(waiting, was_lost) &&
	    job->history.tries > 0 &&
	    seen_age(job) >= (int64_t)config->lifetime) {
		expire(job, config->lifetime, result);
		waiting = first_waiting(job);
	}
	if (job->has_lost_line && !record_is_all_delivered(job)) {
		/* What cannot be written down must not be forgotten, nor sent
		 * again every minute. */
		spool_set_due(job->spool, &job->entry,
		              clock_seconds() + SCHEDULE_LONGEST);
		return false;
	}
	if (history_open_count(&job->history) == 0)
		return leave_queue(job, result);
	if (waiting != NULL && costs_a_try(waiting, was_lost)) {
		put_off(job, waiting);
		warn(job, config);
	}
	return false;
}
