/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/escape.h"
#include "base/intl.h"
#include "token/form.h"
#include "token/reasons.h"
#include "token/url.h"

#define LIFE 3600         /* what is not said */
#define LIFE_MOST 2592000 /* 30 days */
#define SHOWN 160         /* bytes of a description */
#define HIDDEN_LEAST 4    /* shorter ones are in every text */
#define DAY 86400
#define CODE_TEMP "4.7.0"
#define CODE_PERSON "4.7.8"

void grant_release(struct grant *g)
{
	secret_free(&g->access);
	secret_free(&g->refresh);
}

/* --- words of theirs ------------------------------------------------------ */

/* What may stand in the question and must not stand in a fault. */
static const char *const secrets[] = {
	"refresh_token",    "client_secret", "code",
	"code_verifier",    "device_code",   "assertion",
	"client_assertion",
};

static void hide_one(struct sbuf *text, const char *secret)
{
	size_t n = strlen(secret);
	char *at = text->data;

	while (n >= HIDDEN_LEAST && (at = strstr(at, secret)) != NULL) {
		memset(at, '*', n);
		at += n;
	}
}

static void hide(struct sbuf *text, const struct sbuf *form)
{
	struct sbuf secret;

	sbuf_init(&secret, JSON_LIMIT);
	for (size_t i = 0; text->len > 0 && i < COUNT_OF(secrets); i++)
		if (form != NULL && form_get(form->data, secrets[i], &secret))
			hide_one(text, secret.data);
	sbuf_release(&secret);
}

/* The first line of it, without anything of ours, safe to show. */
static void quote(char *shown, size_t size, const char *text,
                  const struct sbuf *form)
{
	struct sbuf copy;

	sbuf_init(&copy, JSON_LIMIT);
	sbuf_add(&copy, text, strcspn(text, "\r\n"));
	hide(&copy, form);
	escape_copy(shown, size, copy.data, copy.len);
	sbuf_release(&copy);
}

/* --- a refusal ------------------------------------------------------------ */

/* "HOST: WORDS (DETAIL)" */
static void say(struct refusal *r, const struct answer_about *about,
                enum fault_kind kind, const char *words, const char *detail)
{
	char host[256];

	url_host(about->url, host, sizeof(host));
	fault_set(&r->why, kind, kind == FAULT_TEMP ? CODE_TEMP : CODE_PERSON,
	          "%s: %s (%s)", host, words, detail);
}

/* The same, and what to do about it. */
static void say_login(struct refusal *r, const struct answer_about *about,
                      const char *words, const char *detail)
{
	struct sbuf both;

	sbuf_init(&both, sizeof(r->why.text));
	sbuf_addf(&both, _("%s: run `relay login %s`"), words,
	          about->settings->account);
	say(r, about, FAULT_CONFIG, both.data, detail);
	sbuf_release(&both);
}

/* Google ends the logins of an app in "Testing" after seven days, and says the
 * same as of any other end. */
static bool is_of_testing(const struct answer_about *about, const char *error)
{
	int64_t age = about->now - about->login;

	return settings_has_login(about->settings) && about->login > 0 &&
	       age > 6 * DAY && age < 9 * DAY &&
	       strcmp(error, "invalid_grant") == 0 &&
	       (url_is_of(about->url, "googleapis.com") ||
	        url_is_of(about->url, "google.com"));
}

