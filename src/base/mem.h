/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem - allocation that succeeds or ends the process
 *
 * Every process here is short-lived and the queue is on disk, so running out
 * of memory loses nothing: one line on stderr, then EX_OSERR (71).  Never 75,
 * which callers of `sendmail` take for "stored".  Memory is zeroed at birth.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);               /* size > 0 */
void *mem_array(size_t count, size_t size); /* both > 0; checks overflow */

/* A larger array: the first `count` elements kept, the rest zero. */
void *mem_grow(void *old, size_t count, size_t new_count, size_t size);

char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

#endif
