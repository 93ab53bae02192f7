/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/login.h"

#include "base/intl.h"
#include "base/sbuf.h"
#include "net/sasl.h"

#define BINDING_LIMIT 1024

void login_release(struct login *l)
{
	sasl_free(&l->sasl);
}

/* The mechanism that was begun, or NULL. */
static const char *choose(struct login *l, const struct session *session,
                          const struct stream *stream, struct sbuf *binding,
                          struct fault *f)
{
	struct sasl_settings settings = {
		.host = l->smarthost->host,
		.user = l->smarthost->user,
		.password = l->password,
		.allowed = l->smarthost->login,
		.encrypted = stream_is_encrypted(stream),
		.has_certificate = l->smarthost->tls_cert != NULL,
	};
	const char *mechanism;

	if (stream_binding(stream, &settings.is_exporter, binding))
		settings.binding = binding->data;
	mechanism = sasl_choose(&settings, session_mechanisms(session), f);
	if (mechanism == NULL)
		return NULL;
	sasl_free(&l->sasl);
	l->sasl = sasl_create(&settings, mechanism, f);
	return l->sasl != NULL ? mechanism : NULL;
}

void login_begin(struct login *l, struct session *session,
                 const struct stream *stream)
{
	struct sbuf binding, initial;
	const char *mechanism;
	struct fault f;
	bool is_first;

	sbuf_init(&binding, BINDING_LIMIT);
	sbuf_init(&initial, GATE_AUTH_LIMIT);
	mechanism = choose(l, session, stream, &binding, &f);
	is_first = mechanism != NULL && sasl_is_client_first(l->sasl);
	if (mechanism == NULL ||
	    (is_first && sasl_step(l->sasl, "", &initial, &f) != 0))
		session_login_failed(session, &f);
	else
		session_login(session, mechanism,
		              is_first ? initial.data : NULL);
	sbuf_release(&binding);
	sbuf_release(&initial);
}

void login_answer(struct login *l, struct session *session)
{
	struct sbuf answer;
	struct fault f;

	sbuf_init(&answer, GATE_AUTH_LIMIT);
	if (sasl_step(l->sasl, session_challenge(session), &answer, &f) == 0)
		session_answer(session, answer.data);
	else
		session_login_failed(session, &f);
	sbuf_release(&answer);
}

/* SCRAM proves the server too; a "235" without it comes from somebody who does
 * not know the password. */
void login_prove(struct login *l, struct session *session)
{
	struct fault f;

	if (sasl_is_proved(l->sasl)) {
		session_proved(session);
	} else {
		fault_set(&f, FAULT_CONFIG, "4.7.0",
		          _("%s accepted the login without proving that it "
		            "knows the password: check `host`; nothing was "
		            "sent"),
		          l->smarthost->host);
		session_broken(session, VERDICT_LOGIN, &f);
	}
	sasl_free(&l->sasl);
}
