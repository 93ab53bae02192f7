/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/auth.h"

#include <string.h>

#include "base/hide.h"
#include "base/intl.h"
#include "smtp/settle.h"
#include "smtp/steps.h"

void auth_forget(struct session *s)
{
	sbuf_release(&s->answer);
	sbuf_release(&s->initial);
	secret_free(&s->hidden);
}

#define LOGIN_WORDS 4096 /* bytes of an answer that are kept */

void auth_hide(struct session *s)
{
	struct sbuf *text = &s->reader.reply.text;
	const char *blank = strrchr(s->line.data, ' ');
	const char *sent = blank != NULL ? blank + 1 : s->line.data;

	sbuf_cut(text, LOGIN_WORDS);
	hide_in(text, sent, strlen(sent));
	hide_in(text, s->initial.data, s->initial.len);
	if (s->hidden != NULL)
		hide_in(text, secret_reveal(s->hidden),
		        secret_length(s->hidden));
}

bool auth_settle(struct session *s)
{
	struct fault f = s->refusal;

	if (!s->is_refused)
		return false;
	f.kind = FAULT_TEMP;
	settle_trouble(s, s->refusal_scope, &f);
	return true;
}

/* --- the owner's words ---------------------------------------------------- */

const char *session_mechanisms(const struct session *s)
{
	return s->offer.mechanisms.data;
}

/* Keep what SASL says for the command that will hold it. */
static void keep_answer(struct session *s, const char *answer, enum step next)
{
	struct fault f;

	sbuf_reset(&s->answer);
	sbuf_addstr(&s->answer, answer);
	s->has_answer = !s->answer.overflow;
	if (s->has_answer) {
		s->step = next;
		return;
	}
	fault_set(&f, FAULT_CONFIG, "5.5.6",
	          _("the login would be longer than %d bytes: check `user` "
	            "and `password`"),
	          GATE_AUTH_LIMIT);
	session_login_failed(s, &f);
}

void session_login(struct session *s, const char *mechanism,
                   const char *initial)
{
	sbuf_reset(&s->challenge);
	sbuf_addstr(&s->challenge, mechanism);
	s->has_answer = false;
	if (initial != NULL)
		keep_answer(s, initial, STEP_AUTH);
	else
		s->step = STEP_AUTH;
	if (s->has_answer)
		sbuf_addstr(&s->initial, initial);
}

void session_use_token(struct session *s, const struct secret *token)
{
	secret_free(&s->hidden);
	s->hidden = secret_create(secret_reveal(token), secret_length(token));
	s->is_token = true;
}

const char *session_challenge(const struct session *s)
{
	return s->challenge.data;
}

void session_answer(struct session *s, const char *answer)
{
	keep_answer(s, answer, STEP_ANSWER);
}

void session_login_failed(struct session *s, const struct fault *f)
{
	enum step next = s->step == STEP_CHALLENGE ? STEP_CANCEL : STEP_QUIT;

	settle_trouble(
		s, s->step == STEP_REFUSED ? s->refusal_scope : VERDICT_LOGIN,
		f);
	if (next == STEP_QUIT)
		auth_forget(s);
	s->step = next;
}

void session_proved(struct session *s)
{
	sbuf_release(&s->line);
	auth_forget(s);
	s->step = STEP_IDLE;
}

const struct fault *session_refusal(const struct session *s)
{
	return &s->refusal;
}

bool session_wants_other_way(const struct session *s)
{
	return s->is_refused && s->is_unknown_way;
}

bool session_wants_new_token(const struct session *s)
{
	return s->is_refused && s->is_token && s->is_stale;
}

void session_login_again(struct session *s)
{
	sbuf_release(&s->line);
	auth_forget(s);
	s->step = STEP_LOGIN;
}

/* --- the steps ------------------------------------------------------------ */

/* RFC 4954, section 4: an initial response that makes the line longer than 512
 * octets must not be sent in it; it then answers the empty challenge.  So it
 * does with a server that takes even less. */
void auth_put(struct session *s, struct sbuf *line)
{
	size_t initial = s->answer.len > 0 ? s->answer.len : 1;

	sbuf_addf(line, "AUTH %s", s->challenge.data);
	if (!s->has_answer || s->is_two_steps ||
	    line->len + 1 + initial + 2 > 512)
		return;
	sbuf_addf(line, " %s", s->answer.len > 0 ? s->answer.data : "=");
	s->has_answer = false;
	sbuf_release(&s->answer);
}

void auth_put_answer(struct session *s, struct sbuf *line)
{
	sbuf_add(line, s->answer.data, s->answer.len);
	s->has_answer = false;
	sbuf_release(&s->answer);
}

/* RFC 4954, section 4, ends a challenge at 12288 octets. */
static enum step on_challenge(struct session *s, const struct reply *r)
{
	struct fault f;

	sbuf_reset(&s->challenge);
	sbuf_add(&s->challenge, r->text.data, r->text.len);
	if (!s->challenge.overflow)
		return s->has_answer ? STEP_ANSWER : STEP_CHALLENGE;
	fault_set(&f, FAULT_TEMP, "4.7.0",
	          _("the server's challenge is longer than %d bytes: name "
	            "another mechanism in `login`"),
	          GATE_AUTH_LIMIT);
	return step_give_up(s, VERDICT_LOGIN, &f, STEP_CANCEL);
}

/* Who logs in decides whether that is the end. */
static enum step refused_login(struct session *s, const struct reply *r)
{
	enum verdict_step at = s->is_token ? VERDICT_AT_TOKEN : VERDICT_AT_AUTH;

	if (r->code == 421)
		return step_refused(s, at, r);
	s->refusal_scope = verdict_judge(at, r, &s->refusal);
	s->is_refused = true;
	s->is_stale = verdict_is_stale(r);
	s->is_unknown_way = r->code == 504;
	return STEP_REFUSED;
}

enum step auth_on_answer(struct session *s, const struct reply *r)
{
	if (r->code == 334)
		return on_challenge(s, r);
	if (r->code != 235)
		return refused_login(s, r);
	s->is_refused = false;
	return STEP_PROOF;
}

/* "500 5.5.6" says that the line is too long (RFC 4954, section 6), "500 5.5.2"
 * does at Dovecot.  Then the login goes in two steps, once. */
static bool is_too_long(const struct session *s, const struct reply *r)
{
	return r->code == 500 && s->initial.len > 0 && !s->is_two_steps &&
	       (r->status[0] == '\0' || strcmp(r->status, "5.5.6") == 0 ||
	        strcmp(r->status, "5.5.2") == 0);
}

enum step auth_on_reply(struct session *s, const struct reply *r)
{
	if (!is_too_long(s, r))
		return auth_on_answer(s, r);
	s->is_two_steps = true;
	sbuf_reset(&s->answer);
	sbuf_add(&s->answer, s->initial.data, s->initial.len);
	s->has_answer = true;
	return STEP_AUTH;
}

void auth_put_cancel(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "*");
}

enum step auth_on_cancel(struct session *s, const struct reply *r)
{
	auth_forget(s);
	return step_farewell(r);
}
