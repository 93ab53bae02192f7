/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/settle.h"

void settle_trouble(struct session *s, enum verdict_scope scope,
                    const struct fault *f)
{
	if (s->has_trouble || !verdict_is_account(scope) ||
	    scope == VERDICT_THROTTLE)
		return;
	s->has_trouble = true;
	s->trouble_scope = scope;
	s->trouble = *f;
}

void settle_one(struct session_recipient *rcpt, enum outcome_state state,
                enum verdict_scope scope, const struct fault *f)
{
	if (rcpt->outcome.state == OUTCOME_OPEN)
		outcome_set(&rcpt->outcome, state, scope, f);
}

void settle_turn(struct transaction *t, enum outcome_state state,
                 enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < t->count; i++)
		settle_one(transaction_recipient(t, i), state, scope, f);
}

void settle_accepted(struct transaction *t, enum outcome_state state,
                     enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < t->count; i++)
		if (transaction_recipient(t, i)->is_accepted)
			settle_one(transaction_recipient(t, i), state, scope,
			           f);
}

/* In one flight the answers to MAIL and RCPT may be lost with the connection:
 * who was not refused may have been accepted. */
void settle_lost(struct transaction *t, enum verdict_scope scope,
                 const struct fault *f)
{
	for (size_t i = 0; i < t->count; i++) {
		struct session_recipient *rcpt = transaction_recipient(t, i);
		bool is_unknown = rcpt->is_accepted || i >= t->next_answer;

		settle_one(rcpt,
		           t->is_sent && is_unknown ? OUTCOME_DOUBT
		                                    : OUTCOME_REFUSED,
		           scope, f);
	}
}

enum verdict_scope settle_refusal(struct session *s, enum verdict_step at,
                                  const struct reply *r, struct fault *f)
{
	enum verdict_scope scope = verdict_judge(at, r, f);

	settle_trouble(s, scope, f);
	return scope;
}
