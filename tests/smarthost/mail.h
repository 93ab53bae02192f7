/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail - the commands that carry a message: MAIL, RCPT, DATA, BDAT, RSET
 *
 * Each answers for itself.  `args` is the command line after the verb.
 * mail_bdat() announces its own step, since it must read the octets first.
 */
#ifndef SMARTHOST_MAIL_H
#define SMARTHOST_MAIL_H

#include "session.h"

void mail_from(struct session *s, const char *args);
void mail_rcpt(struct session *s, const char *args);
void mail_data(struct session *s, const char *args);
void mail_bdat(struct session *s, const char *args);

/* Forget the message, if there is one. */
void mail_reset(struct session *s);

#endif
