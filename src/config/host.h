/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host - the names of servers, as one writes them
 *
 * A name in ASCII, or an address, an IPv6 one also in brackets.  Several are a
 * list with one blank between, in the order in which they are tried.  In place
 * of them "srv:" and a domain: those that its DNS names (RFC 6186).  What
 * people write in their place never comes back in a fault:
 * smtp://me:secret@host is among it.
 */
#ifndef CONFIG_HOST_H
#define CONFIG_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define HOST_LIST 8 /* at most in a list */

/* Is `word` one?  `key` is whose value it is.  0, or -1 with FAULT_CONFIG. */
int host_check(const char *key, const char *word, struct fault *f);

/* The same for several, of which none is there twice, or "srv:DOMAIN" alone. */
int host_check_list(const char *key, char *const words[], size_t n,
                    struct fault *f);

/* Is the list an "srv:DOMAIN"? */
bool host_is_service(const char *list);

bool host_is_address(const char *word, size_t n);

/* The words of a list: the length of the first, and the next one, NULL behind
 * the last. */
size_t host_length(const char *list);
const char *host_next(const char *list);
size_t host_count(const char *list);

#endif
