/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialogue is RFC 5321 with 1870 (SIZE), 2920 (PIPELINING), 3030 (CHUNKING),
 * 3207 (STARTTLS), 4954 (AUTH), 6152 (8BITMIME) and 6531 (SMTPUTF8).
 *
 * One function per step and direction.  A reply handler must return the next
 * step, so none can forget to move on; it is used when no other answer is due. */
#include "smtp/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "smtp/offer.h"

static bool ok(const struct reply *r)
{
	return r->code / 100 == 2;
}

/* --- outcomes ----------------------------------------------------------- */

static void remember_trouble(struct session *s, enum verdict_scope scope,
                             const struct fault *f)
{
	if (s->has_trouble || !verdict_is_account(scope))
		return;
	s->has_trouble = true;
	s->trouble_scope = scope;
	s->trouble = *f;
}

/* What is settled stays settled. */
static void settle_one(struct session_recipient *rcpt, enum outcome_state state,
                       enum verdict_scope scope, const struct fault *f)
{
	if (rcpt->outcome.state != OUTCOME_OPEN)
		return;
	rcpt->outcome.state = state;
	rcpt->outcome.scope = scope;
	rcpt->outcome.fault = *f;
}

/* Everybody of this transaction who was not refused before. */
static void settle_turn(struct session *s, enum outcome_state state,
                        enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < s->turn_count; i++)
		settle_one(&s->mail->recipients[s->turn[i]], state, scope, f);
}

/* Those whose RCPT was accepted. */
static void settle_accepted(struct session *s, enum outcome_state state,
                            enum verdict_scope scope, const struct fault *f)
{
	for (size_t i = 0; i < s->turn_count; i++) {
		struct session_recipient *rcpt =
			&s->mail->recipients[s->turn[i]];

		if (rcpt->is_accepted)
			settle_one(rcpt, state, scope, f);
	}
}

/* Judge a refusal of this step; the caller settles. */
static enum verdict_scope refusal(struct session *s, enum verdict_step at,
                                  const struct reply *r, struct fault *f)
{
	enum verdict_scope scope = verdict_judge(at, r, f);

	remember_trouble(s, scope, f);
	return scope;
}

/* The connection cannot go on: end it and settle what is open. */
static enum step give_up(struct session *s, enum verdict_scope scope,
                         const struct fault *f, enum step next)
{
	remember_trouble(s, scope, f);
	if (s->mail != NULL)
		settle_turn(s, OUTCOME_REFUSED, scope, f);
	s->mail = NULL;
	return next;
}

/* QUIT, or nothing when the server is gone already. */
static enum step farewell(const struct reply *r)
{
	return r->code == 421 ? STEP_END : STEP_QUIT;
}

/* A refusal that ends the session. */
static enum step refused_for_good(struct session *s, enum verdict_step at,
                                  const struct reply *r)
{
	struct fault f;
	enum verdict_scope scope = verdict_judge(at, r, &f);

	return give_up(s, scope, &f, farewell(r));
}

static enum step person_must_act(struct session *s, enum verdict_scope scope,
                                 const char *code, const char *text)
{
	struct fault f;

	fault_set(&f, FAULT_CONFIG, code, "%s", text);
	return give_up(s, scope, &f, STEP_QUIT);
}

/* --- greeting to login -------------------------------------------------- */

static enum step on_greeting(struct session *s, const struct reply *r)
{
	return ok(r) ? STEP_EHLO
	             : refused_for_good(s, VERDICT_AT_GREETING, r);
}

static void put_ehlo(struct session *s, struct sbuf *line)
{
	sbuf_addf(line, "EHLO %s", s->settings.helo);
}

static enum step after_hello(struct session *s)
{
	if (s->settings.needs_tls && !s->is_encrypted && !s->offer.starttls)
		return person_must_act(
			s, VERDICT_SERVER, "5.7.10",
			_("the server offers no STARTTLS although TLS is "
		          "required: nothing was sent; check `port` and "
		          "`tls`, somebody may be removing it on the way"));
	if (s->settings.needs_tls && !s->is_encrypted)
		return STEP_STARTTLS;
	if (!s->settings.needs_login)
		return STEP_IDLE;
	if (!s->offer.auth)
		return person_must_act(
			s, VERDICT_LOGIN, "5.7.0",
			_("the server offers no login here: check `host` and "
		          "`port`, or set `login none`; mail waits"));
	return STEP_LOGIN;
}

