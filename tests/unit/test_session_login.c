/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_session_login - from the greeting to the login: TLS, AUTH, HELO
 *
 * The session knows no SASL: what is sent and answered here is only text.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "session_play.h"

/* --- TLS ---------------------------------------------------------------- */

static const struct session_settings needs_tls = {
	.helo = "laptop.invalid",
	.needs_tls = true,
};

/* Whatever a server does before TLS, perform() sees to it that nothing but
 * EHLO, STARTTLS and QUIT is said. */
/* Some servers quote what they do not understand: the login in it, whole or in
 * part, is in no fault. */
START_TEST(a_login_is_not_quoted_back)
{
	static const char *const answers[] = {
		"5.5.4 cannot decode 'AG1lAGh1bnRlcjJzZWNyZXQ='",
		"5.5.4 AUTH PLAIN AG1lAGh1bnRlcjJz...: what?",
		"5.5.4 cannot decode ...bnRlcjJzZWNyZXQ=",
	};
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
		{ "AUTH PLAIN AG1lAGh1bnRlcjJzZWNyZXQ=", 501, answers[_i] },
		{ "QUIT", 221, "bye" },
	};
	struct play p = { .settings = plain,
		          .mechanism = "PLAIN",
		          .initial = "AG1lAGh1bnRlcjJzZWNyZXQ=" };

	p.settings.is_encrypted = true;
	p.settings.needs_login = true;
	perform(&p, turns, COUNT_OF(turns));
	ck_assert(p.has_trouble);
	ck_assert_ptr_null(strstr(p.trouble.text, "bnRlcjJz"));
	ck_assert_ptr_null(strstr(p.trouble.text, "ZWNyZXQ"));
	ck_assert_ptr_nonnull(strstr(p.trouble.text, "501 5.5.4"));
}
END_TEST

START_TEST(no_tls_no_mail)
{
	static const struct {
		struct turn turns[5];
		enum fault_kind kind;
	} cases[] = {
		/* stripped */
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
		    { "QUIT", 221, "bye" } },
		  FAULT_CONFIG },
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nXXXXXXXA" },
		    { "QUIT", 221, "bye" } },
		  FAULT_CONFIG },
		/* no EHLO, and HELO would be no help */
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 502, "what?" },
		    { "QUIT", 221, "bye" } },
		  FAULT_CONFIG },
		/* refused */
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nSTARTTLS" },
		    { "STARTTLS", 454, "not now" },
		    { "QUIT", 221, "bye" } },
		  FAULT_TEMP },
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nSTARTTLS" },
		    { "STARTTLS", 502, "no" },
		    { "QUIT", 221, "bye" } },
		  FAULT_CONFIG },
		/* almost accepted */
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nSTARTTLS" },
		    { "STARTTLS", 354, "go" },
		    { "QUIT", 221, "bye" } },
		  FAULT_TEMP },
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nSTARTTLS" },
		    { "STARTTLS", 250, "ok" },
		    { "QUIT", 221, "bye" } },
		  FAULT_TEMP },
		{ { { "(greeting)", 220, "mx" },
		    { "EHLO laptop.invalid", 250, "mx\nSTARTTLS" },
		    { "STARTTLS", 421, "bye" } },
		  FAULT_TEMP },
		/* not even that */
		{ { { "(greeting)", 554, "go away" }, { "QUIT", 221, "bye" } },
		  FAULT_CONFIG },
	};
	PAIR pair = { 0 };
	struct play p;
	size_t n = 0;

	pair_init(&pair);
	p = (struct play){ .settings = needs_tls,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	p.settings.needs_login = true;
	while (cases[_i].turns[n].line != NULL)
		n++;
	perform(&p, cases[_i].turns, n);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_OPEN);
	ck_assert(p.has_trouble);
	ck_assert_int_eq(p.scope, VERDICT_SERVER);
	ck_assert_int_eq(p.trouble.kind, cases[_i].kind);
}
END_TEST

enum { NO_TLS_CASES = 9 };

