/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_sign - hashes, signatures and assertions, against openssl and the RFCs
 *
 * Key, certificate and signature were made once with openssl: `openssl req
 * -x509 -newkey rsa:2048`, `openssl dgst -sha256 -sign`.  They open nothing.
 */
#include "token/jwt.h"

#include <check.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "fixture.h"
#include "token/json.h"
#include "token/keyfile.h"
#include "token/sign.h"

/* clang-format off */
static const char key_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDJiDwUaBklpZiD\n"
	"1uPMb1WrsZHsRDbLPqiAF/Fiobzpw+fRt4nZuvtjL5AgDcmjEf658E2TdGdR2Uo0\n"
	"6xAgESc+H7rHz/5eUxFbwgEw9cR/RfGgLNP0L832s6HiaU6fGgQfa+aZY8vvd70S\n"
	"4kVEYE9+7wvsX+1pqX0WORBBEV7b+sEMSoma44XujM+cVtgRXpHSNdEV44iG/AX4\n"
	"AIjK65z/xhzORH4g4vOeJ3ho/os9DADVo7N5AwSCD6xGwqN5qglD7v/KvA7LUktq\n"
	"jnKmZYf4RaMZpDkqUgv0KhZhIZdt14KD3JHa6hVapxdLEuUg0oN3L6cKojJOiesY\n"
	"eIBrVwZJAgMBAAECggEAA+u1l4QK8TOOiwoUNnb4CLYUq68MDdozNwLAPHX/EeEw\n"
	"0mCquuSrXVughy8dfCGuffmR2MuL8wiyK+Ni1ezfgZLmdFq0jSs6jDlzAnvVjdBT\n"
	"ihU1Lmv7qtAF1zzLPccoy1+zBcruPcNrl0F1rYXeJg8KgVfAa6zTdSo5CbsHyGnI\n"
	"lSMb/UZbMXwiQ4Gof2hflhBbhKtp8qXK48srrCnkQeebGEpwbvCw2b6AiW2kiCFH\n"
	"dwJFsuu+7jKDFfI9IRHFOXTQVa6sNVKWBc/bSgiMzzhuqOV4zx5OyUyQ+Wf7JImQ\n"
	"C9xWMYydpGJFtjnfRtKyBpMURlg3EB5NA12oSn8IbQKBgQD5jnIXNzAP+CK8dQG2\n"
	"nkwqLZF9oQC/tNxYdLkIv9iO2kT5HKCEvZZtAm6SSe+YLuCBFpKo5229wBzSyNMF\n"
	"oZ3UTCsZAhrpVLN6/cCPycAUTeL9QJtyH2iuKj250QOSIjZgj077CpskzclQKAvC\n"
	"R94DwNnprq2YoTz9qDFirDQ8IwKBgQDOvFntZKKzop8h4hPf+wdc6ex90Q88DwN1\n"
	"xyHcItrASHfnR1GB2FTMy6OPMhjLv0y1sxKBZOtxVdZ7bs/gpKrEe6xAO+DRIoh1\n"
	"MGR0QHfnw9YfdQRrXc/iyXNvPc3/kcMmFjU7rjabN4zXs60VdMTxgLRW38W8WH8Y\n"
	"3/rjFjYUowKBgQCh8O3YYtethTgFU2hpOQ/zzt46x9/Uh2j1fckVBGljSgC4JvuD\n"
	"KAQVeR6Hj7MK7mCBZESHlqaAG8qYfflyDg59VXAiKluMToqppUDwDdu3UVObQ/Gb\n"
	"fQZQ/thPXHMUwV7ICjcWcSt8Fo4sldALotdPWDYQjmnYQclyUVK61USQQQKBgH8Q\n"
	"45D2rs4MYRS5WQ/swdzI5pN6YIvAipbkexpLzforUI81lZJiPdTWQURtPTJV9Tck\n"
	"xnYDanbxlG+vb1Oawl8byIZ+hzLjr82fnc6aJVitVLlm+f1n3rN8sFeqPCgeFj0d\n"
	"n0B8VpHWddnKVNMAP2BUhAN1bJrUJeJLIHBdIYZTAoGBAOrZ8YmH3sTI1asFhM06\n"
	"FPyIpEGI6n/RJydCmJQVaN7lJsBc69bDaE0PAFSqRzkUMaA3ha+mBJ/HMS5wyvZ6\n"
	"ilI5tROSjWy4Lv3dyi9HS0pOinE+CCpJpF/tjQE3tXWie66oJq3OBJWSkjmy86du\n"
	"P7eAdTaIPIMH50iesWTaopGQ\n"
	"-----END PRIVATE KEY-----\n";
