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

/* The connection cannot go on before it came to a message: end it, with `next`
 * (QUIT, or nothing where the server is gone already). */
enum step step_give_up(struct session *s, enum verdict_scope scope,
                       const struct fault *f, enum step next);
enum step step_farewell(const struct reply *r);

/* A refusal that ends the session. */
enum step step_refused(struct session *s, enum verdict_step at,
                       const struct reply *r);

/* The verdict on the message as a whole, for whoever was accepted. */
void step_settle_final(struct session *s, const struct reply *r);

#endif