/* D3: what EHLO said before TLS is forgotten. */
START_TEST(only_the_second_offer_counts)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250,
		  "mx\nSTARTTLS\nPIPELINING\nCHUNKING\nSIZE 1\nAUTH PLAIN" },
		{ "STARTTLS", 220, "go" },
		{ "(tls)", SILENT, NULL },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	p = (struct play){ .settings = needs_tls,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	p.settings.needs_login = true;
	perform(&p, turns, COUNT_OF(turns));
	ck_assert(p.has_trouble);
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_ptr_nonnull(strstr(p.trouble.text, "offers no login"));
	ck_assert_int_eq(p.trouble.kind, FAULT_CONFIG);
}
END_TEST

static void start_until_tls(struct session *s)
{
	size_t n;

	session_init(s, &needs_tls);
	receive(s, 220, "mx");
	ck_assert_int_eq(session_next(s), SESSION_WRITE);
	receive(s, 250, "mx\nSTARTTLS");
	ck_assert_int_eq(session_next(s), SESSION_WRITE);
	ck_assert_str_eq(session_line(s, &n), "STARTTLS");
	ck_assert_int_eq(session_next(s), SESSION_READ);
}

/* CVE-2011-0411: bytes behind the answer to STARTTLS, however much of a reply
 * they are, and however they come. */
START_TEST(plaintext_after_starttls)
{
	static const char bytes[] = "220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n";
	size_t first = strlen("220 go\r\n");

	for (size_t n = first + 1; n < sizeof(bytes); n++)
		for (int whole = 0; whole < 2; whole++) {
			enum verdict_scope scope;
			struct session s;

			start_until_tls(&s);
			if (whole) {
				ck_assert_uint_eq(session_receive(&s, bytes, n),
				                  n);
			} else {
				for (size_t i = 0; i < n; i++)
					session_receive(&s, bytes + i, 1);
				if (session_next(&s) == SESSION_START_TLS)
					session_encrypted(&s);
			}
			ck_assert_int_eq(session_next(&s), SESSION_DONE);
			ck_assert_ptr_nonnull(session_trouble(&s, &scope));
			ck_assert_int_eq(scope, VERDICT_SERVER);
			session_release(&s);
		}
}
END_TEST

/* --- login -------------------------------------------------------------- */

/* RFC 4954, section 4: 512 octets with CRLF, or two steps. */
START_TEST(an_initial_response_fits_or_waits)
{
	size_t most = 512 - strlen("AUTH PLAIN \r\n");

	for (size_t length = most - 1; length <= most + 1; length++) {
		char initial[600], line[620];
		PAIR pair = { 0 };
		struct play p = login_play(&pair, "PLAIN", initial);
		const struct turn one[] = {
			{ "(greeting)", 220, "mx" },
			{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
			{ line, 535, "5.7.8 no" },
			{ "QUIT", 221, "bye" },
		};
		const struct turn two[] = {
			{ "(greeting)", 220, "mx" },
			{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
			{ "AUTH PLAIN", 334, "" },
			{ initial, 535, "5.7.8 no" },
			{ "QUIT", 221, "bye" },
		};

		memset(initial, 'A', sizeof(initial));
		initial[length] = '\0';
		snprintf(line, sizeof(line), "AUTH PLAIN %s", initial);
		if (length <= most)
			perform(&p, one, COUNT_OF(one));
		else
			perform(&p, two, COUNT_OF(two));
		ck_assert_int_eq(p.scope, VERDICT_LOGIN);
		ck_assert_int_eq(p.trouble.kind, FAULT_CONFIG);
	}
}
END_TEST

static const struct turn login_end[] = {
	{ "MAIL FROM:<me@example.org>", 421, "enough" },
};

START_TEST(ways_to_log_in)
{
	static const struct {
		const char *mechanism, *initial;
		const char *answers[3];
		const char *challenges;
		struct turn turns[4];
	} cases[] = {
		{ "PLAIN",
		  "AGEAYg==",
		  { NULL },
		  "",
		  { { "AUTH PLAIN AGEAYg==", 235, "ok" } } },
		/* an empty initial response is "=" */
		{ "EXTERNAL",
		  "",
		  { NULL },
		  "",
		  { { "AUTH EXTERNAL =", 235, "ok" } } },
		/* the server speaks first */
		{ "LOGIN",
		  NULL,
		  { "dXNlcg==", "cGFzcw==" },
		  "VXNlcm5hbWU6 UGFzc3dvcmQ6 ",
		  { { "AUTH LOGIN", 334, "VXNlcm5hbWU6" },
		    { "dXNlcg==", 334, "UGFzc3dvcmQ6" },
		    { "cGFzcw==", 235, "ok" } } },
		/* a proof at the end, answered with an empty line */
		{ "SCRAM-SHA-256",
		  "biwsbj1h",
		  { "Yz1iaXdz", "" },
		  "cj1hYmM= dj14eHg= ",
		  { { "AUTH SCRAM-SHA-256 biwsbj1h", 334, "cj1hYmM=" },
		    { "Yz1iaXdz", 334, "dj14eHg=" },
		    { "", 235, "ok" } } },
	};
	struct turn turns[8] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN LOGIN" },
	};
	PAIR pair = { 0 };
	struct play p =
		login_play(&pair, cases[_i].mechanism, cases[_i].initial);
	size_t n = 2;

	memcpy(p.answers, cases[_i].answers, sizeof(cases[_i].answers));
	for (size_t i = 0; i < 4 && cases[_i].turns[i].line != NULL; i++)
		turns[n++] = cases[_i].turns[i];
	turns[n++] = login_end[0];
	perform(&p, turns, n);
	ck_assert_str_eq(p.challenges, cases[_i].challenges);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
}
END_TEST

enum { LOGIN_CASES = 4 };

/* Nothing to choose from: not a word about AUTH. */
START_TEST(no_way_to_log_in)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH NTLM" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p = login_play(&pair, NULL, NULL);

	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_str_eq(p.trouble.text, "no way to log in");
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_OPEN);
}
END_TEST

