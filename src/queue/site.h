/* SPDX-License-Identifier: GPL-3.0-or-later */
/* site - where this user's queue and configuration are
 *
 * Personal: `~/.relayrc` of the real uid is there, or RELAY_HOST or
 * RELAY_CONFIG is set (containers, tests), or the machine has no system queue.
 * The queue is $RELAY_QUEUE, else ${XDG_STATE_HOME:-~/.local/state}/relay.
 * System: otherwise; /etc/relayrc and /var/spool/relay.
 *
 * Home is the password file's, because sudo and cron set HOME as they like;
 * $HOME only for a uid without an entry.  A set-id program ignores the
 * environment, and a path in it that is not absolute counts for nothing.
 * Nothing is opened and no configuration is read here: a broken
 * one must not stop mail from being accepted.
 */
#ifndef QUEUE_SITE_H
#define QUEUE_SITE_H

#include <stdbool.h>

#include "base/fault.h"

struct site {
	bool is_system;
	char *queue;  /* absolute path of the queue */
	char *config; /* absolute path; NULL: the environment has it */
	char *login;  /* name of the real uid, or "uid1234" */
	char *name;   /* the person's name of the password file, or "" */
};

/* Fill in.  -1 (EX_OSFILE, 72) only when no home can be found at all. */
int site_find(struct site *site, struct fault *f);
void site_release(struct site *site);

#endif
