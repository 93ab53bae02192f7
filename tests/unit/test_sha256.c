/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_sha256 - the published vectors, in pieces of every size */
#include "base/sha256.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static void is_hex(const unsigned char digest[SHA256_SIZE], const char *hex)
{
	char got[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(got + 2 * i, 3, "%02x", digest[i]);
	ck_assert_str_eq(got, hex);
}

/* FIPS 180-2, appendix B, and NIST's own: SHA256ShortMsg, SHA256LongMsg. */
/* clang-format off */
static const struct {
	const char *text;
	size_t      times;
	const char *digest;
} hashes[] = {
	{ "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	{ "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	{ "\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b" },
};
/* clang-format on */

START_TEST(hash)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 s;

	sha256_init(&s);
	for (size_t i = 0; i < hashes[_i].times; i++)
		sha256_add(&s, hashes[_i].text, strlen(hashes[_i].text));
	sha256_end(&s, digest);
	is_hex(digest, hashes[_i].digest);
	for (size_t i = 0; i < sizeof(s); i++)
		ck_assert_int_eq(((unsigned char *)&s)[i], 0);
}
END_TEST

/* Every length around a block, in one piece and in pieces of `_i`. */
START_TEST(pieces)
{
	unsigned char text[200], whole[SHA256_SIZE], parts[SHA256_SIZE];
	size_t step = (size_t)_i;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n < sizeof(text); n++) {
		struct sha256 s;

		sha256_init(&s);
		sha256_add(&s, text, n);
		sha256_end(&s, whole);
		sha256_init(&s);
		for (size_t i = 0; i < n; i += step)
			sha256_add(&s, text + i, n - i < step ? n - i : step);
		sha256_end(&s, parts);
		ck_assert_mem_eq(whole, parts, SHA256_SIZE);
	}
}
END_TEST

/* RFC 4231, section 4: cases 1 to 4, 6 and 7. */
/* clang-format off */
#define X10(byte) byte byte byte byte byte byte byte byte byte byte
#define X20(byte) X10(byte) X10(byte)
#define X131 X20("\xaa") X20("\xaa") X20("\xaa") X20("\xaa") X20("\xaa") X20("\xaa") X10("\xaa") "\xaa"

static const struct {
	const char *key, *text, *digest;
} codes[] = {
	{ X20("\x0b"), "Hi There",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "Jefe", "what do ya want for nothing?",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ X20("\xaa"), X20("\xdd") X20("\xdd") X10("\xdd"),
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
	  X20("\xcd") X20("\xcd") X10("\xcd"),
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	{ X131, "Test Using Larger Than Block-Size Key - Hash Key First",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ X131, "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};
/* clang-format on */

START_TEST(code)
{
	unsigned char digest[SHA256_SIZE];

	sha256_hmac(codes[_i].key, strlen(codes[_i].key), codes[_i].text,
	            strlen(codes[_i].text), digest);
	is_hex(digest, codes[_i].digest);
}
END_TEST

START_TEST(an_empty_key)
{
	unsigned char digest[SHA256_SIZE];

	sha256_hmac("", 0, "", 0, digest);
	is_hex(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712"
	               "144292c5ad");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sha256");
	TCase *tests = tcase_create("sha256");

	tcase_add_loop_test(tests, hash, 0, (int)COUNT_OF(hashes));
	tcase_add_loop_test(tests, pieces, 1, 70);
	tcase_add_loop_test(tests, code, 0, (int)COUNT_OF(codes));
	tcase_add_test(tests, an_empty_key);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
