/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "smtp/offer.h"
#include "smtp/settle.h"
#include "smtp/steps.h"

static void add_due(struct session *s, enum step step)
{
	s->due[(s->due_first + s->due_count) % SESSION_DUE] = step;
	s->due_count++;
}

void session_init(struct session *s, const struct session_settings *settings)
{
	memset(s, 0, sizeof(*s));
	s->settings = *settings;
	s->is_encrypted = settings->is_encrypted;
	reply_reader_init(&s->reader);
	sbuf_init(&s->line, GATE_LINE_LIMIT);
	sbuf_init(&s->challenge, GATE_AUTH_LIMIT);
	sbuf_init(&s->answer, GATE_AUTH_LIMIT);
	offer_init(&s->offer);
	s->step = STEP_WAIT;
	add_due(s, STEP_GREETING);
}

void session_release(struct session *s)
{
	reply_reader_release(&s->reader);
	sbuf_release(&s->line);
	sbuf_release(&s->challenge);
	sbuf_release(&s->answer);
	offer_release(&s->offer);
}

/* Compose the command of the current step and move on to what may follow. */
static enum session_action compose(struct session *s,
                                   const struct step_row *row)
{
	enum verdict_scope scope =
		s->mail != NULL ? VERDICT_MESSAGE : VERDICT_SERVER;
	struct fault f = { 0 };

	s->line_is_secret = s->step == STEP_AUTH || s->step == STEP_ANSWER;
	sbuf_release(&s->line);
	s->line.limit =
		s->step == STEP_ANSWER ? GATE_AUTH_LIMIT : GATE_LINE_LIMIT;
	row->put(s, &s->line);
	if (gate_check_line(&s->line, &f) != 0) {
		session_broken(s, scope, &f);
		return SESSION_DONE;
	}
	if (row->on != NULL)
		add_due(s, s->step);
	s->step = row->ahead != NULL ? row->ahead(s) : STEP_WAIT;
	return SESSION_WRITE;
}

enum session_action session_next(struct session *s)
{
	const struct step_row *row = step_row(s->step);

	if (s->step == STEP_IDLE)
		s->mail = NULL;
	return row->action == SESSION_WRITE ? compose(s, row) : row->action;
}

const char *session_line(const struct session *s, size_t *n)
{
	*n = s->line.len;
	return s->line.data;
}

bool session_line_is_secret(const struct session *s)
{
	return s->line_is_secret;
}

static enum step oldest_due(const struct session *s)
{
	return s->due_count > 0 ? s->due[s->due_first] : s->step;
}

const char *session_step(const struct session *s)
{
	return step_row(oldest_due(s))->name;
}

unsigned session_timeout(const struct session *s)
{
	return step_row(oldest_due(s))->timeout;
}

static void out_of_turn(struct session *s, const char *text)
{
	struct fault f;

	if (s->step == STEP_HANDSHAKE)
		fault_set(&f, FAULT_TEMP, "4.7.5",
		          _("the server sent more in clear after it agreed to "
		            "start TLS: somebody may be tampering with the "
		            "connection (%s)"),
		          text);
	else
		fault_set(&f, FAULT_TEMP, "4.5.0",
		          _("the server sent an answer to nothing: %s"), text);
	session_broken(s, VERDICT_SERVER, &f);
}

/* A server that speaks without being asked says good-bye, refuses a message
 * before it has all of it, or is out of step with us; either way no later
 * answer could be trusted.  A message it seems to accept before the end it
 * cannot have. */
static void unasked(struct session *s, const struct reply *r)
{
	bool is_early = s->step == STEP_CONTENT || s->step == STEP_CHUNK;
	struct fault f;
	char text[320];

	reply_show(r, text, sizeof(text));
	if (is_early && r->code >= 400) {
		step_settle_final(s, r);
		s->step = STEP_END;
	} else if (r->code == 421) {
		verdict_judge(VERDICT_AT_GREETING, r, &f);
		session_broken(s, VERDICT_SERVER, &f);
	} else {
		out_of_turn(s, text);
	}
}

#define TELLING 8 /* bytes of base64 that are no accident */
#define LOGIN_WORDS 4096

/* Some servers quote the line that they do not understand, or a part of it: the
 * login in it must not get into a log, the queue or the pause. */
