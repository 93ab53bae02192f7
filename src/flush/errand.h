/* SPDX-License-Identifier: GPL-3.0-or-later */
/* errand - what the keeper does beside, and no mail waits for
 *
 *     errand_alert(&keeper, "work", "login", sentence);
 *     errand_keep(&keeper, "work");
 *
 * relay-flush may neither run programs nor read secrets, so the keeper
 * (flush/keeper.h) does it: it reads the configuration itself, so nobody can
 * tell it what to run.  Each errand is a process of its own, and so nobody
 * waits while one hangs; there is no answer, what goes wrong is logged.  What
 * was begun is finished before the keeper ends, since what started us (systemd)
 * may kill what is left: keeper_end() waits for it, when all mail is done.
 */
#ifndef FLUSH_ERRAND_H
#define FLUSH_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "flush/keeper.h"

#define ERRAND_ALERT_TIME 30 /* seconds for the command */
#define ERRAND_TIME 45       /* for any of them, and to wait for the last */
#define ERRANDS 16           /* at a time; one more is left out, and logged */

/* What RELAY_PROBLEM says when there is none any more. */
#define ERRAND_OVER "none"

/* Run what `alert` names, if it does, about trouble of this kind (a word), with
 * the sentence on its stdin. */
void errand_alert(const struct keeper *k, const char *smarthost,
                  const char *problem, const char *sentence);

/* Refresh its tokens, if they are old. */
void errand_keep(const struct keeper *k, const char *smarthost);

/* --- for the keeper ------------------------------------------------------- */

/* Questions about passwords begin with a digit, those of flush/local with a
 * NUL.
 */
bool errand_is_question(const char *bytes, size_t n);

/* Of each that is going on the end of a pipe that closes with it; zeroed at
 * first. */
struct errands {
	int running[ERRANDS];
	size_t count;
};

/* Begin one.  `keeper`: its socket, which the process closes. */
void errand_serve(struct errands *e, int keeper, const char *config,
                  const char *queue, const char *bytes, size_t n);

/* Is one of them going on?  Wait until none is, ERRAND_TIME at most. */
bool errands_run(struct errands *e);
void errands_finish(struct errands *e);

#endif
