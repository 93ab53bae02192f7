/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_status - what became of a message, in words for programs
 *
 * The message/delivery-status of RFC 3464; addresses that are not ASCII as in
 * RFC 6533.  Nothing but ASCII comes out, no line over 998 octets, and what no
 * field may hold is shown as \xNN.
 */
#ifndef MESSAGE_REPORT_STATUS_H
#define MESSAGE_REPORT_STATUS_H

#include "base/sbuf.h"
#include "message/report.h"

/* The fields about the message; those about a recipient, with the empty line
 * before them. */
void report_status_message(struct sbuf *out, const struct report *r);
void report_status_recipient(struct sbuf *out, const struct report *r,
                             const struct report_recipient *to);

/* Append up to `room` bytes of the text, printable ASCII. */
void report_add_ascii(struct sbuf *out, const char *text, size_t room);

#endif
