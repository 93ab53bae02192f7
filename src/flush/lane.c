/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/lane_parts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/connect.h"

struct lane *lane_create(const struct lane_settings *given)
{
	const struct smarthost *smarthost = given->smarthost;
	struct lane *l = mem_alloc(sizeof(*l));
	struct session_settings settings = {
		.helo = given->helo,
		.is_encrypted = smarthost->tls == CONFIG_TLS_IMPLICIT,
		.needs_tls = smarthost->tls != CONFIG_TLS_NONE,
		.needs_login = smarthost_has_login(smarthost),
		.overlap = given->overlap,
		.recipients = given->recipients,
	};

	l->smarthost = smarthost;
	login_init(&l->login, smarthost, given->keeper);
	l->phase = login_needs_password(&l->login) ? PHASE_PASSWORD
	                                           : PHASE_CONNECT;
	l->tls = (struct tls_settings){
		.ca_file = smarthost->tls_ca,
		.pin = smarthost->tls_pin,
		.cert_file = smarthost->tls_cert,
		.key_file = smarthost->tls_key,
		.store = given->store,
	};
	l->connect = connect_create(given->hosts, smarthost->port);
	session_init(&l->session, &settings);
	snprintf(l->peer, sizeof(l->peer), "%s", connect_peer(l->connect));
	return l;
}

void lane_free(struct lane **lane)
{
	struct lane *l = *lane;

	if (l == NULL)
		return;
	login_release(&l->login);
	connect_free(&l->connect);
	stream_free(&l->stream);
	session_release(&l->session);
	free(l);
	*lane = NULL;
}

/* --- reading and writing ------------------------------------------------ */

static void log_reply(const struct lane *l)
{
	const struct reply *r = &l->session.reader.reply;
	char text[256];

	reply_show(r, text, sizeof(text));
	log_debug("relay=%s < %s", l->peer, r->code == 334 ? "334 ***" : text);
}

static void measure(struct lane *l)
{
	int64_t trip = clock_ticks() - l->asked;

	if (l->deadline != 0 && !l->for_progress &&
	    (l->round_trip == 0 || trip < l->round_trip))
		l->round_trip = trip;
}

/* Give the session what is in the input, one reply at a time. */
static bool take_input(struct lane *l)
{
	size_t n, used, under_way = l->session.window_count;
	const char *input = stream_input(l->stream, &n);

	if (n == 0)
		return false;
	used = session_receive(&l->session, input, n);
	stream_consume(l->stream, used);
	l->has_answered |= l->session.window_count < under_way;
	if (l->session.reader.is_done) {
		log_reply(l);
		measure(l);
		lane_clear_deadline(l);
		if (l->session.has_trouble) /* a login that was refused */
			login_release(&l->login);
	}
	return true;
}

static enum lane_progress read_reply(struct lane *l)
{
	struct fault f;
	enum lane_progress progress = l->has_answered ? GO_ON : lane_flush(l);

	if (progress == BLOCKED)
		return BLOCKED;
	if (take_input(l))
		return GO_ON;
	switch (stream_fill(l->stream, &f)) {
	case STREAM_DONE: return GO_ON;
	case STREAM_WANT_READ:
	case STREAM_WANT_WRITE:
		if (l->has_answered)
			return ANSWERED;
		if (progress == OVER) /* nothing to say, nothing to hear */
			return lane_closed(l);
		lane_start_deadline(l, session_timeout(&l->session));
		return lane_is_late(l) ? lane_timed_out(l) : BLOCKED;
	case STREAM_CLOSED: return lane_closed(l);
	case STREAM_FAILED: break;
	}
	return lane_broken(l, VERDICT_SERVER, &f);
}

static enum lane_progress write_line(struct lane *l)
{
	size_t n;
	const char *line = session_line(&l->session, &n);

