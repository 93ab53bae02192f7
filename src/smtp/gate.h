/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate - every line to a line protocol passes here
 *
 * What is refused here cannot be smuggled.  A command is one line without CR,
 * LF or NUL and within RFC 5321's limits; the caller adds CRLF.
 */
#ifndef SMTP_GATE_H
#define SMTP_GATE_H

#include "base/fault.h"
#include "base/sbuf.h"

/* Octets of a command without CRLF.  RFC 5321 says 512 in all; SMTPUTF8, SIZE
 * and DSN parameters may lengthen MAIL and RCPT, AUTH answers go to 12288
 * (RFC 4954, section 4). */
#define GATE_LINE_LIMIT 2048
#define GATE_AUTH_LIMIT 12288

int gate_check_line(const struct sbuf *line, struct fault *f);

/* An address between < and >: nothing that could end it early or add a
 * parameter (no control bytes, no blank or angle outside a quoted string). */
int gate_check_address(const char *address, struct fault *f);

#endif
