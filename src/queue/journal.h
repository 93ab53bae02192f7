/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal - what happened to an entry, one checksummed line at a time
 *
 * log/ID, appended only.  A line:
 *
 *     D 1795407601 0 2.0.0 250 2.0.0 queued as 4F2 *1A2B3C4D
 *
 * kind, seconds since 1970, index of the recipient in the entry (or -), status,
 * text, and the CRC-32C of the entry's name and the line before " *".  So a
 * line that is torn, altered or belongs to another entry counts for nothing: at
 * worst a recipient is tried once more.
 *
 *   D delivered   F failed for good   I in doubt
 *   R report: the text is the id of its entry, which is about to be queued;
 *     a second one with "done" behind the id: it was
 *   W warning to the sender that it takes long: likewise
 *   A attempt: the whole message was put off, and why (not synced)
 *   L later: this recipient was put off, and why (not synced)
 *   S success: the sender asked to be told, and nobody else does; the text is
 *     "relayed" or "delivered"; before the D of the same recipient
 *   d f  the same as D and F for one of several addresses that a recipient
 *        stands for (an alias): "10:ann@x.test 250 2.0.0 queued"
 *   K kept: a day in failed/ (not synced)
 *   T try again: a person wants it; what had failed is open, the age is 0
 *
 * D, F, d and f are durable (journal_sync) before anything else is said to a
 * server.
 */
#ifndef QUEUE_JOURNAL_H
#define QUEUE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/fault.h"
#include "queue/entry.h"

#define JOURNAL_TEXT 500 /* longest text of a line */

enum journal_kind {
	JOURNAL_DELIVERED = 'D',
	JOURNAL_FAILED = 'F',
	JOURNAL_DOUBT = 'I',
	JOURNAL_REPORTED = 'R',
	JOURNAL_WARNED = 'W',
	JOURNAL_ATTEMPT = 'A',
	JOURNAL_LATER = 'L',
	JOURNAL_AGAIN = 'T',
	JOURNAL_KEPT = 'K',
	JOURNAL_SUCCESS = 'S',
	JOURNAL_PART_DELIVERED = 'd',
	JOURNAL_PART_FAILED = 'f',
};

#define JOURNAL_ALL SIZE_MAX /* the index of lines about the whole message */

/* Where one recipient stands. */
struct mark {
	enum journal_kind kind; /* 0: never tried; else the last of D F I L */
	int64_t time;
	char code[12];
	char *text;        /* NULL while kind is 0 */
	bool in_doubt;     /* some try, not only the last, ended in doubt */
	bool owes_success; /* the sender is to be told that he has it */
	bool is_here;      /* and it was delivered on this machine */
};

/* What is settled about one of the addresses of a recipient. */
struct part {
	size_t recipient;
	char *address;
	size_t line;      /* its place among all of them */
	struct mark mark; /* kind: D or F */
};

/* Something that its sender is told by another entry. */
struct notice {
	char id[ENTRY_ID_LENGTH + 1]; /* of that, or "" */
	bool is_done;
};

/* All lines of a journal, added up. */
struct history {
	struct mark *marks; /* one for each recipient of the entry */
	size_t count;
	struct part *parts; /* sorted by recipient, address and line */
	size_t part_count, part_room;
	unsigned tries;  /* number of A lines since the last T */
	unsigned breaks; /* those of them where the connection broke (4.4.2) */
	int64_t first_try; /* seconds since 1970, 0: never */
	int64_t last_try;
	int64_t age;   /* seen age at `since`: see schedule.h */
	int64_t since; /* last try, else submission */
	int64_t kept;  /* time in failed/ up to `last_line` */
	int64_t last_line;
	bool in_doubt; /* some recipient that is not D may have it */
	struct notice report, warning;
	struct mark last; /* the last A line */
};

/* Read log/ID.  A missing journal is an empty history.  -1: it cannot be read,
 * and nothing may be sent, lest something is sent twice. */
int journal_read(const struct dir *log, const char *id, size_t recipients,
                 struct history *history, struct fault *f);
void history_release(struct history *history);
bool history_is_settled(const struct history *history, size_t recipient);
size_t history_open_count(const struct history *history);

/* Seconds that it was kept in failed/ until `now`: what is between two lines
 * counts up to a day, so that no clock that jumps lets it go. */
int64_t history_kept(const struct history *history, int64_t now);

/* What is settled about `address` of the recipient, or NULL. */
const struct mark *history_part(const struct history *history, size_t recipient,
                                const char *address);

/* An open journal.  Lines are written at once, durable after journal_sync. */
struct journal {
	int fd;
	bool is_new;   /* its name may not be durable yet */
	bool is_torn;  /* the last byte is no newline */
	bool is_dirty; /* lines that must be durable are not yet */
	const struct dir *log;
	char id[ENTRY_ID_LENGTH + 1];
};

void journal_init(struct journal *j);
void journal_release(struct journal *j);
int journal_open(struct journal *j, const struct dir *log, const char *id,
                 struct fault *f);

/* Reserve `bytes` and make the file's name durable, so that recording what the
 * server says cannot fail for lack of space. */
int journal_reserve(struct journal *j, size_t bytes, struct fault *f);

int journal_add(struct journal *j, enum journal_kind kind, size_t recipient,
                const char *code, const char *text, struct fault *f);
int journal_add_part(struct journal *j, enum journal_kind kind,
                     size_t recipient, const char *address, const char *code,
                     const char *text, struct fault *f);
int journal_sync(struct journal *j, struct fault *f);

#endif
