/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_head - the header that every mail of our own has, and its text
 *
 * From the mail system, to a sender, and known as written by a program (RFC
 * 3834), so that no program answers.
 */
#ifndef MESSAGE_REPORT_HEAD_H
#define MESSAGE_REPORT_HEAD_H

#include "base/sbuf.h"
#include "message/report.h"

/* All fields but those about the content, in CRLF form. */
void report_head(struct sbuf *out, const struct report *r, const char *subject);

/* Lines of a text that end with LF; as quoted-printable, if `quoted` is given.
 */
void report_lines(struct sbuf *out, const char *text, struct quoted *quoted);

#endif
