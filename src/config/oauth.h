/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oauth - `login oauth`: what is asked of relay-token, and what it answers
 *
 * The configuration says who the client is (`oauth_client` and its like), the
 * preset of the provider where its endpoints are; relay-token asks them, and
 * keeps what it got in a file of the queue.  Only the question is made here,
 * and whether it can be made is checked when the configuration is read.
 *
 *     secret = oauth_fetch(smarthost, site.queue, 0, &fault);
 *
 * Faults are those of source_fetch(): FAULT_TEMP, later; FAULT_CONFIG, a person
 * must act.  None has a secret in it.
 */
#ifndef CONFIG_OAUTH_H
#define CONFIG_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/pairs.h"
#include "base/sbuf.h"
#include "base/secret.h"

struct config_errors;
struct smarthost;

/* Tokens that nobody asked for in so long are refreshed: providers end logins
 * that are not used (Microsoft after 90 days). */
#define OAUTH_KEEP_TIME (14 * 86400) /* seconds */

/* In the order of the words of `oauth_flow`. */
enum oauth_flow {
	OAUTH_FLOW_AUTO,
	OAUTH_FLOW_DEVICE,  /* a person types a code, anywhere */
	OAUTH_FLOW_CODE,    /* a person's browser comes back to this machine */
	OAUTH_FLOW_CLIENT,  /* nobody logs in: client credentials */
	OAUTH_FLOW_SERVICE, /* nobody logs in: a service account's key */
};

/* Does it log in this way? */
bool oauth_is_used(const struct smarthost *h);

/* The flow that is meant: never AUTO. */
enum oauth_flow oauth_flow(const struct smarthost *h);
const char *oauth_flow_name(enum oauth_flow flow);

/* Does this flow begin with a person who logs in? */
bool oauth_has_person(enum oauth_flow flow);

/* Complain of what `login oauth` lacks in the block, and of what it has no use
 * for. */
void oauth_check(struct config_errors *errors, const struct smarthost *h);

/* Where relay-token keeps the tokens: below `queue`, an absolute path. */
void oauth_store(const struct smarthost *h, const char *queue,
                 struct sbuf *path);

/* What `oauth_seal` wants, by chance, where there is none and one can be put:
 * nobody has to think of it, or to know it.  For who logs in. */
int oauth_make_seal(const struct smarthost *h, struct fault *f);

/* The question for relay-token, whole, the client's secret included. */
int oauth_question(const struct smarthost *h, const char *queue,
                   struct pairs *question, struct fault *f);

/* An access token, now.  `newer_than`: one that was obtained after that time
 * (seconds since 1970); 0: any that is good.  NULL: fault. */
struct secret *oauth_fetch(const struct smarthost *h, const char *queue,
                           int64_t newer_than, struct fault *f);

/* How a person logs in. */
struct oauth_talk {
	const char *prompt;     /* "paste" or "browser"; NULL: as it fits */
	unsigned port;          /* the browser comes back to; 0: any */
	char *const *variables; /* of the person's desktop: base/child */
};

/* Have a person log in, on our terminal.  *expires: of the first token. */
int oauth_login(const struct smarthost *h, const char *queue,
                const struct oauth_talk *talk, int64_t *expires,
                struct fault *f);

/* Refresh what is older than OAUTH_KEEP_TIME. */
int oauth_keep(const struct smarthost *h, const char *queue, struct fault *f);

/* Forget the tokens here; the provider is told where that can be. */
int oauth_erase(const struct smarthost *h, const char *queue, struct fault *f);

#endif
