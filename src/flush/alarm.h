/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alarm - a smarthost that needs a person, told once, and each day again
 *
 * Trouble that goes away by itself is logged and shown.  What a person must
 * mend is an episode: it begins when mail, or the refresh of a login, meets it,
 * and is over when the smarthost takes mail, or somebody has logged in.  Syslog
 * gets a line at "err" when it begins, and one a day; `alert` (flush/errand) is
 * run when it begins and when it is over.  The episode is a hint,
 * pause/alarm.NAME: lost, it costs an alert more.
 */
#ifndef FLUSH_ALARM_H
#define FLUSH_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/fault.h"
#include "flush/keeper.h"

#define ALARM_LOGIN "login" /* a kind of trouble: as scopes of smtp/verdict */
#define ALARM_KIND 16

struct alarm {
	int64_t since; /* the episode */
	int64_t told;  /* the last line in syslog */
	char kind[ALARM_KIND];
};

/* `d`: pause/ of the queue.  False: there is no episode. */
bool alarm_read(const struct dir *d, const char *smarthost, struct alarm *a);

/* A person must act, for this reason.  True: the line in syslog is due, which
 * the caller writes with log_error(). */
bool alarm_raise(const struct dir *d, const struct keeper *k,
                 const char *smarthost, const char *kind,
                 const struct fault *why);

/* It is well again.  Nothing, if there was no episode. */
void alarm_end(const struct dir *d, const struct keeper *k,
               const char *smarthost);

#endif