	if (stream_room(l->stream) < n + 2) {
		enum lane_progress progress = lane_flush(l);

		if (progress == OVER)
			return lane_closed(l);
		if (progress == BLOCKED || stream_room(l->stream) < n + 2)
			return progress;
	}
	log_debug("relay=%s > %s", l->peer,
	          session_line_is_secret(&l->session) ? "AUTH ***" : line);
	stream_put(l->stream, line, n);
	stream_put(l->stream, "\r\n", 2);
	l->is_acting = false;
	return GO_ON;
}

/* --- the loop ----------------------------------------------------------- */

/* What the server has said already comes first: then more messages may go, and
 * they go together. */
static enum lane_progress be_ready(struct lane *l)
{
	size_t n;

	l->is_acting = false;
	stream_input(l->stream, &n);
	if (n == 0)
		return l->has_answered ? ANSWERED : READY;
	session_wait(&l->session);
	take_input(l);
	return GO_ON;
}

/* The keeper may have to be asked for a newer token; the server waits. */
static enum lane_progress be_refused(struct lane *l)
{
	l->is_acting = false;
	if (login_refused(&l->login, &l->session, lane_is_late(l))) {
		lane_start_deadline(l, KEEPER_TIME);
		return BLOCKED;
	}
	lane_clear_deadline(l);
	if (l->session.has_trouble)
		login_release(&l->login);
	return GO_ON;
}

static bool is_said(enum session_action action)
{
	return action == SESSION_WRITE || action == SESSION_CONTENT ||
	       action == SESSION_CHUNK || action == SESSION_EMPTY;
}

static enum lane_progress act(struct lane *l)
{
	if (!l->is_acting || l->session.step == STEP_END) {
		l->action = session_next(&l->session);
		l->is_acting = true;
	}
	if (l->has_answered && is_said(l->action))
		return ANSWERED;
	switch (l->action) {
	case SESSION_WRITE: return write_line(l);
	case SESSION_CONTENT:
	case SESSION_CHUNK: return lane_write_content(l);
	case SESSION_EMPTY: return lane_write_empty(l);
	case SESSION_READ: l->is_acting = false; return read_reply(l);
	case SESSION_START_TLS: l->is_acting = false; return lane_start_tls(l);
	case SESSION_LOGIN:
		l->is_acting = false;
		login_begin(&l->login, &l->session, l->stream);
		return GO_ON;
	case SESSION_CHALLENGE:
		l->is_acting = false;
		login_answer(&l->login, &l->session);
		return GO_ON;
	case SESSION_REFUSED: return be_refused(l);
	case SESSION_PROOF:
		l->is_acting = false;
		login_prove(&l->login, &l->session);
		return GO_ON;
	case SESSION_IDLE: l->is_acting = false; return IDLE;
	case SESSION_AHEAD: return be_ready(l);
	case SESSION_DONE: break;
	}
	return OVER;
}

static enum lane_progress advance_once(struct lane *l)
{
	switch (l->phase) {
	case PHASE_PASSWORD: return lane_ask_password(l);
	case PHASE_CONNECT: return lane_call(l);
	case PHASE_IMPLICIT: return lane_begin_tls(l);
	case PHASE_TALK: break;
	}
	return act(l);
}

enum lane_state lane_advance(struct lane *l)
{
	l->has_answered = false;
	for (;;) {
		switch (advance_once(l)) {
		case GO_ON: break;
		case BLOCKED: return LANE_WAITING;
		case IDLE: return LANE_IDLE;
		case READY: return LANE_READY;
		case ANSWERED: return LANE_ANSWERED;
		case OVER:
			if (l->stream != NULL)
				stream_goodbye(l->stream);
			return LANE_OVER;
		}
	}
}

/* Is it the keeper that we wait for? */
static bool waits_for_keeper(const struct lane *l)
{
	return l->phase == PHASE_PASSWORD || l->login.is_again;
}

