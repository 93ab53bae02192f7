/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_bearer - the bytes of XOAUTH2 and OAUTHBEARER, and what servers say */
#include "net/bearer.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define CONTOSO "test@contoso.onmicrosoft.com"
#define CONTOSO_TOKEN "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA"

static int begin(enum bearer_kind kind, const char *user, const char *token,
                 size_t n, struct sbuf *out, struct fault *f)
{
	struct secret *secret = secret_create(token, n);
	const struct bearer_login login = { .user = user,
		                            .host = "server.example.com",
		                            .port = 587,
		                            .token = secret };
	int result = bearer_begin(kind, &login, out, f);

	secret_free(&secret);
	return result;
}

/* Microsoft's documentation has the first (tests/unit/test_sasl.c: in base64),
 * RFC 7628, section 4.1, the third, with the port of submission. */
static const struct {
	enum bearer_kind kind;
	const char *user, *token, *said;
} vectors[] = {
	{ BEARER_XOAUTH2, CONTOSO, CONTOSO_TOKEN,
	  "user=" CONTOSO "\x01"
	  "auth=Bearer " CONTOSO_TOKEN "\x01\x01" },
	{ BEARER_XOAUTH2, "a,b=c", "t",
	  "user=a,b=c\x01"
	  "auth=Bearer t\x01\x01" },
	{ BEARER_OAUTHBEARER, "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRh",
	  "n,a=user@example.com,\x01"
	  "host=server.example.com\x01"
	  "port=587\x01"
	  "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRh\x01\x01" },
	{ BEARER_OAUTHBEARER, "a,b=c", "t",
	  "n,a=a=2Cb=3Dc,\x01"
	  "host=server.example.com\x01"
	  "port=587\x01"
	  "auth=Bearer t\x01\x01" },
	{ BEARER_OAUTHBEARER, "m\xc3\xa9@example.com", "t",
	  "n,a=m\xc3\xa9@example.com,\x01"
	  "host=server.example.com\x01"
	  "port=587\x01"
	  "auth=Bearer t\x01\x01" },
};

START_TEST(what_is_said)
{
	struct fault f = { 0 };
	struct sbuf out;

	sbuf_init(&out, BEARER_LIMIT);
	ck_assert_int_eq(begin(vectors[_i].kind, vectors[_i].user,
	                       vectors[_i].token, strlen(vectors[_i].token),
	                       &out, &f),
	                 0);
	ck_assert_str_eq(out.data, vectors[_i].said);
	sbuf_release(&out);
}
END_TEST

/* A field of ours ends where it ends. */
START_TEST(what_is_never_said)
{
	static const struct {
		const char *user, *token;
		size_t n;
		const char *words;
	} bad[] = {
		{ "me", "", 0, "the access token is empty" },
		{ "me", "a\x01host=evil", 11, "this is no access token" },
		{ "me", "a b", 3, "this is no access token" },
		{ "me", "a\tb", 3, "this is no access token" },
		{ "me", "a\nb", 3, "this is no access token" },
		{ "me", "a\0b", 3, "this is no access token" },
		{ "me", "a\x7f", 2, "this is no access token" },
		{ "me", "caf\xc3\xa9", 5, "this is no access token" },
		{ "me\x01"
		  "auth=Bearer x",
		  "t", 1, "`user` has a control" },
		{ "me\n", "t", 1, "`user` has a control" },
	};

	for (int kind = BEARER_XOAUTH2; kind <= BEARER_OAUTHBEARER; kind++)
		for (size_t i = 0; i < COUNT_OF(bad); i++) {
			struct fault f = { 0 };
			struct sbuf out;

			sbuf_init(&out, BEARER_LIMIT);
			ck_assert_int_eq(begin((enum bearer_kind)kind,
			                       bad[i].user, bad[i].token,
			                       bad[i].n, &out, &f),
			                 -1);
			ck_assert_uint_eq(out.len, 0);
			ck_assert_int_eq(f.kind, FAULT_CONFIG);
			ck_assert_msg(strstr(f.text, bad[i].words) != NULL,
			              "%s", f.text);
			ck_assert_ptr_null(strstr(f.text, "evil"));
			sbuf_release(&out);
		}
}
END_TEST

/* "user=me^Aauth=Bearer ^A^A" are 22 octets; 9216 make 12288 of base64. */
START_TEST(how_long_it_may_be)
{
	static char token[20000];

	memset(token, 'a', sizeof(token));
	for (size_t n = 9216 - 22; n <= 9216 - 22 + 1; n++) {
		struct fault f = { 0 };
		struct sbuf out;
		int result;

		sbuf_init(&out, BEARER_LIMIT);
		result = begin(BEARER_XOAUTH2, "me", token, n, &out, &f);
		ck_assert_int_eq(result, n == 9216 - 22 ? 0 : -1);
		if (result == 0)
			ck_assert_uint_eq(out.len, 9216);
		else
			ck_assert_ptr_nonnull(
				strstr(f.text, "the access token is too long "
			                       "(9195 bytes): no server takes "
			                       "more than 9216"));
		sbuf_release(&out);
	}
}
END_TEST

