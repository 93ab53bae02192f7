/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fallback - which smarthost takes over for which
 *
 * `fallback NAME` names another smarthost of the file.  That one may have a
 * fallback too; a chain that comes back to where it began is an error, so
 * whoever follows it comes to an end.
 */
#ifndef CONFIG_FALLBACK_H
#define CONFIG_FALLBACK_H

#include "base/sbuf.h"
#include "config/config.h"

/* NULL: it has none. */
const struct smarthost *fallback_of(const struct config *config,
                                    const struct smarthost *h);

/* Complain about names that are nobody's, with the nearest one, and about each
 * chain without an end, once. */
void fallback_check(const struct config *config, struct config_errors *errors);

/* Append the names of all that take over, one after the other: "b, c"; nothing:
 * there are none. */
void fallback_describe(const struct config *config, const struct smarthost *h,
                       struct sbuf *names);

/* The same as an array of JSON. */
void fallback_add_json(const struct config *config, const struct smarthost *h,
                       struct sbuf *b);

#endif
