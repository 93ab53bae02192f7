/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_session_mail - messages and their recipients, from MAIL to the answer
 *
 * Whole dialogues as the servers of this world hold them are in tests/dialogue.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "session_play.h"

/* --- recipients --------------------------------------------------------- */

/* DATA was sent ahead and accepted although nobody is left: only the end may
 * follow, and nothing is delivered by it (RFC 2920, section 3.1). */
START_TEST(data_accepted_for_nobody)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nPIPELINING" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 550, "5.1.1 no" },
		{ "RCPT TO:<here@example.org>", 450, "4.2.0 not now" },
		{ "DATA", 354, "go" },
		{ "(empty)", 250, "queued" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	play_pair(&p, &pair, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(pair.to[0].outcome.code, "5.1.1");
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(pair.to[1].outcome.code, "4.2.0");
}
END_TEST

/* 452 4.5.3 after one that was taken: the others are asked again at once. */
START_TEST(too_many_for_one_transaction)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nPIPELINING" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 452, "4.5.3 too many" },
		{ "DATA", 354, "go" },
		{ "(message)", 250, "queued as 1" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 250, "ok" },
		{ "DATA", 354, "go" },
		{ "(message)", 250, "queued as 2" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	play_pair(&p, &pair, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_DELIVERED);
	ck_assert_str_eq(pair.to[0].outcome.text, "250 queued as 1");
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
	ck_assert_str_eq(pair.to[1].outcome.text, "250 queued as 2");
}
END_TEST

/* Said to the very first it is a refusal, or we would ask for ever. */
START_TEST(too_many_is_one)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 452, "4.5.3 too many" },
		{ "RCPT TO:<here@example.org>", 452, "4.5.3 too many" },
		{ "RSET", 250, "ok" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	play_pair(&p, &pair, turns, COUNT_OF(turns));
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pair.to[i].outcome.state, OUTCOME_REFUSED);
		ck_assert_int_eq(pair.to[i].outcome.kind, FAULT_TEMP);
	}
	ck_assert(!p.has_trouble);
}
END_TEST

enum { CROWD = 250 };

struct crowd {
	struct session_recipient to[CROWD];
	char address[CROWD][32];
	struct session_mail mail;
};

static void crowd_init(struct crowd *c)
{
	*c = (struct crowd){ .mail = { .sender = "", .count = CROWD } };
	c->mail.recipients = c->to;
	for (size_t i = 0; i < CROWD; i++) {
		snprintf(c->address[i], sizeof(c->address[i]), "user%zu@x.test",
		         i);
		c->to[i].address = c->address[i];
	}
}

static void crowd_release(struct crowd *c)
{
	for (size_t i = 0; i < CROWD; i++)
		outcome_release(&c->to[i].outcome);
}

/* 250 recipients are three transactions: 100, 100, 50. */
START_TEST(many_recipients)
{
	static char lines[CROWD][48];
	struct turn turns[TURNS_MAX];
	__attribute__((cleanup(crowd_release))) struct crowd c = { 0 };
	struct play p;
	size_t n = 0;

	crowd_init(&c);
	turns[n++] = (struct turn){ "(greeting)", 220, "mx" };
	turns[n++] =
		(struct turn){ "EHLO laptop.invalid", 250, "mx\nPIPELINING" };
	for (size_t i = 0; i < CROWD; i++) {
		if (i % SESSION_FLIGHT == 0)
			turns[n++] = (struct turn){ "MAIL FROM:<>", 250, "ok" };
		snprintf(lines[i], sizeof(lines[i]), "RCPT TO:<%s>",
		         c.address[i]);
		turns[n++] = (struct turn){ lines[i], 250, "ok" };
		if (i % SESSION_FLIGHT == SESSION_FLIGHT - 1 ||
		    i == CROWD - 1) {
			turns[n++] = (struct turn){ "DATA", 354, "go" };
			turns[n++] = (struct turn){ "(message)", 250, "ok" };
		}
	}
	turns[n++] = (struct turn){ "QUIT", 221, "bye" };
	p = (struct play){ .settings = plain,
		           .mails = &c.mail,
		           .mail_count = 1 };
	perform(&p, turns, n);
	ck_assert_uint_eq(p.flights, 2 + 3 * 2 + 1);
	for (size_t i = 0; i < CROWD; i++)
		ck_assert_int_eq(c.to[i].outcome.state, OUTCOME_DELIVERED);
}
END_TEST

