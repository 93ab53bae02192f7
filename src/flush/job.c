/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/port.h"
#include "message/address.h"
#include "message/wire.h"
#include "queue/schedule.h"

#define RESERVE_LINE (JOURNAL_TEXT + 100)
#define TRACE_LIMIT 1024 /* bytes; lane.c has room for as many */

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
	sbuf_init(&job->trace, TRACE_LIMIT);
	journal_init(&job->journal);
	taken = spool_take(spool, SPOOL_NEW, id, &job->entry, &f);
	if (!is_taken(job, taken, id, &f, result)) {
		job_free(&job);
		return NULL;
	}
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
	for (size_t i = 0; i < job->mail.count; i++)
		free(job->wire_addresses[i]);
	free(job->wire_addresses);
	free(job->wire_sender);
	sbuf_release(&job->trace);
	free(job->index);
	free(job->is_recorded);
	free(job->is_counted);
	free(job->mail.recipients);
	journal_release(&job->journal);
	history_release(&job->history);
	entry_release(&job->entry);
	free(job);
	*pointer = NULL;
}

/* --- preparing ---------------------------------------------------------- */

/* The queue holds what the caller said; a bare name gets its domain now. */
static char *wire_address(const char *address, const char *domain)
{
	struct sbuf b;
	char *wire;

	if (address[0] == '\0' || address_is_qualified(address))
		return mem_strdup(address);
	sbuf_init(&b, strlen(address) + strlen(domain) + 1);
	sbuf_addf(&b, "%s@%s", address, domain);
	wire = mem_strdup(b.data);
	sbuf_release(&b);
	return wire;
}

static void add_recipients(struct job *job, const char *domain)
{
	const struct entry_envelope *env = &job->entry.envelope;
	size_t room = history_open_count(&job->history);
	struct session_mail *mail = &job->mail;

	if (room == 0)
		return;
	mail->recipients = mem_array(room, sizeof(*mail->recipients));
	job->wire_addresses = mem_array(room, sizeof(*job->wire_addresses));
	job->index = mem_array(room, sizeof(*job->index));
	job->is_recorded = mem_array(room, sizeof(*job->is_recorded));
	job->is_counted = mem_array(room, sizeof(*job->is_counted));
	for (size_t i = 0; i < env->recipient_count; i++) {
		char *wire;

		if (history_is_settled(&job->history, i))
			continue;
		wire = wire_address(env->recipients[i], domain);
		mail->is_utf8 |= !address_is_ascii(wire);
		job->wire_addresses[mail->count] = wire;
		job->index[mail->count] = i;
		mail->recipients[mail->count++].address = wire;
	}
}

static void see_piece(void *arg, const char *bytes, size_t n)
{
	wire_scan_add(arg, bytes, n);
}

/* Read it all before a connection is used: what is damaged is never begun. */
static bool verify(struct job *job, struct job_result *result)
{
	struct wire_scan scan;
	struct fault f;

	wire_scan_init(&scan);
	if (entry_verify(&job->entry, see_piece, &scan, &f) != 0) {
		job_damaged(job, &f, result);
		return false;
	}
	if (scan.bare > 0 || !scan.ends_with_crlf) {
		fault_set(&f, FAULT_PERM, "5.6.0",
		          _("its lines do not end as they were written"));
		job_damaged(job, &f, result);
		return false;
	}
	job->mail.size =
		(uint64_t)(job->entry.content_end - job->entry.content);
	job->mail.is_8bit = scan.has_8bit;
	return true;
}

/* Who submitted it, by the kernel's word (RFC 5321, 4.4).  The same at each
 * try. */
static void add_trace(struct job *job, const char *helo)
{
	struct stat st;

	if (!job->spool->is_shared || fstat(job->entry.fd, &st) != 0)
		return;
	sbuf_addf(&job->trace,
	          "Received: by %s (relay, from userid %u)\r\n\tid %s; ", helo,
	          (unsigned)st.st_uid, job->entry.id);
	clock_add_date(&job->trace, entry_time(job->entry.id));
	sbuf_addstr(&job->trace, "\r\n");
	job->mail.trace = job->trace.data;
	job->mail.size += job->trace.len;
}

