/* SPDX-License-Identifier: GPL-3.0-or-later */
/* delivery - what `local` says: who takes mail for names of this machine
 *
 *     local maildir:/home/%u/Maildir
 *     local command /usr/bin/procmail -d %u
 *
 * %u is the name.  Nothing is delivered here: flush/local does it.
 */
#ifndef CONFIG_DELIVERY_H
#define CONFIG_DELIVERY_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

enum delivery_kind {
	DELIVERY_NONE, /* `local` is not set */
	DELIVERY_MAILDIR,
	DELIVERY_COMMAND,
};

struct delivery {
	enum delivery_kind kind;
	char **words; /* the command, or one path; NULL ends it */
};

/* The words after the key.  A zeroed one, or one that was released. */
int delivery_parse(struct delivery *d, char *const words[], size_t n,
                   struct fault *f);
void delivery_release(struct delivery *d);

/* As one would write it; nothing for one that is not set. */
void delivery_describe(const struct delivery *d, struct sbuf *b);

#endif