static const char cert_pem[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIDCzCCAfOgAwIBAgIUQ/lSUplFXPtu6o8nAOPeh5mm1wswDQYJKoZIhvcNAQEL\n"
	"BQAwFTETMBEGA1UEAwwKcmVsYXktdGVzdDAeFw0yNjExMjYwMzQwMDFaFw0zNjEx\n"
	"MjMwMzQwMDFaMBUxEzARBgNVBAMMCnJlbGF5LXRlc3QwggEiMA0GCSqGSIb3DQEB\n"
	"AQUAA4IBDwAwggEKAoIBAQDJiDwUaBklpZiD1uPMb1WrsZHsRDbLPqiAF/Fiobzp\n"
	"w+fRt4nZuvtjL5AgDcmjEf658E2TdGdR2Uo06xAgESc+H7rHz/5eUxFbwgEw9cR/\n"
	"RfGgLNP0L832s6HiaU6fGgQfa+aZY8vvd70S4kVEYE9+7wvsX+1pqX0WORBBEV7b\n"
	"+sEMSoma44XujM+cVtgRXpHSNdEV44iG/AX4AIjK65z/xhzORH4g4vOeJ3ho/os9\n"
	"DADVo7N5AwSCD6xGwqN5qglD7v/KvA7LUktqjnKmZYf4RaMZpDkqUgv0KhZhIZdt\n"
	"14KD3JHa6hVapxdLEuUg0oN3L6cKojJOiesYeIBrVwZJAgMBAAGjUzBRMB0GA1Ud\n"
	"DgQWBBSgtKTvQEfRoZC0Q+AlRyWP3aLRKDAfBgNVHSMEGDAWgBSgtKTvQEfRoZC0\n"
	"Q+AlRyWP3aLRKDAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBV\n"
	"OPzltWQTyYs86NQ3LJl0U7H332B5WHBSOSpGjW1vA8R1ZqKKxpfMFIO6xEzaEllW\n"
	"YWu8fcJMF8Dx8ZaU32Qefkj6SHq5fulQHXO3QuvkILWlcr7fRSIsp6FUpvtxpf8k\n"
	"P6ZhK5ZU55+uC0IUYl1oWxNrahHGGRUt2NT18ImYCoZMEgE1yVR7ci3U/8j8xdLY\n"
	"xjjVvIEyKRch9NpIxj98T6udOHc3e8lunx2YF4olGvpUHUs5JD6q6+Do+6DrhgEi\n"
	"jdidVk0JR+q6seQGSfNYpA4Yf5AUZr5jOfh0H1L0sIo7fnLkBm/5WySSI9P/yMYJ\n"
	"c+uq9rNt+cvxXmB7oW4g\n"
	"-----END CERTIFICATE-----\n";
static const char text[] = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0";
static const char signature[] =
	"EO04OgB8mGJx-ebYFv_OERAuQklWVaw_yjCsnwqoyGtoW4yxl25lIZ10Nuq1LFvG"
	"qqU_wYDk0h5AuZZdxk22U-EgG79tgeRh90eTZcjTNj-MfM_S-h8DHOc9Mio2tRdq"
	"SKjb8jWTOXTwMpoDBziyIE5zk1_RVrJgz2clks-FJnYlKeU5n6RstxRiKkS7W30l"
	"855Lgu0JQf6XyXb6OrYYMEBYhCoZWHZkgcsqnurly2-RqKL5A-Lt2bHPEPCyqIBg"
	"Cd9xbkwcoD9gIdWOsHluonzhRdA2HLc4dbfW6vdVknLvQzLZhE1S17TKJDLWA7fw"
	"hZzz3Dex2_-WqwkrnAW7fQ";
static const char thumbprint[] = "Y9wZ4m6eY4uvwoYT-OYbkj4MZv_cSnHBJ4cyBqHxfDI";
/* clang-format on */

static void put(struct sbuf *b, const char *s)
{
	sbuf_init(b, 65536);
	sbuf_addstr(b, s);
}

/* --- bytes ---------------------------------------------------------------- */

static const struct {
	const char *bytes, *digits;
} encoded[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "\xfb\xff", "-_8" },
};

