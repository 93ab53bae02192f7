/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer - every reply, and every fault on the way
 *
 * A step is announced by struck(): it counts the step and does the faults that
 * come before the act.  If it says true the command must not act, and its
 * answer, if there is one, was given.  Faults that change the answer itself
 * wait until answer() is called.
 */
#ifndef SMARTHOST_ANSWER_H
#define SMARTHOST_ANSWER_H

#include "session.h"

bool struck(struct session *s, enum step step);

/* "CODE ENHANCED text"; ENHANCED is left out if we do not offer it. */
void answer(struct session *s, int code, const char *enhanced, const char *fmt,
            ...) __attribute__((format(printf, 4, 5)));

/* A reply already made, of whole lines. */
void answer_bytes(struct session *s, const char *bytes, size_t n);

/* Stop serving after this command. */
void end_session(struct session *s, enum parting parting);

/* Log and count what the client did wrong. */
void blame(struct session *s, const char *what);

#endif