int lane_fd(const struct lane *l)
{
	if (waits_for_keeper(l))
		return l->login.answer;
	return l->stream != NULL ? stream_fd(l->stream)
	                         : connect_fd(l->connect);
}

short lane_events(const struct lane *l)
{
	if (waits_for_keeper(l))
		return POLLIN;
	return l->stream != NULL ? stream_events(l->stream) : POLLIN | POLLOUT;
}

int64_t lane_deadline(const struct lane *l)
{
	return l->stream != NULL || l->phase == PHASE_PASSWORD
	               ? l->deadline
	               : connect_deadline(l->connect);
}

/* A server that closed while we were idle has taken nothing: better to know
 * before a message is under way than to leave one in doubt. */
static bool is_open(struct lane *l)
{
	struct fault f;
	enum stream_result result = stream_fill(l->stream, &f);

	if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
		return true;
	if (result != STREAM_DONE || !take_input(l))
		lane_closed(l);
	return l->session.step != STEP_END;
}

static void settle_all(struct session_mail *mail, const struct fault *f)
{
	for (size_t i = 0; i < mail->count; i++)
		if (mail->recipients[i].outcome.state == OUTCOME_OPEN)
			outcome_set(&mail->recipients[i].outcome,
			            OUTCOME_REFUSED, VERDICT_MESSAGE, f);
}

/* In the form that this server takes; what that is EHLO has told. */
static enum content_result fit(struct lane *l, struct session_mail *mail,
                               struct fault *f)
{
	const struct session_offer *offer = &l->session.offer;
	enum content_result result =
		content_fit(l->content, offer->eightbit,
	                    offer->smtputf8 && mail->is_utf8, f);

	if (result != CONTENT_FITS)
		return result;
	if (content_changes(l->content)[0] != '\0')
		log_debug("relay=%s changed=%s", l->peer,
		          content_changes(l->content));
	mail->size = content_size(l->content);
	mail->is_8bit = content_is_8bit(l->content);
	return result;
}

enum lane_sent lane_send(struct lane *l, struct content *content,
                         struct session_mail *mail, struct fault *f)
{
	if (l->action == SESSION_IDLE && !is_open(l))
		return LANE_UNSENT;
	l->content = content;
	switch (fit(l, mail, f)) {
	case CONTENT_FITS: break;
	case CONTENT_REFUSED: settle_all(mail, f); return LANE_UNSENT;
	case CONTENT_DAMAGED: return LANE_DAMAGED;
	}
	return session_send(&l->session, mail) > 0 ? LANE_SENT : LANE_UNSENT;
}

bool lane_has(const struct lane *l, const struct session_mail *mail)
{
	return session_has(&l->session, mail);
}

void lane_wait(struct lane *l)
{
	session_wait(&l->session);
}

int64_t lane_round_trip(const struct lane *l)
{
	return l->round_trip;
}

bool lane_is_deep(const struct lane *l)
{
	return session_may_overlap(&l->session) && l->session.offer.chunking;
}

bool lane_may_overlap(const struct lane *l)
{
	return session_may_overlap(&l->session);
}

void lane_quit(struct lane *l)
{
	session_quit(&l->session);
}

void lane_abort(struct lane *l)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.3.2",
	          _("relay-flush was told to end before %s answered (%s)"),
	          l->peer, session_step(&l->session));
	lane_broken(l, VERDICT_SERVER, &f);
}

const char *lane_peer(const struct lane *l)
{
	return l->peer;
}

const struct connect *lane_connect(const struct lane *l)
{
	return l->connect;
}

const struct fault *lane_trouble(const struct lane *l,
                                 enum verdict_scope *scope)
{
	return session_trouble(&l->session, scope);
}

unsigned lane_most_recipients(const struct lane *l)
{
	return l->session.settings.recipients;
}

bool lane_is_lost(const struct lane *l)
{
	return l->session.is_lost;
}

const struct fault *lane_damage(const struct lane *l)
{
	return l->is_damaged ? &l->damage : NULL;
}
