/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path - the words of MAIL and RCPT (RFC 5321, section 4.1.2)
 *
 * Finds where the address and each parameter begin and end, nothing more:
 * whether the address is one (message/address.h) and the parameter is known are
 * others' to say.  What programs write instead of a path is taken: blanks
 * before it, no angle brackets.  A source route is dropped (RFC 5321,
 * appendix C).
 *
 *     " <@old.test:\"a b\"@x.test> SIZE=3 BODY=8BITMIME"
 *     -> "a b"@x.test   SIZE, 3   BODY, 8BITMIME
 *
 * Pure; the text has no control bytes.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include <stddef.h>

#include "base/sbuf.h"

/* The address without brackets is appended; "" is <>.  Returns what follows it,
 * or NULL: there is no path. */
const char *path_take(const char *text, struct sbuf *address);

struct path_parameter {
	const char *name;
	size_t name_len;
	const char *value; /* NULL: there is no "=" */
	size_t value_len;
};

/* The first parameter of the text.  Returns what follows it; NULL: there is
 * none (any more). */
const char *path_next(const char *text, struct path_parameter *p);

#endif
