/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resolve - the addresses that a recipient of the queue stands for
 *
 * In this order: a name of this machine that is an alias becomes those it
 * stands for; a bare name that is left is delivered here, if the configuration
 * says so; one that belongs to the system (root, daemon, ...) becomes the
 * postmaster, if there is one; any other gets the domain.  A name with the
 * machine's full name behind it counts as bare for aliases and the postmaster
 * only: it may be somebody's real address.  International domains are written
 * in their ASCII form, which every server takes.
 */
#ifndef MESSAGE_RESOLVE_H
#define MESSAGE_RESOLVE_H

#include <stdbool.h>

#include "base/fault.h"
#include "message/aliases.h"
#include "message/rewrite.h"

enum resolve_rule {
	RESOLVE_NOTHING,    /* the address as it came */
	RESOLVE_DOMAIN,     /* with the domain */
	RESOLVE_ALIAS,      /* one of those it stands for */
	RESOLVE_POSTMASTER, /* who reads the system's mail */
	RESOLVE_LOCAL,      /* a bare name, for delivery on this machine */
};

struct resolve_rules {                     /* all borrowed */
	const struct rewrite_rules *names; /* what is bare, and the domain */
	const struct aliases *aliases;     /* or NULL */
	const char *postmaster;            /* or NULL */
	bool delivers_here;

	/* Does the name belong to the system? */
	bool (*is_system)(const void *arg, const char *name);
	const void *arg;
};

/* Append the name that aliases and the postmaster know: what is before the @,
 * if the address is one of this machine.  False: it is not. */
bool resolve_name(const struct resolve_rules *rules, const char *address,
                  struct sbuf *name);

/* Takes one address; a result other than 0 ends it. */
typedef int resolve_give(void *arg, const char *address, enum resolve_rule rule,
                         struct fault *f);

/* Is it a name of this machine, as aliases and the postmaster see it? */
bool resolve_is_ours(const struct resolve_rules *rules, const char *recipient);

/* 0, or what give() returned, or -1: FAULT_CONFIG, the alias is broken;
 * FAULT_PERM, a domain that cannot be written in ASCII.  Some addresses may
 * have been given before that. */
int resolve_recipient(const struct resolve_rules *rules, const char *recipient,
                      resolve_give *give, void *arg, struct fault *f);

#endif