/* In the middle of a login the way out is "*". */
START_TEST(a_login_is_cancelled)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH LOGIN" },
		{ "AUTH LOGIN", 334, "nonsense" },
		{ "*", 501, "5.7.0 cancelled" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p = login_play(&pair, "LOGIN", NULL);

	perform(&p, turns, COUNT_OF(turns));
	ck_assert_str_eq(p.challenges, "nonsense ");
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_str_eq(p.trouble.text, "no answer to that");
}
END_TEST

/* D14 */
START_TEST(a_challenge_has_a_limit)
{
	static char long_text[GATE_AUTH_LIMIT + 2];
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH LOGIN" },
		{ "AUTH LOGIN", 334, long_text },
		{ "*", 421, "bye" },
	};
	PAIR pair = { 0 };
	struct play p = login_play(&pair, "LOGIN", NULL);

	memset(long_text, 'A', GATE_AUTH_LIMIT + 1);
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_int_eq(p.trouble.kind, FAULT_TEMP);
	ck_assert_str_eq(p.challenges, "");
}
END_TEST

/* An answer that is too long is not cut, and an empty one not sent for it. */
START_TEST(an_answer_has_a_limit)
{
	for (size_t more = 0; more < 2; more++) {
		static char answer[GATE_AUTH_LIMIT + 2];
		const struct turn turns[] = {
			{ "(greeting)", 220, "mx" },
			{ "EHLO laptop.invalid", 250, "mx\nAUTH LOGIN" },
			{ "AUTH LOGIN", 334, "VXNlcm5hbWU6" },
			{ more ? "*" : answer, 535, "no" },
			{ "QUIT", 221, "bye" },
		};
		PAIR pair = { 0 };
		struct play p = login_play(&pair, "LOGIN", NULL);

		memset(answer, 'A', GATE_AUTH_LIMIT + more);
		answer[GATE_AUTH_LIMIT + more] = '\0';
		p.answers[0] = answer;
		perform(&p, turns, COUNT_OF(turns));
		ck_assert_int_eq(p.trouble.kind, FAULT_CONFIG);
		if (more)
			ck_assert_ptr_nonnull(strstr(p.trouble.text, "12288"));
	}
}
END_TEST

START_TEST(an_initial_response_has_a_limit)
{
	static char initial[GATE_AUTH_LIMIT + 2];
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p = login_play(&pair, "PLAIN", initial);

	memset(initial, 'A', GATE_AUTH_LIMIT + 1);
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_int_eq(p.trouble.kind, FAULT_CONFIG);
}
END_TEST

