/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"

#define BEFORE_MAIL \
	(VERDICT_AT_GREETING | VERDICT_AT_EHLO | VERDICT_AT_STARTTLS)
#define IN_MAIL \
	(VERDICT_AT_MAIL | VERDICT_AT_RCPT | VERDICT_AT_DATA | VERDICT_AT_FINAL)
#define LOGGING_IN (VERDICT_AT_AUTH | VERDICT_AT_TOKEN)
#define ANYWHERE (BEFORE_MAIL | LOGGING_IN | IN_MAIL)

#define TEMP FAULT_TEMP
#define PERM FAULT_PERM
#define PERSON FAULT_CONFIG

/* What to do about it, where a person can do something. */
#define WAIT_QUOTA \
	N_("the account has used up its quota and may send again later")
#define WAIT_SLOWER N_("the server wants us to send more slowly")
#define CHECK_LOGIN N_("check `user` and `password` of this smarthost")
#define CHECK_TOKEN                                                            \
	N_("the server does not take the access token: check `user`, and for " \
	   "whom and what the token is")
#define LOGIN_TOO_LONG                                                         \
	N_("the login is longer than the server takes: shorten the password, " \
	   "or ask for a token with less in it")
#define CHECK_SENDER                                                       \
	N_("the provider does not accept this sender: verify the address " \
	   "there, or send from one it knows; the message waits")
#define NEED_LOGIN N_("the server wants a login: set `user` and `password`")
#define NEED_APP_PASSWORD N_("the provider wants an application password here")
#define NEED_OAUTH N_("the provider takes no passwords any more, only OAuth")
#define TENANT_OFF                                                             \
	N_("SMTP login is switched off for this mailbox or organisation: its " \
	   "administrator must allow it")
#define OTHER_LOGIN                                                            \
	N_("the server does not take this way to log in: name another one in " \
	   "`login`")
#define NEED_TLS N_("the server wants TLS first: check `tls` and `port`")
#define BOX_FULL \
	N_("the mailbox of the account is full: delete something there")
#define NOT_RELAYED                                                          \
	N_("the server does not relay for us: check `user`, `password` and " \
	   "`login`")
#define TOO_LARGE                                                            \
	N_("the message is larger than the server takes: send it in parts, " \
	   "or through another smarthost")
#define NO_SERVICE                                                          \
	N_("the server refuses to talk to us: check `host` and `port`, or " \
	   "ask its administrator")

/* First match wins.  `low` to `high`: reply codes; `status`: the beginning of
 * the enhanced status, or NULL; `words`: found anywhere in the text, any case,
 * or NULL.  Provider rows come first, with the provider named. */
