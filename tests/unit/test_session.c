/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_session - refused, lost and out of step, at every point
 *
 * Each test runs over servers of four kinds, with and without commands sent
 * ahead, DATA and BDAT (session_play.h).
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "session_play.h"

START_TEST(one_recipient_refused_one_accepted)
{
	struct turn turns[PAIR_TURNS];
	PAIR pair = { 0 };
	struct play p;

	pair_turns(turns, (size_t)_i);
	turns[GONE].code = 550;
	turns[GONE].text = "no such user";
	play_pair(&p, &pair, turns, PAIR_TURNS);
	ck_assert_uint_eq(p.flights, kinds[_i].flights);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_int_eq(pair.to[0].outcome.scope, VERDICT_RECIPIENT);
	ck_assert_int_eq(pair.to[0].outcome.kind, FAULT_PERM);
	ck_assert_str_eq(pair.to[0].outcome.text, "RCPT: 550 no such user");
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
	ck_assert_int_eq(pair.to[1].outcome.kind, FAULT_NONE);
	ck_assert_str_eq(pair.to[1].outcome.code, "2.6.0");
	ck_assert_str_eq(pair.to[1].outcome.text, "250 2.6.0 queued as 7");
	ck_assert(!p.has_trouble);
}
END_TEST

/* The connection is lost instead of the answer to turn `_i`. */
START_TEST(lost_at_every_point)
{
	size_t k = (size_t)_i / PAIR_TURNS, at = (size_t)_i % PAIR_TURNS;
	bool is_flight = k == 3; /* the chunk is away before MAIL's answer */
	struct turn turns[PAIR_TURNS];
	enum outcome_state expected;
	PAIR pair = { 0 };
	struct play p;

	pair_turns(turns, k);
	if (turns[at].code == SILENT)
		return;
	turns[at].code = LOST;
	if (at < MAIL)
		expected = OUTCOME_OPEN;
	else if (at == QUIT)
		expected = OUTCOME_DELIVERED;
	else if (at == MESSAGE || is_flight)
		expected = OUTCOME_DOUBT;
	else
		expected = OUTCOME_REFUSED;
	play_pair(&p, &pair, turns, PAIR_TURNS);
	for (size_t i = 0; i < 2; i++) {
		const struct outcome *o = &pair.to[i].outcome;

		ck_assert_int_eq(o->state, expected);
		if (expected == OUTCOME_REFUSED || expected == OUTCOME_DOUBT) {
			ck_assert_int_eq(o->kind, FAULT_TEMP);
			ck_assert_int_eq(o->scope, VERDICT_SERVER);
		}
	}
	ck_assert_int_eq(p.has_trouble, at != QUIT);
}
END_TEST

/* Who was refused before is not in doubt, whoever else is. */
START_TEST(lost_after_a_refusal)
{
	struct turn turns[PAIR_TURNS];
	PAIR pair = { 0 };
	struct play p;

	pair_turns(turns, (size_t)_i);
	turns[GONE].code = 550;
	turns[MESSAGE].code = LOST;
	play_pair(&p, &pair, turns, PAIR_TURNS);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_int_eq(pair.to[0].outcome.kind, FAULT_PERM);
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DOUBT);
}
END_TEST

/* Turns that a refusal at `at` leaves out or adds. */
static size_t refused_turns(struct turn turns[PAIR_TURNS + 1], size_t k,
                            size_t at, int code)
{
	bool ahead = kinds[k].is_ahead;
	bool chunks = kinds[k].has_chunks;
	bool is_begun = at > MAIL; /* the server holds a transaction */
	size_t n;

	pair_turns(turns, k);
	turns[at].code = code;
	turns[at].text = "no";
	if (at == QUIT)
		return PAIR_TURNS;
	if (at == GREETING || at == EHLO)
		n = at + 1;
	else if (ahead && chunks)
		n = MESSAGE + 1;
	else if (ahead)
		n = (at == MESSAGE ? MESSAGE : DATA) + 1;
	else
		n = at + 1;
	if (ahead && at == MAIL)
		for (size_t i = GONE; i < n; i++)
			if (turns[i].code != SILENT)
				turns[i].code = 503;
	if (at == MESSAGE)
		is_begun = chunks;
	if (ahead && chunks && at >= MAIL)
		is_begun = true; /* RFC 3030: after a refused BDAT, RSET */
	if (code == 421)
		return n;
	if (is_begun)
		turns[n++] = (struct turn){ "RSET", 250, "ok" };
	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	return n;
}

