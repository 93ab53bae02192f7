/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sign - hashes, signatures and base64url; the only file here that knows GnuTLS
 *
 * What RFC 7636 (PKCE), RFC 7515 (JWS) and Microsoft's certificate assertions
 * need, and no more.
 */
#ifndef TOKEN_SIGN_H
#define TOKEN_SIGN_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

enum sign_algorithm {
	SIGN_RS256, /* RSA, PKCS #1 v1.5, SHA-256 */
	SIGN_PS256, /* RSA-PSS, SHA-256 */
};

/* From now on GnuTLS wipes what it frees, for itself and for libcurl: the plain
 * text of its records. */
void sign_wipe_memory(void);

/* Appended: base64url without padding, of the bytes or of their SHA-256. */
void sign_base64url(const void *bytes, size_t n, struct sbuf *out);
void sign_sha256(const void *bytes, size_t n, struct sbuf *out);

/* Appended: the signature of `text` by an RSA key in PEM.  -1: FAULT_CONFIG,
 * never with any of the key. */
int sign_text(const struct sbuf *pem, enum sign_algorithm algorithm,
              const struct sbuf *text, struct sbuf *out, struct fault *f);

/* Appended: the SHA-256 of a certificate in PEM, the first one (x5t#S256). */
int sign_thumbprint(const struct sbuf *pem, struct sbuf *out, struct fault *f);

#endif
