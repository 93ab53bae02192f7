/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/digest.h"

#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "flush/letter.h"
#include "flush/told.h"
#include "message/report_digest.h"
#include "queue/id.h"
#include "queue/listing.h"
#include "queue/owed.h"

/* --- who has its name ----------------------------------------------------- */

/* Messages of the place whose report is `id` and not known to be queued. */
static int find_carriers(const struct spool *spool, enum spool_place place,
                         const char *id, struct names *found, struct fault *f)
{
	struct names all;
	int result = 0;

	if (spool_list(spool, place, &all, f) != 0)
		return -1;
	for (size_t i = 0; i < all.count && result == 0; i++) {
		struct history h;

		result = journal_read(&spool->log, NAMES_AT(&all, i), 1, &h, f);
		if (result == 0 && !h.report.is_done &&
		    strcmp(h.report.id, id) == 0)
			names_add(found, NAMES_AT(&all, i));
		history_release(&h);
	}
	names_release(&all);
	return result;
}

int digest_is_shared(const struct job *job, struct fault *f)
{
	const char *id = job->history.report.id;
	struct names found = { 0 };
	int result = 0;

	if (find_carriers(job->spool, SPOOL_NEW, id, &found, f) != 0 ||
	    find_carriers(job->spool, SPOOL_HOLD, id, &found, f) != 0)
		result = -1;
	else if (found.count > 1)
		result = 1;
	names_release(&found);
	return result;
}

int digest_settle(const struct spool *spool, const char *id, struct fault *f)
{
	struct names found = { 0 };
	int result = 0;

	if (find_carriers(spool, SPOOL_NEW, id, &found, f) != 0 ||
	    find_carriers(spool, SPOOL_HOLD, id, &found, f) != 0)
		result = -1;
	for (size_t i = 0; i < found.count && result == 0; i++)
		result = letter_note_done(spool, NAMES_AT(&found, i),
		                          JOURNAL_REPORTED, id, f);
	names_release(&found);
	return result;
}

/* --- who gets it ---------------------------------------------------------- */

/* Does it wait for nothing but its report to the same sender?  One that is in
 * somebody's hands is left out: its report is made when it comes. */
static bool waits_for_report(const struct job *job,
                             const struct listing_item *item)
{
	const struct entry_envelope *env = &item->entry.envelope;

	return item->damage.kind == FAULT_NONE && !item->is_active &&
	       strcmp(env->sender, job->entry.envelope.sender) == 0 &&
	       history_open_count(&item->history) == 0 &&
	       item->history.report.id[0] == '\0' &&
	       owed_any(env, &item->history);
}

static int invite(const struct job *job, const char *other, struct fault *f)
{
	return letter_note(job->spool, other, JOURNAL_REPORTED,
	                   job->history.report.id, f);
}

int digest_invite(const struct job *job, bool *is_full, struct fault *f)
{
	struct names all;
	size_t invited = 1;
	int result = 0;

	*is_full = false;
	if (spool_list(job->spool, SPOOL_NEW, &all, f) != 0)
		return -1;
	for (size_t i = 0; i < all.count && result == 0 && !*is_full; i++) {
		struct listing_item item;

		if (strcmp(NAMES_AT(&all, i), job->entry.id) != 0 &&
		    listing_read(job->spool, SPOOL_NEW, NAMES_AT(&all, i),
		                 &item) &&
		    waits_for_report(job, &item)) {
			*is_full = invited == DIGEST_MOST;
			if (!*is_full)
				result = invite(job, NAMES_AT(&all, i), f);
			invited++;
		}
		listing_item_release(&item);
	}
	names_release(&all);
	return result;
}

/* --- making it ------------------------------------------------------------ */

/* It gets a report of its own instead, under a name of its own. */
static int part(const struct job *job, const char *other, struct fault *f)
{
	char id[ENTRY_ID_LENGTH + 1];

	if (id_make(id, clock_now()) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("no random numbers from the kernel"));
	return letter_note(job->spool, other, JOURNAL_REPORTED, id, f);
}

