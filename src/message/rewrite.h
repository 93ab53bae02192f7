/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewrite - addresses as a smarthost accepts them, in envelope and header
 *
 * A queue holds what the caller said: `From: root (Cron Daemon)`, `To: root`,
 * the sender `root`.  Providers take neither a bare name nor a sender they do
 * not know.  So, at each try and for the smarthost at hand:
 *
 *   - a bare name gets `domain`, and so does a name at localhost, in the
 *     envelope and in From, Sender, Reply-To, To, Cc and their Resent- kin;
 *   - a sender that this smarthost does not allow becomes `force`, in the
 *     envelope, in From, or in both.  The null sender stays.  What From said is
 *     kept in X-Original-From, and in Reply-To if there is none; a Sender that
 *     is not allowed goes.
 *
 * Display names, comments, folding and everything else stay byte for byte.  A
 * field that is no list of addresses stays as it is, except a From that must be
 * forced: that one is replaced.
 */
#ifndef MESSAGE_REWRITE_H
#define MESSAGE_REWRITE_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/header.h"

enum rewrite_rule {
	REWRITE_NOTHING,
	REWRITE_DOMAIN, /* a bare name got the domain */
	REWRITE_FORCE,  /* a sender that is not allowed was replaced */
};

struct rewrite_rules {        /* all borrowed */
	const char *domain;   /* what a bare name gets */
	const char *host;     /* this machine's name, or NULL */
	const char *force;    /* NULL: every sender is allowed */
	bool forces_envelope; /* and where it is put */
	bool forces_header;

	/* Is this qualified sender allowed as it is?  NULL: only `force`. */
	bool (*is_allowed)(const void *arg, const char *address);
	const void *arg;

	/* Told of each field that changed, for those who look on; may be NULL.
	 * The values are unfolded; before is NULL for a field that was added,
	 * after for one that was removed. */
	void (*note)(void *arg, enum rewrite_rule rule, const char *name,
	             const char *before, const char *after);
	void *note_arg;
};

/* Is it a name of this machine: bare, at localhost, or at the machine's name if
 * that has no dot and so cannot be anybody else's?  Then the bare name is its
 * first *n bytes.  For checked addresses, as all of these. */
bool rewrite_is_bare(const struct rewrite_rules *rules, const char *address,
                     size_t *n);

/* Append the address, with the domain if it is bare. */
enum rewrite_rule rewrite_qualify(const struct rewrite_rules *rules,
                                  const char *address, struct sbuf *out);

/* Append the envelope sender, "" for the null one. */
enum rewrite_rule rewrite_sender(const struct rewrite_rules *rules,
                                 const char *address, struct sbuf *out);

/* 1: the header was changed, 0: it is as it was, -1: FAULT_PERM, no room. */
int rewrite_header(const struct rewrite_rules *rules, struct header *h,
                   struct fault *f);

#endif
