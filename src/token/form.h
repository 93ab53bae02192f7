/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form - application/x-www-form-urlencoded, both ways
 *
 * What an endpoint is asked, and what a redirect brings back.
 */
#ifndef TOKEN_FORM_H
#define TOKEN_FORM_H

#include <stdbool.h>

#include "base/sbuf.h"

/* "key=value", after an & where something stands already.  A value that is NULL
 * or empty is left out with its key: an empty client_secret is refused by some,
 * who take none. */
void form_add(struct sbuf *form, const char *key, const char *value);

/* The value of `key` in `form`, decoded.  False: not there, or it has a control
 * byte in it. */
bool form_get(const char *form, const char *key, struct sbuf *value);

#endif
