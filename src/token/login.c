/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/login.h"

#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "helper/tokens.h"
#include "token/form.h"
#include "token/fresh.h"
#include "token/patience.h"
#include "token/seal.h"

#define LOCK_WAIT 60 /* seconds: a person has just done their part */

/* A new login, in place of what was there: nothing of that is worth keeping. */
static int store(const struct settings *s, const struct grant *g,
                 struct pairs *answer, struct fault *f)
{
	const int64_t now = clock_seconds();
	struct tokens t;
	int result;

	if (tokens_open(&t, s->store, f) != 0)
		return -1;
	result = tokens_lock(&t, LOCK_WAIT, f);
	if (result == 0)
		result = pairs_put_number(&t.lines, "version", 1, f);
	if (result == 0)
		result = pairs_put_number(&t.lines, "login", now, f);
	if (result == 0)
		result = fresh_store(&t, s, g, now, f);
	if (result == 0)
		result = pairs_put_number(answer, "expires", now + g->life, f);
	tokens_release(&t);
	return result;
}

/* Is there a place to keep it, before a person is asked for anything? */
static int check_place(const struct settings *s, struct fault *f)
{
	struct tokens t;
	int result;

	if (tokens_open(&t, s->store, f) != 0)
		return -1;
	result = tokens_lock(&t, LOCK_WAIT, f);
	if (result == 0)
		result = seal_try(s, f);
	if (result == 0)
		result = tokens_reserve(&t, f);
	tokens_release(&t);
	return result;
}

static int check_refresh(const struct settings *s, const struct grant *g,
                         struct fault *f)
{
	if (g->refresh != NULL)
		return 0;
	return fault_set(
		f, FAULT_CONFIG, "4.7.8",
		_("the provider gave %s no refresh token, so the login "
	          "would end within an hour: Microsoft and others want "
	          "offline_access in oauth_scope, Google wants "
	          "access_type=offline"),
		s->account);
}

int login_run(const struct settings *s, struct http *http, struct pairs *answer,
              struct fault *f)
{
	struct asker asker = { .settings = s, .http = http };
	struct grant g = { .access = NULL };
	sigset_t before;
	int result;

	if (!settings_has_login(s))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s needs no login: the program logs in by "
		                   "itself (oauth_flow %s)"),
		                 s->account, s->flow_name);
	if (settings_check(s, f) != 0 || check_place(s, f) != 0)
		return -1;
	result = s->flow == FLOW_DEVICE ? device_login(&asker, &g, f)
	                                : code_login(&asker, &g, f);
	patience_hold_signals(&before);
	if (result == 0)
		result = check_refresh(s, &g, f);
	if (result == 0)
		result = store(s, &g, answer, f);
	patience_let_signals(&before);
	grant_release(&g);
	return result;
}

/* --- and the end of it ---------------------------------------------------- */

/* RFC 7009.  What comes of it is told, and changes nothing: the person wants
 * the tokens gone from here. */
static bool tell_provider(const struct settings *s, struct http *http,
                          const struct tokens *t)
{
	struct asker asker = { .settings = s, .http = http };
	const char *token = pairs_get(&t->lines, "refresh_token");
	struct refusal r;
	struct sbuf form;
	bool done;

	if (token == NULL || s->revoke_url == NULL)
		return false;
	http_allow(http, HTTP_LONGEST + HTTP_LEAST);
	sbuf_init(&form, ASK_LIMIT);
	form_add(&form, "token", token);
	form_add(&form, "token_type_hint", "refresh_token");
	done = ask_other(&asker, s->revoke_url, &form, NULL, &r) == 0;
	sbuf_release(&form);
	return done;
}

int login_erase(const struct settings *s, struct http *http,
                struct pairs *answer, struct fault *f)
{
	struct fault ignored;
	bool is_revoked = false;
	struct tokens t;
	int result;

	if (tokens_open(&t, s->store, f) != 0)
		return -1;
	result = tokens_lock(&t, LOCK_WAIT, f);
	if (result == 0 && seal_read(&t, s, &ignored) == 1)
		is_revoked = tell_provider(s, http, &t);
	if (result == 0)
		result = tokens_erase(&t, f);
	tokens_release(&t);
	if (result != 0)
		return -1;
	return pairs_put_number(answer, "revoked", is_revoked ? 1 : 0, f);
}
