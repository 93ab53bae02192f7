/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailq - the listing that monitoring programs parse
 *
 * Postfix's layout: a line with id (upper-case hex; * being sent, ! put aside),
 * size, date and sender, then a reason in parentheses, then the recipients,
 * indented.  The last two lines serve check_mailq in both of its modes:
 *
 *     \tTotal Requests: 2
 *     -- 3 Kbytes in 2 Requests.
 *
 * No other line begins with a hex digit.  What strangers wrote is escaped.  In
 * a shared queue other users' messages are in the totals only.
 */
#ifndef QUEUE_MAILQ_H
#define QUEUE_MAILQ_H

#include <stdbool.h>

#include "base/fault.h"
#include "queue/site.h"

/* Print to stdout; a reader that went away is no fault. */
int mailq(const struct site *site, bool only_count, struct fault *f);

#endif
