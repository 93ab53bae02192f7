/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts - the names that belong to the system, not to people
 *
 * Those of /etc/passwd with a uid of at most SYS_UID_MAX (/etc/login.defs, else
 * 999) or nobody's, and those that every machine has whether they are accounts
 * or not: root, postmaster, mailer-daemon.  Read once; nothing is asked of the
 * network.
 */
#ifndef CONFIG_ACCOUNTS_H
#define CONFIG_ACCOUNTS_H

#include <stdbool.h>

struct accounts;

/* Never NULL: without the file there are the names of every machine. */
struct accounts *accounts_load(void);
void accounts_free(struct accounts **accounts);

/* In any case of letters, as mail is addressed. */
bool accounts_has(const struct accounts *accounts, const char *name);

#endif
