/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block - the lines of a configuration for one account, as one writes them
 *
 *     smarthost gmail
 *         provider    gmail
 *         user        me@gmail.com
 *         password    file ~/.mail-password
 *
 * For people to copy, and for `relay setup` to write.  Values are words of
 * relayrc(5) that need no quotes.
 */
#ifndef RELAY_BLOCK_H
#define RELAY_BLOCK_H

#include <stdbool.h>

#include "base/sbuf.h"
#include "config/provider.h"

/* All borrowed; what is NULL or 0 has no line. */
struct block {
	const char *name;
	const struct provider *provider;
	const char *host; /* without a provider: a list of relayrc(5) */
	unsigned port;
	bool is_implicit;
	const char *user;
	const char *password;   /* a source; NULL: `login oauth` */
	const char *from_force; /* the sender that the server knows */
};

/* What a person is there who has this address: the address, what stands before
 * its @, NULL where it need not be said, "NAME" where only the provider knows.
 * `room` holds ADDRESS_MAX + 1 bytes. */
const char *block_user(const struct provider *p, const char *address,
                       char *room);

/* Does it want a token in place of a password? */
bool block_wants_oauth(const struct provider *p);

/* Append it; each line begins with `indent`. */
void block_add(const struct block *b, const char *indent, struct sbuf *out);

#endif