static bool is_temporary(long status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

static void detail_of(char *detail, size_t size, long status, const char *error,
                      const char *description)
{
	snprintf(detail, size, "HTTP %ld, %s%s%s", status, error,
	         description[0] != '\0' ? ": " : "", description);
}

void answer_refuse(const struct answer_about *about, long status,
                   const char *error, const char *description,
                   struct refusal *r)
{
	char shown[SHOWN], detail[SHOWN + 128];
	const struct reason *reason;

	quote(r->error, sizeof(r->error), error, about->form);
	quote(shown, sizeof(shown), description, about->form);
	detail_of(detail, sizeof(detail), status, r->error, shown);
	reason = reasons_find(about->settings->flow, r->error, shown);
	if (is_temporary(status) || reason->kind == FAULT_TEMP)
		say(r, about, FAULT_TEMP,
		    reason->kind == FAULT_TEMP
		            ? _(reason->words)
		            : _("the provider cannot answer now"),
		    detail);
	else if (is_of_testing(about, r->error))
		say_login(r, about,
		          _("the login ended after 7 days: the app is in "
		            "\"Testing\"; set it \"In production\" in the "
		            "Google Cloud console"),
		          detail);
	else if (reason->remedy == REMEDY_LOGIN)
		say_login(r, about, _(reason->words), detail);
	else
		say(r, about, reason->kind, _(reason->words), detail);
}

static bool is_html(const struct sbuf *body)
{
	return body->data[strspn(body->data, " \t\r\n")] == '<';
}

/* No word of OAuth: the status is all there is. */
static void refuse_status(const struct http_answer *a,
                          const struct answer_about *about, struct refusal *r)
{
	const char *form = is_html(&a->body) ? "HTML" : _("no JSON");
	enum fault_kind kind = FAULT_TEMP;
	const char *words;
	char detail[64];

	if (a->status >= 300 && a->status < 400) {
		kind = FAULT_CONFIG;
		words = _("it sends us elsewhere, and a secret does not follow "
		          "a redirect: is oauth_token_url right?");
	} else if (a->status == 404 || a->status == 405 || a->status == 410) {
		kind = FAULT_CONFIG;
		words = _("there is no token endpoint at this URL: see "
		          "oauth_token_url and oauth_tenant");
	} else if (a->status == 429) {
		words = _("it was asked too often");
	} else if (is_temporary(a->status)) {
		words = _("the provider has trouble of its own");
	} else {
		words = _("it answers what no token endpoint does; is a proxy "
		          "or a captive portal in between?");
	}
	snprintf(detail, sizeof(detail), "HTTP %ld, %s", a->status, form);
	say(r, about, kind, words, detail);
}

static int refuse(const struct http_answer *a, const struct answer_about *about,
                  const struct json *object, struct refusal *r)
{
	const char *error = object != NULL ? json_text(object, "error") : NULL;
	const char *description =
		object != NULL ? json_text(object, "error_description") : NULL;

	if (error != NULL && error[0] != '\0')
		answer_refuse(about, a->status, error,
		              description != NULL ? description : "", r);
	else
		refuse_status(a, about, r);
	return -1;
}

int answer_object(const struct http_answer *a, const struct answer_about *about,
                  struct json **object, struct refusal *r)
{
	const bool is_good = a->status >= 200 && a->status < 300;
	struct fault ignored;

	r->error[0] = '\0';
	r->is_sent = a->is_sent;
	r->wait = a->retry_after;
	*object = json_read(a->body.data, a->body.len, &ignored);
	if (is_good && *object != NULL && json_text(*object, "error") == NULL)
		return 0;
	refuse(a, about, *object, r);
	json_free(object);
	return -1;
}

/* --- tokens --------------------------------------------------------------- */

/* A login of SMTP is made of it, where a blank or a control byte would end the
 * field. */
static struct secret *take_token(const struct json *object, const char *key)
{
	const char *text = json_text(object, key);
	size_t n = text != NULL ? strlen(text) : 0;

	if (n == 0 || n > ANSWER_TOKEN)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!ascii_is_graph(text[i]))
			return NULL;
	return secret_create(text, n);
}

static int64_t life_of(const struct json *object)
{
	int64_t life = 0;

	if (!json_number(object, "expires_in", &life) || life <= 0)
		return LIFE;
	return life < LIFE_MOST ? life : LIFE_MOST;
}

static bool is_bearer(const struct json *object)
{
	const char *type = json_text(object, "token_type");

	return type == NULL || ascii_is_word(type, "bearer");
}

/* Some say "" where they give none. */
static bool has_text(const struct json *object, const char *key)
{
	const char *text = json_text(object, key);

	return text != NULL && text[0] != '\0';
}

static int take_grant(const struct json *object, struct grant *g)
{
	if (!is_bearer(object))
		return -1;
	g->access = take_token(object, "access_token");
	g->refresh = take_token(object, "refresh_token");
	g->life = life_of(object);
	if (g->access != NULL &&
	    (g->refresh != NULL || !has_text(object, "refresh_token")))
		return 0;
	grant_release(g);
	return -1;
}

int answer_read(const struct http_answer *a, const struct answer_about *about,
                struct grant *g, struct refusal *r)
{
	struct json *object;
	char detail[32];
	int result;

	*g = (struct grant){ .access = NULL };
	if (answer_object(a, about, &object, r) != 0)
		return -1;
	result = take_grant(object, g);
	json_free(&object);
	if (result == 0)
		return 0;
	snprintf(detail, sizeof(detail), "HTTP %ld", a->status);
	say(r, about, FAULT_TEMP,
	    _("it answers without a token that could be used"), detail);
	return -1;
}
