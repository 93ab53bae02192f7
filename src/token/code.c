/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 8252 with PKCE (RFC 7636): the browser brings a code back to this
 * machine, and only who began can redeem it. */
#include "token/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/intl.h"
#include "base/port.h"
#include "token/form.h"
#include "token/redirect.h"
#include "token/sign.h"
#include "token/url.h"

#define VERIFIER 32 /* random bytes */
#define STATE 16
#define PATIENCE 900 /* seconds for the person */

struct code {
	const struct settings *s;
	struct redirect back;
	struct sbuf verifier, state, uri, url, query;
};

static void init(struct code *c, const struct settings *s)
{
	*c = (struct code){ .s = s, .back = { .listener = -1 } };
	sbuf_init(&c->back.line, REDIRECT_LIMIT);
	sbuf_init(&c->verifier, 64);
	sbuf_init(&c->state, 64);
	sbuf_init(&c->uri, 256);
	sbuf_init(&c->url, REDIRECT_LIMIT);
	sbuf_init(&c->query, REDIRECT_LIMIT);
}

static void release(struct code *c)
{
	redirect_close(&c->back);
	sbuf_release(&c->verifier);
	sbuf_release(&c->state);
	sbuf_release(&c->uri);
	sbuf_release(&c->url);
	sbuf_release(&c->query);
}

