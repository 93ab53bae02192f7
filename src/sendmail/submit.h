/* SPDX-License-Identifier: GPL-3.0-or-later */
/* submit - one message from standard input to one queue entry
 *
 * Reads to the end of the input, however long that takes; nothing is visible
 * to the flusher before that and before the entry is durable.  Whoever kills us
 * in between has cancelled the message.  Uses no more memory for a message of
 * any size than its header and a few buffers.
 *
 * Faults: EX_USAGE no recipient, EX_DATAERR what cannot be queued as it is,
 * EX_NOINPUT, EX_CANTCREAT, EX_IOERR.  0: the message is safe.
 */
#ifndef SENDMAIL_SUBMIT_H
#define SENDMAIL_SUBMIT_H

#include "base/fault.h"
#include "queue/site.h"
#include "sendmail/args.h"

/* Rings the flusher, too, but for -odq. */
int submit(const struct args *args, const struct site *site, struct fault *f);

#endif