static const int codes[] = { 421, 451, 550 };

/* 421, 451 and 550 at every step of every kind of server.  A refused RCPT is
 * another matter: the other recipient goes on. */
START_TEST(refused_at_every_step)
{
	size_t k = (size_t)_i / PAIR_TURNS, at = (size_t)_i % PAIR_TURNS;

	for (size_t c = 0; c < COUNT_OF(codes); c++) {
		struct turn turns[PAIR_TURNS + 2];
		int code = codes[c];
		PAIR pair = { 0 };
		struct play p;
		size_t n;

		pair_turns(turns, k);
		if (at == GONE || at == HERE || turns[at].code == SILENT)
			continue;
		n = refused_turns(turns, k, at, code);
		pair_init(&pair);
		p = (struct play){ .settings = plain,
			           .mails = &pair.mail,
			           .mail_count = 1,
			           /* after 421 no answer is waited for */
			           .may_end_early = code == 421 };
		perform(&p, turns, n);
		for (size_t i = 0; i < 2; i++) {
			const struct outcome *o = &pair.to[i].outcome;

			if (at < MAIL) {
				ck_assert_int_eq(o->state, OUTCOME_OPEN);
			} else if (at == QUIT) {
				ck_assert_int_eq(o->state, OUTCOME_DELIVERED);
			} else {
				ck_assert_int_eq(o->state, OUTCOME_REFUSED);
				ck_assert_int_eq(o->kind, code == 550
				                                  ? FAULT_PERM
				                                  : FAULT_TEMP);
			}
		}
		ck_assert_int_eq(p.has_trouble,
		                 at != QUIT && (code == 421 || at < MAIL));
	}
}
END_TEST

/* The server says good-bye to the first recipient: nobody is in doubt. */
START_TEST(closed_at_a_recipient)
{
	struct turn turns[PAIR_TURNS];
	PAIR pair = { 0 };
	struct play p;
	size_t n = GONE + 1;

	pair_turns(turns, (size_t)_i);
	if (kinds[_i].is_ahead) {
		n = kinds[_i].has_chunks ? MESSAGE + 1 : DATA + 1;
		for (size_t i = HERE; i < n; i++)
			turns[i].code = LOST; /* never answered */
	}
	turns[GONE].code = 421;
	turns[GONE].text = "4.7.0 bye";
	pair_init(&pair);
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1,
		           .may_end_early = true };
	perform(&p, turns, n);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pair.to[i].outcome.state, OUTCOME_REFUSED);
		ck_assert_int_eq(pair.to[i].outcome.kind, FAULT_TEMP);
	}
	ck_assert(p.has_trouble);
	ck_assert_int_eq(p.scope, VERDICT_SERVER);
}
END_TEST

/* --- out of step -------------------------------------------------------- */

/* An answer too many behind the answer to `at`, in one packet or byte by byte:
 * the connection ends, and nobody counts as delivered who is not.  Where others
 * are still due the extra one passes for the next, so only the last answers of
 * a flight are tried. */
