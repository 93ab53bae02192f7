/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/account.h"

#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intl.h"
#include "config/endpoint.h"
#include "config/oauth.h"
#include "relay/span.h"

#define PATH_LIMIT 16384
#define DAY 86400

/* --- judged --------------------------------------------------------------- */

/* Not who was, before `user` was changed. */
static bool is_user(const struct account *a)
{
	const char *user = a->smarthost->user;

	return user == NULL || strcmp(a->tokens.user, user) == 0;
}

static bool is_logged_in(const struct account *a, int64_t now)
{
	const struct tokens_state *t = &a->tokens;

	return is_user(a) && (t->has_refresh ||
	                      tokens_is_valid(t->obtained, t->expires, now));
}

static enum account_kind judge(const struct account *a, int found)
{
	const struct tokens_state *t = &a->tokens;
	bool has_person = oauth_has_person(oauth_flow(a->smarthost));

	if (found < 0)
		return ACCOUNT_BROKEN;
	if (found > 0 && t->failed > 0)
		return t->failure_is == FAULT_CONFIG ? ACCOUNT_PERSON
		                                     : ACCOUNT_FAILING;
	if (has_person)
		return found > 0 && is_logged_in(a, clock_seconds())
		               ? ACCOUNT_WELL
		               : ACCOUNT_NOBODY;
	return found > 0 && t->obtained > 0 ? ACCOUNT_WELL : ACCOUNT_NEW;
}

void account_look(struct account *a, const struct smarthost *h,
                  const char *queue)
{
	struct sbuf path;
	int found;

	*a = (struct account){ .kind = ACCOUNT_OTHER, .smarthost = h };
	if (!oauth_is_used(h))
		return;
	sbuf_init(&path, PATH_LIMIT);
	oauth_store(h, queue, &path);
	found = tokens_look(path.data, &a->tokens, &a->fault);
	sbuf_release(&path);
	a->kind = judge(a, found);
}

const char *account_kind_name(enum account_kind kind)
{
	static const char *const names[] = {
		[ACCOUNT_OTHER] = "other",     [ACCOUNT_NOBODY] = "nobody",
		[ACCOUNT_NEW] = "new",         [ACCOUNT_WELL] = "well",
		[ACCOUNT_FAILING] = "failing", [ACCOUNT_PERSON] = "person",
		[ACCOUNT_BROKEN] = "broken",
	};

	return names[kind];
}

bool account_needs_person(const struct account *a)
{
	return a->kind == ACCOUNT_NOBODY || a->kind == ACCOUNT_PERSON ||
	       a->kind == ACCOUNT_BROKEN;
}

/* An app of Google's that is in Testing has its logins ended after 7 days. */
static bool died_in_testing(const struct account *a)
{
	int64_t age = a->tokens.failed - a->tokens.login;

	return endpoint_house(a->smarthost) == ENDPOINT_GOOGLE &&
	       a->kind == ACCOUNT_PERSON && a->tokens.login > 0 &&
	       age >= 6 * DAY && age <= 9 * DAY;
}

/* --- in words ------------------------------------------------------------- */

void account_problem(const struct account *a, struct sbuf *b)
{
	const char *name = a->smarthost->name;

	if (a->kind == ACCOUNT_NOBODY)
		sbuf_addf(b,
		          _("smarthost %s: nobody is logged in: `relay login "
		            "%s`"),
		          name, name);
	else if (a->kind == ACCOUNT_BROKEN)
		sbuf_addf(b, _("smarthost %s: %s"), name, a->fault.text);
	else if (oauth_has_person(oauth_flow(a->smarthost)))
		sbuf_addf(b,
		          _("smarthost %s: %s; log in again: `relay login "
		            "%s`"),
		          name, a->tokens.failure, name);
	else
		sbuf_addf(b,
		          _("smarthost %s: %s; `relay login %s --explain` "
		            "shows what the provider must know"),
		          name, a->tokens.failure, name);
}

const char *account_lifetime(const struct smarthost *h)
{
	bool has_person = oauth_has_person(oauth_flow(h));

	switch (endpoint_house(h)) {
	case ENDPOINT_GOOGLE:
		return has_person
		               ? _("Google ends a login when the password is "
		                   "changed, when it is revoked or not used "
		                   "for 6 months, and after 7 days while the "
		                   "app is in Testing; relay uses it every 14 "
		                   "days at least")
		               : _("this lasts until the key of the service "
		                   "account is deleted at Google");
	case ENDPOINT_MICROSOFT:
		return has_person
		               ? _("Microsoft ends a login that is not used "
		                   "for 90 days, or when the password is "
		                   "changed; relay uses it every 14 days at "
		                   "least")
		               : _("this lasts as long as the client's secret "
		                   "or certificate: at Microsoft a secret "
		                   "ends after 24 months at most, on the day "
		                   "that was chosen there");
	case ENDPOINT_OTHER: break;
	}
	return has_person ? _("the provider says how long a login lasts; relay "
	                      "uses it every 14 days at least")
	                  : _("this lasts as long as the client's secret or "
	                      "key");
}

