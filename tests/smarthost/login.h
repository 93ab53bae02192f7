/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - AUTH, by the server side of libgsasl
 *
 * A mechanism is offered if --mechanisms names it and it can work now: none in
 * clear (unless --auth-in-clear), -PLUS only inside TLS, EXTERNAL only after a
 * verified client certificate.
 */
#ifndef SMARTHOST_LOGIN_H
#define SMARTHOST_LOGIN_H

#include "session.h"

/* -1 after a complaint. */
int login_open(struct smarthost *host);
void login_close(struct smarthost *host);

/* The mechanisms offered now, " PLAIN LOGIN"; "" if none. */
void login_offer(const struct session *s, char *list, size_t size);

/* The AUTH command with all its replies. */
void login_command(struct session *s, const char *args);

#endif
