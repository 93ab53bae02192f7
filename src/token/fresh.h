/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fresh - a token that is good now, from the store or from the endpoint
 *
 * Under the store's lock from the reading to the writing, so of two processes
 * one asks and the other finds what it got.  A new refresh token is on the disk
 * before the access token that came with it leaves here.  The old one is never
 * given up: not when the endpoint refuses, not when it does not answer.
 */
#ifndef TOKEN_FRESH_H
#define TOKEN_FRESH_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/pairs.h"
#include "helper/tokens.h"
#include "token/answer.h"
#include "token/http.h"
#include "token/settings.h"

/* `get`: secret, expires, obtained.  -1: FAULT_TEMP or FAULT_CONFIG. */
int fresh_get(const struct settings *s, struct http *http, struct pairs *answer,
              struct fault *f);

/* `keep`: refreshed=0 or 1. */
int fresh_keep(const struct settings *s, struct http *http,
               struct pairs *answer, struct fault *f);

/* Into a store that is open and locked: a grant, and forget what failed. */
int fresh_store(struct tokens *t, const struct settings *s,
                const struct grant *g, int64_t now, struct fault *f);

#endif