static void say_who(const struct account *a, int64_t now, struct sbuf *b)
{
	const struct tokens_state *t = &a->tokens;
	const struct smarthost *h = a->smarthost;
	char span[SPAN_SIZE];
	struct sbuf date;

	sbuf_init(&date, 64);
	clock_add_short(&date, t->login);
	if (a->kind == ACCOUNT_NOBODY && t->user[0] != '\0' && !is_user(a))
		sbuf_addf(b, _("%s is logged in, and `user` is %s"), t->user,
		          h->user);
	else if (a->kind == ACCOUNT_NOBODY)
		sbuf_addstr(b, _("nobody is logged in"));
	else if (!oauth_has_person(oauth_flow(h)))
		sbuf_addf(b, _("logs in by itself as %s (%s)"), h->user,
		          oauth_flow_name(oauth_flow(h)));
	else if (t->login > 0)
		sbuf_addf(b, _("logged in as %s since %s (%s ago)"), t->user,
		          date.data,
		          span_time(span, sizeof(span), now - t->login));
	else
		sbuf_addf(b, _("logged in as %s"), t->user);
	sbuf_release(&date);
}

static void say_token(const struct account *a, int64_t now, struct sbuf *b)
{
	const struct tokens_state *t = &a->tokens;
	char age[SPAN_SIZE], left[SPAN_SIZE];

	if (t->obtained == 0)
		return;
	span_time(age, sizeof(age), now - t->obtained);
	span_time(left, sizeof(left), t->expires - now);
	if (tokens_is_valid(t->obtained, t->expires, now))
		sbuf_addf(b, _("the token is %s old and good for %s"), age,
		          left);
	else
		sbuf_addf(b,
		          _("the token is %s old and has ended; the next "
		            "mail gets a new one"),
		          age);
}

static void say_refresh(const struct account *a, int64_t now, struct sbuf *b)
{
	const struct tokens_state *t = &a->tokens;
	char span[SPAN_SIZE];

	/* Mostly it is the token that was spoken of. */
	if (t->refreshed > 0 && t->refreshed <= now &&
	    t->refreshed != t->obtained)
		sbuf_addf(b, _("the provider last gave one %s ago"),
		          span_time(span, sizeof(span), now - t->refreshed));
}

static void say_failure(const struct account *a, int64_t now, struct sbuf *b)
{
	const struct tokens_state *t = &a->tokens;
	char span[SPAN_SIZE];

	if (a->kind == ACCOUNT_BROKEN)
		sbuf_addstr(b, a->fault.text);
	if (a->kind != ACCOUNT_FAILING && a->kind != ACCOUNT_PERSON)
		return;
	span_time(span, sizeof(span), now - t->failed);
	if (a->kind == ACCOUNT_FAILING)
		sbuf_addf(b,
		          _("for %s no new token could be had: %s; it is "
		            "tried again"),
		          span, t->failure);
	else
		sbuf_addf(b, _("for %s no new token could be had: %s"), span,
		          t->failure);
}

static void say_remedy(const struct account *a, int64_t now, struct sbuf *b)
{
	const char *name = a->smarthost->name;

	(void)now;
	if (died_in_testing(a))
		sbuf_addf(b,
		          _("it lasted 7 days, as logins do while the app is "
		            "in Testing: set it to In production (`relay "
		            "login %s --explain`), then log in "
		            "again"),
		          name);
	else if (a->kind == ACCOUNT_NOBODY || a->kind == ACCOUNT_PERSON)
		sbuf_addf(b, _("what to do: `relay login %s`"), name);
}

static void say_lifetime(const struct account *a, int64_t now, struct sbuf *b)
{
	(void)now;
	if (a->kind != ACCOUNT_NOBODY && a->kind != ACCOUNT_BROKEN)
		sbuf_addstr(b, account_lifetime(a->smarthost));
}

bool account_say(const struct account *a, size_t i, int64_t now, struct sbuf *b)
{
	static void (*const says[])(const struct account *, int64_t,
	                            struct sbuf *) = {
		say_who,     say_token,  say_refresh,
		say_failure, say_remedy, say_lifetime,
	};

	if (i >= COUNT_OF(says) || a->kind == ACCOUNT_OTHER)
		return false;
	says[i](a, now, b);
	return true;
}
