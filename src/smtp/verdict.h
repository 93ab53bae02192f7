/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict - what a refusal means, for whom, and for how long
 *
 * The one place that decides.  A reply is judged by its class, the step it
 * answers, its enhanced status and, for the providers known to say something
 * other than they mean, by their words.  The verdict is a fault (later, never,
 * a person must act) and a scope: this recipient, this message, or the login,
 * the quota, the server, which are the account's trouble, stop the whole
 * smarthost for a while and give up no mail; or our speed, which is the
 * account's as well and stops nothing (flush/throttle).
 *
 * Positive replies are not judged here.
 */
#ifndef SMTP_VERDICT_H
#define SMTP_VERDICT_H

#include "base/fault.h"
#include "smtp/reply.h"

enum verdict_scope {
	VERDICT_RECIPIENT,
	VERDICT_MESSAGE,
	VERDICT_LOGIN,
	VERDICT_THROTTLE, /* more slowly, and it is taken */
	VERDICT_QUOTA,
	VERDICT_SERVER,
};

/* The steps at which a server can refuse, as bits: a row may name several. */
enum verdict_step {
	VERDICT_AT_GREETING = 1 << 0,
	VERDICT_AT_EHLO = 1 << 1,
	VERDICT_AT_STARTTLS = 1 << 2,
	VERDICT_AT_AUTH = 1 << 3,
	VERDICT_AT_MAIL = 1 << 4,
	VERDICT_AT_RCPT = 1 << 5,
	VERDICT_AT_DATA = 1 << 6,
	VERDICT_AT_FINAL = 1 << 7,
	VERDICT_AT_TOKEN = 1 << 8, /* AUTH with an access token */
};

/* Judge a reply of class 4 or 5, or an unexpected one (2yz or 3yz where it
 * makes no sense: the server's trouble).  Fills in the fault, with the reply
 * and what to do about it, and returns the scope. */
enum verdict_scope verdict_judge(enum verdict_step at, const struct reply *r,
                                 struct fault *f);

/* A refused AUTH: can it be that the token was too old, so that another one is
 * taken? */
bool verdict_is_stale(const struct reply *r);

/* "RCPT: 452 4.5.3": too many recipients for one transaction, not a refusal. */
bool verdict_is_too_many(const struct reply *r);

/* Is this scope the account's, so that it says nothing about the message? */
bool verdict_is_account(enum verdict_scope scope);

/* "recipient", "message", "login", "throttle", "quota", "server". */
const char *verdict_scope_name(enum verdict_scope scope);

#endif
