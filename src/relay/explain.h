/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain - what `relay explain` knows, and its two ways to say it
 *
 * explain.c gathers; explain_text.c says it to people, explain_json.c to
 * programs.  Both walk the rules with relay-flush's own code and take notes.
 */
#ifndef RELAY_EXPLAIN_H
#define RELAY_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/match.h"
#include "config/rules.h"
#include "message/downgrade.h"
#include "relay/specimen.h"

#define EXPLAIN_OUTPUT_LIMIT ((size_t)64 << 20)
#define EXPLAIN_HOST_SIZE 256

struct explain {
	bool json;
	const char *sender;    /* --from, or NULL */
	const char *smarthost; /* --smarthost, or NULL */
	const char *name;      /* of what is to be explained */
	char **recipients;     /* in argv */
	size_t count;

	struct config *config;
	const struct smarthost *by;
	struct match why;
	struct people people;
	struct rules rules;
	char host[EXPLAIN_HOST_SIZE];
	struct specimen specimen;
	bool is_utf8; /* an address that is sent is not ASCII */
	struct downgrade *content;
	struct sbuf out;
};

/* Into e->out; the header of the specimen is rewritten on the way.  *all:
 * every recipient can be sent to.  -1: the header cannot be rewritten, or the
 * message not be read. */
int explain_text(struct explain *e, bool *all, struct fault *f);
int explain_json(struct explain *e, bool *all, struct fault *f);

/* Read the message to its end, behind the header as it is now. */
int explain_look(struct explain *e, struct fault *f);

/* Then: what a server gets that has 8BITMIME, or has it not.  NULL: the message
 * as it is; else what changes, "" if it cannot be sent there for *f. */
const char *explain_content(struct explain *e, bool can_8bit, struct fault *f);

/* Append the sender as it is sent. */
enum rewrite_rule explain_sender(struct explain *e, struct sbuf *sent);

/* The lines of the aliases file that made of a recipient what it becomes, each
 * with a line end; nothing for what is no alias. */
void explain_aliases(const struct explain *e, const char *recipient,
                     struct sbuf *lines);

#endif
