/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log - one line for each thing that happens to mail
 *
 * The only writer of logs.  Library code does not log; it returns a fault and
 * a program calls here.  A line is a word that says what happened, then
 * key=value pairs with Postfix's familiar names (id= from= to= relay= delay=
 * dsn= status=); it is escaped, at most 1000 bytes, the same in syslog, in the
 * journal and on a terminal.  Logging never fails and never blocks mail.
 *
 *     log_note("id=%s to=<%s> relay=%s dsn=%s status=sent (%s)", ...);
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

enum log_level {
	LOG_LEVEL_DEBUG, /* steps and replies, never secrets */
	LOG_LEVEL_NOTE,  /* what happened to mail */
	LOG_LEVEL_WARN,  /* someone should look */
	LOG_LEVEL_ERROR, /* someone must act, or mail waits on */
	LOG_LEVEL_QUIET,
};

/* `program` (kept) tags each line.  Lines of at least `shown` also go to
 * stderr; notes, warnings and errors go to syslog (facility mail) if
 * `to_syslog`.  Where stderr is the journal of systemd they go there, once,
 * with their priority. */
void log_open(const char *program, enum log_level shown, bool to_syslog);

void log_to_syslog(bool to_syslog); /* when the configuration is known */

/* In a child, before it closes what it did not open: the descriptor of syslog
 * is among that, and its number may be another file's afterwards. */
void log_detach(void);

void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
