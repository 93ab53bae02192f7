/* SPDX-License-Identifier: GPL-3.0-or-later */
/* match - which smarthost serves which sender
 *
 * The first block, in the order of the file, with a glob in `from` that fits
 * the envelope sender; else the first without `from`; else the first.
 */
#ifndef CONFIG_MATCH_H
#define CONFIG_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum match_reason {
	MATCH_FROM,    /* a glob of its `from` fits */
	MATCH_DEFAULT, /* none fits, and this is the first without `from` */
	MATCH_FIRST,   /* none fits, and all have a `from` */
};

struct match {
	enum match_reason reason;
	const char *glob; /* MATCH_FROM: within the block's `from`, not
	                     terminated; else NULL */
	size_t glob_length;
};

/* `sender` is without < >, "" for the null one; one without a domain fits also
 * as it will with the configured `domain`.  `why` may be NULL. */
const struct smarthost *match_smarthost(const struct config *config,
                                        const char *sender, struct match *why);

/* Does one glob of `n` bytes fit?  `*` any characters, `?` one.  With an @ its
 * domain is compared in any case and its local part exactly, except that a
 * sender's +detail only counts if the glob has a + too; without an @ it is
 * compared with all of the sender in any case.  `<>` is the null sender. */
bool match_glob(const char *glob, size_t n, const char *sender);

/* Does one of the list, with blanks between them, fit? */
bool match_any(const char *globs, const char *sender);

#endif
