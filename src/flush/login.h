/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - what SASL says for the session's login steps
 *
 * Chooses the mechanism, begins it, answers challenges, and asks at the end
 * whether the server has proved itself.  What goes wrong is told to the
 * session, which then says good-bye; nothing secret is kept after the login.
 */
#ifndef FLUSH_LOGIN_H
#define FLUSH_LOGIN_H

#include "base/secret.h"
#include "config/config.h"
#include "net/stream.h"
#include "smtp/session.h"

struct sasl;

struct login {
	const struct smarthost *smarthost; /* borrowed */
	const struct secret *password;     /* borrowed; NULL: EXTERNAL only */
	struct sasl *sasl;
};

void login_release(struct login *l);

/* The session's actions LOGIN, CHALLENGE and PROOF. */
void login_begin(struct login *l, struct session *session,
                 const struct stream *stream);
void login_answer(struct login *l, struct session *session);
void login_prove(struct login *l, struct session *session);

#endif
