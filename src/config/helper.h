/* SPDX-License-Identifier: GPL-3.0-or-later */
/* helper - ask another program, in the protocol of doc/HELPERS
 *
 * One process a question: PROGRAM get, store or erase; lines on its stdin,
 * lines back on its stdout (base/pairs).  It says `secret=`; without one it has
 * none. What went wrong it says in `error=`, and by its exit status whether
 * trying again can help: 75 it can, 78 a person must act.  It may take 30
 * seconds, runs with a clean environment (base/child), and what it says is
 * believed no more than what a server says.
 */
#ifndef CONFIG_HELPER_H
#define CONFIG_HELPER_H

#include "base/fault.h"
#include "base/pairs.h"
#include "base/sbuf.h"

#define HELPER_TIME 30 /* seconds */

/* Run argv (NULL-terminated; argv[0] a path) with the question.  0: it ended
 * with 0, and `answer` is what it said.  -1: FAULT_TEMP, or FAULT_CONFIG for
 * 78 and where there is no such program; names it, and has its `error=`. */
int helper_ask(char *const argv[], const struct pairs *question,
               struct pairs *answer, struct fault *f);

/* The same with another time, where a person has to do something. */
int helper_ask_within(char *const argv[], const struct pairs *question,
                      struct pairs *answer, unsigned seconds, struct fault *f);
/* The same with a person who is there: what comes on our stdin goes to the
 * program after the question, our session is its own, and it has `variables`,
 * too (NULL-terminated, or NULL), and so many seconds. */
int helper_talk(char *const argv[], char *const variables[], unsigned seconds,
                const struct pairs *question, struct pairs *answer,
                struct fault *f);

/* Where a helper of ours is: $RELAY_LIBEXEC (tests, odd installations) or as
 * built. */
void helper_path(const char *name, struct sbuf *path);

#endif