static enum step on_ehlo(struct session *s, const struct reply *r)
{
	bool is_unknown = r->code == 500 || r->code == 502 || r->code == 504;

	if (ok(r)) {
		offer_read(&s->offer, r);
		return after_hello(s);
	}
	if (is_unknown && !s->settings.needs_tls && !s->settings.needs_login)
		return STEP_HELO;
	return refused_for_good(s, VERDICT_AT_EHLO, r);
}

static void put_helo(struct session *s, struct sbuf *line)
{
	s->is_helo = true;
	sbuf_addf(line, "HELO %s", s->settings.helo);
}

static enum step on_helo(struct session *s, const struct reply *r)
{
	return ok(r) ? after_hello(s) : refused_for_good(s, VERDICT_AT_EHLO, r);
}

static void put_starttls(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "STARTTLS");
}

static enum step on_starttls(struct session *s, const struct reply *r)
{
	return r->code == 220 ? STEP_HANDSHAKE
	                      : refused_for_good(s, VERDICT_AT_STARTTLS, r);
}

/* RFC 4954, section 4: an initial response that makes the line longer than 512
 * octets must not be sent in it; it then answers the empty challenge. */
static void put_auth(struct session *s, struct sbuf *line)
{
	size_t initial = s->answer.len > 0 ? s->answer.len : 1;

	sbuf_addf(line, "AUTH %s", s->challenge.data);
	if (!s->has_answer || line->len + 1 + initial + 2 > 512)
		return;
	sbuf_addf(line, " %s", s->answer.len > 0 ? s->answer.data : "=");
	s->has_answer = false;
	sbuf_reset(&s->answer);
}

static void put_answer(struct session *s, struct sbuf *line)
{
	sbuf_add(line, s->answer.data, s->answer.len);
	s->has_answer = false;
	sbuf_reset(&s->answer);
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
	          _("the server's challenge is longer than %d octets; mail "
	            "waits"),
	          GATE_AUTH_LIMIT);
	return give_up(s, VERDICT_LOGIN, &f, STEP_CANCEL);
}

static enum step on_auth(struct session *s, const struct reply *r)
{
	if (r->code == 334)
		return on_challenge(s, r);
	if (r->code != 235)
		return refused_for_good(s, VERDICT_AT_AUTH, r);
	return STEP_PROOF;
}

static void put_cancel(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "*");
}

static enum step on_cancel(struct session *s, const struct reply *r)
{
	(void)s;
	return farewell(r);
}

/* --- a message ---------------------------------------------------------- */

static bool uses_chunks(const struct session *s)
{
	return s->offer.chunking;
}

static void put_mail(struct session *s, struct sbuf *line)
{
	sbuf_addf(line, "MAIL FROM:<%s>", s->mail->sender);
	if (s->offer.size)
		sbuf_addf(line, " SIZE=%" PRIu64, s->mail->size);
	if (s->mail->is_8bit && s->offer.eightbit)
		sbuf_addstr(line, " BODY=8BITMIME");
	if (s->mail->is_utf8)
		sbuf_addstr(line, " SMTPUTF8");
}

static enum step after_envelope(const struct session *s)
{
	return uses_chunks(s) ? STEP_BDAT : STEP_DATA;
}

/* Leave a transaction.  Trouble of the account ends the session: another message
 * would only meet the same.  So does a server out of step (2yz or 3yz where it
 * makes no sense), none of whose later answers could be trusted. */
static enum step leave(const struct session *s, const struct reply *r)
{
	if (r->code == 421 || s->has_trouble)
		return farewell(r);
	return s->needs_reset ? STEP_RSET : STEP_IDLE;
}

static enum step on_mail(struct session *s, const struct reply *r)
{
	struct fault f;
	enum verdict_scope scope;

