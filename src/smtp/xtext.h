/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xtext - any text as one word of an SMTP parameter (RFC 3461, section 4)
 *
 * "+", "=" and everything that is no printable ASCII becomes +HH.
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include <stdbool.h>

#include "base/sbuf.h"

void xtext_add(struct sbuf *out, const char *text);

/* The text of such a word.  False: it is none, or holds a control character,
 * which has no business in a queue or a report. */
bool xtext_read(struct sbuf *out, const char *word, size_t n);

#endif