/* What can be known before a byte is sent settles all of them at once. */
START_TEST(many_recipients_and_too_large)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nSIZE 1000" },
		{ "QUIT", 221, "bye" },
	};
	__attribute__((cleanup(crowd_release))) struct crowd c = { 0 };
	struct play p;

	crowd_init(&c);
	c.mail.size = 1001;
	p = (struct play){ .settings = plain,
		           .mails = &c.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	for (size_t i = 0; i < CROWD; i++) {
		ck_assert_int_eq(c.to[i].outcome.state, OUTCOME_REFUSED);
		ck_assert_int_eq(c.to[i].outcome.kind, FAULT_PERM);
		ck_assert_str_eq(c.to[i].outcome.code, "5.3.4");
	}
}
END_TEST

START_TEST(an_address_that_would_smuggle)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 250, "ok" },
		{ "DATA", 354, "go" },
		{ "(message)", 250, "ok" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	pair.to[0].address = "a@b>\r\nRCPT TO:<c@d";
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(pair.to[0].outcome.code, "5.1.3");
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
}
END_TEST

START_TEST(a_sender_that_would_smuggle)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	pair.mail.sender = "me@example.org> AUTH=<";
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	for (size_t i = 0; i < 2; i++)
		ck_assert_str_eq(pair.to[i].outcome.code, "5.1.3");
}
END_TEST

/* Nothing is said, and it does not look as if all was well. */
START_TEST(a_name_that_would_smuggle)
{
	const struct turn turns[] = { { "(greeting)", 220, "mx" } };
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	p = (struct play){ .settings = { .helo = "x\r\nMAIL FROM:<>" },
		           .mails = &pair.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert(p.has_trouble);
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_OPEN);
}
END_TEST

/* --- what goes with MAIL ------------------------------------------------ */

START_TEST(parameters_of_mail)
{
	static const struct {
		const char *offers, *line; /* NULL: nothing may be sent */
		bool is_8bit, is_utf8;
		enum fault_kind kind;
	} cases[] = {
		{ "mx", "MAIL FROM:<me@example.org>", false, false, 0 },
		{ "mx\nSIZE", "MAIL FROM:<me@example.org> SIZE=500", false,
		  false, 0 },
		{ "mx\nSIZE 500", "MAIL FROM:<me@example.org> SIZE=500", false,
		  false, 0 },
		{ "mx\nSIZE 499", NULL, false, false, FAULT_PERM },
		{ "mx\nSIZE 0", "MAIL FROM:<me@example.org> SIZE=500", false,
		  false, 0 },
		{ "mx\n8BITMIME", "MAIL FROM:<me@example.org>", false, false,
		  0 },
		{ "mx\n8BITMIME", "MAIL FROM:<me@example.org> BODY=8BITMIME",
		  true, false, 0 },
		{ "mx", NULL, true, false, FAULT_CONFIG },
		{ "mx", NULL, false, true, FAULT_PERM },
		{ "mx\nSMTPUTF8", "MAIL FROM:<me@example.org> SMTPUTF8", false,
		  true, 0 },
		{ "mx\nSMTPUTF8\nSIZE\n8BITMIME",
		  "MAIL FROM:<me@example.org> SIZE=500 BODY=8BITMIME SMTPUTF8",
		  true, true, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct turn turns[] = {
			{ "(greeting)", 220, "mx" },
			{ "EHLO laptop.invalid", 250, cases[i].offers },
			{ cases[i].line != NULL ? cases[i].line : "QUIT", 421,
			  "enough" },
		};
		PAIR pair = { 0 };
		struct play p;

		pair_init(&pair);
		pair.mail.is_8bit = cases[i].is_8bit;
		pair.mail.is_utf8 = cases[i].is_utf8;
		if (cases[i].is_utf8)
			pair.to[0].address = pair.to[1].address =
				"j\xc3\xb6rg@example.org";
		p = (struct play){ .settings = plain,
			           .mails = &pair.mail,
			           .mail_count = 1 };
		perform(&p, turns, COUNT_OF(turns));
		ck_assert_int_eq(pair.to[0].outcome.kind,
		                 cases[i].line != NULL ? FAULT_TEMP
		                                       : cases[i].kind);
	}
}
END_TEST

/* A message of more than SESSION_CHUNK_AHEAD octets is not sent to recipients
 * that may all be refused. */
START_TEST(a_large_chunk_waits)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nPIPELINING\nCHUNKING" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 550, "no" },
		{ "RCPT TO:<here@example.org>", 550, "no" },
		{ "RSET", 250, "ok" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	pair.mail.size = SESSION_CHUNK_AHEAD + 1;
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_REFUSED);
}
END_TEST

/* --- two messages ------------------------------------------------------- */