START_TEST(one_answer_too_many)
{
	static const char *const extras[] = { "250 ok\r\n", "354 go\r\n",
		                              "550 no\r\n", "nonsense\r\n",
		                              "221 bye\r\n250 ok\r\n" };
	size_t k = (size_t)_i / PAIR_TURNS, at = (size_t)_i % PAIR_TURNS;

	for (size_t e = 0; e < 2 * COUNT_OF(extras); e++) {
		struct turn turns[PAIR_TURNS];
		PAIR pair = { 0 };
		struct play p;

		pair_turns(turns, k);
		if (turns[at].code == SILENT)
			continue;
		if (kinds[k].is_ahead &&
		    (at == MAIL || at == GONE || at == HERE))
			continue;
		pair_init(&pair);
		p = (struct play){ .settings = plain,
			           .mails = &pair.mail,
			           .mail_count = 1,
			           .extra = extras[e / 2],
			           .extra_at = at,
			           .bytewise = e % 2 == 1,
			           .may_end_early = true };
		perform(&p, turns, PAIR_TURNS);
		if (at == QUIT) {
			ck_assert(!p.has_trouble);
			continue;
		}
		for (size_t i = 0; i < 2; i++) {
			const struct outcome *o = &pair.to[i].outcome;

			if (at < MAIL)
				ck_assert_int_eq(o->state, OUTCOME_OPEN);
			else if (at >= MESSAGE && kinds[k].has_chunks &&
			         kinds[k].is_ahead && !p.bytewise)
				ck_assert_int_eq(o->state, OUTCOME_DOUBT);
			else if (at >= MESSAGE)
				ck_assert_int_eq(o->state, OUTCOME_DELIVERED);
			else
				ck_assert_int_eq(o->state, OUTCOME_REFUSED);
		}
		/* 354 and then 550 is a refusal that came early */
		if (at == DATA && e / 2 == 2) {
			ck_assert_int_eq(pair.to[0].outcome.kind, FAULT_PERM);
			ck_assert(!p.has_trouble);
			continue;
		}
		ck_assert(p.has_trouble);
		ck_assert_int_eq(p.scope, VERDICT_SERVER);
		ck_assert_int_eq(p.trouble.kind, FAULT_TEMP);
	}
}
END_TEST

/* 3yz or a 2yz where it makes no sense: later, and the session ends. */
START_TEST(answers_that_make_no_sense)
{
	static const struct {
		size_t at;
		int code;
	} cases[] = { { GREETING, 354 },
		      { EHLO, 334 },
		      { MAIL, 354 },
		      { DATA, 250 },
		      { MESSAGE, 354 } };
	struct turn turns[PAIR_TURNS + 1];
	size_t n = cases[_i].at + 1;
	PAIR pair = { 0 };
	struct play p;

	pair_turns(turns, 0);
	turns[cases[_i].at].code = cases[_i].code;
	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	play_pair(&p, &pair, turns, n);
	ck_assert(p.has_trouble);
	ck_assert_int_eq(p.scope, VERDICT_SERVER);
	ck_assert_int_eq(p.trouble.kind, FAULT_TEMP);
	ck_assert_int_eq(pair.to[0].outcome.state,
	                 cases[_i].at < MAIL ? OUTCOME_OPEN : OUTCOME_REFUSED);
}
END_TEST

enum { SENSELESS_CASES = 5 };

/* What is no SMTP ends the connection; after the dot that is doubt. */
START_TEST(answers_that_are_none)
{
	struct turn turns[PAIR_TURNS];

	for (size_t at = 0; at < PAIR_TURNS; at++) {
		PAIR pair = { 0 };
		struct play p;

		pair_turns(turns, 0);
		turns[at].code = 999;
		pair_init(&pair);
		p = (struct play){ .settings = plain,
			           .mails = &pair.mail,
			           .mail_count = 1,
			           .may_end_early = true };
		perform(&p, turns, PAIR_TURNS);
		ck_assert_int_eq(p.has_trouble, at != QUIT);
		ck_assert_int_eq(pair.to[1].outcome.state,
		                 at < MAIL       ? OUTCOME_OPEN
		                 : at == MESSAGE ? OUTCOME_DOUBT
		                 : at == QUIT    ? OUTCOME_DELIVERED
		                                 : OUTCOME_REFUSED);
	}
}
END_TEST

/* --- while the content goes out ----------------------------------------- */