/* One that was held meanwhile comes back when nobody knows. */
static int part_from_held(const struct job *job, struct fault *f)
{
	struct names held = { 0 };
	int result = find_carriers(job->spool, SPOOL_HOLD,
	                           job->history.report.id, &held, f);

	for (size_t i = 0; i < held.count && result == 0; i++)
		result = part(job, NAMES_AT(&held, i), f);
	names_release(&held);
	return result;
}

static int add_job(struct report_digest *w, const struct job *job)
{
	struct told told = { .count = 0 };
	struct report report;
	struct sbuf to;
	int result;

	sbuf_init(&to, ADDRESS_MAX * 2);
	told_settled(&told, job);
	told_describe(&told, job, &to, &report);
	result = report_digest_add(w, &report);
	told_release(&told);
	sbuf_release(&to);
	return result;
}

/* One that is gone needs no report; one that cannot be read now must not keep
 * the others waiting. */
static int add_other(struct report_digest *w, const struct job *job,
                     const char *id, struct fault *f)
{
	struct job_result unused = { 0 };
	struct job *other = job_open(job->spool, id, &unused);
	int result = 0;

	if (other != NULL && job_prepare(other, job->rules, job->helo, &unused))
		result = add_job(w, other);
	else if (spool_is_in(job->spool, SPOOL_NEW, id))
		result = part(job, id, f);
	job_free(&other);
	return result;
}

static int add_all(struct report_digest *w, const struct job *job,
                   const struct names *members, struct fault *f)
{
	int result = 0;

	for (size_t i = 0; i < members->count && result == 0; i++)
		result = strcmp(NAMES_AT(members, i), job->entry.id) == 0
		                 ? add_job(w, job)
		                 : add_other(w, job, NAMES_AT(members, i), f);
	return result;
}

/* A person may have moved one while it was written: whoever has the name now
 * has to be in it. */
static int check_members(const struct job *job, const struct names *members,
                         struct fault *f)
{
	const char *id = job->history.report.id;
	struct names now = { 0 };
	int result = 0;

	if (find_carriers(job->spool, SPOOL_NEW, id, &now, f) != 0 ||
	    find_carriers(job->spool, SPOOL_HOLD, id, &now, f) != 0)
		result = -1;
	for (size_t i = 0; i < now.count && result == 0; i++)
		if (!names_has(members, NAMES_AT(&now, i)))
			result = fault_set(f, FAULT_TEMP, "4.3.0",
			                   _("message %s was moved just now"),
			                   NAMES_AT(&now, i));
	names_release(&now);
	return result;
}

static int write_all(struct job *job, const struct names *members,
                     struct letter *l)
{
	struct told nobody = { .count = 0 };
	struct report_digest w;
	struct report report;
	struct sbuf to;
	int result, ended;

	sbuf_init(&to, ADDRESS_MAX * 2);
	told_describe(&nobody, job, &to, &report);
	report.id = l->id;
	result =
		report_digest_begin(&w, &report, members->count, letter_put, l);
	if (result == 0)
		result = add_all(&w, job, members, l->fault);
	ended = report_digest_end(&w);
	sbuf_release(&to);
	return result != 0 ? result : ended;
}

int digest_make(struct job *job, struct fault *f)
{
	const char *id = job->history.report.id;
	struct names members = { 0 };
	struct letter l;
	int result = -1;

	if (part_from_held(job, f) == 0 &&
	    find_carriers(job->spool, SPOOL_NEW, id, &members, f) == 0 &&
	    letter_begin(&l, job, id, id, f) == 0) {
		result = write_all(job, &members, &l);
		if (result == 0)
			result = check_members(job, &members, f);
		result = letter_end(&l, result);
	}
	if (result == 0)
		log_note("id=%s to=<%s> status=digest (%zu messages)", id,
		         job->entry.envelope.sender, members.count);
	names_release(&members);
	return result;
}
