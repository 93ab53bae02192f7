/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - a person lets relay send mail for them
 *
 * Speaks to the person on stderr and hears them on stdin; the tokens go into
 * the store, and from there nowhere.  Without the lock while a person thinks.
 */
#ifndef TOKEN_LOGIN_H
#define TOKEN_LOGIN_H

#include "base/fault.h"
#include "base/pairs.h"
#include "token/answer.h"
#include "token/ask.h"
#include "token/http.h"
#include "token/settings.h"

/* `login`: expires.  Device code or browser, as the flow says. */
int login_run(const struct settings *s, struct http *http, struct pairs *answer,
              struct fault *f);

/* `erase`: the store is gone; revoked=0 or 1 says whether the provider was
 * told.
 */
int login_erase(const struct settings *s, struct http *http,
                struct pairs *answer, struct fault *f);

/* The two ways: 0 and a grant. */
int device_login(const struct asker *a, struct grant *g, struct fault *f);
int code_login(const struct asker *a, struct grant *g, struct fault *f);

#endif