	if (ok(r)) {
		s->needs_reset = true;
		return STEP_RCPT;
	}
	s->mail_refused = true;
	scope = refusal(s, VERDICT_AT_MAIL, r, &f);
	settle_turn(s, OUTCOME_REFUSED, scope, &f);
	return leave(s, r);
}

static void put_rcpt(struct session *s, struct sbuf *line)
{
	size_t i = s->turn[s->next_rcpt++];

	sbuf_addf(line, "RCPT TO:<%s>", s->mail->recipients[i].address);
}

static enum step on_rcpt(struct session *s, const struct reply *r)
{
	struct session_recipient *rcpt =
		&s->mail->recipients[s->turn[s->next_answer++]];
	struct fault f;

	if (s->mail_refused)
		return leave(s, r);
	if (ok(r)) {
		rcpt->is_accepted = true;
		s->accepted++;
	} else if (s->accepted == 0 || !verdict_is_too_many(r)) {
		enum verdict_scope scope =
			refusal(s, VERDICT_AT_RCPT, r, &f);

		settle_one(rcpt, OUTCOME_REFUSED, scope, &f);
	}
	if (r->code == 421) {
		settle_turn(s, OUTCOME_REFUSED, VERDICT_SERVER, &f);
		return STEP_END;
	}
	if (s->next_answer < s->turn_count)
		return STEP_RCPT;
	return s->accepted > 0 ? after_envelope(s) : leave(s, r);
}

static void put_data(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "DATA");
}

/* DATA sent ahead and accepted although every recipient was refused: nothing
 * but the end may follow (RFC 2920, section 3.1). */
static enum step on_data(struct session *s, const struct reply *r)
{
	struct fault f;

	if (r->code == 354)
		return s->accepted > 0 ? STEP_CONTENT : STEP_EMPTY;
	if (s->accepted > 0) {
		enum verdict_scope scope =
			refusal(s, VERDICT_AT_DATA, r, &f);

		settle_accepted(s, OUTCOME_REFUSED, scope, &f);
	}
	return leave(s, r);
}

/* Keep the server's words: they name the message in its log. */
static void delivered(struct session *s, const struct reply *r)
{
	struct fault words;
	char text[320];

	reply_show(r, text, sizeof(text));
	fault_set(&words, FAULT_NONE,
	          r->status[0] != '\0' ? r->status : "2.0.0", "%s", text);
	settle_accepted(s, OUTCOME_DELIVERED, VERDICT_MESSAGE, &words);
}

static void settle_final(struct session *s, const struct reply *r)
{
	enum verdict_scope scope;
	struct fault f;

	if (s->accepted == 0)
		return;
	if (ok(r) && !s->is_cut) {
		delivered(s, r);
		return;
	}
	scope = refusal(s, VERDICT_AT_FINAL, r, &f);
	settle_accepted(s, OUTCOME_REFUSED, scope, &f);
}

/* The end of content clears the server's buffers, whatever it says to it. */
static enum step on_content(struct session *s, const struct reply *r)
{
	settle_final(s, r);
	s->needs_reset = false;
	return leave(s, r);
}

static enum step on_empty(struct session *s, const struct reply *r)
{
	s->needs_reset = false;
	return leave(s, r);
}

static void put_bdat(struct session *s, struct sbuf *line)
{
	sbuf_addf(line, "BDAT %" PRIu64 " LAST", s->mail->size);
}

/* RFC 3030, section 2: after a refused BDAT only RSET is sure to work. */
static enum step on_chunk(struct session *s, const struct reply *r)
{
	settle_final(s, r);
	s->needs_reset = !ok(r);
	return leave(s, r);
}

static void put_rset(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "RSET");
}

/* RSET cannot be refused (RFC 5321, section 4.1.1.5): who does it is leaving or
 * out of step with us, and the messages that wait must be told why. */
static enum step on_rset(struct session *s, const struct reply *r)
{
	struct fault f;
	char text[320];

	s->needs_reset = false;
	if (ok(r))
		return STEP_IDLE;
	reply_show(r, text, sizeof(text));
	fault_set(&f, FAULT_TEMP, "4.5.0", "RSET: %s", text);
	remember_trouble(s, VERDICT_SERVER, &f);
	return farewell(r);
}

static void put_quit(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "QUIT");
}