START_TEST(base64url)
{
	struct sbuf b;

	sbuf_init(&b, 100);
	sign_base64url(encoded[_i].bytes, strlen(encoded[_i].bytes), &b);
	ck_assert_str_eq(b.data, encoded[_i].digits);
	sbuf_release(&b);
}
END_TEST

/* RFC 7636, appendix B. */
START_TEST(pkce)
{
	static const char verifier[] =
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct sbuf b;

	sbuf_init(&b, 100);
	sign_sha256(verifier, strlen(verifier), &b);
	ck_assert_str_eq(b.data, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	sbuf_release(&b);
}
END_TEST

/* --- signatures ----------------------------------------------------------- */

START_TEST(rs256)
{
	struct sbuf key, message, out;
	struct fault f;

	put(&key, key_pem);
	put(&message, text);
	put(&out, "");
	ck_assert_int_eq(sign_text(&key, SIGN_RS256, &message, &out, &f), 0);
	ck_assert_str_eq(out.data, signature);
	sbuf_release(&key);
	sbuf_release(&message);
	sbuf_release(&out);
}
END_TEST

START_TEST(certificate)
{
	struct sbuf pem, out;
	struct fault f;

	put(&pem, cert_pem);
	put(&out, "");
	ck_assert_int_eq(sign_thumbprint(&pem, &out, &f), 0);
	ck_assert_str_eq(out.data, thumbprint);
	sbuf_release(&pem);
	sbuf_release(&out);
}
END_TEST

static int raw(const char *digits, unsigned char *bytes)
{
	unsigned held = 0, bits = 0;
	int n = 0;

	for (; *digits != '\0'; digits++) {
		static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
					  "klmnopqrstuvwxyz0123456789-_";

		held = held << 6 | (unsigned)(strchr(all, *digits) - all);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes[n++] = (unsigned char)(held >> bits);
		}
	}
	return n;
}

static void load_public(gnutls_pubkey_t public_key)
{
	char *copy = strdup(cert_pem);
	gnutls_datum_t pem = { (unsigned char *)copy, sizeof(cert_pem) - 1 };
	gnutls_x509_crt_t crt;

	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM),
	                 0);
	ck_assert_int_eq(gnutls_pubkey_import_x509(public_key, crt, 0), 0);
	gnutls_x509_crt_deinit(crt);
	free(copy);
}

static bool is_signed(const char *jwt, gnutls_sign_algorithm_t algorithm)
{
	const char *dot = strrchr(jwt, '.');
	char *copy = strdup(jwt);
	gnutls_pubkey_t public_key;
	gnutls_datum_t message, given;
	unsigned char bytes[512];
	int code;

	ck_assert_ptr_nonnull(dot);
	message.data = (unsigned char *)copy;
	message.size = (unsigned)(dot - jwt);
	given.data = bytes;
	given.size = (unsigned)raw(dot + 1, bytes);
	ck_assert_int_eq(gnutls_pubkey_init(&public_key), 0);
	load_public(public_key);
	code = gnutls_pubkey_verify_data2(public_key, algorithm, 0, &message,
	                                  &given);
	gnutls_pubkey_deinit(public_key);
	free(copy);
	return code >= 0;
}

/* The `i`th part of a JWT, as an object. */
static struct json *part(const char *jwt, int i)
{
	unsigned char bytes[2000];
	struct json *json;
	struct fault f;
	char *copy;
	int n;

	while (i-- > 0)
		jwt = strchr(jwt, '.') + 1;
	copy = strndup(jwt, strcspn(jwt, "."));
	n = raw(copy, bytes);
	free(copy);
	json = json_read((const char *)bytes, (size_t)n, &f);
	ck_assert_ptr_nonnull(json);
	return json;
}

static void expect(const struct json *json, const char *member,
                   const char *value)
{
	ck_assert_pstr_eq(json_text(json, member), value);
}

/* --- assertions ----------------------------------------------------------- */