bool job_prepare(struct job *job, const char *domain, const char *helo,
                 struct job_result *result)
{
	if (!verify(job, result))
		return false;
	add_trace(job, helo);
	job->wire_sender = wire_address(job->entry.envelope.sender, domain);
	job->mail.sender = job->wire_sender;
	job->mail.is_utf8 = !address_is_ascii(job->wire_sender);
	add_recipients(job, domain);
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

bool job_has_open(const struct job *job)
{
	return open_count(job) > 0;
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
	if (job->entry.envelope.recipient_count == 1)
		return true;
	if (asked > SESSION_FLIGHT)
		asked = SESSION_FLIGHT;
	if (open_journal(job, &f) &&
	    journal_reserve(&job->journal, asked * RESERVE_LINE, &f) == 0)
		return true;
	log_warn(_("id=%s status=deferred (%s; nothing was sent)"),
	         job->entry.id, f.text);
	result->trouble = true;
	return false;
}

static enum journal_kind kind_of(const struct outcome *o)
{
	if (o->state == OUTCOME_DELIVERED)
		return JOURNAL_DELIVERED;
	if (o->state == OUTCOME_DOUBT)
		return JOURNAL_DOUBT;
	return o->fault.kind == FAULT_PERM ? JOURNAL_FAILED : JOURNAL_LATER;
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
static void log_outcome(const struct job *job, const char *to, const char *peer,
                        enum journal_kind kind, const struct fault *f)
{
	int64_t delay = clock_seconds() - entry_time(job->entry.id);
	bool is_trouble = kind == JOURNAL_FAILED || kind == JOURNAL_DOUBT ||
	                  f->kind == FAULT_CONFIG;

	(is_trouble ? log_warn : log_note)(
		"id=%s from=<%s> to=<%s> relay=%s delay=%" PRId64
		" dsn=%s status=%s (%s)",
		job->entry.id, job->mail.sender, to, peer,
		delay < 0 ? 0 : delay, f->code, status_word(kind), f->text);
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

static void remember(struct job *job, size_t i, enum journal_kind kind,
                     const struct fault *f)
{
	struct mark *mark = &job->history.marks[job->index[i]];

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

/* Lines of the recipients settled since the last call.  Not needed when all are
 * delivered: then the entry goes, and its absence says so. */
static int write_lines(struct job *job, struct fault *f)
{
	if (is_all_delivered(job))
		return 0;
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct outcome *o = &job->mail.recipients[i].outcome;

		if (o->state == OUTCOME_OPEN || job->is_recorded[i])
			continue;
		if (!open_journal(job, f) ||
		    journal_add(&job->journal, kind_of(o), job->index[i],
		                o->fault.code, o->fault.text, f) != 0)
			return -1;
		job->is_recorded[i] = true;
	}
	return job->journal.fd >= 0 ? journal_sync(&job->journal, f) : 0;
}

void job_record(struct job *job, const char *peer, struct job_result *result)
{
	struct fault f;

	for (size_t i = 0; i < job->mail.count; i++) {
		const struct outcome *o = &job->mail.recipients[i].outcome;

		if (o->state != OUTCOME_OPEN && !job->is_counted[i])
			remember(job, i, kind_of(o), &o->fault);
	}
	if (write_lines(job, &f) != 0) {
		log_warn(_("id=%s: %s; a recipient may get the message twice"),
		         job->entry.id, f.text);
		job->has_lost_line = true;
		result->trouble = true;
	}
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct session_recipient *r = &job->mail.recipients[i];
		enum journal_kind kind = kind_of(&r->outcome);

		if (r->outcome.state == OUTCOME_OPEN || job->is_counted[i])
			continue;
		job->is_counted[i] = true;
		log_outcome(job, r->address, peer, kind, &r->outcome.fault);
		count(result, kind, &r->outcome.fault);
	}
}

/* --- finishing ---------------------------------------------------------- */

/* The first that was asked now and has to wait. */
static const struct session_recipient *first_waiting(const struct job *job)
{
	for (size_t i = 0; i < job->mail.count; i++) {
		const struct session_recipient *r = &job->mail.recipients[i];

		if (r->outcome.state != OUTCOME_OPEN &&
		    !history_is_settled(&job->history, job->index[i]))
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

/* Too old: those who wait are given up, with the last reason. */
static void expire(struct job *job, unsigned lifetime,
                   struct job_result *result)
{
	for (size_t i = 0; i < job->mail.count; i++) {
		struct session_recipient *r = &job->mail.recipients[i];
		const struct mark *mark = &job->history.marks[job->index[i]];

		if (history_is_settled(&job->history, job->index[i]))
			continue;
		fault_set(&r->outcome.fault, FAULT_PERM, "4.4.7",
		          mark->in_doubt
		                  ? _("given up after %u hours of trying, but "
		                      "it may have been delivered; the last "
		                      "answer was: %s")
		                  : _("given up after %u hours of trying; the "
		                      "last answer was: %s"),
		          lifetime / 3600,
		          mark->text != NULL ? mark->text : "");
		r->outcome.state = OUTCOME_REFUSED;
		job->is_recorded[i] = job->is_counted[i] = false;
	}
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
