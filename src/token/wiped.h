/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wiped - memory for libraries that do not know what a secret is
 *
 * malloc() and its kin for libcurl, jansson and GnuTLS, whose strings and
 * buffers have tokens in them: what is freed is wiped, and what grows leaves no
 * copy. NULL when memory is gone, as these libraries expect it.
 */
#ifndef TOKEN_WIPED_H
#define TOKEN_WIPED_H

#include <stddef.h>

void *wiped_malloc(size_t size);
void *wiped_calloc(size_t count, size_t size);
void *wiped_realloc(void *block, size_t size);
char *wiped_strdup(const char *s);
void wiped_free(void *block);

#endif
