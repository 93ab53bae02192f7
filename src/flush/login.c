/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/login.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "config/credential.h"
#include "net/jwt.h"
#include "net/sasl.h"

#define BINDING_LIMIT 1024
#define BLANKS " \t"
#define OFFER_LIMIT 65536 /* as of a reply */

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
	secret_free(&l->next);
}

/* --- the password --------------------------------------------------------- */

bool login_needs_password(const struct login *l)
{
	return credential_is_needed(l->smarthost);
}

enum keeper_state login_ask(struct login *l, struct fault *f)
{
	if (l->answer < 0) {
		l->asked = clock_seconds();
		l->answer = keeper_ask(l->keeper, l->smarthost, 0, f);
	}
	return l->answer < 0 ? KEEPER_FAILED : keeper_look(l->answer, f);
}

/* False: it should be there, and is not. */
static bool take_password(struct login *l, struct secret **password,
                          struct fault *f)
{
	*password = l->next;
	l->next = NULL;
	if (l->answer < 0 || *password != NULL)
		return true;
	*password = keeper_take(l->answer, f);
	forget_answer(l);
	return *password != NULL;
}

/* --- the login ------------------------------------------------------------ */

static bool is_tried(const struct login *l, const char *name, size_t n)
{
	const char *tried = l->tried;

	for (size_t length; *tried != '\0'; tried += length + 1) {
		length = strcspn(tried, " ");
		if (length == n && ascii_is_same(tried, name, n))
			return true;
	}
	return false;
}

/* Those of the server, without those that it turned out not to know. */
static void add_offered(const struct login *l, const struct session *session,
                        struct sbuf *offered)
{
	const char *list = session_mechanisms(session);
	size_t n;

	for (list += strspn(list, BLANKS); *list != '\0';
	     list += n + strspn(list + n, BLANKS)) {
		n = strcspn(list, BLANKS);
		if (!is_tried(l, list, n))
			sbuf_addf(offered, "%s%.*s",
			          offered->len > 0 ? " " : "", (int)n, list);
	}
}

/* The mechanism that was begun, or NULL. */
static const char *choose(struct login *l, const struct secret *password,
                          const struct session *session,
                          const struct stream *stream, struct fault *f)
{
	struct sasl_settings settings = {
		.host = l->host,
		.user = l->smarthost->user,
		.password = password,
		.allowed = credential_mechanisms(l->smarthost),
		.port = l->smarthost->port,
		.is_token = credential_is_token(l->smarthost),
		.encrypted = stream_is_encrypted(stream),
		.has_certificate = l->smarthost->tls_cert != NULL,
	};
	const char *mechanism;
	struct sbuf binding, offered;

	sbuf_init(&offered, OFFER_LIMIT);
	add_offered(l, session, &offered);
	sbuf_init(&binding, BINDING_LIMIT);
	if (stream_binding(stream, &settings.is_exporter, &binding))
		settings.binding = binding.data;
	mechanism = sasl_choose(&settings, offered.data, f);
	sasl_free(&l->sasl);
	if (mechanism != NULL)
		l->sasl = sasl_create(&settings, mechanism, f);
	sbuf_release(&binding);
	sbuf_release(&offered);
	return l->sasl != NULL ? mechanism : NULL;
}

/* So that two can be told apart in a log. */
static void log_token(const struct login *l, const struct secret *token)
{
	uint32_t crc = crc_add(0, secret_reveal(token), secret_length(token));

	log_debug("smarthost=%s token=%zu bytes, %04X", l->smarthost->name,
	          secret_length(token), (unsigned)(crc & 0xffff));
}

/* There is a copy afterwards, until the login is over. */
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
	l->mechanism = mechanism;
	return mechanism;
}

/* Nothing else that both know: then the refusal is what it comes to. */
static void no_way(const struct login *l, struct session *session,
                   const struct fault *f)
{
	struct fault refusal = *session_refusal(session);

	session_login_failed(session, l->tried[0] != '\0' ? &refusal : f);
}

