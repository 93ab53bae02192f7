/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listing - what is in the queue, for people to see
 *
 * Reads envelopes and journals without locks and changes nothing; an entry that
 * goes while it is read is left out.  Damaged ones are listed with what is
 * wrong, and so is what cannot be opened or is no plain file: it is in the way.
 */
#ifndef QUEUE_LISTING_H
#define QUEUE_LISTING_H

#include "queue/journal.h"
#include "queue/spool.h"

struct listing_item {
	enum spool_place place;
	struct entry entry; /* its descriptor is open for reading */
	struct history history;
	uid_t owner;      /* of the file: who submitted it */
	int64_t arrival;  /* seconds since 1970 */
	int64_t size;     /* bytes of the message */
	int64_t due;      /* next try, for new/ */
	bool is_active;   /* somebody holds it: it is being sent */
	bool is_arriving; /* in drop/ still: there is no more than its size */
	bool is_hidden;   /* another user's: there is no more than its size */
	struct fault damage; /* kind FAULT_NONE when the entry is whole */
};

/* Fill in one item; false when it is gone.  Release it in every case. */
bool listing_read(const struct spool *s, enum spool_place place, const char *id,
                  struct listing_item *item);
void listing_item_release(struct listing_item *item);

/* Call `see` for each entry of a place in order of arrival; a non-zero result
 * ends it and is returned. */
int listing_each(const struct spool *s, enum spool_place place,
                 int (*see)(void *arg, const struct listing_item *item),
                 void *arg, struct fault *f);

#endif
