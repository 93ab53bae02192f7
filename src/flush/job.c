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
#include "message/address.h"
#include "message/idn.h"
#include "queue/schedule.h"
#include "smtp/xtext.h"

#define RESERVE_LINE (JOURNAL_TEXT + 100)
#define TRACE_LIMIT 1024 /* bytes */
#define ENVID_LIMIT 100  /* characters: RFC 3461, 4.4 */

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

	sbuf_init(&named, ADDRESS_MAX * 2);
	sbuf_init(&ascii, ADDRESS_MAX * 2);
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

	if (!verify(job, result))
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

/* --- recording ---------------------------------------------------------- */

static bool open_journal(struct job *job, struct fault *f)
{
	return job->journal.fd >= 0 ||
	       journal_open(&job->journal, &job->spool->log, job->entry.id,
	                    f) == 0;
}

static size_t open_count(const struct job *job)
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

		o->state = OUTCOME_REFUSED;
		o->scope = VERDICT_RECIPIENT;
		fault_set(&o->fault, FAULT_TEMP,
		          mark->kind == JOURNAL_LATER ? mark->code : "4.2.0",
		          "%s", mark->text != NULL ? mark->text : "");
		its->is_counted = true;
		if (!audience_is_many(&job->audience, its->last))
			job->news[its->last] = NEWS_WRITTEN;
	}
}

/* One recipient needs no record: delivered, the entry is removed at once. */
bool job_reserve(struct job *job, struct job_result *result)
{
	size_t asked = open_count(job);
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
	if (open_journal(job, &f) &&
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
	case JOURNAL_PART_DELIVERED:
	case JOURNAL_PART_FAILED:
	case JOURNAL_ATTEMPT:
	case JOURNAL_LATER:
	case JOURNAL_AGAIN: break;
	}
	return "deferred";
}

/* One line for each message, recipient and attempt, the same everywhere. */
static void log_outcome(const struct job *job, size_t slot, const char *peer,
                        enum journal_kind kind, const struct fault *f)
{
	int64_t delay = clock_seconds() - entry_time(job->entry.id);
	const char *to = job->audience.recipients[slot].address;
	const char *orig =
		job->entry.envelope.recipients[job->audience.slots[slot].last];
	bool is_trouble = kind == JOURNAL_FAILED || kind == JOURNAL_DOUBT ||
	                  f->kind == FAULT_CONFIG;
	bool is_same = strcmp(orig, to) == 0;

	(is_trouble ? log_warn : log_note)(
		"id=%s from=<%s> to=<%s>%s%s%s relay=%s delay=%" PRId64
		" dsn=%s status=%s (%s)",
		job->entry.id, job->mail.sender, to,
		is_same ? "" : " orig_to=<", is_same ? "" : orig,
		is_same ? "" : ">", peer, delay < 0 ? 0 : delay, f->code,
		status_word(kind), f->text);
}

static void count(struct job_result *result, enum journal_kind kind,
                  const struct fault *f)
{
	if (kind == JOURNAL_DELIVERED)
		result->delivered++;
	else if (kind == JOURNAL_FAILED)
		result->failed++;
	else
		result->later++;
	if (f->kind == FAULT_CONFIG)
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

static bool is_all_delivered(const struct job *job)
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
		if (!open_journal(job, f) ||
		    journal_add_part(&job->journal, kind, recipient, r->address,
		                     r->outcome.fault.code,
		                     r->outcome.fault.text, f) != 0)
			return -1;
		m->is_recorded = true;
	}
	return 0;
}

static int write_line(struct job *job, size_t recipient, struct fault *f)
{
	const struct mark *mark = &job->history.marks[recipient];

	if (!open_journal(job, f) ||
	    journal_add(&job->journal, mark->kind, recipient, mark->code,
	                mark->text, f) != 0)
		return -1;
	job->news[recipient] = NEWS_WRITTEN;
	return 0;
}

/* Lines of what was settled since the last call.  Not needed when all are
 * delivered: then the entry goes, and its absence says so. */
static int write_lines(struct job *job, struct fault *f)
{
	if (is_all_delivered(job))
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
		log_outcome(job, i, peer, kind, &o->fault);
		count(result, kind, &o->fault);
	}
}

void job_record(struct job *job, const char *peer, struct job_result *result)
{
	struct fault f;

	settle_recipients(job);
	if (write_lines(job, &f) != 0) {
		log_warn(_("id=%s: %s; a recipient may get the message twice"),
		         job->entry.id, f.text);
		job->has_lost_line = true;
		result->trouble = true;
	}
	log_outcomes(job, peer, result);
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
	struct fault last = o->fault;

	fault_set(&o->fault, FAULT_PERM, "4.4.7",
	          mark->in_doubt
	                  ? _("given up after %u hours of trying, but it may "
	                      "have been delivered; the last answer was: %s")
	                  : _("given up after %u hours of trying; the last "
	                      "answer was: %s"),
	          lifetime / 3600,
	          o->state != OUTCOME_OPEN ? last.text
	          : mark->text != NULL     ? mark->text
	                                   : "");
	o->state = OUTCOME_REFUSED;
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
	job_record(job, "none", result);
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
	if (open_journal(job, &f))
		journal_add(&job->journal, JOURNAL_ATTEMPT, JOURNAL_ALL,
		            why->outcome.fault.code, why->outcome.fault.text,
		            &f);
	spool_set_due(job->spool, &job->entry, now + wait);
}

static int64_t seen_age(const struct job *job)
{
	return job->history.age +
	       schedule_step(job->history.since, clock_seconds());
}

/* Delivered, and yet it stays: write down to whom, and come back late.  Synced
 * or not, it is better than another copy for everybody. */
static void keep_delivered(struct job *job)
{
	struct fault f;

	if (open_journal(job, &f)) {
		for (size_t i = 0; i < job->history.count; i++)
			journal_add(&job->journal, JOURNAL_DELIVERED, i,
			            job->history.marks[i].code,
			            job->history.marks[i].text, &f);
		journal_sync(&job->journal, &f);
	}
	spool_set_due(job->spool, &job->entry,
	              clock_seconds() + SCHEDULE_LONGEST);
}

static void leave_queue(struct job *job, struct job_result *result)
{
	struct fault f;
	int failed =
		is_all_delivered(job)
			? spool_remove(job->spool, SPOOL_NEW, &job->entry, &f)
			: spool_move(job->spool, &job->entry, SPOOL_NEW,
	                             SPOOL_FAILED, &f);

	if (failed == 0)
		return;
	log_warn("id=%s: %s", job->entry.id, f.text);
	result->trouble = true;
	if (is_all_delivered(job))
		keep_delivered(job);
}

void job_finish(struct job *job, unsigned lifetime, bool was_lost,
                struct job_result *result)
{
	const struct session_recipient *waiting = first_waiting(job);

	if (waiting != NULL && costs_a_try(waiting, was_lost) &&
	    job->history.tries > 0 && seen_age(job) >= (int64_t)lifetime) {
		expire(job, lifetime, result);
		waiting = first_waiting(job);
	}
	if (job->has_lost_line && !is_all_delivered(job)) {
		/* What cannot be written down must not be forgotten, nor sent
		 * again every minute. */
		spool_set_due(job->spool, &job->entry,
		              clock_seconds() + SCHEDULE_LONGEST);
		return;
	}
	if (history_open_count(&job->history) == 0)
		leave_queue(job, result);
	else if (waiting != NULL && costs_a_try(waiting, was_lost))
		put_off(job, waiting);
}
