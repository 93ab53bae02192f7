/* SPDX-License-Identifier: GPL-3.0-or-later */
/* site - where this user's queue and configuration are
 *
 * Personal: `~/.relayrc` of the real uid is there, or RELAY_HOST,
 * RELAY_PROVIDER, RELAY_CONFIG or RELAY_QUEUE is set (containers, tests), or
 * the machine has no system queue.  The queue is $RELAY_QUEUE, else
 * ${XDG_STATE_HOME:-~/.local/state}/relay.
 * System: otherwise; /etc/relayrc and /var/spool/relay, which belongs to the
 * user relay and was made by setup-spool, or the socket that leads there. Where
 * that was not run root has both for itself.
 * SMTP_HOST stands for RELAY_HOST where there is no configuration at all: no
 * ~/.relayrc, no /etc/relayrc, no system queue.
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
#include <sys/types.h>

#include "base/fault.h"
#include "queue/spool.h"

struct site {
	bool is_system;
	uid_t owner;  /* of the queue: the system's, or we */
	char *queue;  /* absolute path of the queue */
	char *config; /* absolute path; NULL: the environment has it */
	char *login;  /* name of the real uid, or "uid1234" */
	char *name;   /* the person's name of the password file, or "" */
};

/* Fill in.  -1 (EX_OSFILE, 72) only when no home can be found at all. */
int site_find(struct site *site, struct fault *f);
void site_release(struct site *site);

/* May this process work on the queue itself?  Otherwise relay-drop and
 * relay-queue do it for us. */
bool site_is_ours(const struct site *site);

/* Open the queue to look at it and move what is in it: ours, or as a guest of
 * the system's, who sees his own mail and the size of the rest.  -1 with
 * `missing`: there is none, and looking makes none.  Release `spool` in every
 * case. */
int site_open(const struct site *site, struct spool *spool, bool *missing,
              struct fault *f);

/* The system's queue, whatever the environment and ~/.relayrc say: for
 * relay-queue. */
int site_find_system(struct site *site, struct fault *f);

/* Root gives up its rights for those of the system queue's owner, for good: it
 * never works as root in a directory of another.  0 when there is nothing to do
 * or it is done. */
int site_become_owner(const struct site *site, struct fault *f);

#endif
