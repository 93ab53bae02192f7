/* SPDX-License-Identifier: GPL-3.0-or-later */
/* owed - is the sender to be told what became of a message?
 *
 * By the envelope and the journal alone: who failed and is not kept silent by
 * NOTIFY, who has it where the sender wants to know, and that there is a sender
 * at all.  Whether he was told is another question (history.report).
 */
#ifndef QUEUE_OWED_H
#define QUEUE_OWED_H

#include <stdbool.h>

#include "queue/journal.h"

/* Nobody is told of the null sender's mail, nor of a report. */
bool owed_is_possible(const struct entry_envelope *env);

/* What settled recipients there are to be told of. */
bool owed_any(const struct entry_envelope *env, const struct history *h);

#endif
