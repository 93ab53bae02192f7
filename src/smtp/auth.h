/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth - the steps of a login (RFC 4954)
 *
 * Private to smtp/: what session.h says of LOGIN, CHALLENGE, REFUSED and PROOF,
 * and the rows of steps.c for AUTH.  A login that was refused may be begun
 * again; whether it is decides the session's owner, who knows of passwords.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "smtp/session.h"

void auth_put(struct session *s, struct sbuf *line);
enum step auth_on_reply(struct session *s, const struct reply *r);
void auth_put_answer(struct session *s, struct sbuf *line);
enum step auth_on_answer(struct session *s, const struct reply *r);
void auth_put_cancel(struct session *s, struct sbuf *line);
enum step auth_on_cancel(struct session *s, const struct reply *r);

/* Some servers quote the line that they do not understand, or a part of it: the
 * login in it must not get into a log, the queue or the pause. */
void auth_hide(struct session *s);

/* A server that hangs up after it refused a login has said why before, and may
 * take the next one.  False: it refused none. */
bool auth_settle(struct session *s);

/* Wipe what is needed no more. */
void auth_forget(struct session *s);

#endif
