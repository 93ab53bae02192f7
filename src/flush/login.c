/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/login.h"

#include <unistd.h>

#include "base/intl.h"
#include "base/sbuf.h"
#include "net/sasl.h"

#define BINDING_LIMIT 1024

void login_init(struct login *l, const struct smarthost *smarthost,
                const struct keeper *keeper)
{
	*l = (struct login){ .smarthost = smarthost,
		             .keeper = keeper,
		             .answer = -1 };
}

static void forget_answer(struct login *l)
{
	if (l->answer >= 0)
		close(l->answer);
	l->answer = -1;
}

void login_release(struct login *l)
{
	forget_answer(l);
	sasl_free(&l->sasl);
}

/* --- the password --------------------------------------------------------- */

bool login_needs_password(const struct login *l)
{
	return smarthost_has_login(l->smarthost) &&
	       l->smarthost->password.kind != SOURCE_NONE;
}

enum keeper_state login_ask(struct login *l, struct fault *f)
{
	if (l->answer < 0)
		l->answer = keeper_ask(l->keeper, l->smarthost, f);
	return l->answer < 0 ? KEEPER_FAILED : keeper_look(l->answer, f);
}

/* False: it should be there, and is not. */
static bool take_password(struct login *l, struct secret **password,
                          struct fault *f)
{
	*password = NULL;
	if (l->answer < 0)
		return true;
	*password = keeper_take(l->answer, f);
	forget_answer(l);
	return *password != NULL;
}

/* --- the login ------------------------------------------------------------ */

/* The mechanism that was begun, or NULL. */
static const char *choose(struct login *l, const struct secret *password,
                          const struct session *session,
                          const struct stream *stream, struct fault *f)
{
	struct sasl_settings settings = {
		.host = l->host,
		.user = l->smarthost->user,
		.password = password,
		.allowed = l->smarthost->login,
		.encrypted = stream_is_encrypted(stream),
		.has_certificate = l->smarthost->tls_cert != NULL,
	};
	const char *mechanism;
	struct sbuf binding;

	sbuf_init(&binding, BINDING_LIMIT);
	if (stream_binding(stream, &settings.is_exporter, &binding))
		settings.binding = binding.data;
	mechanism = sasl_choose(&settings, session_mechanisms(session), f);
	sasl_free(&l->sasl);
	if (mechanism != NULL)
		l->sasl = sasl_create(&settings, mechanism, f);
	sbuf_release(&binding);
	return l->sasl != NULL ? mechanism : NULL;
}

/* The library has a copy afterwards, until the login is over. */
static const char *choose_with_password(struct login *l,
                                        const struct session *session,
                                        const struct stream *stream,
                                        struct fault *f)
{
	const char *mechanism = NULL;
	struct secret *password;

	if (take_password(l, &password, f))
		mechanism = choose(l, password, session, stream, f);
	secret_free(&password);
	return mechanism;
}

void login_begin(struct login *l, struct session *session,
                 const struct stream *stream)
{
	struct fault f;
	const char *mechanism = choose_with_password(l, session, stream, &f);
	struct sbuf initial;
	bool is_first;

	sbuf_init(&initial, GATE_AUTH_LIMIT);
	is_first = mechanism != NULL && sasl_is_client_first(l->sasl);
	if (mechanism == NULL ||
	    (is_first && sasl_step(l->sasl, "", &initial, &f) != 0))
		session_login_failed(session, &f);
	else
		session_login(session, mechanism,
		              is_first ? initial.data : NULL);
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
		          l->host);
		session_broken(session, VERDICT_LOGIN, &f);
	}
	login_release(l);
}