static enum step on_quit(struct session *s, const struct reply *r)
{
	(void)s;
	(void)r;
	return STEP_END;
}

/* --- sending ahead (RFC 2920) ------------------------------------------- */

static enum step ahead_of_mail(const struct session *s)
{
	return s->offer.pipelining ? STEP_RCPT : STEP_WAIT;
}

/* A large message is not sent to recipients that may all be refused. */
static enum step ahead_of_rcpt(const struct session *s)
{
	if (!s->offer.pipelining)
		return STEP_WAIT;
	if (s->next_rcpt < s->turn_count)
		return STEP_RCPT;
	if (uses_chunks(s) && s->mail->size > SESSION_CHUNK_AHEAD)
		return STEP_WAIT;
	return after_envelope(s);
}

static enum step ahead_of_bdat(const struct session *s)
{
	(void)s;
	return STEP_CHUNK;
}

/* The whole protocol on one page.  Seconds: RFC 5321, section 4.5.3.2.  What a
 * row puts has an answer due unless its action is not WRITE; the content's
 * answer is due once it is sent. */
/* clang-format off */
static const struct row {
	const char         *name;
	unsigned            timeout;    /* seconds to wait for the answer */
	enum session_action action;
	void              (*put)(struct session *, struct sbuf *);
	enum step         (*on)(struct session *, const struct reply *);
	enum step         (*ahead)(const struct session *); /* may follow at once */
} steps[] = {
	[STEP_GREETING]  = { "greeting",  300, SESSION_READ,      NULL,         on_greeting, NULL },
	[STEP_EHLO]      = { "EHLO",      300, SESSION_WRITE,     put_ehlo,     on_ehlo,     NULL },
	[STEP_HELO]      = { "HELO",      300, SESSION_WRITE,     put_helo,     on_helo,     NULL },
	[STEP_STARTTLS]  = { "STARTTLS",  120, SESSION_WRITE,     put_starttls, on_starttls, NULL },
	[STEP_HANDSHAKE] = { "handshake", 120, SESSION_START_TLS, NULL,         NULL,        NULL },
	[STEP_LOGIN]     = { "login",       0, SESSION_LOGIN,     NULL,         NULL,        NULL },
	[STEP_AUTH]      = { "AUTH",      300, SESSION_WRITE,     put_auth,     on_auth,     NULL },
	[STEP_CHALLENGE] = { "challenge",   0, SESSION_CHALLENGE, NULL,         NULL,        NULL },
	[STEP_ANSWER]    = { "AUTH",      300, SESSION_WRITE,     put_answer,   on_auth,     NULL },
	[STEP_CANCEL]    = { "AUTH",      300, SESSION_WRITE,     put_cancel,   on_cancel,   NULL },
	[STEP_PROOF]     = { "proof",       0, SESSION_PROOF,     NULL,         NULL,        NULL },
	[STEP_IDLE]      = { "idle",        0, SESSION_IDLE,      NULL,         NULL,        NULL },
	[STEP_MAIL]      = { "MAIL",      300, SESSION_WRITE,     put_mail,     on_mail,     ahead_of_mail },
	[STEP_RCPT]      = { "RCPT",      300, SESSION_WRITE,     put_rcpt,     on_rcpt,     ahead_of_rcpt },
	[STEP_DATA]      = { "DATA",      120, SESSION_WRITE,     put_data,     on_data,     NULL },
	[STEP_CONTENT]   = { "message",   600, SESSION_CONTENT,   NULL,         on_content,  NULL },
	[STEP_EMPTY]     = { "message",   600, SESSION_EMPTY,     NULL,         on_empty,    NULL },
	[STEP_BDAT]      = { "BDAT",        0, SESSION_WRITE,     put_bdat,     NULL,        ahead_of_bdat },
	[STEP_CHUNK]     = { "message",   600, SESSION_CHUNK,     NULL,         on_chunk,    NULL },
	[STEP_RSET]      = { "RSET",      300, SESSION_WRITE,     put_rset,     on_rset,     NULL },
	[STEP_QUIT]      = { "QUIT",        5, SESSION_WRITE,     put_quit,     on_quit,     NULL },
	[STEP_END]       = { "end",         0, SESSION_DONE,      NULL,         NULL,        NULL },
	[STEP_WAIT]      = { "wait",        0, SESSION_READ,      NULL,         NULL,        NULL },
};
/* clang-format on */

