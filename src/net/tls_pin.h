/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_pin - fingerprints that a server's certificate must have
 *
 * A list of words, "sha256:HEX" (of the certificate; colons and any case as
 * tools print it) or "spki-sha256:BASE64" (of its public key, RFC 7858,
 * appendix A).  Knows no TLS library; tls_check_pin() of net/tls.h is here too.
 */
#ifndef NET_TLS_PIN_H
#define NET_TLS_PIN_H

#include <stdbool.h>

struct sbuf;

#define TLS_PIN_SIZE 32 /* bytes of a SHA-256 */

/* What a server shows. */
struct tls_fingerprints {
	unsigned char certificate[TLS_PIN_SIZE];
	unsigned char key[TLS_PIN_SIZE];
};

/* Does one of the pins match?  A malformed one never does. */
bool tls_pin_matches(const char *pins, const struct tls_fingerprints *shown);

/* The pin that would match, of the kind that the first of `pins` has (NULL:
 * that of a certificate). */
void tls_pin_add(struct sbuf *to, const char *pins,
                 const struct tls_fingerprints *shown);

#endif
