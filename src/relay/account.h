/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account - who is logged in at a smarthost, for `relay status` and `login`
 *
 * What relay-token left in the queue (helper/tokens.h), judged and put in
 * words. Nobody is asked, nothing changes, and there is no secret in it.
 */
#ifndef RELAY_ACCOUNT_H
#define RELAY_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "helper/tokens.h"

enum account_kind {
	ACCOUNT_OTHER,  /* no `login oauth` */
	ACCOUNT_NOBODY, /* a person has to log in first */
	ACCOUNT_NEW,    /* no person has to, and no token was asked for yet */
	ACCOUNT_WELL,
	ACCOUNT_FAILING, /* it is tried again by itself */
	ACCOUNT_PERSON,  /* a person must act, or it fails for ever */
	ACCOUNT_BROKEN,  /* the store cannot be used: see `fault` */
};

struct account {
	enum account_kind kind;
	const struct smarthost *smarthost; /* borrowed */
	struct tokens_state tokens;
	struct fault fault;
};

void account_look(struct account *a, const struct smarthost *h,
                  const char *queue);

/* "nobody", "well" and so on: words for programs. */
const char *account_kind_name(enum account_kind kind);

bool account_needs_person(const struct account *a);

/* What is wrong and what to do, as one sentence; for those that need one. */
void account_problem(const struct account *a, struct sbuf *b);

/* Sentence `i` about it, to be wrapped: who, how long, what is wrong, what ends
 * it.  False: there are no more. */
bool account_say(const struct account *a, size_t i, int64_t now,
                 struct sbuf *b);

/* What ends a login at this provider, and what keeps it alive. */
const char *account_lifetime(const struct smarthost *h);

#endif
