/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apart - work on a secret in a process of its own
 *
 * For libraries that free a copy of a password without wiping it: the memory
 * ends with the child.  And for what may hang: it can set an alarm() that ends
 * the child alone.
 */
#ifndef NET_APART_H
#define NET_APART_H

#include <stddef.h>

#define APART_FAILED (-1)

/* Run `work` in a child, and take the `n` bytes that it makes: 0, or what it
 * returned, 1 to 127.  No process to be had: in here, better than no login. */
int apart_run(int (*work)(const void *arg, void *answer), const void *arg,
              void *answer, size_t n);

#endif
