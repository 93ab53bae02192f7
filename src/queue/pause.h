/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pause - smarthosts that are left alone for a while
 *
 * When a smarthost cannot be reached, or refuses our login or our quota, the
 * trouble is the account's and not a message's: pause/NAME says until when, how
 * often in a row and why, so that not every new message tries the password
 * again (providers lock accounts for that).  The file is a hint: lost, it costs
 * one early try.  A configuration changed after it makes it void.
 */
#ifndef QUEUE_PAUSE_H
#define QUEUE_PAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/fault.h"

struct pause {
	int64_t since;   /* when it was written */
	int64_t until;   /* seconds since 1970 */
	unsigned count;  /* failures in a row */
	bool is_account; /* it refused us, not everybody */
	struct fault why;
};

/* The name of a file about a smarthost, which may be called anything. */
#define PAUSE_NAME 256
void pause_name(char *name, size_t size, const char *prefix,
                const char *smarthost);

/* 1: there is one (past ones too: the caller compares), 0: none. */
int pause_read(const struct dir *d, const char *smarthost, struct pause *p);

/* Remember one more failure; the wait grows from 1 minute (server) or 5 minutes
 * (`is_account`) to 4 hours.  Fills in *p.  Errors are ignored. */
void pause_extend(const struct dir *d, const char *smarthost, bool is_account,
                  const struct fault *why, struct pause *p);
void pause_clear(const struct dir *d, const char *smarthost);

/* Was the configuration changed since (its mtime; one of the future counts for
 * nothing), so that the reason may be gone? */
bool pause_is_void(const struct pause *p, int64_t config_time, int64_t now);

#endif
