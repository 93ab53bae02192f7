/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_oauth - what `login oauth` needs, and what relay-token is asked */
#include "config/oauth.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "config/config.h"
#include "fixture.h"

#define MS "provider microsoft365\nuser me@contoso.test\nlogin oauth\n"
#define GOOGLE "provider gmail\nuser me@gmail.com\nlogin oauth\n"
#define OTHER                                                         \
	"host h.test\nuser me@h.test\nlogin oauth\noauth_client c1\n" \
	"oauth_token_url https://h.test/token\noauth_scope mail\n"

/* --- what is said when the configuration is read -------------------------- */

/* clang-format off */
static const struct {
	const char *block;
	const char *fault; /* NULL: none */
} blocks[] = {
	{ MS "oauth_client c1\n", NULL },
	{ MS "oauth_client c1\noauth_flow code\n", NULL },
	{ MS, "needs `oauth_client`, an id of your own at the provider: register one (`relay login it` explains how)" },
	{ GOOGLE "oauth_client c1\noauth_secret inline s\n", NULL },
	{ GOOGLE "oauth_client c1\noauth_flow device\n", "provider has none for mail: write `oauth_flow code`" },
	{ GOOGLE "oauth_flow service\noauth_key /k.json\n", NULL },
	{ GOOGLE "oauth_flow service\n", "add `oauth_key PATH`, the JSON file" },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_secret inline s\n", NULL },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_key /k\noauth_cert /c\n", NULL },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\n", "add `oauth_secret file PATH`, or `oauth_key PATH`" },
	{ MS "oauth_client c1\noauth_flow client\noauth_secret inline s\n", "add `oauth_tenant`, its id or a domain" },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_key /k\n", "add `oauth_cert PATH`" },
	{ MS "oauth_client c1\noauth_cert /c\n", "`oauth_cert` needs its key" },
	{ OTHER "oauth_auth_url https://h.test/auth\n", NULL },
	{ OTHER "oauth_device_url https://h.test/device\n", NULL },
	{ OTHER, "`oauth_flow code` needs `oauth_auth_url`" },
	{ "host h.test\nuser u\nlogin oauth\noauth_client c\n", "must know where the provider's tokens come from" },
	{ "host h.test\nuser u\nlogin oauth\noauth_client c\noauth_token_url https://h.test/\noauth_auth_url https://h.test/a\n", "needs `oauth_scope`" },
	{ "host h.test\nuser u\npassword inline p\noauth_client c\n", "`oauth_client` is for `login oauth`: add that, or remove this" },
	{ "host h.test\nuser u\npassword inline p\noauth_seal keyring\n", "`oauth_seal` is for `login oauth`: add that, or remove this" },
	{ "host h.test\noauth_flow device\n", "`oauth_flow` is for `login oauth`" },
};
/* clang-format on */

/* The block's lines are written without the blanks before them. */
static void write_block(const char *block, struct sbuf *b)
{
	sbuf_addstr(b, "smarthost it\n");
	while (*block != '\0') {
		size_t n = strcspn(block, "\n") + 1;

		sbuf_addf(b, " %.*s", (int)n, block);
		block += n;
	}
}

static struct config *parse(const char *block, struct fault *f)
{
	struct config *config;
	struct sbuf b;

	sbuf_init(&b, 10000);
	write_block(block, &b);
	config = config_parse("/rc", b.data, b.len, NULL, f);
	sbuf_release(&b);
	return config;
}

START_TEST(what_a_block_lacks)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config = parse(blocks[_i].block, &f);

	if (blocks[_i].fault == NULL) {
		ck_assert_msg(config != NULL, "%s", f.text);
		ck_assert(oauth_is_used(config->smarthosts));
	} else {
		ck_assert_ptr_null(config);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(f.text, blocks[_i].fault) != NULL, "%s",
		              f.text);
	}
	config_free(&config);
}
END_TEST

/* Whoever explains how to get a client reads what lacks one, and nothing else.
 */
