/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jwt - what a program signs to show who it is (RFC 7515, 7519, 7521, 7523)
 *
 * For ten minutes, or an hour where Google's rules say so; each with an id of
 * its own, so that none can be used twice.
 */
#ifndef TOKEN_JWT_H
#define TOKEN_JWT_H

#include "base/fault.h"
#include "base/sbuf.h"
#include "token/settings.h"

#define JWT_LIMIT 16384

/* Appended: "this is the client", signed with `key`, and with the thumbprint of
 * `cert`, as Microsoft wants it (client_assertion). */
int jwt_client(const struct settings *s, struct sbuf *out, struct fault *f);

/* Appended: "a token for `user`, please", signed with a service account's key
 * (assertion). */
int jwt_service(const struct settings *s, struct sbuf *out, struct fault *f);

#endif
