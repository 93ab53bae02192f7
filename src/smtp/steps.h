/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps - the protocol as a table: what each step says and how it takes answers
 *
 * Private to smtp/: session.c walks the table, steps.c holds it on one page.  A
 * new step is a row, its two functions, and a dialogue in tests/.
 */
#ifndef SMTP_STEPS_H
#define SMTP_STEPS_H

#include "smtp/session.h"

struct step_row {
	const char *name;           /* in every log line */
	unsigned timeout;           /* seconds to wait for the answer */
	enum session_action action; /* what the owner of the socket does */

	/* Compose the command; take its answer and say which step is next; say
	 * which may follow before the answer (NULL: none). */
	void (*put)(struct session *s, struct sbuf *line);
	enum step (*on)(struct session *s, const struct reply *r);
	enum step (*ahead)(const struct session *s);
};

const struct step_row *step_row(enum step step);

/* The verdict on the message as a whole, for whoever was accepted. */
void step_settle_final(struct session *s, const struct reply *r);

#endif
