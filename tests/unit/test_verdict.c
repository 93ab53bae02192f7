/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_verdict - the policy: what a refusal means, for whom, and for how long
 *
 * Read the tables: LATER is tried again, NEVER is given up, ACT
 * waits for a person.  The words are those the providers are known to use.
 */
#include "smtp/verdict.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define LATER FAULT_TEMP
#define NEVER FAULT_PERM
#define ACT FAULT_CONFIG

#define GREETING VERDICT_AT_GREETING
#define EHLO VERDICT_AT_EHLO
#define STARTTLS VERDICT_AT_STARTTLS
#define AUTH VERDICT_AT_AUTH
#define TOKEN VERDICT_AT_TOKEN
#define MAIL VERDICT_AT_MAIL
#define RCPT VERDICT_AT_RCPT
#define DATA VERDICT_AT_DATA
#define FINAL VERDICT_AT_FINAL

#define RECIPIENT VERDICT_RECIPIENT
#define MESSAGE VERDICT_MESSAGE
#define LOGIN VERDICT_LOGIN
#define QUOTA VERDICT_QUOTA
#define THROTTLE VERDICT_THROTTLE
#define SERVER VERDICT_SERVER

/* clang-format off */
static const struct {
	enum verdict_step  at;
	const char        *reply;
	enum fault_kind    kind;
	enum verdict_scope scope;
	const char        *code;
	const char        *advice; /* words that must be in the text */
} known[] = {
	/* SendGrid */
	{ AUTH,  "451 Authentication failed: Maximum credits exceeded",      LATER, QUOTA,   "4.0.0", "quota" },
	{ MAIL,  "451 Authentication failed: Maximum credits exceeded",      LATER, QUOTA,   "4.0.0", "quota" },
	{ FINAL, "550 Maximum credits exceeded",                             LATER, QUOTA,   "4.0.0", "quota" },
	{ MAIL,  "403 You are not authorized to send from that email address", ACT, MESSAGE, "4.0.0", "verify the address" },
	{ FINAL, "403 anything",                                             ACT,   MESSAGE, "4.0.0", "verify the address" },
	{ RCPT,  "452 Too many recipients received this hour",               LATER, QUOTA,   "4.0.0", "more slowly" },
	{ GREETING, "450 too frequent connects from 192.0.2.1, please try again later.", LATER, QUOTA, "4.0.0", "more slowly" },
	{ FINAL, "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
	                                                                     ACT,   MESSAGE, "4.0.0", "verify the address" },
	{ FINAL, "550 Unauthenticated senders not allowed",                  ACT,   LOGIN,   "4.0.0", "wants a login" },
	{ MAIL,  "421 too many messages in this session",                    LATER, SERVER,  "4.0.0", NULL },
	{ MAIL,  "451 local error",                                          LATER, MESSAGE, "4.0.0", NULL },
	/* Mailgun */
	{ RCPT,  "501 cannot parse to address",                              NEVER, RECIPIENT, "5.0.0", NULL },
	/* Amazon SES */
	{ MAIL,  "454 Throttling failure: Daily message quota exceeded.",    LATER, QUOTA,   "4.0.0", "used up" },
	{ AUTH,  "454 Throttling failure: Daily message quota exceeded.",    LATER, QUOTA,   "4.0.0", "used up" },
	{ FINAL, "454 Throttling failure: Maximum sending rate exceeded.",   LATER, THROTTLE, "4.0.0", "more slowly" },
	{ AUTH,  "454 Throttling failure: Maximum sending rate exceeded.",   LATER, QUOTA,   "4.0.0", "more slowly" },
	/* a token, at Google, Microsoft, Dovecot */
	{ TOKEN, "535 5.7.8 Username and Password not accepted.",            ACT,   LOGIN,   "5.7.8", "does not take the access token" },
	{ TOKEN, "535 5.7.3 Authentication unsuccessful [host]",             ACT,   LOGIN,   "5.7.3", "does not take the access token" },
	{ TOKEN, "501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon",
	                                                                     ACT,   LOGIN,   "5.5.127", "does not take the access token" },
	{ TOKEN, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
	                                                                     ACT,   LOGIN,   "5.7.139", "switched off" },
	{ TOKEN, "454 4.7.0 Temporary authentication failure",               LATER, LOGIN,   "4.7.0", "" },
	{ TOKEN, "432 4.3.2 Concurrent connections limit exceeded",          LATER, QUOTA,   "4.3.2", "more slowly" },
	{ TOKEN, "421 4.7.0 Try again later, closing connection.",           LATER, SERVER,  "4.7.0", "" },
	{ TOKEN, "504 5.5.4 Unrecognized authentication type",               ACT,   LOGIN,   "5.5.4", "another one in" },
	{ TOKEN, "538 5.7.11 Encryption required",                           ACT,   LOGIN,   "5.7.11", "TLS" },
	{ TOKEN, "503 5.5.1 Bad sequence of commands",                       LATER, SERVER,  "5.5.1", "" },
	{ TOKEN, "500 5.5.6 Authentication Exchange line is too long",       ACT,   LOGIN,   "5.5.6", "longer than the server takes" },
	{ AUTH,  "500 5.5.2 Line too long",                                  ACT,   LOGIN,   "5.5.2", "longer than the server takes" },
	/* Postfix with limits */
	{ MAIL,  "450 4.7.1 Error: too much mail from 192.0.2.1",            LATER, THROTTLE, "4.7.1", "more slowly" },
	{ RCPT,  "450 4.7.1 Error: too many recipients from 192.0.2.1",      LATER, THROTTLE, "4.7.1", "more slowly" },
	{ RCPT,  "450 4.7.1 try again in five minutes",                      LATER, RECIPIENT, "4.7.1", NULL },
	{ FINAL, "554 Message rejected: Email address is not verified.",     ACT,   MESSAGE, "4.0.0", "verify the address" },
	{ GREETING, "421 Too many concurrent SMTP connections",              LATER, SERVER,  "4.0.0", "more slowly" },
	{ FINAL, "451 Temporary service failure",                            LATER, MESSAGE, "4.0.0", NULL },
	{ FINAL, "451 Timeout waiting for data from client",                 LATER, MESSAGE, "4.0.0", NULL },
	/* Gmail and Google Workspace */
	{ FINAL, "550 5.4.5 Daily user sending limit exceeded.",             LATER, QUOTA,   "5.4.5", "used up" },
	{ MAIL,  "550-5.4.5 Daily sending quota exceeded.\n550 5.4.5 gsmtp", LATER, QUOTA,   "5.4.5", "used up" },
	{ MAIL,  "550 5.4.5 Daily SMTP relay limit exceeded for user.",      LATER, QUOTA,   "5.4.5", "used up" },
	{ MAIL,  "550 5.7.1 Daily SMTP relay limit exceeded for customer.",  LATER, QUOTA,   "5.7.1", "used up" },
	{ MAIL,  "450 4.2.1 Peak SMTP relay limit exceeded for customer.",   LATER, QUOTA,   "4.2.1", "used up" },
	{ EHLO,  "421 4.7.0 Try again later, closing connection.",           LATER, SERVER,  "4.7.0", NULL },
	{ FINAL, "421 4.3.0 Temporary System Problem.  Try again later",     LATER, SERVER,  "4.3.0", NULL },
	{ GREETING, "421 4.4.5 Server busy, try again later.",               LATER, SERVER,  "4.4.5", NULL },
	{ RCPT,  "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", LATER, RECIPIENT, "4.2.1", NULL },
	{ AUTH,  "454 4.7.0 Cannot authenticate due to a temporary system problem. Try again later.", LATER, LOGIN, "4.7.0", NULL },
	{ AUTH,  "534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9 gsmtp", ACT, LOGIN, "5.7.9", "application password" },
	{ AUTH,  "535-5.7.8 Username and Password not accepted.\n535 5.7.8 gsmtp", ACT, LOGIN, "5.7.8", "`user` and `password`" },
	/* iCloud, IONOS */
	{ MAIL,  "550 5.7.1 You have exceeded your daily sending limit",     LATER, QUOTA,   "5.7.1", "used up" },
	{ RCPT,  "450-Requested mail action not taken: mailbox unavailable\n450 Mail send limit exceeded.", LATER, QUOTA, "4.0.0", "used up" },
	/* Microsoft 365 */
	{ AUTH,  "432 4.3.2 Concurrent connections limit exceeded.",         LATER, QUOTA,   "4.3.2", "more slowly" },
	{ MAIL,  "432 4.3.2 Concurrent connections limit exceeded.",         LATER, THROTTLE, "4.3.2", "more slowly" },
	{ FINAL, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", LATER, THROTTLE, "4.3.2", "more slowly" },
	{ FINAL, "554 5.2.0 STOREDRV.Submission.Exception: sender thread limit exceeded", LATER, THROTTLE, "5.2.0", "more slowly" },
	{ FINAL, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", LATER, QUOTA, "5.2.0", "used up" },
	{ FINAL, "554 5.2.2 mailbox full; STOREDRV.Deliver",                 ACT,   LOGIN,   "5.2.2", "is full" },
	{ FINAL, "554 5.2.2 mailbox full",                                   ACT,   LOGIN,   "5.2.2", "is full" },
	{ AUTH,  "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", ACT, LOGIN, "5.7.139", "administrator" },
	{ AUTH,  "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", ACT, LOGIN, "5.7.139", "administrator" },
	{ AUTH,  "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", ACT, LOGIN, "5.7.139", "administrator" },
	{ AUTH,  "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", ACT, LOGIN, "5.7.139", "OAuth" },
	{ AUTH,  "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", ACT, LOGIN, "5.7.139", "`user` and `password`" },
	{ AUTH,  "550 5.7.30 Basic authentication is not supported for Client Submission.", ACT, LOGIN, "5.7.30", "OAuth" },
	{ AUTH,  "535 5.7.3 Authentication unsuccessful",                    ACT,   LOGIN,   "5.7.3", "`user` and `password`" },
	{ FINAL, "550 5.2.252 SendAsDenied; a@example.org not allowed to send as b@example.org", ACT, MESSAGE, "5.2.252", "this sender" },
	{ FINAL, "554 5.2.0 x; STOREDRV SendAsDenied",                       ACT,   MESSAGE, "5.2.0", "this sender" },
	/* Zoho; Postfix reject_sender_login_mismatch */
	{ FINAL, "552 5.7.1 policy",                                         NEVER, MESSAGE, "5.7.1", NULL },
	{ MAIL,  "553 Relaying disallowed as me@example.org",                ACT,   MESSAGE, "4.0.0", "this sender" },
	{ RCPT,  "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b", ACT, MESSAGE, "5.7.1", "this sender" },
	/* Postfix, Exim: the wrong server, or no login */
	{ RCPT,  "554 5.7.1 <a@example.org>: Relay access denied",           ACT,   LOGIN,   "5.7.1", "does not relay" },
	{ RCPT,  "454 4.7.1 <a@example.org>: Relay access denied",           ACT,   LOGIN,   "4.7.1", "does not relay" },
	{ RCPT,  "550 relay not permitted",                                  ACT,   LOGIN,   "4.0.0", "does not relay" },
	/* the login, RFC 4954 section 6 */
	{ AUTH,  "421 4.7.0 bye",                                            LATER, SERVER,  "4.7.0", NULL },
	{ AUTH,  "432 4.7.12 A password transition is needed",               LATER, LOGIN,   "4.7.12", NULL },
	{ AUTH,  "451 4.3.0 later",                                          LATER, LOGIN,   "4.3.0", NULL },
	{ AUTH,  "454 4.7.0 Temporary authentication failure",               LATER, LOGIN,   "4.7.0", NULL },
	{ AUTH,  "500 5.5.6 Authentication exchange line is too long",       ACT,   LOGIN,   "5.5.6", "longer than the server takes" },
	{ AUTH,  "501 5.5.2 cannot decode",                                  ACT,   LOGIN,   "5.5.2", "`user` and `password`" },
	{ AUTH,  "503 5.5.1 already authenticated",                          ACT,   LOGIN,   "5.5.1", NULL },
	{ AUTH,  "504 5.5.4 Unrecognized authentication type",               ACT,   LOGIN,   "5.5.4", "name another one" },
	{ AUTH,  "530 5.7.0 Must issue a STARTTLS command first",            ACT,   LOGIN,   "5.7.0", "TLS first" },
	{ AUTH,  "534 5.7.9 too weak",                                       ACT,   LOGIN,   "5.7.9", "application password" },
	{ AUTH,  "535 nothing enhanced",                                     ACT,   LOGIN,   "4.0.0", "`user` and `password`" },
	{ AUTH,  "538 5.7.11 Encryption required",                           ACT,   LOGIN,   "5.7.11", "TLS first" },
	{ MAIL,  "530 5.7.0 Authentication required",                        ACT,   LOGIN,   "5.7.0", "wants a login" },
	{ RCPT,  "530 5.7.1 Client was not authenticated",                   ACT,   LOGIN,   "5.7.1", "wants a login" },
	{ MAIL,  "535 5.7.8 bad",                                            ACT,   LOGIN,   "5.7.8", "`user` and `password`" },
	/* the server's own state */
	{ RCPT,  "432 4.5.0 slower",                                         LATER, THROTTLE, "4.5.0", "more slowly" },
	{ MAIL,  "452 4.3.1 Insufficient system storage",                    LATER, SERVER,  "4.3.1", NULL },
	{ DATA,  "451 4.3.2 System not accepting network messages",          LATER, SERVER,  "4.3.2", NULL },
	{ DATA,  "503 5.5.1 need RCPT",                                      LATER, SERVER,  "5.5.1", NULL },
	/* size */
	{ MAIL,  "552 5.3.4 Message too big for system",                     NEVER, MESSAGE, "5.3.4", "larger than" },
	{ FINAL, "500 5.3.4 no",                                             NEVER, MESSAGE, "5.3.4", "larger than" },
	{ FINAL, "552 Maximum message size exceeded",                        NEVER, MESSAGE, "5.0.0", "larger than" },
	{ RCPT,  "552 5.2.2 Mailbox is full",                                NEVER, RECIPIENT, "5.2.2", NULL },
	/* ordinary refusals that only look like those above */
	{ RCPT,  "550 5.7.1 rejected",                                       NEVER, RECIPIENT, "5.7.1", NULL },
	{ RCPT,  "550 5.7.13 rejected",                                      NEVER, RECIPIENT, "5.7.13", NULL },
	{ FINAL, "554 5.2.0 no",                                             NEVER, MESSAGE, "5.2.0", NULL },
	{ FINAL, "552 5.2.2 mailbox full",                                   NEVER, MESSAGE, "5.2.2", NULL },
	{ RCPT,  "554 5.2.2 mailbox full",                                   NEVER, RECIPIENT, "5.2.2", NULL },
	{ RCPT,  "452 4.5.3 too many",                                       LATER, RECIPIENT, "4.5.3", NULL },
};

/* What a step and a class mean when no words say otherwise: all sixty codes of
 * the class are tried, but for the special ones below. */
static const struct {
	enum verdict_step  at;
	int                class;
	enum fault_kind    kind;
	enum verdict_scope scope;
} defaults[] = {
	{ GREETING, 4, LATER, SERVER },    { GREETING, 5, ACT,   SERVER },
	{ EHLO,     4, LATER, SERVER },    { EHLO,     5, ACT,   SERVER },
	{ STARTTLS, 4, LATER, SERVER },    { STARTTLS, 5, ACT,   SERVER },
	{ AUTH,     4, LATER, LOGIN },     { AUTH,     5, ACT,   LOGIN },
	{ MAIL,     4, LATER, MESSAGE },   { MAIL,     5, NEVER, MESSAGE },
	{ RCPT,     4, LATER, RECIPIENT }, { RCPT,     5, NEVER, RECIPIENT },
	{ DATA,     4, LATER, MESSAGE },   { DATA,     5, NEVER, MESSAGE },
	{ FINAL,    4, LATER, MESSAGE },   { FINAL,    5, NEVER, MESSAGE },
	/* out of step */
	{ GREETING, 3, LATER, SERVER },    { EHLO,     3, LATER, SERVER },
	{ STARTTLS, 2, LATER, SERVER },    { STARTTLS, 3, LATER, SERVER },
	{ AUTH,     2, LATER, SERVER },    { AUTH,     3, LATER, SERVER },
	{ MAIL,     3, LATER, SERVER },    { RCPT,     3, LATER, SERVER },
	{ DATA,     2, LATER, SERVER },    { DATA,     3, LATER, SERVER },
	{ FINAL,    2, LATER, SERVER },    { FINAL,    3, LATER, SERVER },
};

/* Codes that mean one thing at every step of a message, whatever their words. */
static const int special[] = { 403, 421, 432, 503, 530, 535 };

static const struct {
	const char *reply;
	bool        is_too_many;
} recipients[] = {
	{ "452 4.5.3 Too many recipients", true },
	{ "452 4.5.3 x", true },
	{ "452 too many recipients", true },
	{ "452-Too Many Recipients\n452 in this transaction", true },
	{ "552 Too many recipients", true },
	{ "552 5.5.3 too many recipients", true },
	{ "452 4.2.2 mailbox full", false },
	{ "452 4.3.1 Insufficient system storage", false },
	{ "452", false },
	{ "450 4.5.3 too many recipients", false },
	{ "550 5.5.3 too many recipients", false },
	{ "552 5.2.2 mailbox full", false },
	{ "452 Too many recipients received this hour", false }, /* a quota */
	{ "250 too many recipients", false },
};
/* clang-format on */

/* Lines separated by \n, the last without, as the wire has them. */
static void read_reply(struct reply_reader *r, const char *lines)
{
	enum reply_result result = REPLY_MORE;
	struct fault f = { 0 };
	struct sbuf bytes;
	size_t used = 0, at = 0;

	reply_reader_init(r);
	sbuf_init(&bytes, REPLY_BYTES);
	sbuf_addf(&bytes, "%s\r\n", lines);
	while (result == REPLY_MORE && at < bytes.len) {
		result = reply_read(r, bytes.data + at, bytes.len - at, &used,
		                    &f);
		at += used;
	}
	ck_assert_msg(result == REPLY_DONE && at == bytes.len, "%s", lines);
	sbuf_release(&bytes);
}

START_TEST(known_replies)
{
	const char *wanted = known[_i].advice;
	struct reply_reader r;
	struct fault f;
	enum verdict_scope scope;

	read_reply(&r, known[_i].reply);
	scope = verdict_judge(known[_i].at, &r.reply, &f);
	ck_assert_str_eq(verdict_scope_name(scope),
	                 verdict_scope_name(known[_i].scope));
	ck_assert_int_eq(f.kind, known[_i].kind);
	ck_assert_str_eq(f.code, known[_i].code);
	ck_assert_msg(wanted == NULL || strstr(f.text, wanted) != NULL,
	              "\"%s\" is not in \"%s\"", wanted, f.text);
	reply_reader_release(&r);
}
END_TEST

static bool is_special(int code, enum verdict_step at)
{
	if (at == AUTH && code == 235)
		return true; /* never judged */
	for (size_t i = 0; i < COUNT_OF(special); i++)
		if (special[i] == code)
			return true;
	return false;
}

START_TEST(every_step_and_class)
{
	enum verdict_step at = defaults[_i].at;

	for (int rest = 0; rest < 60; rest++) {
		int code = defaults[_i].class * 100 + rest;
		struct reply_reader r;
		struct fault f;
		char line[16];

		if (is_special(code, at))
			continue;
		snprintf(line, sizeof(line), "%d words", code);
		read_reply(&r, line);
		ck_assert_int_eq(verdict_judge(at, &r.reply, &f),
		                 defaults[_i].scope);
		ck_assert_int_eq(f.kind, defaults[_i].kind);
		ck_assert_str_eq(f.code, f.kind == NEVER ? "5.0.0" : "4.0.0");
		ck_assert_ptr_nonnull(strstr(f.text, line));
		reply_reader_release(&r);
	}
}
END_TEST

/* Nothing the server or the account has trouble with may return mail. */
START_TEST(trouble_of_the_account_returns_no_mail)
{
	static const enum verdict_step steps[] = { GREETING, EHLO, STARTTLS,
		                                   AUTH,     MAIL, RCPT,
		                                   DATA,     FINAL };

	for (size_t i = 0; i < COUNT_OF(steps); i++)
		for (size_t j = 0; j < COUNT_OF(known); j++) {
			struct reply_reader r;
			struct fault f;
			enum verdict_scope scope;

			read_reply(&r, known[j].reply);
			scope = verdict_judge(steps[i], &r.reply, &f);
			if (verdict_is_account(scope))
				ck_assert_int_ne(f.kind, NEVER);
			else /* before MAIL there is no message to blame */
				ck_assert_int_ge(steps[i], MAIL);
			reply_reader_release(&r);
		}
}
END_TEST

/* 421 is the same everywhere: later, the server, whatever it says. */
START_TEST(closing)
{
	for (int at = GREETING; at <= FINAL; at <<= 1) {
		struct reply_reader r;
		struct fault f;

		read_reply(&r, "421 4.7.0 bye");
		ck_assert_int_eq(
			verdict_judge((enum verdict_step)at, &r.reply, &f),
			SERVER);
		ck_assert_int_eq(f.kind, LATER);
		reply_reader_release(&r);
	}
}
END_TEST

/* C16: at most one line, printable, and no longer than a fault. */
START_TEST(long_and_ugly_replies)
{
	struct reply_reader r;
	struct sbuf line;
	struct fault f;

	sbuf_init(&line, REPLY_BYTES);
	sbuf_addstr(&line, "550 5.1.1 \x1b[31m\b\xff");
	for (int i = 0; i < 6000; i++)
		sbuf_addstr(&line, "0123456789");
	read_reply(&r, line.data);
	verdict_judge(RCPT, &r.reply, &f);
	ck_assert_int_eq(f.kind, NEVER);
	ck_assert_int_eq(
		strncmp(f.text, "RCPT: 550 5.1.1 \\x1B[31m\\x08\\xFF01", 34),
		0);
	ck_assert_uint_le(strlen(f.text), 500);
	sbuf_release(&line);
	reply_reader_release(&r);
}
END_TEST

/* A long reply must not push the advice out of the text. */
START_TEST(the_advice_stays)
{
	struct reply_reader r;
	struct sbuf line;
	struct fault f;

	sbuf_init(&line, REPLY_BYTES);
	sbuf_addstr(&line, "535 5.7.8 ");
	for (int i = 0; i < 100; i++)
		sbuf_addstr(&line, "bad password ");
	read_reply(&r, line.data);
	verdict_judge(AUTH, &r.reply, &f);
	ck_assert_ptr_nonnull(strstr(f.text, "check `user` and `password`"));
	sbuf_release(&line);
	reply_reader_release(&r);
}
END_TEST

START_TEST(the_step_is_named)
{
	static const struct {
		enum verdict_step at;
		const char *text;
	} names[] = {
		{ GREETING, "greeting: 599 x" }, { EHLO, "EHLO: 599 x" },
		{ STARTTLS, "STARTTLS: 599 x" }, { AUTH, "AUTH: 599 x" },
		{ MAIL, "MAIL: 599 x" },         { RCPT, "RCPT: 599 x" },
		{ DATA, "DATA: 599 x" },         { FINAL, "message: 599 x" },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct reply r = { .code = 599 };
		struct fault f;

		sbuf_init(&r.text, 10);
		sbuf_addstr(&r.text, "x");
		verdict_judge(names[i].at, &r, &f);
		ck_assert_int_eq(
			strncmp(f.text, names[i].text, strlen(names[i].text)),
			0);
		sbuf_release(&r.text);
	}
}
END_TEST

START_TEST(too_many_recipients)
{
	struct reply_reader r;

	read_reply(&r, recipients[_i].reply);
	ck_assert_int_eq(verdict_is_too_many(&r.reply),
	                 recipients[_i].is_too_many);
	reply_reader_release(&r);
}
END_TEST

START_TEST(which_refusals_are_of_an_old_token)
{
	static const struct {
		const char *reply;
		bool is_stale;
	} cases[] = {
		{ "535 5.7.8 no", true },
		{ "535 5.7.3 Authentication unsuccessful", true },
		{ "535 no", true },
		{ "501 5.5.127 Token will expire soon", true },
		{ "501 5.5.2 cannot decode", true },
		{ "535 5.7.139 SmtpClientAuthentication is disabled", false },
		{ "534 5.7.9 application password", false },
		{ "550 5.7.30 basic authentication", false },
		{ "530 5.7.0 TLS first", false },
		{ "504 5.5.4 unknown", false },
		{ "500 5.5.6 too long", false },
		{ "454 4.7.0 later", false },
		{ "432 4.3.2 connections", false },
		{ "421 4.7.0 bye", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reply_reader r;

		read_reply(&r, cases[i].reply);
		ck_assert_msg(verdict_is_stale(&r.reply) == cases[i].is_stale,
		              "%s", cases[i].reply);
		reply_reader_release(&r);
	}
}
END_TEST

START_TEST(which_scopes_are_the_accounts)
{
	static const struct {
		enum verdict_scope scope;
		const char *name;
		bool is_account;
	} scopes[] = {
		{ RECIPIENT, "recipient", false },
		{ MESSAGE, "message", false },
		{ LOGIN, "login", true },
		{ THROTTLE, "throttle", true },
		{ QUOTA, "quota", true },
		{ SERVER, "server", true },
	};

	for (size_t i = 0; i < COUNT_OF(scopes); i++) {
		ck_assert_str_eq(verdict_scope_name(scopes[i].scope),
		                 scopes[i].name);
		ck_assert_int_eq(verdict_is_account(scopes[i].scope),
		                 scopes[i].is_account);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tc = tcase_create("verdict");

	tcase_add_loop_test(tc, known_replies, 0, (int)COUNT_OF(known));
	tcase_add_loop_test(tc, every_step_and_class, 0,
	                    (int)COUNT_OF(defaults));
	tcase_add_test(tc, trouble_of_the_account_returns_no_mail);
	tcase_add_test(tc, closing);
	tcase_add_test(tc, long_and_ugly_replies);
	tcase_add_test(tc, the_advice_stays);
	tcase_add_test(tc, the_step_is_named);
	tcase_add_loop_test(tc, too_many_recipients, 0,
	                    (int)COUNT_OF(recipients));
	tcase_add_test(tc, which_refusals_are_of_an_old_token);
	tcase_add_test(tc, which_scopes_are_the_accounts);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
