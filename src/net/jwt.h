/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jwt - what an access token says of itself, for a person
 *
 * Many tokens are JWTs (RFC 7519): what they are for is written in them.  When
 * a server refuses one, that tells most causes apart (the token of another
 * service, a scope that is missing, another user, a time that is over), and
 * nothing else does.  It is shown, never believed: no signature is checked, and
 * of the token nothing but these claims is ever looked at.
 */
#ifndef NET_JWT_H
#define NET_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sbuf.h"

#define JWT_WORDS 300 /* bytes at most */

/* Append "aud=... scp=... roles=... upn=... exp=2026-11-26 04:00:00", as far as
 * they are there, made safe to show; nothing, if it is no JWT. */
void jwt_describe(const char *token, size_t n, struct sbuf *words);

/* base64url (RFC 4648, section 5) without padding.  False: it is none. */
bool jwt_decode(const char *text, size_t n, struct sbuf *bytes);

#endif
