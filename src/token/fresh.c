/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question that was sent and not answered may have been carried out: the
 * server has then ended the refresh token that we hold, and where it is strict
 * it ends the whole login when it sees that one again.  Nothing undoes that, so
 * all of this is about asking seldom: only near the end of a token, one at a
 * time, never twice in a row, and with the access token that is still good
 * before that.  Between the question and the disk no signal ends us. */
#include "token/fresh.h"

#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "token/ask.h"
#include "token/form.h"
#include "token/jwt.h"
#include "token/patience.h"
#include "token/seal.h"
#include "token/url.h"

#define LOCK_WAIT                                                  \
	7 /* seconds: with one question, less than config/helper's \
	   */

struct fresh {
	const struct settings *s;
	struct http *http;
	struct tokens store;
	int64_t now;
};

static const char *stored(const struct fresh *w, const char *key)
{
	return pairs_get(&w->store.lines, key);
}

static int64_t stored_number(const struct fresh *w, const char *key)
{
	int64_t value = 0;

	return pairs_get_number(&w->store.lines, key, &value) ? value : 0;
}

/* --- whose the store is --------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* A refresh token goes to the server that gave it, and to no other. */
static bool is_ours(const struct fresh *w)
{
	const char *url = stored(w, "token_url");

	return is_same(stored(w, "user"), w->s->user) &&
	       is_same(stored(w, "client_id"), w->s->client_id) &&
	       url != NULL && url_is_same_origin(url, w->s->token_url);
}

static int nobody(const struct fresh *w, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.7.8",
	                 _("nobody is logged in for %s: run `relay login %s`"),
	                 w->s->account, w->s->account);
}

/* Of another user or client: a login is not thrown away for that. */
static int check_owner(struct fresh *w, struct fault *f)
{
	if (is_ours(w))
		return 0;
	if (stored(w, "refresh_token") != NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.8",
		                 _("the login of %s is for another user, "
		                   "client or provider than the configuration "
		                   "names: run `relay login %s`"),
		                 w->s->account, w->s->account);
	pairs_release(&w->store.lines);
	return 0;
}

/* What is needed of it is there. */
static int check_store(struct fresh *w, int there, struct fault *f)
{
	if (there < 0 || (there > 0 && check_owner(w, f) != 0))
		return -1;
	if (settings_has_login(w->s) && stored(w, "refresh_token") == NULL)
		return nobody(w, f);
	return 0;
}

/* --- is it good? ---------------------------------------------------------- */

static bool is_valid(const struct fresh *w)
{
	return stored(w, "access_token") != NULL &&
	       stored_number(w, "obtained") > w->s->newer_than &&
	       is_same(stored(w, "scope"), w->s->scope) &&
	       tokens_is_valid(stored_number(w, "obtained"),
	                       stored_number(w, "expires"), w->now);
}

/* Not near its end; of one that lives shortly half of its life is. */
static bool is_good(const struct fresh *w)
{
	int64_t life =
		stored_number(w, "expires") - stored_number(w, "obtained");
	int64_t skew = w->s->skew < life / 2 ? w->s->skew : life / 2;

	return is_valid(w) && w->now < stored_number(w, "expires") - skew;
}

static int give(const struct fresh *w, struct pairs *answer, struct fault *f)
{
	if (pairs_put(answer, "secret", stored(w, "access_token"), f) != 0 ||
	    pairs_put(answer, "expires", stored(w, "expires"), f) != 0)
		return -1;
	return pairs_put(answer, "obtained", stored(w, "obtained"), f);
}

/* --- what comes of a question --------------------------------------------- */

static int put_owner(struct tokens *t, const struct settings *s,
                     struct fault *f)
{
	struct pairs *p = &t->lines;

	return pairs_put(p, "account", s->account, f) == 0 &&
	                       pairs_put(p, "user", s->user, f) == 0 &&
	                       pairs_put(p, "client_id", s->client_id, f) ==
	                               0 &&
	                       pairs_put(p, "token_url", s->token_url, f) ==
	                               0 &&
	                       pairs_put(p, "scope", s->scope, f) == 0 &&
	                       pairs_put(p, "flow", s->flow_name, f) == 0
	               ? 0
	               : -1;
}

static int put_grant(struct tokens *t, const struct grant *g, int64_t now,
                     struct fault *f)
{
	struct pairs *p = &t->lines;

	if (pairs_put(p, "access_token", secret_reveal(g->access), f) != 0 ||
	    pairs_put_number(p, "obtained", now, f) != 0 ||
	    pairs_put_number(p, "expires", now + g->life, f) != 0 ||
	    pairs_put_number(p, "refreshed", now, f) != 0)
		return -1;
	/* None in the answer: the old one stays good (RFC 6749, 6). */
	if (g->refresh != NULL)
		return pairs_put(p, "refresh_token", secret_reveal(g->refresh),
		                 f);
	return 0;
}

int fresh_store(struct tokens *t, const struct settings *s,
                const struct grant *g, int64_t now, struct fault *f)
{
	struct fault ignored;

	if (pairs_get(&t->lines, "version") == NULL &&
	    pairs_put_number(&t->lines, "version", 1, f) != 0)
		return -1;
	if (put_owner(t, s, f) != 0 || put_grant(t, g, now, f) != 0)
		return -1;
	patience_end(&t->lines, &ignored);
	return seal_write(t, s, f);
}

/* With what may a person go on? */
static int fail(struct fresh *w, const struct refusal *r, struct fault *f)
{
	struct fault ignored;

	*f = r->why;
	patience_add(&w->store.lines, r, w->now, &ignored);
	if (pairs_get(&w->store.lines, "version") == NULL)
		put_owner(&w->store, w->s, &ignored);
	seal_write(&w->store, w->s, &ignored);
	return -1;
}