/* Shown in a log: everything but these. */
START_TEST(secrets_are_marked)
{
	struct session s;
	size_t n;

	session_init(&s, &needs_login);
	receive(&s, 220, "mx");
	session_next(&s);
	ck_assert(!session_line_is_secret(&s));
	receive(&s, 250, "mx\nAUTH LOGIN");
	ck_assert_int_eq(session_next(&s), SESSION_LOGIN);
	session_login(&s, "LOGIN", NULL);
	session_next(&s);
	ck_assert(session_line_is_secret(&s));
	receive(&s, 334, "VXNlcm5hbWU6");
	ck_assert_int_eq(session_next(&s), SESSION_CHALLENGE);
	session_answer(&s, "dXNlcg==");
	session_next(&s);
	ck_assert_str_eq(session_line(&s, &n), "dXNlcg==");
	ck_assert(session_line_is_secret(&s));
	receive(&s, 235, "ok");
	ck_assert_int_eq(session_next(&s), SESSION_PROOF);
	session_proved(&s);
	ck_assert_str_eq(session_line(&s, &n), ""); /* nothing is kept */
	ck_assert_int_eq(session_next(&s), SESSION_IDLE);
	session_quit(&s);
	session_next(&s);
	ck_assert(!session_line_is_secret(&s));
	session_release(&s);
}
END_TEST

/* A server without proof of the password: nothing more is said to it. */
START_TEST(an_impostor)
{
	enum verdict_scope scope;
	struct session s;
	struct fault f;

	session_init(&s, &needs_login);
	receive(&s, 220, "mx");
	session_next(&s);
	receive(&s, 250, "mx\nAUTH SCRAM-SHA-256");
	session_next(&s);
	session_login(&s, "SCRAM-SHA-256", "biwsbj1h");
	session_next(&s);
	receive(&s, 235, "welcome");
	ck_assert_int_eq(session_next(&s), SESSION_PROOF);
	fault_set(&f, FAULT_CONFIG, "4.7.0", "not proved");
	session_broken(&s, VERDICT_LOGIN, &f);
	ck_assert_int_eq(session_next(&s), SESSION_DONE);
	ck_assert_str_eq(session_trouble(&s, &scope)->text, "not proved");
	ck_assert_int_eq(scope, VERDICT_LOGIN);
	session_release(&s);
}
END_TEST

/* --- HELO --------------------------------------------------------------- */

START_TEST(helo_where_it_is_enough)
{
	static const int unknown[] = { 500, 502, 504 };

	for (size_t i = 0; i < COUNT_OF(unknown); i++) {
		const struct turn turns[] = {
			{ "(greeting)", 220, "mx" },
			{ "EHLO laptop.invalid", unknown[i], "what?" },
			{ "HELO laptop.invalid", 250, "mx\nPIPELINING" },
			{ "MAIL FROM:<me@example.org>", 250, "ok" },
			{ "RCPT TO:<gone@example.org>", 250, "ok" },
			{ "RCPT TO:<here@example.org>", 250, "ok" },
			{ "DATA", 354, "go" },
			{ "(message)", 250, "ok" },
			{ "QUIT", 221, "bye" },
		};
		PAIR pair = { 0 };
		struct play p;

		play_pair(&p, &pair, turns, COUNT_OF(turns));
		ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
		ck_assert_uint_eq(p.flights, 9); /* it offered nothing */
	}
}
END_TEST

START_TEST(no_helo_where_a_login_is_needed)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 502, "what?" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	p.settings.needs_login = true;
	perform(&p, turns, COUNT_OF(turns));
	ck_assert(p.has_trouble);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session_login");
	TCase *tc = tcase_create("session_login");

	tcase_add_loop_test(tc, a_login_is_not_quoted_back, 0, 3);
	tcase_add_loop_test(tc, no_tls_no_mail, 0, NO_TLS_CASES);
	tcase_add_test(tc, only_the_second_offer_counts);
	tcase_add_test(tc, plaintext_after_starttls);
	tcase_add_test(tc, an_initial_response_fits_or_waits);
	tcase_add_loop_test(tc, ways_to_log_in, 0, LOGIN_CASES);
	tcase_add_test(tc, no_way_to_log_in);
	tcase_add_test(tc, a_login_is_cancelled);
	tcase_add_test(tc, a_challenge_has_a_limit);
	tcase_add_test(tc, an_answer_has_a_limit);
	tcase_add_test(tc, an_initial_response_has_a_limit);
	tcase_add_test(tc, secrets_are_marked);
	tcase_add_test(tc, an_impostor);
	tcase_add_test(tc, helo_where_it_is_enough);
	tcase_add_test(tc, no_helo_where_a_login_is_needed);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
