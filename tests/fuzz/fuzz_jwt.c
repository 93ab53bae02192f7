/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_jwt - an access token, whatever it is
 *
 * What it says of itself is bounded and valid to show; nothing of header and
 * signature is in it: others in their place change nothing.  base64url that is
 * read is read in one way: written again it is the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "net/jwt.h"

#define LIMIT 20000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_jwt: not true: %s\n", what);
	abort();
}

static void encode(const char *bytes, size_t n, struct sbuf *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789-_";
	unsigned long bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < n; i++) {
		bits = (bits << 8 | (unsigned char)bytes[i]) & 0xffff;
		for (count += 8; count >= 6; count -= 6)
			sbuf_add(text, &digits[bits >> (count - 6) & 63], 1);
	}
	if (count > 0)
		sbuf_add(text, &digits[bits << (6 - count) & 63], 1);
}

static void check_base64(const char *text, size_t n)
{
	struct sbuf bytes, again;

	sbuf_init(&bytes, LIMIT);
	sbuf_init(&again, 2 * LIMIT);
	if (jwt_decode(text, n, &bytes)) {
		encode(bytes.data, bytes.len, &again);
		must(again.len == n && memcmp(again.data, text, n) == 0,
		     "one way to write it");
	}
	sbuf_release(&bytes);
	sbuf_release(&again);
}

static void describe(const char *token, size_t n, struct sbuf *words)
{
	char again[4 * JWT_WORDS + 1];

	sbuf_reset(words);
	jwt_describe(token, n, words);
	must(words->len <= JWT_WORDS, "bounded");
	escape_copy(again, sizeof(again), words->data, words->len);
	must(strcmp(again, words->data) == 0, "valid to show");
}

/* The bytes as the middle part, between two headers and signatures. */
static void check_payload(const char *bytes, size_t n)
{
	static const char *const others[][2] = { { "e30", "c2ln" },
		                                 { "", "exp=aud" } };
	struct sbuf token, words[2];

	for (size_t i = 0; i < 2; i++) {
		sbuf_init(&token, 4 * LIMIT);
		sbuf_init(&words[i], 2 * JWT_WORDS);
		sbuf_addf(&token, "%s.", others[i][0]);
		encode(bytes, n, &token);
		sbuf_addf(&token, ".%s", others[i][1]);
		describe(token.data, token.len, &words[i]);
		sbuf_release(&token);
	}
	must(strcmp(words[0].data, words[1].data) == 0, "the payload alone");
	sbuf_release(&words[0]);
	sbuf_release(&words[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct sbuf words;
	char *copy;

	if (n > LIMIT)
		return 0;
	copy = malloc(n > 0 ? n : 1); /* its end is found by sanitizers */
	if (n > 0)
		memcpy(copy, bytes, n);
	sbuf_init(&words, 2 * JWT_WORDS);
	describe(copy, n, &words);
	sbuf_release(&words);
	check_base64(copy, n);
	check_payload(copy, n);
	free(copy);
	return 0;
}
