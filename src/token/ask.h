/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ask - one question to an endpoint, as this client
 *
 * Adds who we are (a secret, an assertion, or the id alone), asks once, and
 * never again: whether a question may be repeated is the caller's to know.
 */
#ifndef TOKEN_ASK_H
#define TOKEN_ASK_H

#include "base/sbuf.h"
#include "token/answer.h"
#include "token/http.h"
#include "token/settings.h"

#define ASK_LIMIT 131072 /* bytes of a question */

struct asker {
	const struct settings *settings;
	struct http *http;
	int64_t login; /* when a person logged in, or 0 */
};

/* Ask the token endpoint; `form` has the grant and gets the rest. */
int ask_token(const struct asker *a, struct sbuf *form, struct grant *g,
              struct refusal *r);

/* Ask another one, that answers with an object or with nothing of interest
 * (`object` NULL). */
int ask_other(const struct asker *a, const char *url, struct sbuf *form,
              struct json **object, struct refusal *r);

#endif