static void hide_login(struct session *s)
{
	struct sbuf *text = &s->reader.reply.text;
	const char *blank = strrchr(s->line.data, ' ');
	const char *sent = blank != NULL ? blank + 1 : s->line.data;
	size_t n = strlen(sent), window = n < TELLING ? n : TELLING;
	bool hidden[LOGIN_WORDS] = { false };

	sbuf_cut(text, LOGIN_WORDS);
	if (window < TELLING / 2)
		return;
	for (size_t i = 0; i + window <= text->len; i++)
		if (memmem(sent, n, text->data + i, window) != NULL)
			memset(hidden + i, true, window);
	for (size_t i = 0; i < text->len; i++)
		if (hidden[i])
			text->data[i] = '*';
}

static void take_reply(struct session *s, const struct reply *r)
{
	enum step step, next;

	if (s->due_count == 0) {
		unasked(s, r);
		return;
	}
	step = s->due[s->due_first];
	if ((step == STEP_AUTH || step == STEP_ANSWER) && r->code != 334)
		hide_login(s);
	s->due_first = (s->due_first + 1) % SESSION_DUE;
	s->due_count--;
	next = step_row(step)->on(s, r);
	if (next == STEP_END) {
		s->due_count = 0;
		s->step = STEP_END;
	} else if (s->due_count == 0 && s->step == STEP_WAIT) {
		s->step = next;
	}
}

/* Bytes behind the last answer that was due are an answer to nothing: what an
 * attacker put behind the answer to STARTTLS, or what would pass for the answer
 * to the next command. */
static void take_rest(struct session *s, const char *bytes, size_t n)
{
	char text[128];
	struct fault f;
	size_t used;

	if (reply_read(&s->reader, bytes, n, &used, &f) == REPLY_DONE) {
		unasked(s, &s->reader.reply);
		return;
	}
	escape_copy(text, sizeof(text), bytes, n);
	out_of_turn(s, text);
}

static void miscounted(struct session *s)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.5.0",
	          _("the server answered more often than it was asked: which "
	            "answer is about the message cannot be told"));
	session_broken(s, VERDICT_SERVER, &f);
}

/* The whole flight was sent before any answer came, and more than its answers
 * are here: which of them is about the message cannot be told.  Good-bye behind
 * the last one is no answer. */
static bool is_miscounted(const struct session *s, const char *rest, size_t n)
{
	return n > 0 && s->due_count == 1 && s->is_sent && s->is_blind &&
	       s->reader.reply.code / 100 == 2 &&
	       (n < 3 || memcmp(rest, "421", 3) != 0);
}

size_t session_receive(struct session *s, const char *bytes, size_t n)
{
	struct fault f;
	size_t used;

	switch (reply_read(&s->reader, bytes, n, &used, &f)) {
	case REPLY_MORE: break;
	case REPLY_DONE:
		if (is_miscounted(s, bytes + used, n - used)) {
			miscounted(s);
			return n;
		}
		take_reply(s, &s->reader.reply);
		if (used < n && s->due_count == 0 && s->step != STEP_END) {
			take_rest(s, bytes + used, n - used);
			used = n;
		}
		break;
	case REPLY_BAD: session_broken(s, VERDICT_SERVER, &f); break;
	}
	return used;
}

/* Not even half a line may cross from clear to encrypted. */
void session_encrypted(struct session *s)
{
	if (reply_is_begun(&s->reader)) {
		out_of_turn(s, s->reader.line.data);
		return;
	}
	s->is_encrypted = true;
	offer_release(&s->offer);
	offer_init(&s->offer);
	s->step = STEP_EHLO;
}

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

	settle_trouble(s, VERDICT_LOGIN, f);
	s->step = next;
}

void session_proved(struct session *s)
{
	sbuf_release(&s->line);
	sbuf_release(&s->answer);
	s->step = STEP_IDLE;
}

/* --- a transaction ------------------------------------------------------ */

static int check_ascii(const struct session *s, const char *address,
                       struct fault *f)
{
	while (!s->offer.smtputf8 && *address != '\0')
		if ((unsigned char)*address++ >= 0x80)
			return fault_set(f, FAULT_PERM, "5.6.7",
			                 _("an address is not ASCII and the "
			                   "server does not take such "
			                   "(SMTPUTF8)"));
	return 0;
}

