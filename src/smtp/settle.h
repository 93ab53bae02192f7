/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settle - which of a message's recipients get which outcome
 *
 * What is settled stays settled: a later refusal, or the end of the connection,
 * changes only what is open.
 */
#ifndef SMTP_SETTLE_H
#define SMTP_SETTLE_H

#include "smtp/transaction.h"

/* Keep the first trouble that ends the session: the account's, unless it only
 * wants us to go more slowly. */
void settle_trouble(struct session *s, enum verdict_scope scope,
                    const struct fault *f);

void settle_one(struct session_recipient *rcpt, enum outcome_state state,
                enum verdict_scope scope, const struct fault *f);

/* Everybody of the transaction; those of them whose RCPT was accepted. */
void settle_turn(struct transaction *t, enum outcome_state state,
                 enum verdict_scope scope, const struct fault *f);
void settle_accepted(struct transaction *t, enum outcome_state state,
                     enum verdict_scope scope, const struct fault *f);

/* The connection is gone: those who may have the message are in doubt. */
void settle_lost(struct transaction *t, enum verdict_scope scope,
                 const struct fault *f);

/* Judge a refusal and keep its trouble; the caller settles. */
enum verdict_scope settle_refusal(struct session *s, enum verdict_step at,
                                  const struct reply *r, struct fault *f);

#endif