/* In one flight an answer too many may be the one about the message. */
static const struct {
	const char *extra;
	enum outcome_state state;
} surplus[] = {
	{ "550 5.7.1 no\r\n", OUTCOME_DOUBT },
	{ "250 ok\r\n", OUTCOME_DOUBT },
	{ "2", OUTCOME_DOUBT },
	{ "421 bye\r\n", OUTCOME_DELIVERED },
};

/* Only the address that the server cannot take is refused. */
START_TEST(one_address_is_not_ascii)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 250, "ok" },
		{ "DATA", 354, "go" },
		{ "(message)", 250, "ok" },
		{ "QUIT", 221, "bye" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	pair.to[0].address = "j\xc3\xb6rg@example.org";
	pair.mail.is_utf8 = true;
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(pair.to[0].outcome.code, "5.6.7");
	ck_assert_int_eq(pair.to[1].outcome.state, OUTCOME_DELIVERED);
}
END_TEST

START_TEST(an_answer_too_many_in_a_flight)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx\nPIPELINING\nCHUNKING" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 250, "ok" },
		{ "BDAT 500 LAST", SILENT, NULL },
		{ "(chunk)", 250, "ok" },
	};
	PAIR pair = { 0 };
	struct play p;

	pair_init(&pair);
	p = (struct play){ .settings = plain,
		           .mails = &pair.mail,
		           .mail_count = 1,
		           .extra = surplus[_i].extra,
		           .extra_at = COUNT_OF(turns) - 1 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(pair.to[0].outcome.state, surplus[_i].state);
	ck_assert_int_eq(pair.to[1].outcome.state, surplus[_i].state);
	ck_assert(p.has_trouble);
}
END_TEST

START_TEST(a_refusal_does_not_touch_the_next_message)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 550, "no" },
		{ "RCPT TO:<here@example.org>", 550, "no" },
		{ "RSET", 250, "ok" },
		{ "MAIL FROM:<me@example.org>", 250, "ok" },
		{ "RCPT TO:<gone@example.org>", 250, "ok" },
		{ "RCPT TO:<here@example.org>", 250, "ok" },
		{ "DATA", 354, "go" },
		{ "(message)", 250, "ok" },
		{ "QUIT", 221, "bye" },
	};
	PAIR first = { 0 }, second = { 0 };
	struct session_mail mails[2];
	struct play p;

	pair_init(&first);
	pair_init(&second);
	mails[0] = first.mail;
	mails[1] = second.mail;
	p = (struct play){ .settings = plain, .mails = mails, .mail_count = 2 };
	perform(&p, turns, COUNT_OF(turns));
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(first.to[i].outcome.kind, FAULT_PERM);
		ck_assert_int_eq(second.to[i].outcome.state, OUTCOME_DELIVERED);
	}
}
END_TEST

/* Trouble of the account ends the session: the next message is not tried. */
START_TEST(a_quota_stops_the_next_message)
{
	const struct turn turns[] = {
		{ "(greeting)", 220, "mx" },
		{ "EHLO laptop.invalid", 250, "mx" },
		{ "MAIL FROM:<me@example.org>", 550, "5.4.5 daily limit" },
		{ "QUIT", 221, "bye" },
	};
	PAIR first = { 0 }, second = { 0 };
	struct session_mail mails[2];
	struct play p;

	pair_init(&first);
	pair_init(&second);
	mails[0] = first.mail;
	mails[1] = second.mail;
	p = (struct play){ .settings = plain, .mails = mails, .mail_count = 2 };
	perform(&p, turns, COUNT_OF(turns));
	ck_assert_int_eq(first.to[0].outcome.kind, FAULT_TEMP);
	ck_assert_int_eq(second.to[0].outcome.state, OUTCOME_OPEN);
	ck_assert(p.has_trouble);
	ck_assert_int_eq(p.scope, VERDICT_QUOTA);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session_mail");
	TCase *tc = tcase_create("session_mail");

	tcase_add_test(tc, data_accepted_for_nobody);
	tcase_add_test(tc, too_many_for_one_transaction);
	tcase_add_test(tc, too_many_is_one);
	tcase_add_test(tc, many_recipients);
	tcase_add_test(tc, many_recipients_and_too_large);
	tcase_add_test(tc, an_address_that_would_smuggle);
	tcase_add_test(tc, a_sender_that_would_smuggle);
	tcase_add_test(tc, a_name_that_would_smuggle);
	tcase_add_test(tc, parameters_of_mail);
	tcase_add_test(tc, a_large_chunk_waits);
	tcase_add_test(tc, one_address_is_not_ascii);
	tcase_add_loop_test(tc, an_answer_too_many_in_a_flight, 0,
	                    COUNT_OF(surplus));
	tcase_add_test(tc, a_refusal_does_not_touch_the_next_message);
	tcase_add_test(tc, a_quota_stops_the_next_message);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
