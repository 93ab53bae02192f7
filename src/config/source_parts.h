/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_parts - what the files of config/source share, and nobody else needs
 */
#ifndef CONFIG_SOURCE_PARTS_H
#define CONFIG_SOURCE_PARTS_H

#include <sys/types.h>

#include "base/pairs.h"
#include "config/source.h"

/* Mode bits that make a file of passwords unfit (base/trust.h). */
mode_t source_unfit(const char *path);

/* Ask relay-keyring, or the helper of `s`, with the verb get, store or erase;
 * `secret` is what to store, else NULL.  0, or -1 as helper_ask(). */
int source_ask(const struct source *s, const char *verb,
               const struct source_query *query, const struct secret *secret,
               struct pairs *answer, struct fault *f);

#endif