/* --- the machine -------------------------------------------------------- */

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
static enum session_action compose(struct session *s, const struct row *row)
{
	enum verdict_scope scope = s->mail != NULL ? VERDICT_MESSAGE
	                                           : VERDICT_SERVER;
	struct fault f = { 0 };

	s->line_is_secret = s->step == STEP_AUTH || s->step == STEP_ANSWER;
	sbuf_release(&s->line);
	s->line.limit = s->step == STEP_ANSWER ? GATE_AUTH_LIMIT
	                                       : GATE_LINE_LIMIT;
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
	const struct row *row = &steps[s->step];

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
	return steps[oldest_due(s)].name;
}

unsigned session_timeout(const struct session *s)
{
	return steps[oldest_due(s)].timeout;
}

static void out_of_turn(struct session *s, const char *text)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.5.0",
	          _("the server sent an answer to nothing: %s"), text);
	session_broken(s, VERDICT_SERVER, &f);
}

/* A server that speaks without being asked says good-bye, refuses a message
 * before it has all of it, or is out of step with us; either way no later answer
 * could be trusted.  A message it seems to accept before the end it cannot
 * have. */
static void unasked(struct session *s, const struct reply *r)
{
	bool is_early = s->step == STEP_CONTENT || s->step == STEP_CHUNK;
	struct fault f;
	char text[320];

	reply_show(r, text, sizeof(text));
	if (is_early && r->code >= 400) {
		settle_final(s, r);
		s->step = STEP_END;
	} else if (r->code == 421) {
		verdict_judge(VERDICT_AT_GREETING, r, &f);
		session_broken(s, VERDICT_SERVER, &f);
	} else {
		out_of_turn(s, text);
	}
}

static void take_reply(struct session *s, const struct reply *r)
{
	enum step step, next;

	if (s->due_count == 0) {
		unasked(s, r);
		return;
	}
	step = s->due[s->due_first];
	s->due_first = (s->due_first + 1) % SESSION_DUE;
	s->due_count--;
	next = steps[step].on(s, r);
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

size_t session_receive(struct session *s, const char *bytes, size_t n)
{
	struct fault f;
	size_t used;

	switch (reply_read(&s->reader, bytes, n, &used, &f)) {
	case REPLY_MORE:
		break;
	case REPLY_DONE:
		take_reply(s, &s->reader.reply);
		if (used < n && s->due_count == 0 && s->step != STEP_END) {
			take_rest(s, bytes + used, n - used);
			used = n;
		}
		break;
	case REPLY_BAD:
		session_broken(s, VERDICT_SERVER, &f);
		break;
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
	          _("the login would be longer than %d octets: check `user` "
	            "and `password`; mail waits"),
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

	s->step = give_up(s, VERDICT_LOGIN, f, next);
}

void session_proved(struct session *s)
{
	sbuf_release(&s->line);
	sbuf_release(&s->answer);
	s->step = STEP_IDLE;
}

/* --- a transaction ------------------------------------------------------ */

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
	if (mail->is_utf8 && !s->offer.smtputf8)
		return fault_set(f, FAULT_PERM, "5.6.7",
		                 _("an address is not ASCII and the server "
		                   "does not take such (SMTPUTF8)"));
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
		if (gate_check_address(rcpt->address, &f) != 0)
			settle_one(rcpt, OUTCOME_REFUSED, VERDICT_RECIPIENT,
			           &f);
		else
			s->turn[s->turn_count++] = i;
	}
}

size_t session_send(struct session *s, struct session_mail *mail)
{
	struct fault f;

	s->mail = mail;
	s->turn_count = s->next_rcpt = s->next_answer = s->accepted = 0;
	s->mail_refused = s->is_sent = s->is_cut = false;
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
	add_due(s, s->step);
	s->step = STEP_WAIT;
}

void session_content_cut(struct session *s)
{
	session_content_sent(s);
	s->is_sent = false;
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
		remember_trouble(s, scope, f);
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
