/* SPDX-License-Identifier: GPL-3.0-or-later */
/* credential - what a block says of logging in: nobody, a password, a token
 *
 * `login xoauth2` and `login oauthbearer` make the password an access token,
 * which some other program got (`password command pizauth show work`).  With
 * `login oauth` it comes from relay-token (config/oauth).  A token is never
 * sent as a password, nor a password as a token, so the ways are not mixed.
 */
#ifndef CONFIG_CREDENTIAL_H
#define CONFIG_CREDENTIAL_H

#include <stdbool.h>

#include "config/config.h"

/* Does anybody have to be asked for something secret before the login? */
bool credential_is_needed(const struct smarthost *h);

/* Is what is asked for an access token? */
bool credential_is_token(const struct smarthost *h);

/* `login oauth`: relay-token is asked, not `password`. */
bool credential_is_oauth(const struct smarthost *h);

/* Ways to log in, the best first, as net/sasl takes them. */
const char *credential_mechanisms(const struct smarthost *h);

/* What the keys mean together, once the block is read. */
void credential_check(struct config_errors *e, const struct smarthost *h);

#endif
