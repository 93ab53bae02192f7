/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check - what `relay check` knows, and its two ways to say it
 *
 * check.c loads and asks, check_warn.c looks at what is allowed and unwise;
 * check_text.c says it to people, check_json.c to programs.
 */
#ifndef RELAY_CHECK_H
#define RELAY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "config/match.h"
#include "message/aliases.h"
#include "queue/site.h"

#define CHECK_OUTPUT_LIMIT 4194304

struct check {
	const struct site *site;
	bool json;
	bool secrets;
	bool options;
	bool mdoc;
	bool environment;
	bool only_aliases;
	const char *sender;      /* or NULL */
	struct config *config;   /* NULL when there are errors */
	struct aliases *aliases; /* NULL: not configured */
	struct config_errors errors;
	struct config_errors warnings;
	struct fault *fetched; /* of each smarthost; NULL without --secrets */
	char hostname[256];
};

/* Is there a password or a token to be fetched, and which key says it? */
bool check_has_secret(const struct smarthost *h);
const char *check_secret_key(const struct smarthost *h);

/* Add to the warnings. */
void check_warn(struct check *c);

/* Why a sender goes this way, in words. */
void check_why(const struct check *c, const struct smarthost *h,
               const struct match *why, struct sbuf *b);

/* All that the configuration means; and print it, with what is wrong. */
void check_text(const struct check *c, struct sbuf *b);
void check_show(const struct check *c, const struct sbuf *b);

/* One object, errors included. */
void check_json(const struct check *c, struct sbuf *b);

#endif
