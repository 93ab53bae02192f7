/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally - how many reports an address gets in an hour
 *
 * A loop that sends to a wrong address fills the mailbox of its sender with
 * reports.  So each address gets TALLY_MOST of them in TALLY_TIME, counted from
 * the first; what comes after those waits until the time is over, and then goes
 * together (flush/digest).  A hint (pause/count.reports): lost, it costs more
 * mails than that, and no report.
 */
#ifndef FLUSH_TALLY_H
#define FLUSH_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"

#define TALLY_MOST 20U
#define TALLY_TIME 3600    /* seconds */
#define TALLY_ADDRESSES 64 /* that are remembered */

enum tally {
	TALLY_ALONE,    /* a report of its own */
	TALLY_LATER,    /* not before the time is over */
	TALLY_TOGETHER, /* with all that had to wait */
};

/* One more report to the address; it is counted, unless it is for later. */
enum tally tally_take(const struct dir *d, const char *address, int64_t now,
                      int64_t *later);

/* May one go that can as well be left out?  It is counted, if so. */
bool tally_may_warn(const struct dir *d, const char *address, int64_t now);

/* Not all that waited could go together: the rest waits on. */
void tally_owe(const struct dir *d, const char *address, int64_t now);

#endif