static int ask(struct fresh *w, struct grant *g, struct refusal *r)
{
	struct asker asker = { .settings = w->s,
		               .http = w->http,
		               .login = stored_number(w, "login") };
	struct sbuf form, assertion;
	int result = 0;

	sbuf_init(&form, ASK_LIMIT);
	sbuf_init(&assertion, JWT_LIMIT);
	*r = (struct refusal){ .is_sent = false };
	if (w->s->flow == FLOW_CLIENT) {
		form_add(&form, "grant_type", "client_credentials");
		form_add(&form, "scope", w->s->scope);
	} else if (w->s->flow == FLOW_SERVICE) {
		form_add(&form, "grant_type",
		         "urn:ietf:params:oauth:grant-type:jwt-bearer");
		result = jwt_service(w->s, &assertion, &r->why);
		form_add(&form, "assertion", assertion.data);
	} else {
		form_add(&form, "grant_type", "refresh_token");
		form_add(&form, "refresh_token", stored(w, "refresh_token"));
		if (!is_same(stored(w, "scope"), w->s->scope))
			form_add(&form, "scope", w->s->scope);
	}
	if (result == 0)
		result = ask_token(&asker, &form, g, r);
	sbuf_release(&form);
	sbuf_release(&assertion);
	return result;
}

/* Did somebody write another refresh token, whom our lock did not keep away: a
 * copy from another machine, a file system without locks?  If not, what was
 * read before stays. */
static bool has_changed(struct fresh *w)
{
	const char *sent = stored(w, "refresh_token");
	struct pairs old = w->store.lines;
	struct fault ignored;
	bool changed;

	if (sent == NULL)
		return false;
	pairs_init(&w->store.lines);
	changed = seal_read(&w->store, w->s, &ignored) == 1 && is_ours(w) &&
	          stored(w, "refresh_token") != NULL &&
	          strcmp(stored(w, "refresh_token"), sent) != 0;
	if (changed) {
		pairs_release(&old);
	} else {
		pairs_release(&w->store.lines);
		w->store.lines = old;
	}
	return changed;
}

/* One question; a second one only with a token that is not the refused one.
 * 0: the store has what came of it. */
static int exchange(struct fresh *w, struct fault *f)
{
	struct fault ignored;
	struct refusal r;
	struct grant g;
	int result = ask(w, &g, &r);

	if (result != 0 && strcmp(r.error, "invalid_grant") == 0 &&
	    has_changed(w)) {
		if (is_good(w))
			return 0;
		result = ask(w, &g, &r);
	}
	if (result != 0)
		return fail(w, &r, f);
	result = fresh_store(&w->store, w->s, &g, w->now, f);
	grant_release(&g);
	if (result != 0) /* what is not on the disk is not used */
		seal_read(&w->store, w->s, &ignored);
	return result;
}

/* Signals wait: who is killed here by a hand has lost the new token. */
static int refresh(struct fresh *w, struct fault *f)
{
	sigset_t before;
	int result;

	if (patience_is_due(&w->store.lines, w->now, f) != 0 ||
	    seal_try(w->s, f) != 0 || tokens_reserve(&w->store, f) != 0)
		return -1;
	patience_hold_signals(&before);
	result = exchange(w, f);
	patience_let_signals(&before);
	return result;
}

/* --- the verbs ------------------------------------------------------------ */

/* Whoever has the lock may be at it for long: what is still good will do. */
static int without_lock(struct fresh *w, struct pairs *answer, struct fault *f)
{
	struct fault ignored;

	if (seal_read(&w->store, w->s, &ignored) == 1 && is_ours(w) &&
	    is_valid(w))
		return give(w, answer, f);
	return -1;
}

static int get(struct fresh *w, struct pairs *answer, struct fault *f)
{
	if (tokens_lock(&w->store, LOCK_WAIT, f) != 0)
		return without_lock(w, answer, f);
	if (check_store(w, seal_read(&w->store, w->s, f), f) != 0)
		return -1;
	if (is_good(w) || refresh(w, f) == 0)
		return give(w, answer, f);
	if (f->kind == FAULT_TEMP && is_valid(w))
		return give(w, answer, f);
	return -1;
}

static int keep(struct fresh *w, struct pairs *answer, struct fault *f)
{
	int64_t age;

	if (!settings_has_login(w->s))
		return pairs_put_number(answer, "refreshed", 0, f);
	if (tokens_lock(&w->store, LOCK_WAIT, f) != 0 ||
	    check_store(w, seal_read(&w->store, w->s, f), f) != 0)
		return -1;
	age = w->now - stored_number(w, "refreshed");
	if (age >= 0 && age < w->s->max_age)
		return pairs_put_number(answer, "refreshed", 0, f);
	return refresh(w, f) == 0 ? pairs_put_number(answer, "refreshed", 1, f)
	                          : -1;
}

static int with_store(const struct settings *s, struct http *http,
                      int (*verb)(struct fresh *, struct pairs *,
                                  struct fault *),
                      struct pairs *answer, struct fault *f)
{
	struct fresh w = { .s = s, .http = http, .now = clock_seconds() };
	int result;

	if (settings_check(s, f) != 0 ||
	    tokens_open(&w.store, s->store, f) != 0)
		return -1;
	result = verb(&w, answer, f);
	tokens_release(&w.store);
	return result;
}

int fresh_get(const struct settings *s, struct http *http, struct pairs *answer,
              struct fault *f)
{
	return with_store(s, http, get, answer, f);
}

int fresh_keep(const struct settings *s, struct http *http,
               struct pairs *answer, struct fault *f)
{
	return with_store(s, http, keep, answer, f);
}