static const struct {
	const char *said, *words;
} reasons[] = {
	/* Google, Dovecot 2.3 with XOAUTH2, with OAUTHBEARER, RFC 7628 */
	{ "{\"status\":\"401\",\"schemes\":\"bearer mac\",\"scope\":"
	  "\"https://mail.google.com/\"}",
	  "status=401 scope=https://mail.google.com/ schemes=bearer mac" },
	{ "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\","
	  "\"openid-configuration\":\"https://idp/.well-known\"}",
	  "status=401 scope=mail schemes=bearer" },
	{ "{\"status\":\"invalid_token\",\"openid-configuration\":\"x\"}",
	  "status=invalid_token" },
	{ "{\"status\":\"insufficient_scope\",\"scope\":\"smtp\"}",
	  "status=insufficient_scope scope=smtp" },
	/* a number, and the words of OAuth itself */
	{ "{\"status\":400,\"schemes\":\"Bearer\"}",
	  "status=400 schemes=Bearer" },
	{ "{\"error\":\"invalid_token\",\"error_description\":\"expired\"}",
	  "error=invalid_token error_description=expired" },
	{ "{\"status\":true,\"scope\":[\"a\",\"b\"]}",
	  "status=true scope=a b" },
	/* nothing that we know, nothing at all */
	{ "{\"hello\":\"world\"}", "" },
	{ "{}", "" },
	{ "", "" },
	/* no JSON */
	{ "go away", "go away" },
	{ "{\"status\":\"401\"", "{\"status\":\"401\"" },
	{ "a\x1b[31m\r\nb", "a\\x1B[31m\\x0D\\x0Ab" },
	{ "{\"status\":\"4\\u001b[31m01\"}", "status=4\\x1B[31m01" },
};

START_TEST(what_servers_say)
{
	struct sbuf words;

	sbuf_init(&words, 1000);
	bearer_describe(reasons[_i].said, strlen(reasons[_i].said), &words);
	ck_assert_str_eq(words.data, reasons[_i].words);
	sbuf_release(&words);
}
END_TEST

START_TEST(they_say_too_much)
{
	static const char *const names[] = { "status", "scope", "x" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct sbuf said, words;

		sbuf_init(&said, 100000);
		sbuf_init(&words, 1000);
		sbuf_addf(&said, "{\"status\":\"401\",\"%s\":\"", names[i]);
		while (said.len < 9000)
			sbuf_addstr(&said, i == 2 ? "\xc3\xa9\x1f"
			                          : "\xc3\xa9\\u001f");
		sbuf_addstr(&said, "\"}");
		bearer_describe(said.data, said.len, &words);
		ck_assert_uint_le(words.len, BEARER_WORDS);
		ck_assert_ptr_null(strchr(words.data, 0x1f));
		sbuf_release(&said);
		sbuf_release(&words);
	}
}
END_TEST

START_TEST(one_login)
{
	static const char why[] =
		"{\"status\":\"401\",\"scope\":\"secret-token "
		"of secret-tok\"}";

	for (int kind = BEARER_XOAUTH2; kind <= BEARER_OAUTHBEARER; kind++) {
		struct secret *token = secret_create("secret-token", 12);
		const struct bearer_login login = {
			.user = "me", .host = "h", .port = 1, .token = token
		};
		struct fault f = { 0 };
		struct sbuf said;
		struct bearer *b =
			bearer_create((enum bearer_kind)kind, &login, &f);

		secret_free(&token);
		sbuf_init(&said, BEARER_LIMIT);
		ck_assert(bearer_step(b, "", 0, &said));
		ck_assert_ptr_nonnull(strstr(said.data, "Bearer secret-token"));
		ck_assert_str_eq(bearer_refusal(b), "");
		sbuf_reset(&said);
		ck_assert(!bearer_step(b, why, strlen(why), &said));
		ck_assert_str_eq(said.data,
		                 kind == BEARER_XOAUTH2 ? "" : "\x01");
		ck_assert_str_eq(bearer_refusal(b),
		                 "status=401 scope=************ of **********");
		ck_assert_str_eq(secret_reveal(bearer_token(b)),
		                 "secret-token");
		sbuf_release(&said);
		bearer_free(&b);
		ck_assert_ptr_null(b);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bearer");
	TCase *t = tcase_create("bearer");

	tcase_add_loop_test(t, what_is_said, 0, COUNT_OF(vectors));
	tcase_add_test(t, what_is_never_said);
	tcase_add_test(t, how_long_it_may_be);
	tcase_add_loop_test(t, what_servers_say, 0, COUNT_OF(reasons));
	tcase_add_test(t, they_say_too_much);
	tcase_add_test(t, one_login);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
