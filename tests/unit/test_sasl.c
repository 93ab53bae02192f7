/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins against the server side of libgsasl, the choice of the mechanism, and
 * servers that misbehave. */
#include <check.h>
#include <gsasl.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/secret.h"
#include "fixture.h"
#include "net/sasl.h"
#include "tls_peer.h"

#define USER "me@example.org"
#define PASSWORD "correct horse"
#define BINDING "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define OTHER_BINDING "AAIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

/* --- the choice ----------------------------------------------------------- */

static const struct choice {
	const char *offered;
	const char *allowed;
	const char *settings; /* e: encrypted, b: binding, c: certificate,
	                         u: user and password, t: it is a token */
	const char *chosen;   /* or the words of the fault */
} choices[] = {
	{ "PLAIN LOGIN", "auto", "eu", "PLAIN" },
	{ "plain login", "AUTO", "eu", "PLAIN" },
	{ "LOGIN", "auto", "eu", "LOGIN" },
	{ "LOGIN PLAIN CRAM-MD5 DIGEST-MD5 XOAUTH2", "auto", "eu", "PLAIN" },
	{ "SCRAM-SHA-1 PLAIN", "auto", "eu", "SCRAM-SHA-1" },
	{ "SCRAM-SHA-1-PLUS SCRAM-SHA-256", "auto", "ebu", "SCRAM-SHA-256" },
	{ "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "auto", "ebu", "SCRAM-SHA-1-PLUS" },
	{ "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "auto", "eu", "SCRAM-SHA-1" },
	{ "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "auto", "ebu",
	  "SCRAM-SHA-256-PLUS" },
	{ "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "auto", "eu",
	  "SCRAM-SHA-256" },
	{ "EXTERNAL PLAIN", "auto", "ecu", "PLAIN" },
	{ "EXTERNAL PLAIN", "auto", "ec", "EXTERNAL" },
	{ "EXTERNAL PLAIN", "external", "ecu", "EXTERNAL" },
	{ "PLAIN LOGIN", "login plain", "eu", "LOGIN" },
	{ "PLAIN LOGIN", " scram-sha-256\tplain ", "eu", "PLAIN" },
	{ "PLAIN CRAM-MD5", "cram-md5", "u", "CRAM-MD5" },
	{ "DIGEST-MD5", "digest-md5", "u", "DIGEST-MD5" },
	{ "SCRAM-SHA-256 PLAIN", "auto", "u", "SCRAM-SHA-256" },
	{ "LOGIN PLAIN XOAUTH2 OAUTHBEARER", "xoauth2", "eut", "XOAUTH2" },
	{ "PLAIN OAUTHBEARER XOAUTH2", "oauthbearer xoauth2", "eut",
	  "OAUTHBEARER" },
	{ "PLAIN OAUTHBEARER XOAUTH2", "xoauth2 oauthbearer", "eut",
	  "XOAUTH2" },
	{ "LOGIN xoauth2", "oauthbearer xoauth2", "eut", "XOAUTH2" },
	/* even asked to: no token as a password, no password as a token */
	{ "PLAIN XOAUTH2", "plain xoauth2", "eut", "XOAUTH2" },
	{ "PLAIN XOAUTH2", "xoauth2 plain", "eu", "PLAIN" },
	{ "PLAIN XOAUTH2 OAUTHBEARER", "auto", "eu", "PLAIN" },

	{ "PLAIN LOGIN SCRAM-SHA-256", "xoauth2 oauthbearer", "eut",
	  "the server takes no tokens the way `login` says: it offers PLAIN "
	  "LOGIN SCRAM-SHA-256, `login` allows xoauth2 oauthbearer" },
	{ "PLAIN LOGIN CRAM-MD5", "auto", "eut", "the server takes no tokens" },
	{ "PLAIN", "plain", "eut", "the server takes no tokens" },
	{ "XOAUTH2", "xoauth2", "eu", "no way to log in that both" },
	{ "XOAUTH2 OAUTHBEARER", "xoauth2 oauthbearer", "ut",
	  "would send the password in clear" },
	{ "PLAIN LOGIN", "auto", "u",
	  "the server offers PLAIN LOGIN, which would send the password in "
	  "clear: use `tls starttls` or `tls implicit`" },
	{ "PLAIN", "plain", "bu", "would send the password in clear" },
	{ "CRAM-MD5 XOAUTH2", "auto", "eu",
	  "no way to log in that both sides know: the server offers CRAM-MD5 "
	  "XOAUTH2, `login` allows auto" },
	{ "PLAIN LOGIN", "scram-sha-256", "eu",
	  "the server offers PLAIN LOGIN, `login` allows scram-sha-256" },
	{ "SCRAM-SHA-256-PLUS", "auto", "eu", "no way to log in" },
	{ "PLAINX XPLAIN PLAI", "auto", "eu", "no way to log in" },
	{ "", "auto", "eu", "the server offers no login: check `host`" },
	{ "  ", "auto", "eu", "the server offers no login: check `host`" },
	{ "PLAIN", "auto", "e",
	  "the server wants a login: set `user` and `password`" },
	{ "EXTERNAL PLAIN", "external", "eu",
	  "login with EXTERNAL needs a client certificate" },
	{ "EXTERNAL", "auto", "ecu", "no way to log in" },
};

START_TEST(the_choice)
{
	const struct choice *c = &choices[_i];
	struct secret *password = secret_create(PASSWORD, strlen(PASSWORD));
	bool has_user = strchr(c->settings, 'u') != NULL;
	struct sasl_settings settings = {
		.host = "smarthost.test",
		.user = has_user ? USER : NULL,
		.password = has_user ? password : NULL,
		.allowed = c->allowed,
		.is_token = strchr(c->settings, 't') != NULL,
		.encrypted = strchr(c->settings, 'e') != NULL,
		.has_certificate = strchr(c->settings, 'c') != NULL,
		.binding = strchr(c->settings, 'b') != NULL ? BINDING : NULL,
	};
	struct fault f = { 0 };
	const char *chosen = sasl_choose(&settings, c->offered, &f);

	if (chosen != NULL) {
		ck_assert_str_eq(chosen, c->chosen);
		ck_assert_int_eq(f.kind, FAULT_NONE);
	} else {
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(f.text, c->chosen) != NULL, "%s", f.text);
	}
	secret_free(&password);
}
END_TEST

/* --- a server ------------------------------------------------------------- */

struct server {
	Gsasl *library;
	Gsasl_session *session;
	const char *password;
	const char *binding;
	bool is_exporter;
	int code; /* of the last step */
};

static int answer_server(Gsasl *library, Gsasl_session *session,
                         Gsasl_property property)
{
	const struct server *server = gsasl_session_hook_get(session);
	const char *user, *password;

	(void)library;
	switch ((int)property) {
	case GSASL_PASSWORD:
		return gsasl_property_set(session, GSASL_PASSWORD,
		                          server->password);
	case GSASL_REALM:
		return gsasl_property_set(session, GSASL_REALM, "realm.test");
	case GSASL_CB_TLS_EXPORTER:
		return server->is_exporter && server->binding != NULL
		               ? gsasl_property_set(session, property,
		                                    server->binding)
		               : GSASL_NO_CALLBACK;
	case GSASL_CB_TLS_UNIQUE:
		return !server->is_exporter && server->binding != NULL
		               ? gsasl_property_set(session, property,
		                                    server->binding)
		               : GSASL_NO_CALLBACK;
	case GSASL_VALIDATE_SIMPLE:
		user = gsasl_property_get(session, GSASL_AUTHID);
		password = gsasl_property_fast(session, GSASL_PASSWORD);
		return strcmp(user, USER) == 0 &&
		                       strcmp(password, server->password) == 0
		               ? GSASL_OK
		               : GSASL_AUTHENTICATION_ERROR;
	case GSASL_VALIDATE_EXTERNAL: return GSASL_OK;
	default: return GSASL_NO_CALLBACK;
	}
}

static void open_server(struct server *s, const char *mechanism)
{
	ck_assert_int_eq(gsasl_init(&s->library), GSASL_OK);
	gsasl_callback_set(s->library, answer_server);
	ck_assert_int_eq(gsasl_server_start(s->library, mechanism, &s->session),
	                 GSASL_OK);
	gsasl_session_hook_set(s->session, s);
	if (strcmp(mechanism, "DIGEST-MD5") == 0 ||
	    strcmp(mechanism, "CRAM-MD5") == 0) {
		gsasl_property_set(s->session, GSASL_SERVICE, "smtp");
		gsasl_property_set(s->session, GSASL_HOSTNAME,
		                   "smarthost.test");
	}
}

static void close_server(struct server *s)
{
	gsasl_finish(s->session);
	gsasl_done(s->library);
}

/* An SMTP dialogue: the server's steps become 334 lines until it is content
 * (235) or not (535).  What the client said last is wiped with its buffer. */
static int log_in(struct sasl *client, struct server *server, struct fault *f)
{
	struct sbuf answer;
	char *challenge = NULL;
	int result = 0;

	sbuf_init(&answer, 20000);
	if (sasl_is_client_first(client))
		result = sasl_step(client, "", &answer, f);
	server->code = GSASL_NEEDS_MORE;
	while (result == 0 && server->code == GSASL_NEEDS_MORE) {
		server->code =
			gsasl_step64(server->session, answer.data, &challenge);
		if (server->code != GSASL_NEEDS_MORE &&
		    (server->code != GSASL_OK || *challenge == '\0'))
			break;
		sbuf_reset(&answer);
		result = sasl_step(client, challenge, &answer, f);
		gsasl_free(challenge);
		challenge = NULL;
	}
	gsasl_free(challenge);
	sbuf_release(&answer);
	return result;
}

static const struct login {
	const char *mechanism;
	const char *password; /* the client's */
	const char *binding;  /* the client's */
	const char *their_binding;
	bool is_exporter;
	bool accepted;
	bool proved;
} logins[] = {
	{ "PLAIN", PASSWORD, NULL, NULL, false, true, true },
	{ "PLAIN", "wrong", NULL, NULL, false, false, true },
	{ "LOGIN", PASSWORD, NULL, NULL, false, true, true },
	{ "LOGIN", "wrong", NULL, NULL, false, false, true },
	{ "CRAM-MD5", PASSWORD, NULL, NULL, false, true, true },
	{ "CRAM-MD5", "wrong", NULL, NULL, false, false, true },
	{ "DIGEST-MD5", PASSWORD, NULL, NULL, false, true, true },
	{ "DIGEST-MD5", "wrong", NULL, NULL, false, false, false },
	{ "SCRAM-SHA-1", PASSWORD, NULL, NULL, false, true, true },
	{ "SCRAM-SHA-1", "wrong", NULL, NULL, false, false, false },
	{ "SCRAM-SHA-256", PASSWORD, NULL, NULL, false, true, true },
	{ "SCRAM-SHA-256", "wrong", NULL, NULL, false, false, false },
	/* libgsasl 2.2.0 fails here when the binding is set without -PLUS. */
	{ "SCRAM-SHA-256", PASSWORD, BINDING, NULL, true, true, true },
	{ "SCRAM-SHA-1-PLUS", PASSWORD, BINDING, BINDING, true, true, true },
	{ "SCRAM-SHA-1-PLUS", PASSWORD, BINDING, BINDING, false, true, true },
	{ "SCRAM-SHA-256-PLUS", PASSWORD, BINDING, BINDING, true, true, true },
	{ "SCRAM-SHA-256-PLUS", PASSWORD, BINDING, BINDING, false, true, true },
	{ "SCRAM-SHA-256-PLUS", PASSWORD, BINDING, OTHER_BINDING, true, false,
	  false },
	{ "EXTERNAL", PASSWORD, NULL, NULL, false, true, true },
};

START_TEST(a_login)
{
	const struct login *l = &logins[_i];
	struct server server = { .password = PASSWORD,
		                 .binding = l->their_binding,
		                 .is_exporter = l->is_exporter };
	struct secret *password =
		secret_create(l->password, strlen(l->password));
	struct sasl_settings settings = { .host = "smarthost.test",
		                          .user = USER,
		                          .password = password,
		                          .allowed = l->mechanism,
		                          .encrypted = true,
		                          .has_certificate = true,
		                          .binding = l->binding,
		                          .is_exporter = l->is_exporter };
	struct fault f = { 0 };
	struct sasl *client;

	open_server(&server, l->mechanism);
	ck_assert_str_eq(sasl_choose(&settings, l->mechanism, &f),
	                 l->mechanism);
	client = sasl_create(&settings, l->mechanism, &f);
	ck_assert_msg(client != NULL, "%s", f.text);
	secret_free(&password); /* the client has its own copy */
	ck_assert_msg(log_in(client, &server, &f) == 0, "%s", f.text);
	ck_assert_msg((server.code == GSASL_OK) == l->accepted, "%s",
	              gsasl_strerror(server.code));
	ck_assert(sasl_is_proved(client) == l->proved);
	sasl_free(&client);
	ck_assert_ptr_null(client);
	close_server(&server);
}
END_TEST

/* --- exact bytes, and servers that misbehave ------------------------------ */

static bool is_of_tokens(const char *mechanism)
{
	return strcmp(mechanism, "XOAUTH2") == 0 ||
	       strcmp(mechanism, "OAUTHBEARER") == 0;
}

static struct sasl *client_for(const char *mechanism, const char *user,
                               const char *bytes, size_t n, struct fault *f)
{
	struct secret *password = secret_create(bytes, n);
	struct sasl_settings settings = { .host = "smarthost.test",
		                          .user = user,
		                          .password = password,
		                          .port = 587,
		                          .allowed = "auto",
		                          .is_token = is_of_tokens(mechanism),
		                          .encrypted = true,
		                          .has_certificate = true };
	struct sasl *client = sasl_create(&settings, mechanism, f);

	secret_free(&password);
	return client;
}

START_TEST(what_is_sent)
{
	static const struct {
		const char *mechanism;
		const char *user;
		bool is_client_first;
		const char *turns[6]; /* challenge, answer, ... */
	} cases[] = {
		{ "PLAIN",
		  "tim",
		  true,
		  { "", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm" } },
		{ "LOGIN",
		  "tim",
		  false,
		  { "VXNlcm5hbWU6", "dGlt", "UGFzc3dvcmQ6",
		    "dGFuc3RhYWZ0YW5zdGFhZg==" } },
		{ "LOGIN",
		  "tim",
		  false,
		  { "", "dGlt", "", "dGFuc3RhYWZ0YW5zdGFhZg==" } },
		{ "EXTERNAL", NULL, true, { "", "" } },
		{ "EXTERNAL", "tim", true, { "", "dGlt" } },
		/* RFC 2195, section 2. */
		{ "CRAM-MD5",
		  "tim",
		  false,
		  { "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
		    "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw" } },
	};
	struct fault f = { 0 };
	struct sbuf answer;
	struct sasl *client = client_for(cases[_i].mechanism, cases[_i].user,
	                                 "tanstaaftanstaaf", 16, &f);

	ck_assert_msg(client != NULL, "%s", f.text);
	ck_assert(sasl_is_client_first(client) == cases[_i].is_client_first);
	sbuf_init(&answer, 1000);
	for (size_t i = 0; cases[_i].turns[i] != NULL; i += 2) {
		sbuf_reset(&answer);
		ck_assert_msg(
			sasl_step(client, cases[_i].turns[i], &answer, &f) == 0,
			"%s", f.text);
		ck_assert_str_eq(answer.data, cases[_i].turns[i + 1]);
	}
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

/* Base64 of a text, good until the next call. */
static const char *base64(const char *text)
{
	static char encoded[1000];
	char *out = NULL;
	size_t n = 0;

	gsasl_base64_to(text, strlen(text), &out, &n);
	snprintf(encoded, sizeof(encoded), "%.*s", (int)n, out);
	gsasl_free(out);
	return encoded;
}

START_TEST(a_bad_challenge)
{
	static const struct {
		const char *mechanism;
		const char *challenge; /* as it comes, second step */
		enum fault_kind kind;
		const char *text;
	} cases[] = {
		{ "SCRAM-SHA-256", "not base64!", FAULT_TEMP,
		  "the server's challenge for SCRAM-SHA-256 is not base64: not "
		  "base64!" },
		{ "SCRAM-SHA-256", "", FAULT_TEMP,
		  "the server does not follow the rules of SCRAM-SHA-256" },
		{ "SCRAM-SHA-256", "AAAA", FAULT_TEMP, "does not follow" },
		{ "PLAIN", "AAAA", FAULT_TEMP,
		  "the server does not follow the rules of PLAIN" },
	};
	struct fault f = { 0 };
	struct sbuf answer;
	struct sasl *client = client_for(cases[_i].mechanism, USER, "x", 1, &f);

	sbuf_init(&answer, 1000);
	ck_assert_int_eq(sasl_step(client, "", &answer, &f), 0);
	sbuf_reset(&answer);
	ck_assert_int_eq(sasl_step(client, cases[_i].challenge, &answer, &f),
	                 -1);
	ck_assert_msg(strstr(f.text, cases[_i].text) != NULL, "%s", f.text);
	ck_assert_int_eq(f.kind, cases[_i].kind);
	ck_assert_uint_eq(answer.len, 0);
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

/* An answer to the client's first message "n,,n=...,r=NONCE": its nonce
 * continued, then `rest`. */
static void server_first(struct sbuf *to, const char *client_first,
                         const char *rest)
{
	char *text = NULL, *bare;
	size_t n = 0;
	char line[500];

	gsasl_base64_from(client_first, strlen(client_first), &text, &n);
	snprintf(line, sizeof(line), "%.*s", (int)n, text);
	gsasl_free(text);
	bare = strstr(line, "r=");
	ck_assert_ptr_nonnull(bare);
	sbuf_addf(to, "%smore,%s", bare, rest);
}

START_TEST(a_scram_server_that_is_none)
{
	static const struct {
		const char *first; /* after the nonce */
		const char *final;
		enum fault_kind kind;
		const char *text;
	} cases[] = {
		{ "s=c2FsdA==,i=4294967295", NULL, FAULT_TEMP,
		  "the server asks for too much work (4294967295 iterations of "
		  "SCRAM-SHA-256): name another mechanism in `login`" },
		{ "s=c2FsdA==,i=99999999999999999999999", NULL, FAULT_TEMP,
		  "too much work" },
		{ "s=c2FsdA==,i=0", NULL, FAULT_TEMP, "does not follow" },
		{ "s=c2FsdA==", NULL, FAULT_TEMP, "does not follow" },
		{ "s=c2FsdA==,i=4096",
		  "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		  FAULT_CONFIG,
		  "the server did not prove that it knows the password "
		  "(SCRAM-SHA-256): it may be an impostor, check `host`" },
		{ "s=c2FsdA==,i=4096", "e=invalid-proof", FAULT_CONFIG,
		  "the server refuses the login (invalid-proof): check `user` "
		  "and `password`" },
		{ "s=c2FsdA==,i=4096", "", FAULT_TEMP, "does not follow" },
	};
	struct fault f = { 0 };
	struct sbuf answer, text;
	struct sasl *client = client_for("SCRAM-SHA-256", USER, "x", 1, &f);
	int result;

	sbuf_init(&answer, 1000);
	sbuf_init(&text, 1000);
	ck_assert_int_eq(sasl_step(client, "", &answer, &f), 0);
	server_first(&text, answer.data, cases[_i].first);
	sbuf_reset(&answer);
	result = sasl_step(client, base64(text.data), &answer, &f);
	if (cases[_i].final != NULL) {
		ck_assert_msg(result == 0, "%s", f.text);
		result =
			sasl_step(client, base64(cases[_i].final), &answer, &f);
	}
	ck_assert_int_eq(result, -1);
	ck_assert_msg(strstr(f.text, cases[_i].text) != NULL, "%s", f.text);
	ck_assert_int_eq(f.kind, cases[_i].kind);
	ck_assert(!sasl_is_proved(client));
	sbuf_release(&text);
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

START_TEST(rounds_and_lines_are_bounded)
{
	struct fault f = { 0 };
	struct sasl *client = client_for("LOGIN", USER, "x", 1, &f);
	struct sbuf answer, line;
	int rounds = 0;

	sbuf_init(&answer, 20000);
	while (rounds < 20 && sasl_step(client, "", &answer, &f) == 0)
		rounds++;
	ck_assert_int_le(rounds, 10);
	sasl_free(&client);

	client = client_for("LOGIN", USER, "x", 1, &f);
	sbuf_init(&line, 20000);
	while (line.len < 12292)
		sbuf_addstr(&line, "AAAA");
	ck_assert_int_eq(sasl_step(client, line.data, &answer, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_str_eq(f.text,
	                 "the server does not come to an end with LOGIN: name "
	                 "another mechanism in `login`");
	sasl_free(&client);

	/* And ours: a password whose base64 is longer than any server takes. */
	sbuf_reset(&answer);
	client = client_for("PLAIN", USER, line.data, line.len, &f);
	ck_assert_int_eq(sasl_step(client, "", &answer, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_str_eq(f.text,
	                 "the user name or password is too long to be sent");
	sasl_free(&client);
	sbuf_release(&line);
	sbuf_release(&answer);
}
END_TEST

START_TEST(passwords_that_cannot_be_sent)
{
	static const struct {
		const char *mechanism;
		const char *bytes;
		size_t n;
		const char *text; /* NULL: it can */
	} cases[] = {
		{ "PLAIN", "a\0b", 3, "the password has a NUL byte inside" },
		{ "PLAIN", "a\nb \xff", 5, NULL },
		{ "SCRAM-SHA-256", "a\xff", 2,
		  "characters that SCRAM-SHA-256 cannot send: change it, or "
		  "set "
		  "`login plain`" },
		{ "SCRAM-SHA-256", "a\x01", 2, "cannot send" },
		{ "SCRAM-SHA-256", "p\xc3\xa9 ", 4, NULL },
		{ "CRAM-MD5", "a\xff", 2, "cannot send" },
	};
	struct fault f = { 0 };
	struct sbuf answer, text;
	struct sasl *client = client_for(cases[_i].mechanism, USER,
	                                 cases[_i].bytes, cases[_i].n, &f);
	int result = client != NULL ? 0 : -1;

	sbuf_init(&answer, 1000);
	sbuf_init(&text, 1000);
	if (result == 0 && sasl_is_client_first(client))
		result = sasl_step(client, "", &answer, &f);
	if (result == 0 && strncmp(cases[_i].mechanism, "SCRAM", 5) == 0) {
		server_first(&text, answer.data, "s=c2FsdA==,i=4096");
		result = sasl_step(client, base64(text.data), &answer, &f);
	}
	ck_assert_int_eq(result, cases[_i].text == NULL ? 0 : -1);
	if (cases[_i].text != NULL) {
		ck_assert_msg(strstr(f.text, cases[_i].text) != NULL, "%s",
		              f.text);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
	}
	sbuf_release(&text);
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

/* --- tokens --------------------------------------------------------------- */

START_TEST(a_token_is_sent)
{
	static const char why[] = "{\"status\":\"401\",\"scope\":\"x\"}";
	static const struct {
		const char *mechanism, *initial, *acknowledgement;
	} cases[] = {
		/* of Microsoft's documentation */
		{ "XOAUTH2",
		  "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmV"
		  "yIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ"
		  "==",
		  "" },
		{ "OAUTHBEARER",
		  "bixhPXRlc3RAY29udG9zby5vbm1pY3Jvc29mdC5jb20sAWhvc3Q9c21hcnR"
		  "ob3N0LnRlc3QBcG9ydD01ODcBYXV0aD1CZWFyZXIgRXdCQUFsM0JBQVVGRn"
		  "BVQW83SjNWZTBiakxCV1pXQ2NsUkMzRW9BQQEB",
		  "AQ==" },
	};
	struct fault f = { 0 };
	struct sbuf answer;
	struct sasl *client =
		client_for(cases[_i].mechanism, "test@contoso.onmicrosoft.com",
	                   "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA", 40, &f);

	ck_assert_msg(client != NULL, "%s", f.text);
	ck_assert(sasl_is_client_first(client));
	ck_assert_uint_eq(secret_length(sasl_token(client)), 40);
	sbuf_init(&answer, 1000);
	ck_assert_int_eq(sasl_step(client, "", &answer, &f), 0);
	ck_assert_str_eq(answer.data, cases[_i].initial);
	ck_assert_str_eq(sasl_refusal(client), "");
	ck_assert(sasl_is_proved(client)); /* 235 now is good */
	sbuf_reset(&answer);
	ck_assert_int_eq(sasl_step(client, base64(why), &answer, &f), 0);
	ck_assert_str_eq(answer.data, cases[_i].acknowledgement);
	ck_assert_str_eq(sasl_refusal(client), "status=401 scope=x");
	sbuf_reset(&answer);
	ck_assert_int_eq(sasl_step(client, base64(why), &answer, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_uint_eq(answer.len, 0);
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

/* It says why in its own way. */
START_TEST(a_reason_that_is_not_base64)
{
	struct fault f = { 0 };
	struct sbuf answer;
	struct sasl *client = client_for("XOAUTH2", USER, "token", 5, &f);

	sbuf_init(&answer, 1000);
	ck_assert_int_eq(sasl_step(client, "", &answer, &f), 0);
	sbuf_reset(&answer);
	ck_assert_int_eq(sasl_step(client, "{\"status\":401}", &answer, &f), 0);
	ck_assert_uint_eq(answer.len, 0);
	ck_assert_str_eq(sasl_refusal(client), "status=401");
	sbuf_release(&answer);
	sasl_free(&client);
}
END_TEST

START_TEST(a_token_that_cannot_be_sent)
{
	static char longest[20000];
	struct fault f = { 0 };

	ck_assert_ptr_null(client_for("XOAUTH2", USER,
	                              "a\x01"
	                              "b",
	                              3, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "this is no access token"));
	ck_assert_ptr_null(client_for("OAUTHBEARER", USER, "a b", 3, &f));
	ck_assert_ptr_null(client_for("OAUTHBEARER", USER, "a\0b", 3, &f));
	memset(longest, 'a', sizeof(longest));
	ck_assert_ptr_null(
		client_for("XOAUTH2", USER, longest, sizeof(longest), &f));
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_ptr_nonnull(strstr(f.text, "is too long (20000 bytes)"));
}
END_TEST

/* Even for a caller who did not ask sasl_choose(). */
START_TEST(a_token_is_no_password)
{
	static const char *const others[] = { "PLAIN", "LOGIN", "CRAM-MD5",
		                              "SCRAM-SHA-256" };
	struct secret *password = secret_create("x", 1);
	struct sasl_settings settings = { .host = "smarthost.test",
		                          .user = USER,
		                          .password = password,
		                          .allowed = "auto",
		                          .is_token = true,
		                          .encrypted = true };
	struct fault f = { 0 };

	for (size_t i = 0; i < COUNT_OF(others); i++)
		ck_assert_ptr_null(sasl_create(&settings, others[i], &f));
	settings.encrypted = false;
	ck_assert_ptr_null(sasl_create(&settings, "XOAUTH2", &f));
	settings.encrypted = true;
	settings.is_token = false;
	ck_assert_ptr_null(sasl_create(&settings, "XOAUTH2", &f));
	ck_assert_ptr_null(sasl_create(&settings, "OAUTHBEARER", &f));
	secret_free(&password);
}
END_TEST

/* Even for a caller who did not ask sasl_choose(). */
START_TEST(no_password_in_clear)
{
	struct secret *password = secret_create("x", 1);
	struct sasl_settings settings = { .host = "smarthost.test",
		                          .user = USER,
		                          .password = password,
		                          .allowed = "auto" };
	static const char *const names[] = { "PLAIN", "LOGIN" };
	struct fault f = { 0 };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert_ptr_null(sasl_create(&settings, names[i], &f));
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_ptr_nonnull(
			strstr(f.text, "would send the password in clear"));
	}
	ck_assert_ptr_null(sasl_create(&settings, "NTLM", &f));
	ck_assert_str_eq(f.text, "unknown way to log in: NTLM; check `login`");
	secret_free(&password);
}
END_TEST

/* --- the whole: SCRAM bound to a real TLS session ------------------------- */

START_TEST(scram_is_bound_to_tls)
{
	static const char *const priorities[] = { "NORMAL",
		                                  "NORMAL:-VERS-TLS1.3" };
	struct peer_settings peer_settings = { .certificate = "good",
		                               .priority = priorities[_i] };
	struct tls_settings tls = { .ca_file = peer_path("ca.pem") };
	struct secret *password = secret_create(PASSWORD, strlen(PASSWORD));
	struct sasl_settings settings = { .host = "smarthost.test",
		                          .user = USER,
		                          .password = password,
		                          .allowed = "auto",
		                          .encrypted = true };
	struct server server = { .password = PASSWORD };
	struct fault f = { 0 };
	gnutls_datum_t raw, text;
	struct sbuf binding;
	struct sasl *client;
	struct stream *s;
	struct peer peer;
	char theirs[200];
	int fds[2];

	peer_sockets(fds);
	s = stream_create(fds[0]);
	peer_open(&peer, fds[1], &peer_settings);
	ck_assert_int_eq(stream_start_tls(s, &tls, "localhost", &f), 0);
	ck_assert_int_eq(peer_shake(&peer, s, &f), STREAM_DONE);
	sbuf_init(&binding, 100);
	ck_assert(stream_binding(s, &settings.is_exporter, &binding));
	settings.binding = binding.data;
	server.is_exporter = settings.is_exporter;
	gnutls_session_channel_binding(peer.session,
	                               server.is_exporter
	                                       ? GNUTLS_CB_TLS_EXPORTER
	                                       : GNUTLS_CB_TLS_UNIQUE,
	                               &raw);
	gnutls_base64_encode2(&raw, &text);
	snprintf(theirs, sizeof(theirs), "%.*s", (int)text.size,
	         (const char *)text.data);
	gnutls_free(raw.data);
	gnutls_free(text.data);
	server.binding = theirs;
	open_server(&server, "SCRAM-SHA-256-PLUS");
	client = sasl_create(
		&settings,
		sasl_choose(&settings, "PLAIN SCRAM-SHA-256-PLUS", &f), &f);
	ck_assert_int_eq(log_in(client, &server, &f), 0);
	ck_assert_int_eq(server.code, GSASL_OK);
	ck_assert(sasl_is_proved(client));
	sasl_free(&client);
	close_server(&server);
	sbuf_release(&binding);
	secret_free(&password);
	stream_free(&s);
	peer_close(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sasl");
	TCase *t = tcase_create("sasl");

	tcase_add_unchecked_fixture(t, peer_make_certificates,
	                            peer_remove_certificates);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, the_choice, 0, COUNT_OF(choices));
	tcase_add_loop_test(t, a_login, 0, COUNT_OF(logins));
	tcase_add_loop_test(t, what_is_sent, 0, 6);
	tcase_add_loop_test(t, a_bad_challenge, 0, 4);
	tcase_add_loop_test(t, a_scram_server_that_is_none, 0, 7);
	tcase_add_test(t, rounds_and_lines_are_bounded);
	tcase_add_loop_test(t, passwords_that_cannot_be_sent, 0, 6);
	tcase_add_loop_test(t, a_token_is_sent, 0, 2);
	tcase_add_test(t, a_reason_that_is_not_base64);
	tcase_add_test(t, a_token_that_cannot_be_sent);
	tcase_add_test(t, a_token_is_no_password);
	tcase_add_test(t, no_password_in_clear);
	tcase_add_loop_test(t, scram_is_bound_to_tls, 0, 2);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
