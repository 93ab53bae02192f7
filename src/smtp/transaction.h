/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transaction - one message under way in a session: whom it asks, how far it is
 *
 * From MAIL to the answer to the content (RFC 5321, section 3.3).  A session
 * has several of them when it sends ahead; the answers come in order, so the
 * oldest is always finished first.  Private to smtp/.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "smtp/session.h"

struct transaction {
	struct session_mail *mail;    /* borrowed */
	size_t next_rcpt;             /* to be asked */
	size_t next_answer, accepted; /* of its recipients */
	size_t due;                   /* answers that are to come */
	bool mail_refused;
	bool is_sent;  /* the content, whole */
	bool is_blind; /* and before the answers to the envelope were here */
	bool is_cut;   /* the server did not take all of it */
	size_t count;  /* recipients that it asks: */
	size_t turn[]; /* their places in the mail */
};

/* Asks nobody yet; with room for so many. */
struct transaction *transaction_create(struct session_mail *mail, size_t room);
void transaction_free(struct transaction **t);

/* One whom it asks. */
struct session_recipient *transaction_recipient(const struct transaction *t,
                                                size_t i);

#endif
