/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock - now, RFC 5322 dates, deadlines
 *
 * Wall time is microseconds since 1970 (int64_t); waits and deadlines use the
 * monotonic clock in milliseconds, so setting the clock neither ends nor
 * lengthens one.  A test sets the wall clock with RELAY_TEST_CLOCK (seconds);
 * nothing that is trusted depends on it, and set-id programs ignore it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct sbuf;

int64_t clock_now(void);     /* microseconds since 1970, UTC */
int64_t clock_seconds(void); /* the same in seconds */
int64_t clock_ticks(void);   /* milliseconds, monotonic */

/* "Mon, 23 Nov 2026 04:20:01 +0100" (RFC 5322, 3.3), local time zone. */
void clock_add_date(struct sbuf *b, int64_t seconds);

/* "2026-11-23 04:20:01", local time: for listings. */
void clock_add_short(struct sbuf *b, int64_t seconds);

/* "Mon Nov 23 04:20:01", local time, English: what parsers of mailq expect. */
void clock_add_mailq(struct sbuf *b, int64_t seconds);

#endif