static int add_random(struct sbuf *b, size_t n, struct fault *f)
{
	unsigned char bytes[VERIFIER];

	if (port_random(bytes, n) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("no random numbers: %s"), intl_error(errno));
	sign_base64url(bytes, n, b);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* Microsoft knows the name only, whatever the port; others know both. */
static const char *place(const struct settings *s)
{
	static const char *const named[] = {
		"login.microsoftonline.com", "login.microsoftonline.us",
		"login.partner.microsoftonline.cn"
	};

	if (s->redirect != NULL)
		return s->redirect;
	for (size_t i = 0; i < COUNT_OF(named); i++)
		if (url_is_of(s->auth_url, named[i]))
			return "http://localhost";
	return "http://127.0.0.1";
}

static void compose(struct code *c)
{
	struct sbuf query, challenge;

	sbuf_init(&query, REDIRECT_LIMIT);
	sbuf_init(&challenge, 64);
	sign_sha256(c->verifier.data, c->verifier.len, &challenge);
	form_add(&query, "response_type", "code");
	form_add(&query, "client_id", c->s->client_id);
	form_add(&query, "redirect_uri", c->uri.data);
	form_add(&query, "scope", c->s->scope);
	form_add(&query, "state", c->state.data);
	form_add(&query, "code_challenge", challenge.data);
	form_add(&query, "code_challenge_method", "S256");
	form_add(&query, "login_hint", c->s->user);
	sbuf_addf(&c->url, "%s%s%s", c->s->auth_url,
	          strchr(c->s->auth_url, '?') != NULL ? "&" : "?", query.data);
	if (c->s->auth_extra != NULL)
		sbuf_addf(&c->url, "&%s", c->s->auth_extra);
	sbuf_release(&query);
	sbuf_release(&challenge);
}

/* --- the person ----------------------------------------------------------- */

/* Where there is a display: the first xdg-open of PATH.  It is no matter if
 * there is none, the address is on the terminal. */
static void open_browser(const struct code *c)
{
	static const char *const places[] = { "/usr/local/bin/xdg-open",
		                              "/usr/bin/xdg-open" };
	char name[] = "xdg-open";
	char *argv[] = { name, c->url.data, NULL };
	const char *display = getenv("DISPLAY");
	const char *wayland = getenv("WAYLAND_DISPLAY");

	if (c->s->is_paste || ((display == NULL || display[0] == '\0') &&
	                       (wayland == NULL || wayland[0] == '\0')))
		return;
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (access(places[i], X_OK) == 0) {
			child_detach(places[i], argv);
			return;
		}
}

static void tell(const struct code *c)
{
	fprintf(stderr, "%s\n\n%s\n\n", _("Open in a browser, and log in:"),
	        c->url.data);
	if (c->back.listener >= 0)
		fprintf(stderr,
		        _("The browser comes back to port %u of this machine. "
		          "From another one: ssh -L %u:127.0.0.1:%u, or paste "
		          "here the address at which it fails.\n"),
		        c->back.port, c->back.port, c->back.port);
	else
		fputs(_("At the end the browser shows an address that it "
		        "cannot open. Paste it here.\n"),
		      stderr);
}

static int begin(struct code *c, struct fault *f)
{
	if (add_random(&c->verifier, VERIFIER, f) != 0 ||
	    add_random(&c->state, STATE, f) != 0 ||
	    redirect_open(&c->back, (unsigned)c->s->redirect_port,
	                  !c->s->is_paste, f) != 0)
		return -1;
	sbuf_addf(&c->uri, "%s:%u", place(c->s), c->back.port);
	compose(c);
	if (c->url.overflow)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the address to log in at is too long"));
	tell(c);
	open_browser(c);
	return 0;
}

/* --- what came back ------------------------------------------------------- */

/* RFC 9207: a code of another server's must not reach this one.  Who it should
 * be is known where it is configured; else it has to be where we were sent. */
static int check_issuer(const struct code *c, struct fault *f)
{
	struct sbuf issuer;
	bool good = true;

	sbuf_init(&issuer, REDIRECT_LIMIT);
	if (form_get(c->query.data, "iss", &issuer))
		good = c->s->issuer != NULL
		               ? strcmp(issuer.data, c->s->issuer) == 0
		               : url_is_same_origin(issuer.data,
		                                    c->s->auth_url);
	if (!good)
		fault_set(f, FAULT_CONFIG, "4.7.8",
		          _("the answer is of another server (%s) than the one "
		            "that was asked: it is not used"),
		          issuer.data);
	sbuf_release(&issuer);
	return good ? 0 : -1;
}

static int refused(const struct code *c, const char *error, struct fault *f)
{
	struct answer_about about = { .settings = c->s, .url = c->s->auth_url };
	struct refusal r = { .is_sent = false };
	struct sbuf description;

	sbuf_init(&description, REDIRECT_LIMIT);
	form_get(c->query.data, "error_description", &description);
	answer_refuse(&about, 0, error, description.data, &r);
	sbuf_release(&description);
	*f = r.why;
	return -1;
}

static int take_code(const struct code *c, struct sbuf *code, struct fault *f)
{
	struct sbuf error;
	int result = 0;

	sbuf_init(&error, 256);
	if (check_issuer(c, f) != 0)
		result = -1;
	else if (form_get(c->query.data, "error", &error))
		result = refused(c, error.data, f);
	else if (!form_get(c->query.data, "code", code) || code->len == 0)
		result = fault_set(f, FAULT_CONFIG, "4.7.8",
		                   _("the browser came back without a code"));
	sbuf_release(&error);
	return result;
}

static int redeem(const struct code *c, const struct asker *a, const char *code,
                  struct grant *g, struct fault *f)
{
	struct refusal r;
	struct sbuf form;
	int result;

	sbuf_init(&form, ASK_LIMIT);
	form_add(&form, "grant_type", "authorization_code");
	form_add(&form, "code", code);
	form_add(&form, "redirect_uri", c->uri.data);
	form_add(&form, "code_verifier", c->verifier.data);
	http_allow(a->http, HTTP_LONGEST + HTTP_LEAST);
	result = ask_token(a, &form, g, &r);
	sbuf_release(&form);
	if (result != 0)
		*f = r.why;
	return result;
}

int code_login(const struct asker *a, struct grant *g, struct fault *f)
{
	struct sbuf code;
	struct code c;
	int result;

	if (a->settings->auth_url == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("no address to log in at: name the "
		                   "provider's in oauth_auth_url"));
	init(&c, a->settings);
	sbuf_init(&code, REDIRECT_LIMIT);
	result = begin(&c, f);
	if (result == 0)
		result = redirect_wait(&c.back, c.state.data, PATIENCE,
		                       &c.query, f);
	if (result == 0)
		result = take_code(&c, &code, f);
	if (result == 0)
		result = redeem(&c, a, code.data, g, f);
	sbuf_release(&code);
	release(&c);
	return result;
}