/* clang-format off */
static const struct row {
	int                 at;
	int                 low, high;
	const char         *status;
	const char         *words;
	enum fault_kind     kind;
	enum verdict_scope  scope;
	const char         *advice;
} rows[] = {
	/* SendGrid */
	{ ANYWHERE,         400, 599, NULL,      "maximum credits exceeded",    TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ IN_MAIL,          403, 403, NULL,      NULL,                          PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	{ IN_MAIL,          452, 452, NULL,      "this hour",                   TEMP,   VERDICT_QUOTA,     WAIT_SLOWER },
	{ ANYWHERE,         450, 450, NULL,      "too frequent connects",       TEMP,   VERDICT_QUOTA,     WAIT_SLOWER },
	{ IN_MAIL,          500, 599, NULL,      "verified sender identity",    PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	{ IN_MAIL,          550, 550, NULL,      "unauthenticated senders",     PERSON, VERDICT_LOGIN,     NEED_LOGIN },
	/* Amazon SES */
	{ ANYWHERE,         421, 421, NULL,      "too many concurrent",         TEMP,   VERDICT_SERVER,    WAIT_SLOWER },
	{ ANYWHERE,         454, 454, NULL,      "daily message quota",         TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ IN_MAIL,          454, 454, NULL,      "throttling failure",          TEMP,   VERDICT_THROTTLE,  WAIT_SLOWER },
	{ ANYWHERE,         454, 454, NULL,      "throttling failure",          TEMP,   VERDICT_QUOTA,     WAIT_SLOWER },
	{ IN_MAIL,          554, 554, NULL,      "address is not verified",     PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	/* Gmail, Workspace relay, iCloud, IONOS */
	{ ANYWHERE,         500, 599, "5.4.5",   NULL,                          TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ ANYWHERE,         500, 599, NULL,      "relay limit exceeded",        TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ ANYWHERE,         400, 499, NULL,      "relay limit exceeded",        TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ ANYWHERE,         500, 599, NULL,      "daily sending limit",         TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ ANYWHERE,         450, 450, NULL,      "send limit exceeded",         TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ LOGGING_IN,       534, 534, "5.7.9",   NULL,                          PERSON, VERDICT_LOGIN,     NEED_APP_PASSWORD },
	/* Microsoft 365 */
	{ IN_MAIL,          432, 432, NULL,      NULL,                          TEMP,   VERDICT_THROTTLE,  WAIT_SLOWER },
	{ ANYWHERE,         432, 432, "4.3.2",   NULL,                          TEMP,   VERDICT_QUOTA,     WAIT_SLOWER },
	{ IN_MAIL,          400, 599, NULL,      "thread limit exceeded",       TEMP,   VERDICT_THROTTLE,  WAIT_SLOWER },
	{ ANYWHERE,         400, 599, NULL,      "thread limit exceeded",       TEMP,   VERDICT_QUOTA,     WAIT_SLOWER },
	{ ANYWHERE,         500, 599, "5.7.139", "basic authentication is disabled", PERSON, VERDICT_LOGIN, NEED_OAUTH },
	{ ANYWHERE,         500, 599, "5.7.139", "credentials were incorrect",  PERSON, VERDICT_LOGIN,     CHECK_LOGIN },
	{ ANYWHERE,         500, 599, "5.7.139", NULL,                          PERSON, VERDICT_LOGIN,     TENANT_OFF },
	{ ANYWHERE,         500, 599, "5.7.30",  NULL,                          PERSON, VERDICT_LOGIN,     NEED_OAUTH },
	{ IN_MAIL,          500, 599, "5.2.252", NULL,                          PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	{ IN_MAIL,          500, 599, NULL,      "sendasdenied",                PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	{ VERDICT_AT_FINAL, 554, 554, "5.2.0",   "storedrv",                    TEMP,   VERDICT_QUOTA,     WAIT_QUOTA },
	{ VERDICT_AT_FINAL, 554, 554, "5.2.2",   "storedrv",                    PERSON, VERDICT_LOGIN,     BOX_FULL },
	{ VERDICT_AT_FINAL, 554, 554, "5.2.2",   "mailbox full",                PERSON, VERDICT_LOGIN,     BOX_FULL },
	/* Postfix (smtpd_client_message_rate_limit and its like) */
	{ IN_MAIL,          450, 450, "4.7.1",   "too much mail from",          TEMP,   VERDICT_THROTTLE,  WAIT_SLOWER },
	{ IN_MAIL,          450, 450, "4.7.1",   "too many recipients from",    TEMP,   VERDICT_THROTTLE,  WAIT_SLOWER },
	/* Zoho, Postfix (reject_sender_login_mismatch) */
	{ IN_MAIL,          553, 553, NULL,      "relaying disallowed as",      PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	{ IN_MAIL,          500, 599, NULL,      "not owned by user",           PERSON, VERDICT_MESSAGE,   CHECK_SENDER },
	/* Postfix (454 or 554), Exim: no login, or the wrong server */
	{ IN_MAIL,          400, 599, NULL,      "relay access denied",         PERSON, VERDICT_LOGIN,     NOT_RELAYED },
	{ IN_MAIL,          500, 599, NULL,      "relay not permitted",         PERSON, VERDICT_LOGIN,     NOT_RELAYED },
	/* good-bye: of the server, whatever it was asked */
	{ ANYWHERE,         421, 421, NULL,      NULL,                          TEMP,   VERDICT_SERVER,    NULL },
	/* login, RFC 4954 section 6 */
	{ LOGGING_IN,       530, 530, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     NEED_TLS },
	{ LOGGING_IN,       538, 538, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     NEED_TLS },
	{ LOGGING_IN,       504, 504, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     OTHER_LOGIN },
	{ VERDICT_AT_TOKEN, 503, 503, NULL,      NULL,                          TEMP,   VERDICT_SERVER,    NULL }, /* no second AUTH */
	{ LOGGING_IN,       500, 500, "5.5.6",   NULL,                          PERSON, VERDICT_LOGIN,     LOGIN_TOO_LONG },
	{ LOGGING_IN,       500, 500, "5.5.2",   NULL,                          PERSON, VERDICT_LOGIN,     LOGIN_TOO_LONG },
	{ LOGGING_IN,       400, 499, NULL,      NULL,                          TEMP,   VERDICT_LOGIN,     NULL },
	{ VERDICT_AT_TOKEN, 500, 599, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     CHECK_TOKEN },
	{ VERDICT_AT_AUTH,  500, 599, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     CHECK_LOGIN },
	{ IN_MAIL,          530, 530, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     NEED_LOGIN },
	{ IN_MAIL,          535, 535, NULL,      NULL,                          PERSON, VERDICT_LOGIN,     CHECK_LOGIN },
	/* the server's own state, RFC 5321 section 4.2, RFC 3463 section 3.4 */
	{ IN_MAIL,          400, 499, "4.3.1",   NULL,                          TEMP,   VERDICT_SERVER,    NULL },
	{ IN_MAIL,          400, 499, "4.3.2",   NULL,                          TEMP,   VERDICT_SERVER,    NULL },
	{ IN_MAIL,          503, 503, NULL,      NULL,                          TEMP,   VERDICT_SERVER,    NULL },
	{ BEFORE_MAIL,      400, 499, NULL,      NULL,                          TEMP,   VERDICT_SERVER,    NULL },
	{ BEFORE_MAIL,      500, 599, NULL,      NULL,                          PERSON, VERDICT_SERVER,    NO_SERVICE },
	/* the message and its recipients */
	{ IN_MAIL,          500, 599, "5.3.4",   NULL,                          PERM,   VERDICT_MESSAGE,   TOO_LARGE },
	{ IN_MAIL,          552, 552, NULL,      "size",                        PERM,   VERDICT_MESSAGE,   TOO_LARGE },
	{ VERDICT_AT_RCPT,  400, 499, NULL,      NULL,                          TEMP,   VERDICT_RECIPIENT, NULL },
	{ VERDICT_AT_RCPT,  500, 599, NULL,      NULL,                          PERM,   VERDICT_RECIPIENT, NULL },
	{ IN_MAIL,          400, 499, NULL,      NULL,                          TEMP,   VERDICT_MESSAGE,   NULL },
	{ IN_MAIL,          500, 599, NULL,      NULL,                          PERM,   VERDICT_MESSAGE,   NULL },
	/* 2yz or 3yz where neither makes sense */
	{ ANYWHERE,         200, 399, NULL,      NULL,                          TEMP,   VERDICT_SERVER,    NULL },
};
/* clang-format on */

/* ASCII only: the words of the table are. */
static bool contains(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (size_t left = strlen(text); left >= n; left--, text++)
		if (ascii_is_same(text, words, n))
			return true;
	return false;
}

/* "5.7.1" must not match "5.7.139": a status is compared whole. */
static bool matches(const struct row *row, enum verdict_step at,
                    const struct reply *r)
{
	if ((row->at & (int)at) == 0 || r->code < row->low ||
	    r->code > row->high)
		return false;
	if (row->status != NULL && strcmp(row->status, r->status) != 0)
		return false;
	return row->words == NULL || contains(r->text.data, row->words);
}

static const char *step_name(enum verdict_step at)
{
	switch (at) {
	case VERDICT_AT_GREETING: return "greeting";
	case VERDICT_AT_EHLO: return "EHLO";
	case VERDICT_AT_STARTTLS: return "STARTTLS";
	case VERDICT_AT_AUTH:
	case VERDICT_AT_TOKEN: return "AUTH";
	case VERDICT_AT_MAIL: return "MAIL";
	case VERDICT_AT_RCPT: return "RCPT";
	case VERDICT_AT_DATA: return "DATA";
	case VERDICT_AT_FINAL: break;
	}
	return "message";
}

/* The server's own status; without one a general one of the verdict's class. A
 * status of class 5 with a verdict of "later" is kept: it is what was said. */
static void fill_status(char *code, size_t size, const struct reply *r,
                        enum fault_kind kind)
{
	if (r->status[0] != '\0')
		snprintf(code, size, "%s", r->status);
	else
		snprintf(code, size, "%c.0.0", kind == FAULT_PERM ? '5' : '4');
}

static const struct row *find(enum verdict_step at, const struct reply *r)
{
	const struct row *row = rows;

	while (row < &rows[COUNT_OF(rows) - 1] && !matches(row, at, r))
		row++;
	return row;
}

enum verdict_scope verdict_judge(enum verdict_step at, const struct reply *r,
                                 struct fault *f)
{
	const struct row *row = find(at, r);
	char text[320], code[12];

	reply_show(r, text, sizeof(text));
	fill_status(code, sizeof(code), r, row->kind);
	if (row->advice != NULL)
		fault_set(f, row->kind, code, "%s: %s (%s)", step_name(at),
		          text, intl_text(row->advice));
	else
		fault_set(f, row->kind, code, "%s: %s", step_name(at), text);
	return row->scope;
}

/* "535 5.7.8" and "535 5.7.3" (Microsoft) are said of every token that is not
 * good, "501 5.5.127" (Microsoft) of one that ends too soon.  One that is
 * switched off for the mailbox (5.7.139) would not help. */
bool verdict_is_stale(const struct reply *r)
{
	return r->code == 501 ||
	       (r->code == 535 && strcmp(r->status, "5.7.139") != 0);
}

/* RFC 5321, section 4.5.3.1.10: 452, or 552 from old servers.  "Too many
 * recipients received this hour" (SendGrid) is a quota. */
bool verdict_is_too_many(const struct reply *r)
{
	if (verdict_is_account(find(VERDICT_AT_RCPT, r)->scope))
		return false;
	if (r->code == 452)
		return strcmp(r->status, "4.5.3") == 0 ||
		       contains(r->text.data, "too many recipients");
	return r->code == 552 && contains(r->text.data, "too many recipients");
}

bool verdict_is_account(enum verdict_scope scope)
{
	return scope != VERDICT_RECIPIENT && scope != VERDICT_MESSAGE;
}

const char *verdict_scope_name(enum verdict_scope scope)
{
	switch (scope) {
	case VERDICT_RECIPIENT: return "recipient";
	case VERDICT_MESSAGE: return "message";
	case VERDICT_LOGIN: return "login";
	case VERDICT_THROTTLE: return "throttle";
	case VERDICT_QUOTA: return "quota";
	case VERDICT_SERVER: break;
	}
	return "server";
}
