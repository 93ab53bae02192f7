/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_answer - who has to do what after which answer of a token endpoint */
#include "token/answer.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "token/form.h"

#define URL "https://login.example/token"
#define MS "https://login.microsoftonline.com/common/oauth2/v2.0/token"
#define GOOGLE "https://oauth2.googleapis.com/token"
#define DAY 86400

static void fill(struct http_answer *a, long status, const char *body)
{
	http_answer_init(a);
	a->is_sent = true;
	a->status = status;
	sbuf_addstr(&a->body, body);
}

/* --- tokens --------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *body;
	const char *access;  /* NULL: refused as temporary */
	const char *refresh; /* NULL: none */
	int64_t     life;
} grants[] = {
	{ "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", "at", "rt", 3599 },
	{ "{\"access_token\":\"at\",\"expires_in\":\"3599\",\"token_type\":\"bearer\"}", "at", NULL, 3599 },
	{ "{\"access_token\":\"at\"}",                            "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":3599.5}",      "at", NULL, 3599 },
	{ "{\"access_token\":\"at\",\"expires_in\":null}",        "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":\"soon\"}",    "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":0}",           "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":-5}",          "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":1e300}",       "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"expires_in\":99999999999}", "at", NULL, 2592000 },
	{ "{\"access_token\":\"at\",\"refresh_token\":\"\"}",     "at", NULL, 3600 },
	{ "{\"access_token\":\"at\",\"new\":[{\"a\":1}]}",        "at", NULL, 3600 },
	{ " \r\n{\"access_token\":\"at\"}\n",                     "at", NULL, 3600 },
	{ "{}",                                                   NULL, NULL, 0 },
	{ "{\"access_token\":\"\"}",                              NULL, NULL, 0 },
	{ "{\"access_token\":7}",                                 NULL, NULL, 0 },
	{ "{\"access_token\":\"a b\"}",                           NULL, NULL, 0 },
	{ "{\"access_token\":\"a\\u0001b\"}",                     NULL, NULL, 0 },
	{ "{\"access_token\":\"a\\u0000b\"}",                     NULL, NULL, 0 },
	{ "{\"access_token\":\"a\",\"access_token\":\"b\"}",      NULL, NULL, 0 },
	{ "{\"access_token\":\"at\",\"token_type\":\"mac\"}",     NULL, NULL, 0 },
	{ "{\"access_token\":\"at\",\"refresh_token\":\"r t\"}",  NULL, NULL, 0 },
	{ "[\"access_token\"]",                                   NULL, NULL, 0 },
	{ "{\"access_token\":\"at\"} {}",                         NULL, NULL, 0 },
	{ "{\"access_token\":\"at\"",                             NULL, NULL, 0 },
	{ "",                                                     NULL, NULL, 0 },
	{ "<html>log in to the hotel</html>",                     NULL, NULL, 0 },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[",                             NULL, NULL, 0 },
};
/* clang-format on */

START_TEST(what_it_gives)
{
	const struct settings s = { .account = "work" };
	struct answer_about about = { .settings = &s, .url = URL };
	struct http_answer a;
	struct refusal r = { .is_sent = false };
	struct grant g;

	fill(&a, 200, grants[_i].body);
	if (grants[_i].access == NULL) {
		ck_assert_int_eq(answer_read(&a, &about, &g, &r), -1);
		ck_assert_int_eq(r.why.kind, FAULT_TEMP);
		ck_assert(r.is_sent);
		ck_assert_ptr_null(g.access);
		ck_assert_ptr_null(g.refresh);
	} else {
		ck_assert_int_eq(answer_read(&a, &about, &g, &r), 0);
		ck_assert_str_eq(secret_reveal(g.access), grants[_i].access);
		ck_assert_int_eq(g.life, grants[_i].life);
		if (grants[_i].refresh != NULL)
			ck_assert_str_eq(secret_reveal(g.refresh),
			                 grants[_i].refresh);
		else
			ck_assert_ptr_null(g.refresh);
	}
	grant_release(&g);
	http_answer_release(&a);
}
END_TEST

/* --- refusals ------------------------------------------------------------- */

#define ERROR(word, text) \
	"{\"error\":\"" word "\",\"error_description\":\"" text "\"}"

