/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialogue is RFC 5321 with 1870 (SIZE), 2920 (PIPELINING), 3030
 * (CHUNKING), 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME) and
 * 6531 (SMTPUTF8).
 *
 * One function per step and direction.  A reply handler must return the next
 * step, so none can forget to move on; it is used when no other answer is due.
 */
#include "smtp/steps.h"

#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "smtp/auth.h"
#include "smtp/offer.h"
#include "smtp/settle.h"

static bool ok(const struct reply *r)
{
	return r->code / 100 == 2;
}

enum step step_give_up(struct session *s, enum verdict_scope scope,
                       const struct fault *f, enum step next)
{
	settle_trouble(s, scope, f);
	return next;
}

enum step step_farewell(const struct reply *r)
{
	return r->code == 421 ? STEP_END : STEP_QUIT;
}

enum step step_refused(struct session *s, enum verdict_step at,
                       const struct reply *r)
{
	struct fault f;
	enum verdict_scope scope = verdict_judge(at, r, &f);

	return step_give_up(s, scope, &f, step_farewell(r));
}

static enum step person_must_act(struct session *s, enum verdict_scope scope,
                                 const char *code, const char *text)
{
	struct fault f;

	fault_set(&f, FAULT_CONFIG, code, "%s", text);
	return step_give_up(s, scope, &f, STEP_QUIT);
}

/* --- greeting to login -------------------------------------------------- */

/* Servers that were seen to bear messages sent ahead.  Who answers before TLS
 * may not be who it says it is; then the worst is a message in doubt. */
static bool names_known_server(const struct reply *r)
{
	static const char *const names[] = { " Postfix", " Exim" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *found = strstr(r->text.data, names[i]);

		if (found != NULL &&
		    strchr(" \n", found[strlen(names[i])]) != NULL)
			return true;
	}
	return false;
}

static enum step on_greeting(struct session *s, const struct reply *r)
{
	s->is_known = names_known_server(r);
	return ok(r) ? STEP_EHLO : step_refused(s, VERDICT_AT_GREETING, r);
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
		          "`port`, or set `login none`"));
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
	return step_refused(s, VERDICT_AT_EHLO, r);
}

static void put_helo(struct session *s, struct sbuf *line)
{
	sbuf_addf(line, "HELO %s", s->settings.helo);
}

static enum step on_helo(struct session *s, const struct reply *r)
{
	return ok(r) ? after_hello(s) : step_refused(s, VERDICT_AT_EHLO, r);
}

static void put_starttls(struct session *s, struct sbuf *line)
{
	(void)s;
	sbuf_addstr(line, "STARTTLS");
}

static enum step on_starttls(struct session *s, const struct reply *r)
{
	return r->code == 220 ? STEP_HANDSHAKE
	                      : step_refused(s, VERDICT_AT_STARTTLS, r);
}

/* --- a message ---------------------------------------------------------- */

static bool uses_chunks(const struct session *s)
{
	return s->offer.chunking;
}

/* What reports are to be: to a server that knows how. */
static void put_dsn(const struct session *s, struct sbuf *line,
                    const char *keyword, const char *value)
{
	if (value != NULL && s->offer.dsn)
		sbuf_addf(line, " %s=%s", keyword, value);
}

static void put_mail(struct session *s, struct sbuf *line)
{
	sbuf_addf(line, "MAIL FROM:<%s>", s->at->mail->sender);
	if (s->offer.size)
		sbuf_addf(line, " SIZE=%" PRIu64, s->at->mail->size);
	if (s->at->mail->is_8bit && s->offer.eightbit)
		sbuf_addstr(line, " BODY=8BITMIME");
	if (s->at->mail->is_utf8 && s->offer.smtputf8)
		sbuf_addstr(line, " SMTPUTF8");
	put_dsn(s, line, "RET", s->at->mail->ret);
	put_dsn(s, line, "ENVID", s->at->mail->envid);
}

static enum step after_envelope(const struct session *s)
{
	return uses_chunks(s) ? STEP_BDAT : STEP_DATA;
}

/* Leave a transaction.  Trouble of the account ends the session: another
 * message would only meet the same.  So does a server out of step (2yz or 3yz
 * where it makes no sense), none of whose later answers could be trusted. */
static enum step leave(const struct session *s, const struct reply *r)
{
	if (r->code == 421)
		return STEP_END;
	return s->needs_reset && !s->has_trouble ? STEP_RSET : STEP_IDLE;
}

static enum step on_mail(struct session *s, const struct reply *r)
{
	struct fault f;
	enum verdict_scope scope;

	if (ok(r)) {
		s->needs_reset = true;
		return STEP_RCPT;
	}
	s->at->mail_refused = true;
	scope = settle_refusal(s, VERDICT_AT_MAIL, r, &f);
	settle_turn(s->at, OUTCOME_REFUSED, scope, &f);
	return leave(s, r);
}

static void put_rcpt(struct session *s, struct sbuf *line)
{
	const struct session_recipient *rcpt =
		transaction_recipient(s->at, s->at->next_rcpt++);

	sbuf_addf(line, "RCPT TO:<%s>", rcpt->address);
	put_dsn(s, line, "NOTIFY", rcpt->notify);
	put_dsn(s, line, "ORCPT", rcpt->orcpt);
}

static enum step on_rcpt(struct session *s, const struct reply *r)
{
	struct transaction *t = s->at;
	struct session_recipient *rcpt =
		transaction_recipient(t, t->next_answer++);
	struct fault f;

