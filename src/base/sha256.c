/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sha256.h"

#include <string.h>

#define BLOCK 64

/* The first 32 bits of the fractional parts of the cube roots of the first 64
 * primes (FIPS 180-4, 4.2.2). */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t big_endian(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* The block as 64 words. */
static void expand(const unsigned char block[BLOCK], uint32_t w[64])
{
	for (size_t i = 0; i < 16; i++)
		w[i] = big_endian(block + 4 * i);
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* v is a to h of the standard. */
static void turn(uint32_t v[8], uint32_t constant, uint32_t word)
{
	uint32_t e = v[4], a = v[0];
	uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
	               ((e & v[5]) ^ (~e & v[6])) + constant + word;
	uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
	               ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

	memmove(v + 1, v, 7 * sizeof(*v));
	v[4] += one;
	v[0] = one + two;
}

static void compress(struct sha256 *s)
{
	uint32_t w[64], v[8];

	expand(s->block, w);
	memcpy(v, s->state, sizeof(v));
	for (size_t i = 0; i < 64; i++)
		turn(v, constants[i], w[i]);
	for (size_t i = 0; i < 8; i++)
		s->state[i] += v[i];
	explicit_bzero(w, sizeof(w));
	explicit_bzero(v, sizeof(v));
}

void sha256_init(struct sha256 *s)
{
	static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
		                           0xa54ff53a, 0x510e527f, 0x9b05688c,
		                           0x1f83d9ab, 0x5be0cd19 };

	memcpy(s->state, first, sizeof(first));
	s->count = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
	const unsigned char *from = bytes;

	while (n > 0) {
		size_t used = s->count % BLOCK;
		size_t part = n < BLOCK - used ? n : BLOCK - used;

		memcpy(s->block + used, from, part);
		s->count += part;
		from += part;
		n -= part;
		if (s->count % BLOCK == 0)
			compress(s);
	}
}

void sha256_end(struct sha256 *s, unsigned char digest[SHA256_SIZE])
{
	static const unsigned char padding[BLOCK] = { 0x80 };
	uint64_t bits = s->count * 8;
	size_t used = s->count % BLOCK;
	unsigned char length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(s, padding, used < 56 ? 56 - used : 56 + BLOCK - used);
	sha256_add(s, length, sizeof(length));
	for (size_t i = 0; i < SHA256_SIZE; i++)
		digest[i] =
			(unsigned char)(s->state[i / 4] >> (24 - 8 * (i % 4)));
	explicit_bzero(s, sizeof(*s));
}

/* The hash of the block that `key` makes with `pad`, and of `text`. */
static void hash_with(const unsigned char key[BLOCK], unsigned char pad,
                      const void *text, size_t n,
                      unsigned char digest[SHA256_SIZE])
{
	unsigned char block[BLOCK];
	struct sha256 s;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	sha256_init(&s);
	sha256_add(&s, block, BLOCK);
	sha256_add(&s, text, n);
	sha256_end(&s, digest);
	explicit_bzero(block, sizeof(block));
}

void sha256_hmac(const void *key, size_t key_len, const void *text,
                 size_t text_len, unsigned char digest[SHA256_SIZE])
{
	unsigned char whole[BLOCK] = { 0 }, inner[SHA256_SIZE];
	struct sha256 s;

	if (key_len > BLOCK) {
		sha256_init(&s);
		sha256_add(&s, key, key_len);
		sha256_end(&s, whole);
	} else if (key_len > 0) {
		memcpy(whole, key, key_len);
	}
	hash_with(whole, 0x36, text, text_len, inner);
	hash_with(whole, 0x5c, inner, sizeof(inner), digest);
	explicit_bzero(whole, sizeof(whole));
	explicit_bzero(inner, sizeof(inner));
}