/* What can be known before a byte is sent.  0, or -1 with everyone settled. */
static int check_offer(struct session *s, struct session_mail *mail,
                       struct fault *f)
{
	if (gate_check_address(mail->sender, f) != 0)
		return -1;
	if (s->offer.size && s->offer.size_limit > 0 &&
	    mail->size > s->offer.size_limit)
		return fault_set(f, FAULT_PERM, "5.3.4",
		                 _("the message has %" PRIu64
		                   " bytes, the server takes %" PRIu64),
		                 mail->size, s->offer.size_limit);
	if (check_ascii(s, mail->sender, f) != 0)
		return -1;
	if (mail->is_8bit && !s->offer.eightbit)
		return fault_set(f, FAULT_CONFIG, "5.6.3",
		                 _("the message has 8-bit text and the server "
		                   "takes only 7-bit (no 8BITMIME): send it "
		                   "through another smarthost; the message "
		                   "waits"));
	return 0;
}

static void choose_turn(struct session *s)
{
	struct session_mail *mail = s->mail;

	for (size_t i = 0; i < mail->count && s->turn_count < SESSION_FLIGHT;
	     i++) {
		struct session_recipient *rcpt = &mail->recipients[i];
		struct fault f;

		if (rcpt->outcome.state != OUTCOME_OPEN)
			continue;
		rcpt->is_accepted = false;
		if (gate_check_address(rcpt->address, &f) != 0 ||
		    check_ascii(s, rcpt->address, &f) != 0)
			settle_one(rcpt, OUTCOME_REFUSED, VERDICT_RECIPIENT,
			           &f);
		else
			s->turn[s->turn_count++] = i;
	}
}

size_t session_send(struct session *s, struct session_mail *mail)
{
	struct fault f;

	if (s->has_trouble) { /* another message would only meet the same */
		s->step = STEP_QUIT;
		return 0;
	}
	s->mail = mail;
	mail->has_dsn = s->offer.dsn;
	s->turn_count = s->next_rcpt = s->next_answer = s->accepted = 0;
	s->mail_refused = s->is_sent = s->is_cut = s->is_blind = false;
	if (check_offer(s, mail, &f) != 0) {
		for (size_t i = 0; i < mail->count; i++)
			settle_one(&mail->recipients[i], OUTCOME_REFUSED,
			           VERDICT_MESSAGE, &f);
		return 0;
	}
	choose_turn(s);
	if (s->turn_count > 0)
		s->step = STEP_MAIL;
	return s->turn_count;
}

void session_quit(struct session *s)
{
	s->step = STEP_QUIT;
}

void session_content_sent(struct session *s)
{
	if (s->step == STEP_END)
		return;
	s->is_sent = s->step != STEP_EMPTY;
	s->is_blind = s->due_count > 0;
	add_due(s, s->step);
	s->step = STEP_WAIT;
}

void session_content_cut(struct session *s)
{
	session_content_sent(s);
	s->is_sent = s->is_blind = false;
	s->is_cut = true;
}

/* In one flight the answers to MAIL and RCPT may be lost with the connection:
 * who was not refused may have been accepted. */
static void settle_lost(struct session *s, enum verdict_scope scope,
                        const struct fault *f)
{
	if (!s->is_sent) {
		settle_turn(s, OUTCOME_REFUSED, scope, f);
		return;
	}
	for (size_t i = 0; i < s->turn_count; i++) {
		struct session_recipient *rcpt =
			&s->mail->recipients[s->turn[i]];
		bool unknown = rcpt->is_accepted || i >= s->next_answer;

		settle_one(rcpt, unknown ? OUTCOME_DOUBT : OUTCOME_REFUSED,
		           scope, f);
	}
}

void session_broken(struct session *s, enum verdict_scope scope,
                    const struct fault *f)
{
	bool is_leaving = s->due_count > 0 && s->due[s->due_first] == STEP_QUIT;

	if (s->step == STEP_END)
		return;
	if (s->mail != NULL)
		settle_lost(s, scope, f);
	if (!is_leaving)
		settle_trouble(s, scope, f);
	s->mail = NULL;
	s->due_count = 0;
	s->is_lost = !is_leaving;
	s->step = STEP_END;
}

const struct fault *session_trouble(const struct session *s,
                                    enum verdict_scope *scope)
{
	*scope = s->trouble_scope;
	return s->has_trouble ? &s->trouble : NULL;
}
