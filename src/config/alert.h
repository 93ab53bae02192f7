/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alert - what `alert` says: who is told that a person must act
 *
 *     alert command /usr/local/bin/page-me --mail
 *
 * Nothing is run here: flush/errand does it.
 */
#ifndef CONFIG_ALERT_H
#define CONFIG_ALERT_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

struct alert {
	char **words; /* the command, NULL ends it; NULL: `alert` is not set */
};

/* The words after the key.  A zeroed one, or one that was released. */
int alert_parse(struct alert *a, char *const words[], size_t n,
                struct fault *f);
void alert_release(struct alert *a);

/* "command /usr/local/bin/page-me": its arguments may have a key in them. */
void alert_describe(const struct alert *a, struct sbuf *b);

#endif
