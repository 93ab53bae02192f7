/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spool - the directories of the queue and the moves between them
 *
 * Durability lives here: doc/QUEUE has the table of states and what a crash can
 * leave.  Submission is create, write, spool_commit; after that the entry is in
 * new/ and survives a power cut.  Names are 14 hex digits of microseconds since
 * 1970 and 8 of chance, so a listing is in order of arrival and no name
 * returns.
 *
 * Faults of submission carry exit status 73 (cannot create) or 74 (I/O).
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/fault.h"
#include "queue/entry.h"
#include "queue/names.h"

enum spool_place {
	SPOOL_NEW,    /* waiting */
	SPOOL_HOLD,   /* put aside by a person */
	SPOOL_FAILED, /* given up, with its log */
	SPOOL_BAD,    /* damaged: never sent, never deleted */
	SPOOL_PLACES,
};

struct spool {
	bool is_shared; /* the machine's: entries are their submitters' */
	uid_t owner;    /* of the queue itself */
	struct dir root;
	struct dir drop; /* what relay-drop left; shared only */
	struct dir tmp;
	struct dir log;   /* journals: see journal.h */
	struct dir pause; /* see pause.h */
	struct dir place[SPOOL_PLACES];
};

void spool_init(struct spool *s);

/* It is the machine's queue, which belongs to `owner`; before it is opened. */
void spool_share(struct spool *s, uid_t owner);

void spool_release(struct spool *s);

/* Open what a submission needs (tmp/, new/), or everything.  What is missing
 * is created durably, with mode 0700: the programs set umask 077 before. */
int spool_open_to_submit(struct spool *s, const char *path, struct fault *f);
int spool_open(struct spool *s, const char *path, struct fault *f);

/* To look at a queue: nothing is created, so that it can be read where it
 * cannot be written.  A queue that is not there is no fault: *missing; a
 * directory that is not there is an empty one.  spool_complete() makes those,
 * before the first change; not to be called as a guest. */
int spool_open_existing(struct spool *s, const char *path, bool *missing,
                        struct fault *f);
int spool_complete(struct spool *s, struct fault *f);

/* A new file in tmp/, locked; its name in `id`.  Returns the descriptor. */
int spool_create(struct spool *s, char id[ENTRY_ID_LENGTH + 1],
                 struct fault *f);

/* fsync(file), rename to new/, fsync(new/).  The descriptor is closed in every
 * case.  On a fault the message is not queued and nothing is left behind. */
/* The same under a name that was recorded before: a rest of that name, which a
 * crash left in tmp/, goes. */
int spool_create_as(const struct spool *s, const char *id, struct fault *f);
bool spool_is_in(const struct spool *s, enum spool_place place, const char *id);
bool spool_has(const struct spool *s, const char *id); /* in any place? */
int spool_commit(const struct spool *s, const char *id, int fd,
                 struct fault *f);
void spool_abandon(const struct spool *s, const char *id, int fd);

/* The names in a place, in order of arrival. */
int spool_list(const struct spool *s, enum spool_place place,
               struct names *list, struct fault *f);

enum spool_taken {
	SPOOL_TAKEN,
	SPOOL_GONE,    /* no such name (any more) */
	SPOOL_BUSY,    /* another process has its hand on it */
	SPOOL_HIDDEN,  /* another user's, and we are a guest: the fault says it
	                */
	SPOOL_FOREIGN, /* not a plain file of ours: the fault says what */
	SPOOL_DAMAGED, /* the fault says what */
	SPOOL_UNREADABLE,
};

/* What a user who does not own the shared queue may see of it: new/, hold/,
 * failed/ and log/. */
int spool_open_as_guest(struct spool *s, const char *path, struct fault *f);

/* Open, lock and read the envelope of an entry.  After anything but TAKEN the
 * entry holds nothing; DAMAGED keeps the descriptor and lock so that
 * spool_move() can put the file aside. */
enum spool_taken spool_take(const struct spool *s, enum spool_place place,
                            const char *id, struct entry *e, struct fault *f);

/* Delivered: unlink, fsync, then the journal goes.  The order matters: the
 * journal must outlive the message. */
int spool_remove(const struct spool *s, enum spool_place place,
                 const struct entry *e, struct fault *f);

/* The three steps of that, for several entries that leave together. */
int spool_unlink(const struct spool *s, enum spool_place place,
                 const struct entry *e, struct fault *f);
int spool_sync(const struct spool *s, enum spool_place place, struct fault *f);
void spool_forget(const struct spool *s, const struct entry *e);

/* Take away what spool_take() cannot open: a FIFO, a file of another.  The name
 * only; nothing of it is read. */
int spool_discard(const struct spool *s, enum spool_place place, const char *id,
                  struct fault *f);

/* Rename to another place, durably. */
int spool_move(const struct spool *s, const struct entry *e,
               enum spool_place from, enum spool_place to, struct fault *f);

/* Next try: the later of the mtimes of the entry and of its journal, each set
 * where it can be (another user's file cannot).  A hint: lost or wrong, it
 * means an earlier try.  What is written to the journal later resets it. */
void spool_set_due(const struct spool *s, const struct entry *e,
                   int64_t seconds);
int64_t spool_due(const struct spool *s, const char *id);

/* Can the entry be changed?  On a file system that became read-only it could
 * not be removed after delivery. */
bool spool_touch(const struct spool *s, const struct entry *e, struct fault *f);

/* Is it due, by its mtime alone?  1 yes, 0 no, -1 gone or not to be seen.  *due
 * (may be NULL) is its time. */
int spool_is_due(const struct spool *s, const char *id, int64_t now,
                 int64_t *due);

/* Remove what crashes leave: files in tmp/ older than 36 hours that nobody
 * holds, journals whose message is gone.  Only under the flusher's lock. */
void spool_clean(const struct spool *s);

/* "new", "hold", "failed", "bad": directory names, and words for programs. */
const char *spool_place_name(enum spool_place place);

#endif
