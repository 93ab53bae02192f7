/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verbs - the server's protocol as a table: each command and what it does
 *
 * Private to smtp/: server.c takes bytes apart, verbs.c holds the commands on
 * one page.  A new command is a row, its function, and a case in
 * tests/unit/test_server.c.
 */
#ifndef SMTP_VERBS_H
#define SMTP_VERBS_H

#include "smtp/server.h"

/* A line without its end or control bytes; `is_last`: nothing came behind it.
 */
void verbs_dispatch(struct server *s, const char *line, bool is_last);

/* --- for verbs.c, in server.c -----------------------------------------------
 */

/* One line; the enhanced status ("" is none) only after EHLO. */
void server_say(struct server *s, int code, const char *enhanced,
                const char *fmt, ...) PRINTF_LIKE(4, 5);

/* A fault of the queue as a reply. */
void server_refuse(struct server *s, const struct fault *f);

/* Forget the transaction, if there is one; and say no more. */
void server_drop(struct server *s);
void server_finish(struct server *s);

/* What comes now is a message. */
void server_begin_content(struct server *s);

#endif
