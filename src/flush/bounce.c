/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/bounce.h"

#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "flush/digest.h"
#include "flush/letter.h"
#include "flush/record.h"
#include "flush/tally.h"
#include "flush/told.h"
#include "message/report.h"
#include "queue/dsn.h"
#include "queue/id.h"
#include "queue/owed.h"

#define PIECE 8192

bool bounce_is_asked(const struct job *job, size_t recipient, const char *word)
{
	const char *notify = job->entry.envelope.dsn[recipient].notify;

	return dsn_asks(notify != NULL ? notify : job->audience.notify.data,
	                word);
}

/* --- making it ------------------------------------------------------------ */

/* The header, or all of it, as it is in the queue. */
static int put_original(struct job *job, struct report_writer *w,
                        struct fault *f)
{
	uint64_t left = job->content.scan.header_bytes;
	char piece[PIECE];
	ssize_t n = 1;

	if (told_with_body(job))
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

static int put_report(struct job *job, const struct told *told,
                      struct letter *l)
{
	struct report_writer w;
	struct report report;
	struct sbuf to;
	int result, ended;

	sbuf_init(&to, ADDRESS_MAX * 2);
	told_describe(told, job, &to, &report);
	report.id = l->id;
	result = report_begin(&w, &report, letter_put, l);
	if (result == 0)
		result = put_original(job, &w, l->fault);
	ended = report_end(&w);
	sbuf_release(&to);
	return result != 0 ? result : ended;
}

static int make(struct job *job, const struct told *told, const char *id,
                struct fault *f)
{
	struct letter l;

	if (letter_begin(&l, job, id, job->entry.id, f) != 0)
		return -1;
	return letter_end(&l, put_report(job, told, &l));
}

/* --- queueing it ---------------------------------------------------------- */

static struct notice *notice_of(struct history *h, enum journal_kind kind)
{
	return kind == JOURNAL_WARNED ? &h->warning : &h->report;
}

/* Its name, the one of an earlier attempt if there was one: durable. */
static int name_it(struct job *job, enum journal_kind kind, struct fault *f)
{
	struct notice *notice = notice_of(&job->history, kind);
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

/* Under its name, unless an earlier attempt came so far. */
static int queue(struct job *job, enum journal_kind kind,
                 const struct told *told, bool is_shared, struct fault *f)
{
	struct notice *notice = notice_of(&job->history, kind);
	int failed = 0;

	if (!spool_has(job->spool, notice->id))
		failed = is_shared ? digest_make(job, f)
		                   : make(job, told, notice->id, f);
	if (failed != 0)
		return -1;
	notice->is_done = true;
	log_note("id=%s report=%s to=<%s> status=%s", job->entry.id, notice->id,
	         job->entry.envelope.sender,
	         kind == JOURNAL_WARNED ? "warned" : "reported");
	return 0;
}

/* --- how many of them ----------------------------------------------------- */

/* The sender's address, as reports to it are counted. */
static void add_address(const struct job *job, struct sbuf *to)
{
	sbuf_init(to, ADDRESS_MAX * 2);
	rewrite_qualify(&job->rules->rewrite, job->entry.envelope.sender, to);
}

static enum tally count(const struct job *job, int64_t *later)
{
	enum tally result;
	struct sbuf to;

	add_address(job, &to);
	result =
		tally_take(&job->spool->pause, to.data, clock_seconds(), later);
	sbuf_release(&to);
	return result;
}

static bool may_warn(const struct job *job)
{
	struct sbuf to;
	bool may;

	add_address(job, &to);
	may = tally_may_warn(&job->spool->pause, to.data, clock_seconds());
	sbuf_release(&to);
	return may;
}

/* All that waits for this, and what does not fit into one mail next time. */
static int invite(struct job *job, struct fault *f)
{
	struct sbuf to;
	bool is_full;

	if (digest_invite(job, &is_full, f) != 0)
		return -1;
	add_address(job, &to);
	if (is_full)
		tally_owe(&job->spool->pause, to.data, clock_seconds());
	sbuf_release(&to);
	return 0;
}

static int put_off(const struct job *job, int64_t until)
{
	spool_set_due(job->spool, &job->entry, until);
	log_note("id=%s to=<%s> status=unreported (%u reports in an hour: "
	         "the next ones go together)",
	         job->entry.id, job->entry.envelope.sender, TALLY_MOST);
	return BOUNCE_LATER;
}

/* One that has a name already may share it with others. */
static int report(struct job *job, const struct told *told, struct fault *f)
{
	bool is_new = job->history.report.id[0] == '\0';
	int64_t later = 0;
	enum tally how = is_new ? count(job, &later) : TALLY_TOGETHER;
	int is_shared = 0;

	if (how == TALLY_LATER)
		return put_off(job, later);
	if (name_it(job, JOURNAL_REPORTED, f) != 0)
		return -1;
	if (how == TALLY_TOGETHER && is_new && invite(job, f) != 0)
		return -1;
	if (how == TALLY_TOGETHER)
		is_shared = digest_is_shared(job, f);
	return is_shared < 0
	               ? -1
	               : queue(job, JOURNAL_REPORTED, told, is_shared > 0, f);
}

int bounce_send(struct job *job, struct fault *f)
{
	struct told told = { .count = 0 };
	int result = 0;

	if (!owed_is_possible(&job->entry.envelope) ||
	    job->history.report.is_done)
		return 0;
	told_settled(&told, job);
	if (told.count > 0)
		result = report(job, &told, f);
	told_release(&told);
	return result;
}

int bounce_warn(struct job *job, int64_t retry_until, struct fault *f)
{
	struct told told = { .count = 0 };
	bool is_new = job->history.warning.id[0] == '\0';
	int result = 0;

	if (!owed_is_possible(&job->entry.envelope) ||
	    job->history.warning.is_done)
		return 0;
	told_delayed(&told, job, retry_until);
	if (told.count > 0 && (!is_new || may_warn(job))) {
		result = name_it(job, JOURNAL_WARNED, f);
		if (result == 0)
			result = queue(job, JOURNAL_WARNED, &told, false, f);
	}
	told_release(&told);
	return result;
}

/* --- before it is sent ---------------------------------------------------- */

static bool is_waiting_for(const struct notice *notice, const char *id)
{
	return !notice->is_done && strcmp(notice->id, id) == 0;
}

/* Which of the two it is, its journal says; or neither, if it was written
 * down before, or the message was brought back since. */
static int settle(const struct spool *spool, const struct entry *report,
                  struct fault *f)
{
	const char *about = report->envelope.about;
	struct history h;
	int result = journal_read(&spool->log, about, 1, &h, f);

	if (result == 0 && is_waiting_for(&h.report, report->id))
		result = letter_note_done(spool, about, JOURNAL_REPORTED,
		                          report->id, f);
	else if (result == 0 && is_waiting_for(&h.warning, report->id))
		result = letter_note_done(spool, about, JOURNAL_WARNED,
		                          report->id, f);
	history_release(&h);
	return result;
}

/* A message that is on its way still may not know how far it came. */
int bounce_settle(const struct spool *spool, const struct entry *report,
                  struct fault *f)
{
	const char *about = report->envelope.about;

	if (about == NULL)
		return 0;
	if (strcmp(about, report->id) == 0)
		return digest_settle(spool, report->id, f);
	if (!spool_is_in(spool, SPOOL_NEW, about) &&
	    !spool_is_in(spool, SPOOL_HOLD, about))
		return 0;
	return settle(spool, report, f);
}