/* Up to the first octet of the content, nothing of it sent. */
static void begin_content(struct session *s, struct pair *pair, size_t k)
{
	enum session_action action;

	pair_init(pair);
	session_init(s, &plain);
	receive(s, 220, "mx");
	ck_assert_int_eq(session_next(s), SESSION_WRITE);
	receive(s, 250, kinds[k].offers);
	ck_assert_int_eq(session_next(s), SESSION_IDLE);
	ck_assert_uint_eq(session_send(s, &pair->mail), 2);
	while ((action = session_next(s)) == SESSION_WRITE ||
	       action == SESSION_READ) {
		size_t n;
		const char *line = session_line(s, &n);

		if (action == SESSION_WRITE)
			continue;
		receive(s,
		        strcmp(line, "DATA") == 0 && s->due_count == 1 ? 354
		                                                       : 250,
		        "ok");
	}
	ck_assert_int_eq(action,
	                 kinds[k].has_chunks ? SESSION_CHUNK : SESSION_CONTENT);
}

/* It says no before it has all of it, and that is its answer. */
START_TEST(refused_before_the_end)
{
	struct session s;
	PAIR pair = { 0 };
	enum verdict_scope scope;

	begin_content(&s, &pair, (size_t)_i);
	while (s.due_count > 0) /* BDAT in one flight */
		receive(&s, 250, "ok");
	receive(&s, 552, "5.3.4 too big");
	ck_assert_int_eq(session_next(&s), SESSION_DONE);
	session_content_sent(&s); /* too late, and no harm */
	ck_assert_int_eq(session_next(&s), SESSION_DONE);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pair.to[i].outcome.state, OUTCOME_REFUSED);
		ck_assert_str_eq(pair.to[i].outcome.code, "5.3.4");
	}
	ck_assert_ptr_null(session_trouble(&s, &scope));
	session_release(&s);
}
END_TEST

/* It cannot have taken what it does not have. */
START_TEST(accepted_before_the_end)
{
	struct session s;
	PAIR pair = { 0 };

	begin_content(&s, &pair, (size_t)_i);
	while (s.due_count > 0)
		receive(&s, 250, "ok");
	receive(&s, 250, "queued");
	ck_assert_int_eq(session_next(&s), SESSION_DONE);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pair.to[i].outcome.state, OUTCOME_REFUSED);
		ck_assert_int_eq(pair.to[i].outcome.kind, FAULT_TEMP);
	}
	session_release(&s);
}
END_TEST

/* The answers to the envelope come while the chunk goes out. */
START_TEST(answered_during_the_chunk)
{
	struct session s;
	PAIR pair = { 0 };

	begin_content(&s, &pair, 3);
	receive(&s, 250, "ok");
	receive(&s, 550, "no such user");
	receive(&s, 250, "ok");
	ck_assert_int_eq(session_next(&s), SESSION_CHUNK);
	session_content_sent(&s);
	ck_assert_int_eq(session_next(&s), SESSION_READ);
	ck_assert_uint_eq(session_timeout(&s), 600);
	receive(&s, 250, "queued");
	ck_assert_int_eq(session_next(&s), SESSION_IDLE);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
	session_release(&s);
}
END_TEST

/* The server stopped reading: what it said then is its verdict. */
START_TEST(cut_short)
{
	static const struct {
		int code;
		enum fault_kind kind;
	} cases[] = { { 552, FAULT_PERM },
		      { 451, FAULT_TEMP },
		      { 250, FAULT_TEMP },
		      { LOST, FAULT_TEMP } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct session s;
		PAIR pair = { 0 };
		struct fault f;

		begin_content(&s, &pair, (size_t)_i);
		while (s.due_count > 0)
			receive(&s, 250, "ok");
		session_content_cut(&s);
		ck_assert_int_eq(session_next(&s), SESSION_READ);
		fault_set(&f, FAULT_TEMP, "4.4.2", "gone");
		if (cases[i].code == LOST)
			session_broken(&s, VERDICT_SERVER, &f);
		else
			receive(&s, cases[i].code, "words");
		for (size_t j = 0; j < 2; j++) {
			const struct outcome *o = &pair.to[j].outcome;

			ck_assert_int_eq(o->state, OUTCOME_REFUSED);
			ck_assert_int_eq(o->kind, cases[i].kind);
		}
		session_release(&s);
	}
}
END_TEST