	if (t->mail_refused)
		return leave(s, r);
	if (ok(r)) {
		rcpt->is_accepted = true;
		t->accepted++;
	} else if (t->accepted == 0 || !verdict_is_too_many(r)) {
		enum verdict_scope scope =
			settle_refusal(s, VERDICT_AT_RCPT, r, &f);

		settle_one(rcpt, OUTCOME_REFUSED, scope, &f);
	} else {
		s->settings.recipients = (unsigned)t->accepted;
	}
	if (r->code == 421) {
		settle_turn(t, OUTCOME_REFUSED, VERDICT_SERVER, &f);
		return STEP_END;
	}
	if (t->next_answer < t->count)
		return STEP_RCPT;
	return t->accepted > 0 ? after_envelope(s) : leave(s, r);
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
		return s->at->accepted > 0 ? STEP_CONTENT : STEP_EMPTY;
	if (s->at->accepted > 0) {
		enum verdict_scope scope =
			settle_refusal(s, VERDICT_AT_DATA, r, &f);

		settle_accepted(s->at, OUTCOME_REFUSED, scope, &f);
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
	settle_accepted(s->at, OUTCOME_DELIVERED, VERDICT_MESSAGE, &words);
}

void step_settle_final(struct session *s, const struct reply *r)
{
	enum verdict_scope scope;
	struct fault f;

	if (s->at->accepted == 0)
		return;
	if (ok(r) && !s->at->is_cut) {
		delivered(s, r);
		return;
	}
	scope = settle_refusal(s, VERDICT_AT_FINAL, r, &f);
	settle_accepted(s->at, OUTCOME_REFUSED, scope, &f);
}

/* The end of content clears the server's buffers, whatever it says to it. */
static enum step on_content(struct session *s, const struct reply *r)
{
	step_settle_final(s, r);
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
	sbuf_addf(line, "BDAT %" PRIu64 " LAST", s->at->mail->size);
}

/* RFC 3030, section 2: after a refused BDAT only RSET is sure to work. */
static enum step on_chunk(struct session *s, const struct reply *r)
{
	step_settle_final(s, r);
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
static void reset_refused(const struct reply *r, struct fault *f)
{
	char text[320];

	reply_show(r, text, sizeof(text));
	fault_set(f, FAULT_TEMP, "4.5.0", "RSET: %s", text);
}

static enum step on_rset(struct session *s, const struct reply *r)
{
	struct fault f;

	s->needs_reset = false;
	if (ok(r))
		return STEP_IDLE;
	reset_refused(r, &f);
	settle_trouble(s, VERDICT_SERVER, &f);
	return step_farewell(r);
}

/* Before a message that is sent ahead: what the last one may have left. */
static enum step on_clean(struct session *s, const struct reply *r)
{
	struct fault f;

	s->needs_reset = false;
	if (ok(r))
		return STEP_MAIL;
	reset_refused(r, &f);
	session_broken(s, VERDICT_SERVER, &f);
	return STEP_END;
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

static enum step ahead_of_clean(const struct session *s)
{
	(void)s;
	return STEP_MAIL;
}

/* A large message is not sent to recipients that may all be refused. */
static enum step ahead_of_rcpt(const struct session *s)
{
	if (!s->offer.pipelining)
		return STEP_WAIT;
	if (s->at->next_rcpt < s->at->count)
		return STEP_RCPT;
	if (uses_chunks(s) && s->at->mail->size > SESSION_CHUNK_AHEAD)
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
static const struct step_row steps[] = {
	[STEP_GREETING]  = { "greeting",  300, SESSION_READ,      NULL,         on_greeting, NULL },
	[STEP_EHLO]      = { "EHLO",      300, SESSION_WRITE,     put_ehlo,     on_ehlo,     NULL },
	[STEP_HELO]      = { "HELO",      300, SESSION_WRITE,     put_helo,     on_helo,     NULL },
	[STEP_STARTTLS]  = { "STARTTLS",  120, SESSION_WRITE,     put_starttls, on_starttls, NULL },
	[STEP_HANDSHAKE] = { "handshake", 120, SESSION_START_TLS, NULL,         NULL,        NULL },
	[STEP_LOGIN]     = { "login",       0, SESSION_LOGIN,     NULL,         NULL,        NULL },
	[STEP_AUTH]      = { "AUTH",      300, SESSION_WRITE,     auth_put,     auth_on_reply,     NULL },
	[STEP_CHALLENGE] = { "challenge",   0, SESSION_CHALLENGE, NULL,         NULL,        NULL },
	[STEP_ANSWER]    = { "AUTH",      300, SESSION_WRITE,     auth_put_answer,   auth_on_answer,   NULL },
	[STEP_CANCEL]    = { "AUTH",      300, SESSION_WRITE,     auth_put_cancel,   auth_on_cancel,   NULL },
	[STEP_REFUSED]   = { "login",       0, SESSION_REFUSED,   NULL,         NULL,        NULL },
	[STEP_PROOF]     = { "proof",       0, SESSION_PROOF,     NULL,         NULL,        NULL },
	[STEP_IDLE]      = { "idle",        0, SESSION_IDLE,      NULL,         NULL,        NULL },
	[STEP_AHEAD]     = { "ahead",       0, SESSION_AHEAD,     NULL,         NULL,        NULL },
	[STEP_CLEAN]     = { "RSET",      300, SESSION_WRITE,     put_rset,     on_clean,    ahead_of_clean },
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

const struct step_row *step_row(enum step step)
{
	return &steps[step];
}
