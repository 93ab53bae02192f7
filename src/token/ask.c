/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/ask.h"

#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "token/form.h"
#include "token/jwt.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static int add_assertion(const struct settings *s, struct sbuf *form,
                         struct fault *f)
{
	struct sbuf assertion;
	int result;

	sbuf_init(&assertion, JWT_LIMIT);
	result = jwt_client(s, &assertion, f);
	form_add(form, "client_assertion_type", ASSERTION_TYPE);
	form_add(form, "client_assertion", assertion.data);
	sbuf_release(&assertion);
	return result;
}

/* A service account is who its assertion says. */
static int add_client(const struct settings *s, struct sbuf *form,
                      struct fault *f)
{
	if (s->flow == FLOW_SERVICE)
		return 0;
	form_add(form, "client_id", s->client_id);
	form_add(form, "client_secret", s->client_secret);
	if (s->client_secret == NULL && s->key != NULL && s->cert != NULL)
		return add_assertion(s, form, f);
	return 0;
}

/* Nothing was sent: what is wrong is ours. */
static int own_fault(struct refusal *r)
{
	r->error[0] = '\0';
	r->is_sent = false;
	r->wait = 0;
	return -1;
}

static int send_form(const struct asker *a, const char *url, struct sbuf *form,
                     struct http_answer *answer, struct refusal *r)
{
	*r = (struct refusal){ .is_sent = false };
	if (add_client(a->settings, form, &r->why) != 0)
		return own_fault(r);
	if (form->overflow) {
		fault_set(&r->why, FAULT_CONFIG, "4.3.5",
		          _("the question for the token endpoint is longer "
		            "than %d bytes"),
		          ASK_LIMIT);
		return own_fault(r);
	}
	if (a->http->post(a->http, url, form, answer, &r->why) == 0)
		return 0;
	r->is_sent = answer->is_sent;
	return -1;
}

static struct answer_about about(const struct asker *a, const char *url,
                                 const struct sbuf *form)
{
	return (struct answer_about){
		.settings = a->settings,
		.url = url,
		.form = form,
		.login = a->login,
		.now = clock_seconds(),
	};
}

int ask_token(const struct asker *a, struct sbuf *form, struct grant *g,
              struct refusal *r)
{
	const char *url = a->settings->token_url;
	struct answer_about it = about(a, url, form);
	struct http_answer answer;
	int result;

	*g = (struct grant){ .access = NULL };
	http_answer_init(&answer);
	result = send_form(a, url, form, &answer, r);
	if (result == 0)
		result = answer_read(&answer, &it, g, r);
	http_answer_release(&answer);
	return result;
}

int ask_other(const struct asker *a, const char *url, struct sbuf *form,
              struct json **object, struct refusal *r)
{
	struct answer_about it = about(a, url, form);
	struct http_answer answer;
	int result;

	http_answer_init(&answer);
	result = send_form(a, url, form, &answer, r);
	if (result == 0 && (object != NULL || answer.status / 100 != 2)) {
		struct json *said = NULL;

		result = answer_object(&answer, &it, &said, r);
		if (object != NULL)
			*object = said;
		else
			json_free(&said);
	}
	http_answer_release(&answer);
	return result;
}
