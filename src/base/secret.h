/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret - a password or token: cannot be printed, is wiped
 *
 * The structure is opaque and no function gives its text back as a string that
 * could be logged by accident; the two places that must write it to a login or
 * to a helper ask for the bytes by a name that says so.  Memory is wiped before
 * it is freed.  Limit: 64 KiB.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

struct secret;

/* A copy of `n` bytes.  The caller wipes its own. */
struct secret *secret_create(const char *bytes, size_t n);
void secret_free(struct secret **secret);

/* The bytes, NUL-terminated, borrowed: for net/sasl, which says them to the
 * server, and for config/source, which hands out copies. */
const char *secret_reveal(const struct secret *secret);
size_t secret_length(const struct secret *secret);

#endif
