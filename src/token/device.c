/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 8628.  The first success ends it: a device code that is shown again after
 * that makes a strict server end the whole login. */
#include "token/login.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "token/form.h"

#define INTERVAL 5 /* seconds, where the server does not say (3.2) */
#define INTERVAL_MOST 60
#define SLOWER 5 /* 3.5, and for good */
#define LIFE 900
#define LIFE_MOST 3600
#define GRANT "urn:ietf:params:oauth:grant-type:device_code"

struct device {
	struct sbuf code;
	int64_t interval; /* seconds */
	int64_t end;      /* clock_ticks() */
};

/* What the server says, safe to show. */
static void print(const char *what, const char *text)
{
	char shown[1024];

	escape_copy(shown, sizeof(shown), text, strlen(text));
	fprintf(stderr, "%s\n    %s\n", what, shown);
}

/* Google once called the first one verification_url. */
static const char *address_in(const struct json *object)
{
	const char *address = json_text(object, "verification_uri");

	return address != NULL ? address
	                       : json_text(object, "verification_url");
}

static int show(const struct json *object, const struct settings *s,
                struct fault *f)
{
	const char *address = address_in(object);
	const char *code = json_text(object, "user_code");
	const char *whole = json_text(object, "verification_uri_complete");

	if (address == NULL || code == NULL)
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("%s answers without an address and a code "
		                   "for you"),
		                 s->device_url);
	print(_("On any device with a browser, open"), address);
	print(_("and type the code"), code);
	if (whole != NULL)
		print(_("Or open, code and all"), whole);
	if (s->user != NULL)
		print(_("Log in as"), s->user);
	fputs(_("Waiting...\n"), stderr);
	return 0;
}

static int64_t limited(const struct json *object, const char *key,
                       int64_t otherwise, int64_t most)
{
	int64_t value;

	if (!json_number(object, key, &value) || value <= 0)
		return otherwise;
	return value < most ? value : most;
}

static int begin(struct device *d, const struct json *object,
                 const struct settings *s, struct fault *f)
{
	const char *code = json_text(object, "device_code");

	if (code == NULL || code[0] == '\0')
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("%s answers without a device code"),
		                 s->device_url);
	sbuf_addstr(&d->code, code);
	d->interval = limited(object, "interval", INTERVAL, INTERVAL_MOST);
	d->end = clock_ticks() +
	         1000 * limited(object, "expires_in", LIFE, LIFE_MOST);
	return show(object, s, f);
}

static int ask_code(struct device *d, const struct asker *a, struct fault *f)
{
	struct json *object = NULL;
	struct refusal r;
	struct sbuf form;
	int result;

	sbuf_init(&form, ASK_LIMIT);
	form_add(&form, "scope", a->settings->scope);
	http_allow(a->http, HTTP_LONGEST + HTTP_LEAST);
	result = ask_other(a, a->settings->device_url, &form, &object, &r);
	sbuf_release(&form);
	if (result != 0) {
		*f = r.why;
		return -1;
	}
	result = begin(d, object, a->settings, f);
	json_free(&object);
	return result;
}

/* Ask on: the person is not done, or the network is not there. */
static bool is_pending(struct device *d, const struct refusal *r)
{
	if (strcmp(r->error, "authorization_pending") == 0)
		return true;
	if (strcmp(r->error, "slow_down") == 0) {
		d->interval += SLOWER;
		return true;
	}
	if (r->why.kind != FAULT_TEMP)
		return false;
	/* 3.5: after a timeout, less often. */
	d->interval *= 2;
	if (r->wait > d->interval)
		d->interval = r->wait;
	if (d->interval > INTERVAL_MOST)
		d->interval = INTERVAL_MOST;
	return true;
}

static int poll_once(struct device *d, const struct asker *a, struct grant *g,
                     struct refusal *r)
{
	struct sbuf form;
	int result;

	sbuf_init(&form, ASK_LIMIT);
	form_add(&form, "grant_type", GRANT);
	form_add(&form, "device_code", d->code.data);
	http_allow(a->http, HTTP_LONGEST + HTTP_LEAST);
	result = ask_token(a, &form, g, r);
	sbuf_release(&form);
	return result;
}

static int wait_for_person(struct device *d, const struct asker *a,
                           struct grant *g, struct fault *f)
{
	struct refusal r;

	while (clock_ticks() + 1000 * d->interval < d->end) {
		poll(NULL, 0, (int)(1000 * d->interval));
		if (poll_once(d, a, g, &r) == 0)
			return 0;
		if (!is_pending(d, &r)) {
			*f = r.why;
			return -1;
		}
	}
	return fault_set(f, FAULT_CONFIG, "4.7.8",
	                 _("nobody typed the code in time: run `relay login "
	                   "%s`"),
	                 a->settings->account);
}

int device_login(const struct asker *a, struct grant *g, struct fault *f)
{
	struct device d = { .interval = INTERVAL };
	int result;

	if (a->settings->device_url == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("this provider has no login by device code "
		                   "for mail: set oauth_flow code"));
	sbuf_init(&d.code, JSON_LIMIT);
	result = ask_code(&d, a, f);
	if (result == 0)
		result = wait_for_person(&d, a, g, f);
	sbuf_release(&d.code);
	return result;
}
