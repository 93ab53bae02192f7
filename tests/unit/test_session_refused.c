/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_session_refused - a login that was refused, and is begun again */
#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "session_play.h"

#define SECRET "ya29.secret-token"
#define IN_BASE64 "dXNlcj1tZQFhdXRoPUJlYXJlciB5YTI5LnNlY3JldC10b2tlbgEB"
#define NEWER "bmV3ZXI="

static struct play token_play(struct pair *pair, const char *again)
{
	struct play p = login_play(pair, "XOAUTH2", IN_BASE64);

	p.token = SECRET;
	p.again = again;
	return p;
}

static const struct refusal {
	struct turn turns[4]; /* of the first AUTH */
	bool wants_new_token, wants_other_way;
	enum fault_kind kind;
	enum verdict_scope scope;
} refusals[] = {
	{ { { "AUTH XOAUTH2 " IN_BASE64, 334, "eyJzdGF0dXMiOiI0MDEifQ==" },
	    { "", 535, "5.7.8 no" } },
	  true,
	  false,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 535, "5.7.3 no" } },
	  true,
	  false,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 501, "5.5.127 expires soon" } },
	  true,
	  false,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 504, "5.5.4 what?" } },
	  false,
	  true,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 535, "5.7.139 disabled" } },
	  false,
	  false,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 454, "4.7.0 later" } },
	  false,
	  false,
	  FAULT_TEMP,
	  VERDICT_LOGIN },
	{ { { "AUTH XOAUTH2 " IN_BASE64, 500, "5.5.2 too long" },
	    { "AUTH XOAUTH2", 334, "" },
	    { IN_BASE64, 535, "5.7.8 no" } },
	  true,
	  false,
	  FAULT_CONFIG,
	  VERDICT_LOGIN },
};

static size_t add_turns(struct turn *turns, const struct refusal *r)
{
	size_t n = 2;

	turns[0] = (struct turn){ "(greeting)", 220, "mx" };
	turns[1] =
		(struct turn){ "EHLO laptop.invalid", 250, "mx\nAUTH XOAUTH2" };
	for (size_t i = 0; i < 4 && r->turns[i].line != NULL; i++)
		turns[n++] = r->turns[i];
	return n;
}

START_TEST(a_refusal_is_told)
{
	const struct refusal *r = &refusals[_i];
	struct turn turns[10];
	PAIR pair = { 0 };
	struct play p = token_play(&pair, NULL);
	size_t n = add_turns(turns, r);

	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	p.answers[0] = "";
	perform(&p, turns, n);
	ck_assert(p.wants_new_token == r->wants_new_token);
	ck_assert(p.wants_other_way == r->wants_other_way);
	ck_assert_int_eq(p.trouble.kind, r->kind);
	ck_assert_int_eq(p.scope, r->scope);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_OPEN);
}
END_TEST

/* And the rest of the session is as if nothing had been. */
START_TEST(a_login_is_begun_again)
{
	struct turn turns[16];
	PAIR pair = { 0 };
	struct play p = token_play(&pair, NEWER);
	size_t n = add_turns(turns, &refusals[_i]);
	bool is_two_steps = turns[n - 1].line[0] == 'd';

	if (is_two_steps) { /* the server keeps to it */
		turns[n++] = (struct turn){ "AUTH XOAUTH2", 334, "" };
		turns[n++] = (struct turn){ NEWER, 235, "ok" };
	} else {
		turns[n++] = (struct turn){ "AUTH XOAUTH2 " NEWER, 235, "ok" };
	}
	turns[n++] = (struct turn){ "MAIL FROM:<me@example.org>", 250, "ok" };
	turns[n++] = (struct turn){ "RCPT TO:<gone@example.org>", 550, "no" };
	turns[n++] = (struct turn){ "RCPT TO:<here@example.org>", 250, "ok" };
	turns[n++] = (struct turn){ "DATA", 354, "go" };
	turns[n++] = (struct turn){ "(message)", 250, "ok" };
	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	p.answers[0] = "";
	perform(&p, turns, n);
	ck_assert(!p.has_trouble);
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
}
END_TEST

START_TEST(the_second_refusal_counts)
{
	struct turn turns[10];
	PAIR pair = { 0 };
	struct play p = token_play(&pair, NEWER);
	size_t n = add_turns(turns, &refusals[1]);

	turns[n++] = (struct turn){ "AUTH XOAUTH2 " NEWER, 454, "4.7.0 later" };
	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	perform(&p, turns, n);
	ck_assert_int_eq(p.trouble.kind, FAULT_TEMP);
	ck_assert_str_eq(p.trouble.code, "4.7.0");
	ck_assert_str_eq(p.refusals,
	                 "AUTH: 535 5.7.3 no (the server does not take the "
	                 "access token: check `user`, and for whom and what "
	                 "the token is)\n"
	                 "AUTH: 454 4.7.0 later\n");
}
END_TEST

/* It hung up, and what it said before is why: perhaps not of the second. */
START_TEST(a_server_that_hangs_up)
{
	struct turn turns[10];
	PAIR pair = { 0 };
	struct play p = token_play(&pair, NEWER);
	size_t n = add_turns(turns, &refusals[1]);

	turns[n++] = (struct turn){ "AUTH XOAUTH2 " NEWER, LOST, NULL };
	perform(&p, turns, n);
	ck_assert_int_eq(p.trouble.kind, FAULT_TEMP);
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_str_eq(p.trouble.code, "5.7.3");
}
END_TEST

