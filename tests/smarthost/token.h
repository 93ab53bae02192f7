/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token - AUTH XOAUTH2 and OAUTHBEARER, with a list of tokens
 *
 * Written from RFC 7628 and Google's description, and strict: a client that
 * leaves a field or its order is blamed.  The token is that of --password, or
 * of the file of --tokens, which is read at each login, so that a test can let
 * one expire; a line is
 *
 *     TOKEN good          235
 *     TOKEN refused       "334" with the reason, then 535 (so is one that is
 * not in the file) TOKEN direct        535 at once, as Microsoft does TOKEN
 * soon          501 5.5.127, as Microsoft says of one that ends soon TOKEN
 * tenant        535 5.7.139 TOKEN later         454 4.7.0 TOKEN quoted 535 with
 * the token in it TOKEN hangup        535, and the connection is closed
 */
#ifndef SMARTHOST_TOKEN_H
#define SMARTHOST_TOKEN_H

#include "session.h"

bool token_is_mechanism(const char *mechanism);

/* What the client said, in base64 without "=": the rest of the dialogue.
 * `acknowledge` sends a challenge and reads the answer into conn->line; false:
 * the dialogue is over. */
void token_login(struct session *s, const char *mechanism, const char *said,
                 bool (*acknowledge)(struct session *s, const char *challenge));

#endif
