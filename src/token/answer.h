/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer - what a token endpoint's answer means, and for whom
 *
 * The only place that decides: tokens, or a refusal that is temporary, or one
 * that a person must do something about, in words that say what.  No network.
 */
#ifndef TOKEN_ANSWER_H
#define TOKEN_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/secret.h"
#include "token/http.h"
#include "token/json.h"
#include "token/settings.h"

#define ANSWER_TOKEN 16384 /* bytes of one token */

/* What it gave. */
struct grant {
	struct secret *access;
	struct secret *refresh; /* NULL: it gave none */
	int64_t life;           /* of the access token, seconds */
};

void grant_release(struct grant *g);

/* Why it gave nothing. */
struct refusal {
	struct fault why; /* TEMP, or CONFIG: a person must act */
	char error[64];   /* the OAuth word; "" where there was none */
	bool is_sent;     /* http.h; so a temporary one is not asked again */
	int64_t wait;     /* seconds it asked for; 0: it did not */
};

/* What is known about who is refused, for the words. */
struct answer_about {
	const struct settings *settings;
	const char *url;         /* which was asked */
	const struct sbuf *form; /* what was asked: nothing of it is quoted */
	int64_t login;           /* when a person logged in, or 0 */
	int64_t now;
};

/* 0: tokens.  -1: a refusal. */
int answer_read(const struct http_answer *a, const struct answer_about *about,
                struct grant *g, struct refusal *r);

/* The same for an answer that is no token: 0 and an object for 2xx. */
int answer_object(const struct http_answer *a, const struct answer_about *about,
                  struct json **object, struct refusal *r);

/* A word of OAuth that came another way (a redirect), in the same words. */
void answer_refuse(const struct answer_about *about, long status,
                   const char *error, const char *description,
                   struct refusal *r);

#endif