/* Lost while the content goes out: the server cannot have its end. */
START_TEST(lost_during_the_content)
{
	struct session s;
	PAIR pair = { 0 };
	struct fault f;

	begin_content(&s, &pair, (size_t)_i);
	fault_set(&f, FAULT_TEMP, "4.4.2", "gone");
	session_broken(&s, VERDICT_SERVER, &f);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pair.to[i].outcome.state, OUTCOME_REFUSED);
	session_release(&s);
}
END_TEST

/* --- the end ------------------------------------------------------------ */

/* What comes after the end changes nothing. */
START_TEST(over_is_over)
{
	enum verdict_scope scope;
	struct session s;
	struct fault f;

	session_init(&s, &plain);
	receive(&s, 220, "mx");
	session_next(&s);
	receive(&s, 250, "mx");
	session_next(&s);
	session_quit(&s);
	session_next(&s);
	receive(&s, 221, "bye");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(session_next(&s), SESSION_DONE);
		if (i == 0)
			receive(&s, 550, "and another thing");
		fault_set(&f, FAULT_TEMP, "4.4.2", "gone");
		session_broken(&s, VERDICT_SERVER, &f);
		ck_assert_ptr_null(session_trouble(&s, &scope));
	}
	session_release(&s);
}
END_TEST

/* RFC 5321, section 4.5.3.2; QUIT as short as can be. */
START_TEST(time_limits)
{
	static const unsigned seconds[PAIR_TURNS] = {
		[GREETING] = 300, [EHLO] = 300, [MAIL] = 300,    [GONE] = 300,
		[HERE] = 300,     [DATA] = 120, [MESSAGE] = 600, [QUIT] = 5,
	};
	struct turn turns[PAIR_TURNS];
	PAIR pair = { 0 };
	struct session s;
	size_t at = GREETING;

	pair_init(&pair);
	pair_turns(turns, 0);
	session_init(&s, &plain);
	while (at < PAIR_TURNS) {
		switch (session_next(&s)) {
		case SESSION_READ:
			ck_assert_uint_eq(session_timeout(&s), seconds[at]);
			receive(&s, turns[at].code, turns[at].text);
			at++;
			break;
		case SESSION_IDLE:
			if (at == MAIL)
				session_send(&s, &pair.mail);
			else
				session_quit(&s);
			break;
		case SESSION_AHEAD:
		case SESSION_CONTENT: session_content_sent(&s); break;
		case SESSION_WRITE:
		case SESSION_CHUNK:
		case SESSION_EMPTY:
		case SESSION_START_TLS:
		case SESSION_LOGIN:
		case SESSION_CHALLENGE:
		case SESSION_REFUSED:
		case SESSION_PROOF:
		case SESSION_DONE: break;
		}
	}
	session_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_loop_test(tc, one_recipient_refused_one_accepted, 0, KINDS);
	tcase_add_loop_test(tc, lost_at_every_point, 0, KINDS * PAIR_TURNS);
	tcase_add_loop_test(tc, lost_after_a_refusal, 0, KINDS);
	tcase_add_loop_test(tc, refused_at_every_step, 0, KINDS * PAIR_TURNS);
	tcase_add_loop_test(tc, closed_at_a_recipient, 0, KINDS);
	tcase_add_loop_test(tc, one_answer_too_many, 0, KINDS * PAIR_TURNS);
	tcase_add_loop_test(tc, refused_before_the_end, 0, KINDS);
	tcase_add_loop_test(tc, accepted_before_the_end, 0, KINDS);
	tcase_add_loop_test(tc, cut_short, 0, KINDS);
	tcase_add_loop_test(tc, lost_during_the_content, 0, KINDS);
	tcase_add_loop_test(tc, answers_that_make_no_sense, 0, SENSELESS_CASES);
	tcase_add_test(tc, answers_that_are_none);
	tcase_add_test(tc, answered_during_the_chunk);
	tcase_add_test(tc, over_is_over);
	tcase_add_test(tc, time_limits);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
