/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_text - what became of a message, in words for people
 *
 * In the language of the process, UTF-8, lines that end with LF.  What
 * strangers wrote is escaped.
 */
#ifndef MESSAGE_REPORT_TEXT_H
#define MESSAGE_REPORT_TEXT_H

#include "base/sbuf.h"
#include "message/report.h"

/* Recipients that are shown; the part for programs has all. */
#define REPORT_SHOWN ((size_t)50)
#define REPORT_TEXT ((size_t)1 << 20) /* bytes that are enough */

void report_text(struct sbuf *out, const struct report *r);

/* In a digest: how it begins, one of its messages, and how those that are kept
 * can be brought back. */
void report_text_many(struct sbuf *out, size_t count);
void report_text_one(struct sbuf *out, const struct report *r);
void report_text_kept(struct sbuf *out, const char *host);

/* The subject of the report, and a text of ours, translated if that is in
 * UTF-8: in another locale a report is English. */
void report_subject(struct sbuf *out, const struct report *r);
const char *report_say(const char *text) __attribute__((format_arg(1)));

#endif
