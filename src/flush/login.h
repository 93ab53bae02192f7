/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - what SASL says for the session's login steps
 *
 * Before the connection: asks for the password or token, so that nobody is
 * called for whom there is none.  It is taken into our memory when the server
 * wants it.  Then chooses the mechanism, begins it, answers challenges, and
 * asks at the end whether the server has proved itself.
 *
 * When the server does not take a token that was believed to be good, a newer
 * one is asked for, once, and the login tried once more on the same connection.
 * The same when it does not know a mechanism that it has offered: the next one
 * is tried.  What goes wrong in the end is told to the session, which then says
 * good-bye; login_release() when it does, and nothing secret is kept.
 */
#ifndef FLUSH_LOGIN_H
#define FLUSH_LOGIN_H

#include <stdint.h>

#include "config/config.h"
#include "flush/keeper.h"
#include "net/stream.h"
#include "smtp/session.h"

#define LOGIN_TRIED 200 /* bytes of names of mechanisms */

struct sasl;

struct login {
	const struct smarthost *smarthost; /* borrowed */
	const struct keeper *keeper;       /* likewise */
	const char *host; /* that was reached: likewise, set before the login */
	int answer;       /* of the keeper, or -1: EXTERNAL only */
	int64_t asked;    /* when, in seconds since 1970 */
	struct sasl *sasl;
	const char *mechanism;   /* of it, static */
	struct secret *next;     /* the newer token */
	char tried[LOGIN_TRIED]; /* mechanisms that the server does not know */
	bool is_again;           /* was asked for once more */
	bool has_renewed;        /* the token was */
};

void login_init(struct login *l, const struct smarthost *smarthost,
                const struct keeper *keeper);
void login_release(struct login *l); /* wipes; what it was may be done again */

/* Is there a password to be asked for?  login_ask() does, and again while it is
 * KEEPER_WAITING, after a poll of l->answer. */
bool login_needs_password(const struct login *l);
enum keeper_state login_ask(struct login *l, struct fault *f);

/* The session's actions LOGIN, CHALLENGE and PROOF. */
void login_begin(struct login *l, struct session *session,
                 const struct stream *stream);
void login_answer(struct login *l, struct session *session);
void login_prove(struct login *l, struct session *session);

/* The session's action REFUSED.  True: to be called again, after a poll of
 * l->answer, or with `is_late` when the time for that is over.  False: the
 * session knows how it goes on. */
bool login_refused(struct login *l, struct session *session, bool is_late);

#endif