/* 421 ends it, whatever could be done. */
START_TEST(good_bye_to_a_login)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH XOAUTH2" },
		{ "AUTH XOAUTH2 " IN_BASE64, 421, "4.7.0 bye" },
	};
	PAIR pair = { 0 };
	struct play p = token_play(&pair, NEWER);

	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(p.scope, VERDICT_SERVER);
	ck_assert_str_eq(p.refusals, "");
}
END_TEST

/* In base64 or as it is, at once or behind a 334. */
START_TEST(a_token_is_not_quoted_back)
{
	static const char *const quotes[] = {
		"5.7.8 " SECRET " is too old",
		"5.7.8 Bearer ya29.sec ends",
		"5.7.8 cannot take " IN_BASE64,
		"5.7.8 ...FhdXRoPUJlYXJlciB5YTI5LnN...",
		"5.7.8 one\ntwo " SECRET "\n" IN_BASE64,
	};

	for (size_t i = 0; i < COUNT_OF(quotes); i++)
		for (size_t first = 0; first < 2; first++) {
			struct turn turns[10];
			PAIR pair = { 0 };
			struct play p = token_play(&pair, NULL);
			size_t n = add_turns(turns, &refusals[first]);

			turns[n - 1].text = quotes[i];
			turns[n++] = (struct turn){ "QUIT", 221, "bye" };
			p.answers[0] = "";
			perform(&p, turns, n);
			ck_assert_ptr_null(strstr(p.trouble.text, "ya29.sec"));
			ck_assert_ptr_null(strstr(p.trouble.text, "RoPUJlYX"));
			ck_assert_ptr_nonnull(strstr(p.trouble.text, "***"));
		}
}
END_TEST

static void wait_for_answer(struct session *s)
{
	while (session_next(s) != SESSION_READ)
		ck_assert_int_ne(s->step, STEP_END);
}

/* As soon as no more answer can quote it. */
START_TEST(a_login_is_forgotten)
{
	const struct fault f = { .kind = FAULT_TEMP };

	for (int way = 0; way < 3; way++) {
		struct secret *token = secret_create(SECRET, strlen(SECRET));
		struct session s;

		session_init(&s, &needs_login);
		receive(&s, 220, "mx");
		wait_for_answer(&s);
		receive(&s, 250, "mx\nAUTH XOAUTH2");
		ck_assert_int_eq(session_next(&s), SESSION_LOGIN);
		session_use_token(&s, token);
		secret_free(&token);
		session_login(&s, "XOAUTH2", IN_BASE64);
		wait_for_answer(&s);
		ck_assert_ptr_nonnull(s.hidden);
		if (way == 0) { /* no answer to a challenge */
			receive(&s, 334, "");
			ck_assert_int_eq(session_next(&s), SESSION_CHALLENGE);
			session_login_failed(&s, &f);
			wait_for_answer(&s);
			receive(&s, 501, "cancelled");
		} else {
			receive(&s, 535, "no");
			ck_assert_int_eq(session_next(&s), SESSION_REFUSED);
			if (way == 1)
				session_login_failed(&s, &f);
			else
				session_login_again(&s);
		}
		ck_assert_ptr_null(s.hidden);
		ck_assert_uint_eq(s.initial.len + s.answer.len, 0);
		session_release(&s);
	}
}
END_TEST

/* Too long for the server, though not for the standard; only once, and only
 * when it says so. */
START_TEST(a_line_is_too_long)
{
	static const struct {
		const char *text;
		bool again;
	} cases[] = {
		{ "5.5.6 Authentication Exchange line is too long", true },
		{ "5.5.2 Line too long", true },
		{ "too long", true },
		{ "5.5.1 what?", false },
	};
	const struct turn short_turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
		{ "AUTH PLAIN AGEAYg==", 500, cases[_i].text },
		{ "QUIT", 221, "bye" },
	};
	const struct turn long_turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nAUTH PLAIN" },
		{ "AUTH PLAIN AGEAYg==", 500, cases[_i].text },
		{ "AUTH PLAIN", 500, cases[_i].text },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p = login_play(&pair, "PLAIN", "AGEAYg==");

	if (cases[_i].again)
		perform(&p, long_turns, COUNT_OF(long_turns));
	else
		perform(&p, short_turns, COUNT_OF(short_turns));
	ck_assert_int_eq(p.scope, VERDICT_LOGIN);
	ck_assert_int_eq(p.trouble.kind, FAULT_CONFIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session_refused");
	TCase *tc = tcase_create("session_refused");

	tcase_add_loop_test(tc, a_refusal_is_told, 0, COUNT_OF(refusals));
	tcase_add_loop_test(tc, a_login_is_begun_again, 0, COUNT_OF(refusals));
	tcase_add_test(tc, the_second_refusal_counts);
	tcase_add_test(tc, a_server_that_hangs_up);
	tcase_add_test(tc, good_bye_to_a_login);
	tcase_add_test(tc, a_token_is_not_quoted_back);
	tcase_add_test(tc, a_login_is_forgotten);
	tcase_add_loop_test(tc, a_line_is_too_long, 0, 4);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
