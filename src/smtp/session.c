/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/session.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "smtp/auth.h"
#include "smtp/offer.h"
#include "smtp/settle.h"
#include "smtp/steps.h"
#include "smtp/window.h"

/* A message is on its way to the server, step by step. */
static bool is_composing(enum step step)
{
	return step >= STEP_CLEAN && step <= STEP_CHUNK;
}

static void add_due(struct session *s, enum step step, struct transaction *of)
{
	s->due[(s->due_first + s->due_count) % SESSION_DUE] =
		(struct session_due){ step, of };
	s->due_count++;
	if (of != NULL)
		of->due++;
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
	sbuf_init(&s->initial, GATE_AUTH_LIMIT);
	offer_init(&s->offer);
	s->step = STEP_WAIT;
	add_due(s, STEP_GREETING, NULL);
}

void session_release(struct session *s)
{
	reply_reader_release(&s->reader);
	auth_forget(s);
	sbuf_release(&s->line);
	sbuf_release(&s->challenge);
	offer_release(&s->offer);
	window_clear(s);
}

/* Compose the command of the current step and move on to what may follow. */
static enum session_action compose(struct session *s,
                                   const struct step_row *row)
{
	enum verdict_scope scope =
		is_composing(s->step) ? VERDICT_MESSAGE : VERDICT_SERVER;
	struct fault f = { 0 };

	s->at = is_composing(s->step) ? window_newest(s) : NULL;
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
		add_due(s, s->step, s->at);
	s->step = row->ahead != NULL ? row->ahead(s) : STEP_WAIT;
	return SESSION_WRITE;
}

enum session_action session_next(struct session *s)
{
	const struct step_row *row = step_row(s->step);

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
	return s->due_count > 0 ? s->due[s->due_first].step : s->step;
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

/* A server that says good-bye looks at nothing more: those behind the message
 * at hand stay as they are. */
static void end(struct session *s)
{
	window_clear(s);
	s->due_count = 0;
	s->step = STEP_END;
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
		s->at = window_newest(s);
		step_settle_final(s, r);
		end(s);
	} else if (r->code == 421) {
		verdict_judge(VERDICT_AT_GREETING, r, &f);
		session_broken(s, VERDICT_SERVER, &f);
	} else {
		out_of_turn(s, text);
	}
}

static void miscounted(struct session *s)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.5.0",
	          _("the server answered more often than it was asked: which "
	            "answer is about the message cannot be told"));
	session_broken(s, VERDICT_SERVER, &f);
}

/* What would accept a message is an answer about an address (RFC 3463, 3.2): it
 * belongs to another step, and all that were sent ahead are out of count. */
static bool is_shifted(const struct session *s, const struct session_due *due,
                       const struct reply *r)
{
	return due->step == STEP_CHUNK && s->window_count > 1 &&
	       strncmp(r->status, "2.1.", 4) == 0;
}

/* What is finished is the owner's again. */
static void finish(struct session *s)
{
	while (s->window_count > 0) {
		const struct transaction *t = window_get(s, 0);

		if (t->due > 0 ||
		    (s->window_count == 1 && is_composing(s->step)))
			return;
		window_drop(s);
	}
}

static void move_on(struct session *s, enum step next)
{
	if (s->step == STEP_END)
		return;
	if (next == STEP_END) {
		end(s);
		return;
	}
	session_wait(s);
	if (s->due_count == 0 && s->step == STEP_WAIT)
		s->step = next;
	finish(s);
	if (s->step == STEP_WAIT && window_may_grow(s))
		s->step = STEP_AHEAD;
}

static void take_reply(struct session *s, const struct reply *r)
{
	struct session_due due;

	if (s->due_count == 0) {
		unasked(s, r);
		return;
	}
	due = s->due[s->due_first];
	if (is_shifted(s, &due, r)) {
		miscounted(s);
		return;
	}
	if (due.step >= STEP_AUTH && due.step <= STEP_CANCEL && r->code != 334)
		auth_hide(s);
	/* From the front again when it is empty: most of it is never touched.
	 */
	s->due_first =
		--s->due_count > 0 ? (s->due_first + 1) % SESSION_DUE : 0;
	if (due.of != NULL)
		due.of->due--;
	s->at = due.of;
	move_on(s, step_row(due.step)->on(s, r));
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

/* The whole flight was sent before any answer came, and more than its answers
 * are here: which of them is about the message cannot be told.  Good-bye behind
 * the last one is no answer. */
static bool is_miscounted(const struct session *s, const char *rest, size_t n)
{
	const struct transaction *t =
		s->due_count == 1 ? s->due[s->due_first].of : NULL;

	return n > 0 && t != NULL && t->is_sent && t->is_blind &&
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

/* --- a message -------------------------------------------------------------
 */

void session_quit(struct session *s)
{
	s->step = STEP_QUIT;
}

void session_wait(struct session *s)
{
	if (s->step == STEP_AHEAD)
		s->step = STEP_WAIT;
}

void session_content_sent(struct session *s)
{
	struct transaction *t = window_newest(s);

	if (s->step == STEP_END)
		return;
	t->is_sent = s->step != STEP_EMPTY;
	t->is_blind = s->due_count > 0;
	add_due(s, s->step, t);
	s->step = window_may_grow(s) ? STEP_AHEAD : STEP_WAIT;
}

void session_content_cut(struct session *s)
{
	struct transaction *t = window_newest(s);

	if (s->step == STEP_END)
		return;
	t->is_cut = true;
	add_due(s, s->step, t);
	s->step = STEP_WAIT;
}

void session_broken(struct session *s, enum verdict_scope scope,
                    const struct fault *f)
{
	bool is_leaving = oldest_due(s) == STEP_QUIT && s->due_count > 0;

	if (s->step == STEP_END)
		return;
	for (size_t i = 0; i < s->window_count; i++)
		settle_lost(window_get(s, i), scope, f);
	window_clear(s);
	if (!is_leaving && !auth_settle(s))
		settle_trouble(s, scope, f);
	auth_forget(s);
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
