/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hint - one line about a smarthost that is kept over all flushes
 *
 * In pause/PREFIX.NAME.  Not synced and not locked (the flusher alone writes):
 * whoever reads one must be right without it, and take nothing in it for
 * granted.
 */
#ifndef QUEUE_HINT_H
#define QUEUE_HINT_H

#include <stdbool.h>

#include "base/dir.h"

#define HINT_LIMIT 128 /* bytes of the line with its newline */

/* A whole line, in `text` with room for HINT_LIMIT + 1.  False: there is none.
 */
bool hint_read(const struct dir *d, const char *prefix, const char *smarthost,
               char *text);

/* Errors are ignored. */
void hint_write(const struct dir *d, const char *prefix, const char *smarthost,
                const char *text);

#endif
