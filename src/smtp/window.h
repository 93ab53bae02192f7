/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window - the messages under way in a session, and whether one more may be
 *
 * Private to smtp/; session_send(), session_has() and session_may_overlap() are
 * here, too.  One message at a time, but ahead of answers (RFC 2920, section 3)
 * where the server is known to bear it.
 */
#ifndef SMTP_WINDOW_H
#define SMTP_WINDOW_H

#include "smtp/transaction.h"

#define WINDOW_DUE                                                \
	(SESSION_FLIGHT + 4) /* answers that one message may need \
	                      */

/* 0 is the oldest.  There must be so many. */
struct transaction *window_get(const struct session *s, size_t i);
struct transaction *window_newest(const struct session *s);

/* The oldest is finished; all are. */
void window_drop(struct session *s);
void window_clear(struct session *s);

/* All of the newest was sent, and one more may follow it. */
bool window_may_grow(const struct session *s);

#endif
