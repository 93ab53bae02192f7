/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xtext - any text as one word of an SMTP parameter (RFC 3461, section 4)
 *
 * "+", "=" and everything that is no printable ASCII becomes +HH.
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include "base/sbuf.h"

void xtext_add(struct sbuf *out, const char *text);

#endif
