/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_aliases - the part of `relay check` that is about the aliases file */
#ifndef RELAY_CHECK_ALIASES_H
#define RELAY_CHECK_ALIASES_H

#include <stddef.h>

#include "base/sbuf.h"
#include "message/aliases.h"
#include "queue/site.h"

/* All that is wrong in it, one line each, as far as people read on. */
void check_aliases_show(const struct aliases *a);

/* The same as elements of the JSON array of errors, which has `before`. */
void check_aliases_json(const struct aliases *a, size_t before, struct sbuf *b);

/* `relay check --aliases`, which newaliases is: silent where all is well, and
 * where there is no configuration or no aliases in it.  The exit status. */
int check_aliases_only(const struct site *site);

#endif
