/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl_choose - the mechanisms we know, and which of them fits
 *
 * Private to sasl_*.c: the table says what each needs and shows, sasl_choose()
 * (net/sasl.h) goes through it.  Knows no library.
 */
#ifndef NET_SASL_CHOOSE_H
#define NET_SASL_CHOOSE_H

#include <stddef.h>

#include "net/sasl.h"

enum sasl_trait {
	SASL_AUTOMATIC = 1,    /* chosen without being asked for */
	SASL_CLIENT_FIRST = 2, /* has an initial response */
	SASL_IN_CLEAR = 4,     /* shows the password to whoever listens */
	SASL_BOUND = 8,        /* to the TLS channel */
	SASL_PROVES = 16,      /* the server proves that it knows the password
	                        */
	SASL_SCRAM = 32,
	SASL_NO_PASSWORD = 64,
	SASL_PREPARED = 128, /* user and password go through SASLprep */
	SASL_TOKEN = 256,    /* the password is an access token */
};

struct sasl_mechanism {
	const char *name;
	unsigned traits;
};

/* Has it all of them? */
bool sasl_has(const struct sasl_mechanism *m, unsigned traits);

/* The mechanism of that name (`n` bytes, any case), or NULL. */
const struct sasl_mechanism *sasl_find(const char *name, size_t n);

/* Do we have what it needs? */
bool sasl_is_possible(const struct sasl_settings *settings,
                      const struct sasl_mechanism *m);

/* Say why none of those fits that the server offers.  Returns -1. */
int sasl_no_choice(const struct sasl_settings *settings, const char *offered,
                   struct fault *f);

#endif