/* clang-format off */
static const struct {
	long            status;
	const char     *body;
	const char     *url;
	enum flow       flow;
	enum fault_kind kind;
	const char     *words; /* a part of it */
} refusals[] = {
	/* temporary: keep, wait */
	{ 408, "",                                          URL, FLOW_DEVICE, FAULT_TEMP, "trouble of its own (HTTP 408" },
	{ 429, "{}",                                        URL, FLOW_DEVICE, FAULT_TEMP, "asked too often" },
	{ 500, "<html>oops</html>",                         URL, FLOW_DEVICE, FAULT_TEMP, "(HTTP 500, HTML)" },
	{ 502, "",                                          URL, FLOW_DEVICE, FAULT_TEMP, "trouble" },
	{ 503, ERROR("temporarily_unavailable", ""),        URL, FLOW_DEVICE, FAULT_TEMP, "cannot answer now" },
	{ 504, "",                                          URL, FLOW_DEVICE, FAULT_TEMP, "trouble" },
	{ 503, ERROR("invalid_grant", ""),                  URL, FLOW_DEVICE, FAULT_TEMP, "cannot answer now" },
	{ 400, ERROR("temporarily_unavailable", ""),        URL, FLOW_DEVICE, FAULT_TEMP, "cannot answer now" },
	{ 400, ERROR("server_error", ""),                   URL, FLOW_DEVICE, FAULT_TEMP, "trouble of its own" },
	{ 200, "<html>log in</html>",                       URL, FLOW_DEVICE, FAULT_TEMP, "captive portal" },
	{ 403, "<html>no</html>",                           URL, FLOW_DEVICE, FAULT_TEMP, "captive portal" },
	{ 400, "no",                                        URL, FLOW_DEVICE, FAULT_TEMP, "captive portal" },
	/* the URL */
	{ 302, "",                                          URL, FLOW_DEVICE, FAULT_CONFIG, "oauth_token_url" },
	{ 404, "<html></html>",                             URL, FLOW_DEVICE, FAULT_CONFIG, "no token endpoint" },
	/* the login */
	{ 400, ERROR("invalid_grant", ""),                  URL, FLOW_DEVICE, FAULT_CONFIG, "run `relay login work` (HTTP 400, invalid_grant)" },
	{ 400, ERROR("invalid_grant", "Token has been expired or revoked."), GOOGLE, FLOW_CODE, FAULT_CONFIG, "after 7 days: the app is in \"Testing\"" },
	{ 400, ERROR("interaction_required", ""),           URL, FLOW_DEVICE, FAULT_CONFIG, "relay login work" },
	{ 400, ERROR("consent_required", ""),               URL, FLOW_DEVICE, FAULT_CONFIG, "agree again" },
	{ 400, ERROR("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.\\r\\nTrace ID: 1"), MS, FLOW_DEVICE, FAULT_CONFIG, "90 days: run `relay login work` (HTTP 400, invalid_grant: AADSTS700082: The refresh token has expired due to inactivity.)" },
	{ 400, ERROR("invalid_grant", "AADSTS70008: expired"),  MS, FLOW_DEVICE, FAULT_CONFIG, "not used for too long" },
	{ 400, ERROR("invalid_grant", "AADSTS50173: fresh"),    MS, FLOW_DEVICE, FAULT_CONFIG, "password was changed" },
	{ 400, ERROR("invalid_grant", "AADSTS50076: mfa"),      MS, FLOW_DEVICE, FAULT_CONFIG, "second factor" },
	{ 400, ERROR("invalid_grant", "AADSTS50079: mfa"),      MS, FLOW_DEVICE, FAULT_CONFIG, "register a second factor" },
	{ 400, ERROR("invalid_grant", "AADSTS700084: spa"),     MS, FLOW_DEVICE, FAULT_CONFIG, "24 hours" },
	{ 400, ERROR("invalid_grant", "AADSTS65001: consent"),  MS, FLOW_DEVICE, FAULT_CONFIG, "agreed yet" },
	{ 400, ERROR("invalid_grant", "AADSTS70043: sif"),      MS, FLOW_DEVICE, FAULT_CONFIG, "oauth_flow client" },
	{ 400, ERROR("invalid_grant", "AADSTS53003: blocked"),  MS, FLOW_DEVICE, FAULT_CONFIG, "Conditional Access" },
	{ 400, ERROR("access_denied", ""),                  URL, FLOW_DEVICE, FAULT_CONFIG, "said no" },
	{ 400, ERROR("authorization_declined", ""),         MS,  FLOW_DEVICE, FAULT_CONFIG, "the user said no" },
	{ 400, ERROR("bad_verification_code", ""),          MS,  FLOW_DEVICE, FAULT_CONFIG, "does not know the code" },
	{ 400, ERROR("expired_token", ""),                  URL, FLOW_DEVICE, FAULT_CONFIG, "in time" },
	/* the client */
	{ 401, ERROR("invalid_client", ""),                 URL, FLOW_DEVICE, FAULT_CONFIG, "oauth_secret" },
	{ 401, ERROR("invalid_client", "AADSTS7000222: The provided client secret keys are expired."), MS, FLOW_CLIENT, FAULT_CONFIG, "the client secret has expired" },
	{ 401, ERROR("invalid_client", "AADSTS7000215: Invalid client secret"), MS, FLOW_CLIENT, FAULT_CONFIG, "not its id" },
	{ 400, ERROR("unauthorized_client", ""),            URL, FLOW_DEVICE, FAULT_CONFIG, "oauth_flow" },
	{ 400, ERROR("unauthorized_client", "AADSTS700016: not found"), MS, FLOW_DEVICE, FAULT_CONFIG, "oauth_tenant" },
	{ 400, ERROR("invalid_scope", ""),                  URL, FLOW_DEVICE, FAULT_CONFIG, "oauth_scope" },
	{ 400, ERROR("unsupported_grant_type", ""),         URL, FLOW_DEVICE, FAULT_CONFIG, "oauth_flow" },
	{ 400, ERROR("invalid_request", ""),                URL, FLOW_DEVICE, FAULT_CONFIG, "misses something" },
	{ 400, ERROR("what_is_this", "x"),                  URL, FLOW_DEVICE, FAULT_CONFIG, "refuses (HTTP 400, what_is_this: x)" },
	{ 200, ERROR("invalid_grant", ""),                  URL, FLOW_DEVICE, FAULT_CONFIG, "relay login work" },
	/* a service account has no login */
	{ 400, ERROR("invalid_grant", "Invalid JWT"),       GOOGLE, FLOW_SERVICE, FAULT_CONFIG, "clock of this machine" },
	{ 401, ERROR("unauthorized_client", ""),            GOOGLE, FLOW_SERVICE, FAULT_CONFIG, "domain-wide delegation" },
};
/* clang-format on */

