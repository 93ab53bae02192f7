/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dsn - what an entry may say about the reports of one recipient (RFC 3461)
 *
 * The values of its O and Y lines go back into a command of SMTP as they are,
 * so only what can be no second word there is one.  Pure; libc only, for
 * relay-drop's sake.
 */
#ifndef QUEUE_DSN_H
#define QUEUE_DSN_H

#include <stdbool.h>
#include <stddef.h>

#define DSN_ORCPT_LIMIT 500 /* bytes: RFC 3461, section 4.2 */

/* "rfc822;ann+40x.test": a type, a semicolon and xtext, all of printable ASCII
 * without blanks. */
bool dsn_is_orcpt(const char *text, size_t n);

/* "NEVER", or SUCCESS, FAILURE and DELAY, each at most once, with commas. */
bool dsn_is_notify(const char *text, size_t n);

/* Does NOTIFY ask for this word?  Where it was not given (NULL or "") it asks
 * for FAILURE and DELAY. */
bool dsn_asks(const char *notify, const char *word);

/* "failure, delay" of sendmail -N in NOTIFY's words.  False, and "": it is
 * none. */
#define DSN_NOTIFY_SIZE 32
bool dsn_of_option(const char *given, char notify[DSN_NOTIFY_SIZE]);

/* What two of them ask for together; NULL, for one that was not given, stands
 * for FAILURE and DELAY as the server thinks best. */
const char *dsn_join(const char *a, const char *b);

#endif
