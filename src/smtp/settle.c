/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/settle.h"

void settle_trouble(struct session *s, enum verdict_scope scope,
                    const struct fault *f)
{
	if (s->has_trouble || !verdict_is_account(scope))
		return;
	s->has_trouble = true;
	s->trouble_scope = scope;
	s->trouble = *f;
}

/* What is settled stays settled. */
void settle_one(struct session_recipient *rcpt, enum outcome_state state,
                enum verdict_scope scope, const struct fault *f)
{
	if (rcpt->outcome.state != OUTCOME_OPEN)
		return;
	rcpt->outcome.state = state;
	rcpt->outcome.scope = scope;
	rcpt->outcome.fault = *f;
}

/* Everybody of this transaction who was not refused before. */
void settle_turn(struct session *s, enum outcome_state state,
                 enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < s->turn_count; i++)
		settle_one(&s->mail->recipients[s->turn[i]], state, scope, f);
}

/* Those whose RCPT was accepted. */
void settle_accepted(struct session *s, enum outcome_state state,
                     enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < s->turn_count; i++) {
		struct session_recipient *rcpt =
			&s->mail->recipients[s->turn[i]];

		if (rcpt->is_accepted)
			settle_one(rcpt, state, scope, f);
	}
}

/* Judge a refusal of this step; the caller settles. */
enum verdict_scope settle_refusal(struct session *s, enum verdict_step at,
                                  const struct reply *r, struct fault *f)
{
	enum verdict_scope scope = verdict_judge(at, r, f);

	settle_trouble(s, scope, f);
	return scope;
}
