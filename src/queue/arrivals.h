/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arrivals - what relay-drop accepted and the flusher has not picked up yet
 *
 * Only relay-drop may look into drop/, so it is asked (`relay-drop --list`): a
 * user hears of his own messages and of the number of the others, the queue's
 * owner of all.  No answer counts as none.
 */
#ifndef QUEUE_ARRIVALS_H
#define QUEUE_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "queue/entry.h"

struct arrival {
	char id[ENTRY_ID_LENGTH + 1];
	int64_t size; /* bytes of the file */
};

struct arrivals {
	struct arrival *list; /* in order of arrival */
	size_t count;
	uint64_t others, other_bytes; /* of other users */
};

void arrivals_read(struct arrivals *a);
void arrivals_release(struct arrivals *a);

#endif
