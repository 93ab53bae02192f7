/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names - many names of entries, in half the room
 *
 * A queue may hold hundreds of thousands: of each name its 22 hex digits are
 * eleven bytes here, and the list grows by a quarter.  Only names (entry_is_id)
 * may be added.
 */
#ifndef QUEUE_NAMES_H
#define QUEUE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/entry.h"

#define NAMES_PACKED (ENTRY_ID_LENGTH / 2)

struct names { /* zero: empty */
	unsigned char (*packed)[NAMES_PACKED];
	size_t count;
	size_t room;
};

void names_release(struct names *n);
void names_add(struct names *n, const char *id);

/* Unpacked into `id`, which is returned. */
const char *names_at(const struct names *n, size_t i,
                     char id[ENTRY_ID_LENGTH + 1]);

/* The same, until the end of the block. */
#define NAMES_AT(n, i) names_at((n), (i), (char[ENTRY_ID_LENGTH + 1]){ 0 })

/* By name, which is the order of arrival.  names_has() is for sorted ones. */
void names_sort(struct names *n);
bool names_has(const struct names *n, const char *id);

/* Take the last one; forget the first ones. */
void names_pop(struct names *n, char id[ENTRY_ID_LENGTH + 1]);
void names_drop(struct names *n, size_t count);

/* Those from `first` on, in another order: `order` has their places among
 * themselves. */
void names_arrange(struct names *n, size_t first, const size_t *order);

#endif
