/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome - what became of one recipient
 *
 * As a struct fault, but no longer than its words: a message may have a hundred
 * thousand recipients.  Of a delivery the words are the server's: they name the
 * message in its log.
 */
#ifndef SMTP_OUTCOME_H
#define SMTP_OUTCOME_H

#include "smtp/verdict.h"

enum outcome_state {
	OUTCOME_OPEN, /* not asked, or to be asked again at once */
	OUTCOME_DELIVERED,
	OUTCOME_REFUSED, /* the kind says for how long */
	OUTCOME_DOUBT,   /* it may have been delivered; the text says why not
	                    known */
};

struct outcome { /* zero: open */
	enum outcome_state state;
	enum verdict_scope scope;
	enum fault_kind kind; /* the rest as in base/fault.h */
	char code[12];
	char *text; /* NULL while open */
};

/* Whatever it was before. */
void outcome_set(struct outcome *o, enum outcome_state state,
                 enum verdict_scope scope, const struct fault *f);
void outcome_release(struct outcome *o);

/* As a fault; `f` is filled. */
void outcome_fault(const struct outcome *o, struct fault *f);

#endif
