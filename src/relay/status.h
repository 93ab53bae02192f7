/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status - what `relay status` knows, and its three ways to say it
 *
 * status.c gathers, from the queue, the hints that relay-flush leaves and the
 * configuration; nothing is changed, no lock is taken and nobody is connected
 * to.  status_text.c says it to people, status_json.c and status_metrics.c to
 * programs.  What a user sees who does not own the machine's queue are his own
 * messages and the number of the others: he reads no configuration, and hints
 * about smarthosts are not his.
 */
#ifndef RELAY_STATUS_H
#define RELAY_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "queue/bucket.h"
#include "queue/limits.h"
#include "queue/pause.h"
#include "queue/progress.h"
#include "queue/site.h"
#include "relay/account.h"

#define STATUS_OUTPUT_LIMIT ((size_t)16 << 20)

/* Due for so long, and nobody came: nobody will.  Seconds; timers and cron come
 * each few minutes. */
#define STATUS_IDLE_MOST 3600

/* What is not well, the worst last: the exit status follows from it. */
enum status_kind {
	STATUS_LATE,          /* 75: mail waits for longer than `warn` */
	STATUS_IDLE,          /* 78: mail is due, and nobody sends it */
	STATUS_DAMAGED,       /* 78 */
	STATUS_LOGIN,         /* 78: somebody has to log in */
	STATUS_SMARTHOST,     /* 78: it wants a person */
	STATUS_CONFIGURATION, /* 78: it cannot be used */
	STATUS_QUEUE,         /* 74: it cannot be read */
};

struct status_problem {
	enum status_kind kind;
	struct fault what; /* in words: what, and what to do */
};

struct status_smarthost {
	const struct smarthost *smarthost;
	struct pause pause;   /* its last trouble, if `has_trouble` */
	bool has_trouble;     /* which may still be there */
	bool is_left_alone;   /* until pause.until */
	bool needs_person;    /* or it will stay */
	struct bucket bucket; /* of `rate` */
	struct limits limits; /* that were met */
	struct account account;
};

struct status {
	const struct site *site;
	bool is_guest;
	int64_t now;

	size_t count[SPOOL_PLACES]; /* messages in each place */
	size_t others;              /* of other users, in all places */
	int64_t oldest;             /* arrival of the oldest that waits, or 0 */
	size_t due, active, in_doubt;
	int64_t due_since; /* of those that are due, the first; or 0 */
	int64_t next;      /* when the next one is due, or 0 */

	struct config *config; /* NULL: broken, or not for guests */
	int64_t warn;          /* seconds, 0: never */
	struct status_smarthost *smarthosts; /* config->count of them */

	bool is_flushing; /* these two not for guests */
	struct progress progress;

	struct status_problem *problems;
	size_t problem_count;
};

/* The exit status that says the same. */
int status_exit(const struct status *s);

/* "late", "idle" and so on: words for programs. */
const char *status_kind_name(enum status_kind kind);

void status_text(const struct status *s, struct sbuf *out);
void status_json(const struct status *s, struct sbuf *out);
void status_metrics(const struct status *s, struct sbuf *out);

#endif