void login_begin(struct login *l, struct session *session,
                 const struct stream *stream)
{
	struct fault f;
	const char *mechanism = choose_with_password(l, session, stream, &f);
	struct sbuf initial;
	bool is_first;

	if (mechanism == NULL) {
		no_way(l, session, &f);
		return;
	}
	if (sasl_token(l->sasl) != NULL) {
		session_use_token(session, sasl_token(l->sasl));
		log_token(l, sasl_token(l->sasl));
	}
	sbuf_init(&initial, GATE_AUTH_LIMIT);
	is_first = sasl_is_client_first(l->sasl);
	if (is_first && sasl_step(l->sasl, "", &initial, &f) != 0)
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

/* --- a refusal ------------------------------------------------------------ */

/* What the server says of the token, and the token of itself: together they
 * tell the token of another service from a scope that is missing. */
static void add_claims(const struct login *l, struct sbuf *words)
{
	const struct secret *token =
		l->sasl != NULL ? sasl_token(l->sasl) : NULL;
	struct sbuf claims;

	if (token == NULL)
		return;
	if (sasl_refusal(l->sasl)[0] != '\0')
		sbuf_addf(words, _("; the server says of the token: %s"),
		          sasl_refusal(l->sasl));
	sbuf_init(&claims, JWT_WORDS);
	jwt_describe(secret_reveal(token), secret_length(token), &claims);
	if (claims.len > 0)
		sbuf_addf(words, _("; the token says of itself: %s"),
		          claims.data);
	sbuf_release(&claims);
}

/* `why` no more can be done, or NULL. */
static void give_up(struct login *l, struct session *session,
                    const struct fault *why)
{
	struct fault f = *session_refusal(session), refusal = f;
	struct sbuf words;

	sbuf_init(&words, sizeof(f.text) * 2);
	if (why != NULL)
		sbuf_addf(&words, _("; no newer token: %s"), why->text);
	add_claims(l, &words);
	fault_set(&f,
	          why != NULL && why->kind == FAULT_TEMP ? FAULT_TEMP
	                                                 : refusal.kind,
	          refusal.code, "%s%s", refusal.text, words.data);
	sbuf_release(&words);
	session_login_failed(session, &f);
}

/* The mechanism that the server does not know is not tried again.  False: there
 * is no other. */
static bool rule_out(struct login *l, const struct session *session)
{
	size_t used = strlen(l->tried);
	struct sbuf offered;
	bool has_other;

	if (l->mechanism == NULL ||
	    used + strlen(l->mechanism) + 2 > sizeof(l->tried))
		return false;
	snprintf(l->tried + used, sizeof(l->tried) - used, "%s ", l->mechanism);
	sbuf_init(&offered, OFFER_LIMIT);
	add_offered(l, session, &offered);
	has_other = offered.len > 0;
	sbuf_release(&offered);
	return has_other;
}

static bool may_try_again(struct login *l, const struct session *session)
{
	if (session_wants_other_way(session))
		return rule_out(l, session);
	return session_wants_new_token(session) && !l->has_renewed &&
	       l->answer < 0 && credential_is_needed(l->smarthost);
}

/* A newer token, or the same password or token for another way. */
static enum keeper_state
ask_again(struct login *l, const struct session *session, struct fault *f)
{
	bool is_new = session_wants_new_token(session);

	if (l->answer < 0)
		l->answer = keeper_ask(l->keeper, l->smarthost,
		                       is_new ? l->asked : 0, f);
	return l->answer < 0 ? KEEPER_FAILED : keeper_look(l->answer, f);
}

static bool is_same(const struct secret *a, const struct secret *b)
{
	return a != NULL && secret_length(a) == secret_length(b) &&
	       memcmp(secret_reveal(a), secret_reveal(b), secret_length(a)) ==
	               0;
}

/* It is there.  Another program may only have the token that was refused. */
static void begin_again(struct login *l, struct session *session)
{
	struct fault f;

	if (!take_password(l, &l->next, &f)) {
		give_up(l, session, &f);
	} else if (session_wants_new_token(session) &&
	           is_same(sasl_token(l->sasl), l->next)) {
		secret_free(&l->next);
		fault_set(&f, FAULT_CONFIG, "4.7.0",
		          _("asked again, the answer was the same token"));
		give_up(l, session, &f);
	} else {
		l->has_renewed |= session_wants_new_token(session);
		session_login_again(session);
	}
}

static void come_too_late(struct login *l, struct session *session)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.3.0",
	          _("it did not come within %d seconds"), KEEPER_TIME);
	give_up(l, session, &f);
}

bool login_refused(struct login *l, struct session *session, bool is_late)
{
	struct fault f;

	if (!l->is_again && !may_try_again(l, session)) {
		give_up(l, session, NULL);
		return false;
	}
	if (!l->is_again && !credential_is_needed(l->smarthost)) {
		session_login_again(session);
		return false;
	}
	l->is_again = true;
	switch (ask_again(l, session, &f)) {
	case KEEPER_READY: begin_again(l, session); break;
	case KEEPER_FAILED: give_up(l, session, &f); break;
	case KEEPER_WAITING:
		if (!is_late)
			return true;
		come_too_late(l, session);
		break;
	}
	l->is_again = false;
	return false;
}
