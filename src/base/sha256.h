/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sha256 - SHA-256 and its HMAC, for the few bytes of a key
 *
 * FIPS 180-4, RFC 2104.  Here because the one use of it, config/ses, belongs to
 * programs that link the C library only; it is short, its published test
 * vectors are in tests/unit/test_sha256.c, and nothing secret is left of it.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t count; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
void sha256_end(struct sha256 *s,
                unsigned char digest[SHA256_SIZE]); /* wipes */

/* Of `text` with `key`, both of any length. */
void sha256_hmac(const void *key, size_t key_len, const void *text,
                 size_t text_len, unsigned char digest[SHA256_SIZE]);

#endif
