/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rules - what the configuration says about addresses, for one smarthost
 *
 * What message/resolve and message/rewrite obey, made from a configuration:
 * read once (people), then for each smarthost (rules).  relay-flush and `relay
 * explain` use the same, so what is explained is what is done.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config/accounts.h"
#include "config/config.h"
#include "message/resolve.h"
#include "message/rewrite.h"

/* Who is who on this machine. */
struct people {
	struct aliases *aliases; /* NULL: none are configured */
	struct accounts *accounts;
};

/* *first is the first thing that is wrong with the aliases, or FAULT_NONE. */
void people_load(struct people *p, const struct config *config,
                 struct fault *first);
void people_release(struct people *p);

struct rules {
	struct rewrite_rules rewrite;
	struct resolve_rules resolve;
};

/* All of it borrowed, and `rules` must stay where it is.  `host` is this
 * machine's name. */
void rules_make(struct rules *rules, const struct config *config,
                const struct smarthost *smarthost, const struct people *people,
                const char *host);

#endif