START_TEST(why_it_refuses)
{
	const struct settings s = { .account = "work",
		                    .flow = refusals[_i].flow };
	struct answer_about about = { .settings = &s,
		                      .url = refusals[_i].url,
		                      .login = 100 * DAY,
		                      .now = 107 * DAY };
	struct http_answer a;
	struct refusal r = { .is_sent = false };
	struct grant g;

	fill(&a, refusals[_i].status, refusals[_i].body);
	ck_assert_int_eq(answer_read(&a, &about, &g, &r), -1);
	ck_assert_int_eq(r.why.kind, refusals[_i].kind);
	ck_assert_msg(strstr(r.why.text, refusals[_i].words) != NULL, "%s",
	              r.why.text);
	ck_assert_ptr_null(strstr(r.why.text, "Trace"));
	http_answer_release(&a);
}
END_TEST

/* Only of an app in "Testing" is it seven days. */
START_TEST(google_after_a_year)
{
	const struct settings s = { .account = "work" };
	struct answer_about about = { .settings = &s,
		                      .url = GOOGLE,
		                      .login = 100 * DAY,
		                      .now = 465 * DAY };
	struct refusal r = { .is_sent = false };

	answer_refuse(&about, 400, "invalid_grant", "", &r);
	ck_assert_ptr_null(strstr(r.why.text, "Testing"));
	ck_assert_ptr_nonnull(strstr(r.why.text, "relay login work"));
}
END_TEST

/* A server that quotes what it was asked. */
START_TEST(nothing_of_ours_is_quoted)
{
	const struct settings s = { .account = "work" };
	struct answer_about about = { .settings = &s, .url = URL };
	struct refusal r = { .is_sent = false };
	struct sbuf form;

	sbuf_init(&form, 1000);
	form_add(&form, "refresh_token", "s3same/open");
	form_add(&form, "client_secret", "hunter2");
	form_add(&form, "client_id", "relay");
	about.form = &form;
	answer_refuse(&about, 400, "invalid_grant",
	              "token s3same/open of relay (hunter2) is\033[2J no good",
	              &r);
	ck_assert_ptr_null(strstr(r.why.text, "s3same"));
	ck_assert_ptr_null(strstr(r.why.text, "hunter2"));
	ck_assert_ptr_null(strchr(r.why.text, '\033'));
	ck_assert_ptr_nonnull(strstr(r.why.text, "of relay"));
	sbuf_release(&form);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tests = tcase_create("answer");

	tcase_add_loop_test(tests, what_it_gives, 0, (int)COUNT_OF(grants));
	tcase_add_loop_test(tests, why_it_refuses, 0, (int)COUNT_OF(refusals));
	tcase_add_test(tests, google_after_a_year);
	tcase_add_test(tests, nothing_of_ours_is_quoted);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
