/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_list - the queue as people and programs want to see it
 *
 * Text: one block a message, 80 columns where the words allow, reasons in full.
 * JSON: one object with everything.  What strangers wrote is escaped.
 */
#ifndef RELAY_QUEUE_LIST_H
#define RELAY_QUEUE_LIST_H

#include <stdbool.h>

#include "queue/listing.h"
#include "queue/site.h"

/* What a listing has met, and what it has to know. */
struct queue_sums {
	size_t count;  /* shown */
	size_t hidden; /* of other users */
	int64_t keep;  /* queue_keep() */
};

/* Seconds that what was given up is kept; 0: for ever, or not known: a broken
 * configuration does not say, and a guest reads none. */
int64_t queue_keep(const struct site *site);

/* Seconds until a given up message goes by itself; 0: that is not known. */
int64_t queue_kept_for(const struct listing_item *item, int64_t keep);

/* All places; as JSON, or only these messages when `ids` is not NULL. */
int queue_list_text(const struct site *site, const struct spool *spool,
                    struct fault *f);
int queue_list_json(const struct site *site, const struct spool *spool,
                    char *const ids[], size_t count, struct fault *f);

/* Look in every place.  False: no such message; release the item anyway. */
bool queue_find(const struct spool *spool, const char *id,
                struct listing_item *item);

/* How a recipient stands, doubt included. */
enum journal_kind queue_mark_state(const struct mark *mark);

/* What an empty queue looks like. */
void queue_list_nothing(const struct site *site, bool json);

/* One message with its envelope, history and the message itself.  -1: there is
 * no such message, or it is not for us. */
int queue_show_text(const struct site *site, const struct spool *spool,
                    const char *id, struct fault *f);

/* The fault of an id that is not there. */
int queue_missing(const char *id, struct fault *f);

#endif
