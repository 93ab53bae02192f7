/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal - the tokens of a store, encrypted with a secret that is elsewhere
 *
 * With `seal` in the question the lines access_token= and refresh_token= are
 * not in the file, but in their place
 *
 *     sealed=HEX      salt (32 bytes), then those lines with AES-256-GCM, whose
 *                     key is HMAC-SHA-256 of the salt with the secret, and
 * whose nonce is zero: no key is used twice
 *
 * and user=, client_id= and token_url= are authenticated with them.  Nothing
 * has to be written where the secret is when a token changes, so one that
 * cannot be written to (a locked keyring) loses none.  A store that is not
 * sealed is read as it is, and sealed at once by who holds its lock.
 *
 * Calls GnuTLS, in sign.c's process.
 */
#ifndef TOKEN_SEAL_H
#define TOKEN_SEAL_H

#include "helper/tokens.h"
#include "token/settings.h"

/* tokens_read(), opened.  -1, FAULT_CONFIG: it is sealed, and not with this;
 * the file stays. */
int seal_read(struct tokens *t, const struct settings *s, struct fault *f);

/* tokens_write(), sealed; `lines` stay open. */
int seal_write(struct tokens *t, const struct settings *s, struct fault *f);

/* Before anything depends on it: can it be sealed? */
int seal_try(const struct settings *s, struct fault *f);

#endif
