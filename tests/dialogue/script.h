/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script - a dialogue file: the mail, the talk, what becomes of it
 *
 * tests/dialogue/README has the language.  The talk is read by the code of
 * tests/smarthost, so that both players understand a file alike.
 */
#ifndef DIALOGUE_SCRIPT_H
#define DIALOGUE_SCRIPT_H

#include "../smarthost/dialogue.h"
#include "smtp/session.h"

#define MAILS_MAX 4
#define RECIPIENTS_MAX 16
#define OUTCOMES_MAX (MAILS_MAX * RECIPIENTS_MAX + 1)

struct outcome_line {
	unsigned long line;
	char *address, *words; /* "a@b", "later 4.2.0" */
	bool is_met;
};

struct script {
	const char *path;
	struct dialogue dialogue;
	char *tls;                  /* NULL: in clear and implicit */
	bool overlaps;              /* with any server */
	char *ret, *envid, *notify; /* of @ dsn, or NULL */
	char *user, *password, *mechanisms;
	char *newer; /* what is had when it is asked for once more, or NULL */
	struct session_mail mails[MAILS_MAX];
	struct session_recipient recipients[MAILS_MAX][RECIPIENTS_MAX];
	size_t mail_count;
	struct outcome_line outcomes[OUTCOMES_MAX];
	size_t outcome_count;
};

/* `s` must be zero.  -1 after a complaint on stderr that names file and line;
 * to be released in both cases. */
int script_read(struct script *s, const char *path);
void script_release(struct script *s);

#endif