static char *file(const char *name, const char *content, mode_t mode)
{
	char *path = strdup(fixture_path(name));

	fixture_write(name, content, strlen(content));
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

START_TEST(microsoft)
{
	char *key = file("key", key_pem, 0600);
	char *cert = file("cert", cert_pem, 0644);
	const struct settings s = { .account = "work",
		                    .client_id = "1-2-3",
		                    .token_url = "https://t.example/token",
		                    .key = key,
		                    .cert = cert };
	struct json *header, *claims;
	struct sbuf first, second;
	int64_t iat, exp;
	struct fault f;

	put(&first, "");
	put(&second, "");
	ck_assert_msg(jwt_client(&s, &first, &f) == 0, "%s", f.text);
	ck_assert_int_eq(jwt_client(&s, &second, &f), 0);
	ck_assert(is_signed(first.data, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256));
	header = part(first.data, 0);
	claims = part(first.data, 1);
	expect(header, "alg", "PS256");
	expect(header, "typ", "JWT");
	expect(header, "x5t#S256", thumbprint);
	expect(claims, "iss", "1-2-3");
	expect(claims, "sub", "1-2-3");
	expect(claims, "aud", "https://t.example/token");
	ck_assert(json_number(claims, "iat", &iat));
	ck_assert(json_number(claims, "exp", &exp));
	ck_assert_int_eq(exp - iat, 600);
	ck_assert_ptr_nonnull(json_text(claims, "jti"));
	ck_assert_str_ne(first.data, second.data);
	json_free(&header);
	json_free(&claims);
	sbuf_release(&first);
	sbuf_release(&second);
	free(key);
	free(cert);
}
END_TEST

/* Google's file: the key with \n in it, and who it is. */
static char *json_of_google(void)
{
	char content[8000] = "{\"type\":\"service_account\",\"private_key_id\":"
			     "\"k1\",\"client_email\":\"sa@p.example\","
			     "\"private_key\":\"";
	size_t n = strlen(content);

	for (const char *c = key_pem; *c != '\0'; c++) {
		if (*c == '\n')
			content[n++] = '\\';
		content[n++] = *c == '\n' ? 'n' : *c;
	}
	snprintf(content + n, sizeof(content) - n, "\"}");
	return file("google.json", content, 0600);
}

START_TEST(google)
{
	char *key = json_of_google();
	const struct settings s = { .account = "work",
		                    .user = "me@example.org",
		                    .scope = "https://mail.google.com/",
		                    .token_url = "https://t.example/token",
		                    .key = key,
		                    .flow = FLOW_SERVICE };
	struct json *header, *claims;
	struct sbuf out;
	int64_t iat, exp;
	struct fault f;

	put(&out, "");
	ck_assert_msg(jwt_service(&s, &out, &f) == 0, "%s", f.text);
	ck_assert(is_signed(out.data, GNUTLS_SIGN_RSA_SHA256));
	header = part(out.data, 0);
	claims = part(out.data, 1);
	expect(header, "alg", "RS256");
	expect(header, "kid", "k1");
	expect(claims, "iss", "sa@p.example");
	expect(claims, "sub", "me@example.org");
	expect(claims, "scope", "https://mail.google.com/");
	expect(claims, "aud", "https://t.example/token");
	ck_assert(json_number(claims, "iat", &iat));
	ck_assert(json_number(claims, "exp", &exp));
	ck_assert_int_eq(exp - iat, 3600);
	json_free(&header);
	json_free(&claims);
	sbuf_release(&out);
	free(key);
}
END_TEST

/* clang-format off */
static const struct {
	const char *content;
	mode_t      mode;
	const char *words;
} unfit[] = {
	{ key_pem,                       0640, "can be read by other users: chmod 600" },
	{ key_pem,                       0622, "can be changed by other users" },
	{ "{\"type\":\"authorized_user\"}", 0600, "has no `private_key`" },
	{ "{\"a\":",                      0600, "no JSON object" },
	{ "s3same",                      0600, "no private key in PEM" },
	{ key_pem,                       0600, "does not say whose key it is" },
};
/* clang-format on */

START_TEST(no_key)
{
	char *key = file("key", unfit[_i].content, unfit[_i].mode);
	const struct settings s = { .account = "work",
		                    .token_url = "https://t.example/token",
		                    .client_id = _i < 5 ? "x" : NULL,
		                    .key = key };
	struct sbuf out;
	struct fault f;

	put(&out, "");
	ck_assert_int_eq(jwt_service(&s, &out, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, unfit[_i].words) != NULL, "%s", f.text);
	ck_assert_ptr_null(strstr(f.text, "s3same"));
	sbuf_release(&out);
	free(key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sign");
	TCase *tests = tcase_create("sign");

	tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tests, base64url, 0, (int)COUNT_OF(encoded));
	tcase_add_test(tests, pkce);
	tcase_add_test(tests, rs256);
	tcase_add_test(tests, certificate);
	tcase_add_test(tests, microsoft);
	tcase_add_test(tests, google);
	tcase_add_loop_test(tests, no_key, 0, (int)COUNT_OF(unfit));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
