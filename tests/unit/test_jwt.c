/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_jwt - what is shown of a token, and that the rest never is */
#include "net/jwt.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "fixture.h"

/* base64url without padding. */
static void add_part(struct sbuf *b, const char *bytes, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i < 3 ? n - i : 3;
		unsigned long group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 |
			        (k < left ? (unsigned char)bytes[i + k] : 0);
		for (size_t k = 0; k < left + 1; k++)
			sbuf_add(b, &digits[group >> (18 - 6 * k) & 63], 1);
	}
}

static void make(struct sbuf *token, const char *payload, const char *signature)
{
	static const char header[] =
		"{\"alg\":\"RS256\",\"kid\":\"the-header\"}";

	add_part(token, header, strlen(header));
	sbuf_addstr(token, ".");
	add_part(token, payload, strlen(payload));
	sbuf_addf(token, ".%s", signature);
}

static const struct {
	const char *payload, *words;
} cases[] = {
	{ "{\"aud\":\"https://outlook.office.com\",\"scp\":\"SMTP.Send\","
	  "\"upn\":\"me@contoso.com\",\"exp\":1767225600,\"oid\":\"private\"}",
	  "aud=https://outlook.office.com scp=SMTP.Send upn=me@contoso.com "
	  "exp=2026-01-01 00:00:00" },
	{ "{\"exp\":1767225600,\"aud\":[\"a\",\"b\"],\"roles\":"
	  "[\"SMTP.SendAsApp\"],\"scope\":\"x y\"}",
	  "aud=a b scope=x y roles=SMTP.SendAsApp exp=2026-01-01 00:00:00" },
	{ "{\"iss\":\"https://idp\",\"sub\":\"me\"}", "" },
	{ "{}", "" },
	{ "{\"aud\":\"first\",\"aud\":\"second\"}", "aud=first" },
	{ "{\"aud\":{\"nested\":\"x\"},\"upn\":\"\"}", "" },
	{ "{\"exp\":\"soon\"}", "exp=soon" },
	{ "{\"exp\":1e9}", "exp=1e9" },
	{ "{\"exp\":999999999999999999}", "exp=999999999999999999" },
	{ "{\"aud\":\"a\\u001b[31m\\nb\"}", "aud=a\\x1B[31m\\x0Ab" },
	{ "{\"aud\":\"x\"", "" },
	{ "[\"aud\"]", "" },
	{ "not json", "" },
};

START_TEST(what_is_shown)
{
	struct sbuf token, words;

	sbuf_init(&token, 10000);
	sbuf_init(&words, 1000);
	make(&token, cases[_i].payload, "c2lnbmF0dXJl");
	jwt_describe(token.data, token.len, &words);
	ck_assert_str_eq(words.data, cases[_i].words);
	sbuf_release(&token);
	sbuf_release(&words);
}
END_TEST

/* Opaque ones, of Google and Microsoft, encrypted ones, and broken ones. */
START_TEST(what_is_no_jwt)
{
	static const char *const tokens[] = {
		"",
		".",
		"..",
		"ya29.a0AfH6SMBx",
		"EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
		"eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0", /* two parts */
		"e30.eyJhdWQiOiJ4In0.c2ln.c2ln",       /* four */
		"e30.eyJhdWQiOiJ4In0=.c2ln",           /* padding */
		"e30.eyJhdWQiOiJ4In1.c2ln",            /* spare bits */
		"e30.eyJhdWQiOiJ4I+/.c2ln",            /* other alphabet */
		"e30.eyJhd.c2ln",                      /* odd length */
	};
	struct sbuf words;

	sbuf_init(&words, 1000);
	for (size_t i = 0; i < COUNT_OF(tokens); i++) {
		jwt_describe(tokens[i], strlen(tokens[i]), &words);
		ck_assert_msg(words.len == 0, "%s: %s", tokens[i], words.data);
	}
	jwt_describe("e30.eyJhdWQiOiJ4In0.c2ln", 24, &words);
	ck_assert_str_eq(words.data, "aud=x");
	sbuf_release(&words);
}
END_TEST

START_TEST(neither_header_nor_signature)
{
	static const char *const signatures[] = { "", "AAAA", "c2VjcmV0",
		                                  "exp-aud_scp" };
	struct sbuf token, words;

	sbuf_init(&words, 1000);
	for (size_t i = 0; i < COUNT_OF(signatures); i++) {
		sbuf_init(&token, 10000);
		sbuf_reset(&words);
		make(&token, "{\"aud\":\"x\",\"scp\":\"y\"}", signatures[i]);
		jwt_describe(token.data, token.len, &words);
		ck_assert_str_eq(words.data, "aud=x scp=y");
		sbuf_release(&token);
	}
	sbuf_release(&words);
}
END_TEST

START_TEST(it_is_bounded)
{
	struct sbuf payload, token, words;

	sbuf_init(&payload, 20000);
	sbuf_init(&token, 40000);
	sbuf_init(&words, 1000);
	sbuf_addstr(&payload, "{\"aud\":\"");
	for (int i = 0; i < 300; i++)
		sbuf_addstr(&payload, "\xc3\xa9");
	sbuf_addstr(&payload, "\",\"upn\":\"me\",\"roles\":[");
	for (int i = 0; i < 300; i++)
		sbuf_addf(&payload, "%s\"role-%d\"", i > 0 ? "," : "", i);
	sbuf_addstr(&payload, "],\"exp\":1767225600}");
	make(&token, payload.data, "c2ln");
	jwt_describe(token.data, token.len, &words);
	ck_assert_uint_le(words.len, JWT_WORDS);
	ck_assert_ptr_nonnull(strstr(words.data, "\xc3\xa9... roles=role-0 "));
	ck_assert_ptr_nonnull(strstr(words.data, "... upn=me exp=2026"));
	sbuf_release(&words);
	sbuf_release(&token);

	/* Larger than any that could be sent. */
	sbuf_init(&token, 40000);
	sbuf_init(&words, 1000);
	sbuf_cut(&payload, 0);
	sbuf_addstr(&payload, "{\"aud\":\"");
	while (payload.len < 13000)
		sbuf_addstr(&payload, "aaaaaaaaaa");
	sbuf_addstr(&payload, "\"}");
	make(&token, payload.data, "c2ln");
	jwt_describe(token.data, token.len, &words);
	ck_assert_str_eq(words.data, "");
	sbuf_release(&payload);
	sbuf_release(&words);
	sbuf_release(&token);
}
END_TEST

START_TEST(base64url)
{
	struct sbuf text, bytes;
	char raw[70];

	for (size_t n = 0; n < sizeof(raw); n++) {
		for (size_t i = 0; i < n; i++)
			raw[i] = (char)(i * 37 + n);
		sbuf_init(&text, 1000);
		sbuf_init(&bytes, 1000);
		add_part(&text, raw, n);
		ck_assert(jwt_decode(text.data, text.len, &bytes));
		ck_assert_uint_eq(bytes.len, n);
		ck_assert_mem_eq(bytes.data, raw, n);
		sbuf_release(&text);
		sbuf_release(&bytes);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jwt");
	TCase *t = tcase_create("jwt");

	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_loop_test(t, what_is_shown, 0, COUNT_OF(cases));
	tcase_add_test(t, what_is_no_jwt);
	tcase_add_test(t, neither_header_nor_signature);
	tcase_add_test(t, it_is_bounded);
	tcase_add_test(t, base64url);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
