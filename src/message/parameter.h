/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parameter - "text/plain; charset=utf-8": the value of a Content- field
 *
 * RFC 2045, section 5.1, read as generously as mail is written: a value without
 * quotes goes up to the semicolon, blanks in it and all.  The text may be
 * folded and hold comments between the parts.  Nothing fails: what is no
 * parameter is skipped.
 */
#ifndef MESSAGE_PARAMETER_H
#define MESSAGE_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"

struct parameter {
	const char *name; /* in the text */
	size_t name_len;
	const char *value; /* with its quotes, if any */
	size_t value_len;
};

struct parameters {
	const char *text;
	size_t n;
	size_t at; /* what was read */
};

/* The first word, "text/plain" or "base64", is what is before *len. */
const char *parameters_begin(struct parameters *p, const char *text, size_t n,
                             size_t *len);
bool parameters_next(struct parameters *p, struct parameter *got);

/* Is it called so, in whatever case?  Append what the value says, unquoted. */
bool parameter_is(const struct parameter *p, const char *name);
void parameter_value(const struct parameter *p, struct sbuf *out);

#endif