START_TEST(without_a_client)
{
	static const struct {
		const char *block;
		bool is_read;
	} cases[] = {
		{ MS, true },
		{ GOOGLE, true },
		{ MS "oauth_client c1\n", true },
		{ MS "prot 25\n", false },
		{ MS "oauth_flow client\n", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f;
		struct config *config;
		struct sbuf b;

		sbuf_init(&b, 10000);
		write_block(cases[i].block, &b);
		fixture_write("rc", b.data, b.len);
		sbuf_release(&b);
		config = config_load_to_login(fixture_path("rc"), &f);
		ck_assert_int_eq(config != NULL, cases[i].is_read);
		config_free(&config);
	}
}
END_TEST

/* --- the question --------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *block;
	const char *key;
	const char *value; /* NULL: not there */
} questions[] = {
	{ MS "oauth_client c1\n", "account", "it" },
	{ MS "oauth_client c1\n", "store", "/q/tokens/it" },
	{ MS "oauth_client c1\n", "user", "me@contoso.test" },
	{ MS "oauth_client c1\n", "flow", "device" },
	{ MS "oauth_client c1\n", "client_id", "c1" },
	{ MS "oauth_client c1\n", "client_secret", NULL },
	{ MS "oauth_client c1\n", "token_url", "https://login.microsoftonline.com/common/oauth2/v2.0/token" },
	{ MS "oauth_client c1\noauth_tenant t9\n", "token_url", "https://login.microsoftonline.com/t9/oauth2/v2.0/token" },
	{ MS "oauth_client c1\noauth_tenant t9\n", "device_url", "https://login.microsoftonline.com/t9/oauth2/v2.0/devicecode" },
	{ MS "oauth_client c1\n", "scope", "https://outlook.office.com/SMTP.Send offline_access" },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_secret inline s\n", "scope", "https://outlook.office365.com/.default" },
	{ MS "oauth_client c1\noauth_scope a b\n", "scope", "a b" },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_secret inline s3cret\n", "client_secret", "s3cret" },
	{ MS "oauth_client c1\noauth_flow client\noauth_tenant t\noauth_secret inline s3cret\n", "flow", "client" },
	{ GOOGLE "oauth_client c1\n", "flow", "code" },
	{ GOOGLE "oauth_client c1\n", "device_url", NULL },
	{ GOOGLE "oauth_client c1\n", "scope", "https://mail.google.com/" },
	{ GOOGLE "oauth_flow service\noauth_key /k.json\noauth_ca /ca\n", "key", "/k.json" },
	{ GOOGLE "oauth_flow service\noauth_key /k.json\noauth_ca /ca\n", "ca", "/ca" },
	{ OTHER "oauth_auth_url https://h.test/auth\n", "auth_url", "https://h.test/auth" },
	{ OTHER "oauth_auth_url https://h.test/auth\n", "skew", "300" },
};
/* clang-format on */

START_TEST(what_is_asked)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config = parse(questions[_i].block, &f);
	struct pairs question;

	ck_assert_msg(config != NULL, "%s", f.text);
	pairs_init(&question);
	ck_assert_int_eq(
		oauth_question(config->smarthosts, "/q", &question, &f), 0);
	ck_assert_pstr_eq(pairs_get(&question, questions[_i].key),
	                  questions[_i].value);
	pairs_release(&question);
	config_free(&config);
}
END_TEST

/* A container has no file. */
START_TEST(of_the_environment)
{
	static const char *const variables[][2] = {
		{ "RELAY_PROVIDER", "microsoft365" },
		{ "RELAY_USER", "me@contoso.test" },
		{ "RELAY_LOGIN", "oauth" },
		{ "RELAY_OAUTH_CLIENT", "c1" },
		{ "RELAY_OAUTH_FLOW", "client" },
		{ "RELAY_OAUTH_TENANT", "t1" },
		{ "RELAY_OAUTH_SECRET", "s3cret" },
		{ "RELAY_OAUTH_SEAL", "s3al" },
	};
	struct fault f = { .kind = FAULT_NONE };
	struct config *config;
	struct pairs question;

	for (size_t i = 0; i < COUNT_OF(variables); i++)
		setenv(variables[i][0], variables[i][1], 1);
	config = config_load(NULL, NULL, &f);
	ck_assert_msg(config != NULL, "%s", f.text);
	pairs_init(&question);
	ck_assert_int_eq(
		oauth_question(config->smarthosts, "/q", &question, &f), 0);
	ck_assert_str_eq(pairs_get(&question, "client_secret"), "s3cret");
	ck_assert_str_eq(pairs_get(&question, "flow"), "client");
	ck_assert_str_eq(pairs_get(&question, "seal"), "s3al");
	pairs_release(&question);
	config_free(&config);
	unsetenv("RELAY_OAUTH_TENANT");
	ck_assert_ptr_null(config_load(NULL, NULL, &f));
	ck_assert_msg(strstr(f.text,
	                     "RELAY_LOGIN: `oauth_flow client` is for one ") !=
	                      NULL,
	              "%s", f.text);
}
END_TEST

/* A name is a file's, whatever is in it. */
START_TEST(where_tokens_are)
{
	struct smarthost h = { .name = (char[]){ "../a b" } };
	struct sbuf path;

	sbuf_init(&path, 1000);
	oauth_store(&h, "/q", &path);
	ck_assert_str_eq(path.data, "/q/tokens/%2E%2E%2Fa%20b");
	sbuf_release(&path);
}
END_TEST

/* --- relay-token ---------------------------------------------------------- */

/* A program in the place of relay-token, which says what it was asked. */
static void install(const char *script)
{
	char text[1000];
	int n = snprintf(text, sizeof(text), "#!/bin/sh\ncd \"${0%%/*}\"\n%s\n",
	                 script);

	fixture_write("relay-token", text, (size_t)n);
	ck_assert_int_eq(chmod(fixture_path("relay-token"), 0700), 0);
	ck_assert_int_eq(setenv("RELAY_LIBEXEC", fixture_path("."), 1), 0);
}

