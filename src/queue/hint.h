/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hint - what one flush leaves for the next in pause/, and what may be lost
 *
 * Not synced and not locked (the flusher alone writes): whoever reads one must
 * be right without it, and take nothing in it for granted.  One that is not
 * there, torn, too long or no plain file reads as none.
 *
 * Most are one line about a smarthost, in PREFIX.NAME.
 */
#ifndef QUEUE_HINT_H
#define QUEUE_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dir.h"

#define HINT_LIMIT 128 /* bytes of the line with its newline */

/* A whole line, in `text` with room for HINT_LIMIT + 1.  False: there is none.
 */
bool hint_read(const struct dir *d, const char *prefix, const char *smarthost,
               char *text);

/* Errors are ignored. */
void hint_write(const struct dir *d, const char *prefix, const char *smarthost,
                const char *text);

/* The same of a file by its own name, which has a dot if it is about nobody in
 * particular, and of as many lines as fit into `size` with a NUL.  False: there
 * is none ("" then), or it cannot be written. */
bool hint_read_file(const struct dir *d, const char *name, char *text,
                    size_t size);
bool hint_write_file(const struct dir *d, const char *name, const char *text);

#endif
