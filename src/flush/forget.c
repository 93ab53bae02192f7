/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/forget.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "queue/hint.h"
#include "queue/journal.h"
#include "queue/owed.h"

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

/* Being told is having been sent the report: one that waits, or failed, or is
 * damaged, holds what it is about. */
static bool is_told(const struct spool *s, const struct entry *e,
                    const struct history *h)
{
	if (history_open_count(h) > 0)
		return false;
	if (owed_is_possible(&e->envelope) && h->report.id[0] != '\0')
		return !spool_has(s, h->report.id);
	return !owed_any(&e->envelope, h);
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
	struct names list;
	struct fault f;

	if (keep == 0 || !is_time(s, now) || !note_time(s, now) ||
	    spool_list(s, SPOOL_FAILED, &list, &f) != 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct entry e;

		if (spool_take(s, SPOOL_FAILED, NAMES_AT(&list, i), &e, &f) ==
		            SPOOL_TAKEN &&
		    look_at(s, &e, keep, &f) != 0)
			log_warn("id=%s: %s", NAMES_AT(&list, i), f.text);
		entry_release(&e);
	}
	names_release(&list);
}
