/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint - where `login oauth` asks, and for what
 *
 * The keys of the block, else the preset's; NULL where neither says it.  "%T"
 * in an address stands for `oauth_tenant`.
 */
#ifndef CONFIG_ENDPOINT_H
#define CONFIG_ENDPOINT_H

#include "base/sbuf.h"

struct provider_oauth;
struct smarthost;

/* Whose rules count, as far as they are known: by the token endpoint. */
enum endpoint_house {
	ENDPOINT_OTHER,
	ENDPOINT_GOOGLE,
	ENDPOINT_MICROSOFT,
};

/* What the preset knows; NULL: nothing. */
const struct provider_oauth *endpoint_preset(const struct smarthost *h);

const char *endpoint_auth_url(const struct smarthost *h);
const char *endpoint_token_url(const struct smarthost *h);
const char *endpoint_device_url(const struct smarthost *h);

enum endpoint_house endpoint_house(const struct smarthost *h);

/* Append it; nothing where nobody says it. */
void endpoint_add_scope(const struct smarthost *h, struct sbuf *b);

#endif