/* clang-format off */
static const struct {
	const char     *script;
	int64_t         newer_than;
	const char     *token; /* NULL: a fault with the text */
	enum fault_kind kind;
	const char     *text;
} fetches[] = {
	{ "echo secret=at1; echo expires=5", 0, "at1", FAULT_NONE, NULL },
	{ "[ \"$1\" = get ] && grep -q '^newer_than=77$' && echo secret=at2", 77, "at2", FAULT_NONE, NULL },
	{ "grep -q newer_than || echo secret=at3", 0, "at3", FAULT_NONE, NULL },
	{ "echo error=no network; exit 75", 0, NULL, FAULT_TEMP, "no network" },
	{ "echo error=it was revoked; exit 78", 0, NULL, FAULT_CONFIG, "it was revoked" },
	{ "echo obtained=4", 0, NULL, FAULT_CONFIG, "nobody is logged in: `relay login it`" },
};
/* clang-format on */

static struct config *microsoft(void)
{
	struct fault f;
	struct config *config = parse(MS "oauth_client c1\n", &f);

	ck_assert_ptr_nonnull(config);
	return config;
}

START_TEST(fetching)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config = microsoft();
	struct secret *token;

	install(fetches[_i].script);
	token = oauth_fetch(config->smarthosts, "/q", fetches[_i].newer_than,
	                    &f);
	if (fetches[_i].token != NULL) {
		ck_assert_msg(token != NULL, "%s", f.text);
		ck_assert_str_eq(secret_reveal(token), fetches[_i].token);
	} else {
		ck_assert_ptr_null(token);
		ck_assert_int_eq(f.kind, fetches[_i].kind);
		ck_assert_msg(strstr(f.text, fetches[_i].text) != NULL, "%s",
		              f.text);
	}
	secret_free(&token);
	config_free(&config);
}
END_TEST

START_TEST(keeping)
{
	struct config *config = microsoft();
	struct fault f;

	install("[ $1 = keep ] && grep -q '^max_age=1209600$'");
	ck_assert_int_eq(oauth_keep(config->smarthosts, "/q", &f), 0);
	install("[ $1 = erase ] && grep -q '^store=/q/tokens/it$'");
	ck_assert_int_eq(oauth_erase(config->smarthosts, "/q", &f), 0);
	install("exit 75");
	ck_assert_int_eq(oauth_keep(config->smarthosts, "/q", &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	config_free(&config);
}
END_TEST

START_TEST(not_installed)
{
	struct config *config = microsoft();
	struct fault f;

	ck_assert_int_eq(setenv("RELAY_LIBEXEC", fixture_path("."), 1), 0);
	ck_assert_ptr_null(oauth_fetch(config->smarthosts, "/q", 0, &f));
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_ptr_nonnull(
		strstr(f.text, "install the package relay-oauth"));
	config_free(&config);
}
END_TEST

/* The client's secret that is not there is what is wrong, and is named. */
START_TEST(secret_is_missing)
{
	struct fault f;
	struct config *config =
		parse(MS "oauth_client c1\noauth_secret file /nowhere/s\n", &f);

	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_null(oauth_fetch(config->smarthosts, "/q", 0, &f));
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, "`oauth_secret`: ") != NULL &&
	                      strstr(f.text, "/nowhere/s") != NULL,
	              "%s", f.text);
	config_free(&config);
}
END_TEST

/* What the person types goes behind the question. */
START_TEST(logging_in)
{
	struct oauth_talk talk = { .prompt = "paste", .port = 4711 };
	struct config *config = microsoft();
	int64_t expires = 0;
	struct fault f;

	fixture_write("typed", "https://back?code=1\n", 20);
	ck_assert_ptr_nonnull(freopen(fixture_path("typed"), "r", stdin));
	install("cat >asked; grep -q ^prompt=paste$ asked &&"
	        "grep -q ^redirect_port=4711$ asked &&"
	        "[ \"$(tail -n 1 asked)\" = 'https://back?code=1' ] &&"
	        "echo expires=99");
	ck_assert_msg(
		oauth_login(config->smarthosts, "/q", &talk, &expires, &f) == 0,
		"%s", f.text);
	ck_assert_int_eq(expires, 99);
	config_free(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oauth");
	TCase *tc = tcase_create("configuration");

	tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tc, what_a_block_lacks, 0, COUNT_OF(blocks));
	tcase_add_test(tc, without_a_client);
	suite_add_tcase(suite, tc);
	tc = tcase_create("question");
	tcase_add_loop_test(tc, what_is_asked, 0, COUNT_OF(questions));
	tcase_add_test(tc, of_the_environment);
	tcase_add_test(tc, where_tokens_are);
	suite_add_tcase(suite, tc);
	tc = tcase_create("relay-token");
	tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tc, fetching, 0, COUNT_OF(fetches));
	tcase_add_test(tc, keeping);
	tcase_add_test(tc, not_installed);
	tcase_add_test(tc, secret_is_missing);
	tcase_add_test(tc, logging_in);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
