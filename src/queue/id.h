/* SPDX-License-Identifier: GPL-3.0-or-later */
/* id - a new name for an entry
 *
 * 14 upper-case hex digits of microseconds since 1970 and 8 of chance: a
 * listing is in order of arrival, and no name returns.  libc only, for
 * relay-drop's sake; entry.h reads names.
 */
#ifndef QUEUE_ID_H
#define QUEUE_ID_H

#include <stdint.h>

#include "queue/entry.h"

/* 0, or -1 with errno: the kernel gives no random numbers. */
int id_make(char id[ENTRY_ID_LENGTH + 1], int64_t microseconds);

#endif
