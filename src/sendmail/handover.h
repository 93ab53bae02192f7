/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handover - a finished entry to relay-drop, for the machine's queue
 *
 * A caller may hold the pipe open for hours, so the entry is collected here,
 * without a name, and relay-drop hears of it when it is whole: over the socket
 * if somebody serves it, else by running the set-gid program.  Where neither
 * can be had the fault (73) comes within two seconds.  Every wait has an end.
 *
 * Faults carry relay-drop's exit status.  No answer after the last byte is a
 * fault too: the message may be queued, and a caller that tries again makes a
 * duplicate, never a loss.
 */
#ifndef SENDMAIL_HANDOVER_H
#define SENDMAIL_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "queue/entry.h"

/* Somewhere to write an entry: memory at first. */
int handover_open(struct fault *f);

/* `length` bytes are in it; the first time it is much they move to a file
 * without a name, under the same descriptor.  Whether they could or not, that
 * is decided then. */
void handover_spill(int fd, uint64_t length, bool *is_decided);

/* 0: it is safe, by the name in `id`.  The descriptor stays the caller's. */
int handover_give(int fd, char id[ENTRY_ID_LENGTH + 1], struct fault *f);

#endif
