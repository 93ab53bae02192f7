/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/forget.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "queue/dsn.h"
#include "queue/hint.h"
#include "queue/journal.h"

#define NAME "last.sweep"
#define DAY 86400

/* One of the future is none, unless it is of this day: a clock went back. */
static bool is_time(const struct spool *s, int64_t now)
{
	char text[32];
	int64_t last;

	return !hint_read_file(&s->pause, NAME, text, sizeof(text)) ||
	       sscanf(text, "%" SCNd64 "\n", &last) != 1 || last <= now - DAY ||
	       last >= now + DAY;
}

/* Lest each pass writes a line: what cannot be noted is not done. */
static bool note_time(const struct spool *s, int64_t now)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64 "\n", now);
	return hint_write_file(&s->pause, NAME, text);
}

/* --- one of them ---------------------------------------------------------- */

/* Did the sender want to hear of somebody who did not get it? */
static bool owes_report(const struct entry_envelope *env,
                        const struct history *h)
{
	char all[DSN_NOTIFY_SIZE] = "";

	if (env->notify != NULL)
		dsn_of_option(env->notify, all);
	for (size_t i = 0; i < h->count; i++) {
		const char *notify = env->dsn[i].notify;

		if (h->marks[i].kind != JOURNAL_DELIVERED &&
		    dsn_asks(notify != NULL ? notify : all, "FAILURE"))
			return true;
	}
	return false;
}

/* Being told is having been sent the report: one that waits, or failed, or is
 * damaged, holds what it is about. */
static bool is_told(const struct spool *s, const struct entry *e,
                    const struct history *h)
{
	if (history_open_count(h) > 0)
		return false;
	if (e->envelope.sender[0] == '\0' || e->envelope.about != NULL)
		return true;
	if (h->report.id[0] != '\0')
		return !spool_has(s, h->report.id);
	return !owes_report(&e->envelope, h);
}

static int add_day(const struct spool *s, const struct entry *e,
                   struct fault *f)
{
	struct journal journal;
	int result;

	journal_init(&journal);
	result = journal_open(&journal, &s->log, e->id, f);
	if (result == 0)
		result = journal_add(&journal, JOURNAL_KEPT, JOURNAL_ALL, "-",
		                     "in failed/", f);
	journal_release(&journal);
	return result;
}

static int let_go(const struct spool *s, const struct entry *e, int64_t kept,
                  struct fault *f)
{
	if (spool_remove(s, SPOOL_FAILED, e, f) != 0)
		return -1;
	log_note(_("id=%s from=<%s> status=removed (it was given up %ld days "
	           "ago)"),
	         e->id, e->envelope.sender, (long)(kept / DAY));
	return 0;
}

static int look_at(const struct spool *s, const struct entry *e, unsigned keep,
                   struct fault *f)
{
	struct history h;
	int64_t kept;
	int result = journal_read(&s->log, e->id, e->envelope.recipient_count,
	                          &h, f);

	kept = history_kept(&h, clock_seconds());
	if (result == 0 && kept >= (int64_t)keep && is_told(s, e, &h))
		result = let_go(s, e, kept, f);
	else if (result == 0 && kept < (int64_t)keep)
		result = add_day(s, e, f);
	history_release(&h);
	return result;
}

void forget_run(const struct spool *s, unsigned keep)
{
	int64_t now = clock_seconds();
	struct spool_list list;
	struct fault f;

	if (keep == 0 || !is_time(s, now) || !note_time(s, now) ||
	    spool_list(s, SPOOL_FAILED, &list, &f) != 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct entry e;

		if (spool_take(s, SPOOL_FAILED, list.id[i], &e, &f) ==
		            SPOOL_TAKEN &&
		    look_at(s, &e, keep, &f) != 0)
			log_warn("id=%s: %s", list.id[i], f.text);
		entry_release(&e);
	}
	spool_list_release(&list);
}
