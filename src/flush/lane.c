/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/lane.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "flush/login.h"
#include "message/wire.h"
#include "net/connect.h"
#include "net/stream.h"
#include "net/tls.h"

#define PIECE 8192                     /* of content read at a time */
#define PIECE_ROOM (2 * PIECE + 16384) /* what it may become, stuffed */
#define PROGRESS_TIME 180              /* RFC 5321, 4.5.3.2.5 */
#define HELD_BACK 16384                /* bytes: what one TLS record holds */
#define HANDSHAKE_TIME 120

enum phase {
	PHASE_PASSWORD, /* it must be there before anybody is called */
	PHASE_CONNECT,
	PHASE_IMPLICIT, /* TLS before the greeting */
	PHASE_TALK,
};

/* How one piece of work went. */
enum progress { GO_ON, BLOCKED, IDLE, READY, ANSWERED, OVER };

struct lane {
	const struct smarthost *smarthost;
	struct tls_settings tls;
	enum phase phase;
	struct connect *connect;
	struct stream *stream;
	struct session session;
	enum session_action action; /* the one that is being done */
	bool is_acting;
	bool has_answered; /* a message was finished in this lane_advance() */
	struct login login;

	int64_t deadline;   /* 0: none running */
	int64_t asked;      /* clock_ticks() when it began */
	int64_t round_trip; /* the shortest wait for an answer */
	bool for_progress;  /* of the writing, not of an answer */
	size_t room;        /* of the output at the last look */
	bool has_handshake; /* begun */

	struct content *content;
	struct wire_stuff stuff;
	bool has_content, is_content_read;
	bool is_damaged;
	struct fault damage;
	struct fault
		write_fault; /* why sending failed, kind NONE: it did not */
	char peer[300];
};

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

/* --- waiting ------------------------------------------------------------ */

static void start_deadline(struct lane *l, unsigned seconds)
{
	if (l->deadline != 0)
		return;
	l->asked = clock_ticks();
	l->deadline = l->asked + (int64_t)seconds * 1000;
}

static void clear_deadline(struct lane *l)
{
	l->deadline = 0;
	l->for_progress = false;
}

static bool is_late(const struct lane *l)
{
	return l->deadline != 0 && clock_ticks() >= l->deadline;
}

static enum progress broken(struct lane *l, enum verdict_scope scope,
                            const struct fault *f)
{
	session_broken(&l->session, scope, f);
	login_release(&l->login);
	clear_deadline(l);
	return GO_ON;
}

/* A port for TLS waits for our first word, as we wait for its; all that it may
 * send is an alert. */
static const char *advice(const struct lane *l)
{
	const struct session *s = &l->session;
	bool is_greeting =
		s->due_count > 0 && s->due[s->due_first].step == STEP_GREETING;

	if (l->smarthost->tls != CONFIG_TLS_STARTTLS || !is_greeting ||
	    s->reader.line.data[0] >= ' ')
		return "";
	return _("; if this port is for TLS from the first byte, set `tls "
	         "implicit`");
}

static enum progress timed_out(struct lane *l)
{
	struct fault f;

	if (l->for_progress)
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s took nothing of the message for %d seconds"),
		          l->peer, PROGRESS_TIME);
	else
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s did not answer in time (%s)%s"), l->peer,
		          session_step(&l->session), advice(l));
	return broken(l, VERDICT_SERVER, &f);
}

static enum progress closed(struct lane *l)
{
	struct fault f = l->write_fault;

	if (f.kind == FAULT_NONE)
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s closed the connection (%s)%s"), l->peer,
		          session_step(&l->session), advice(l));
	return broken(l, VERDICT_SERVER, &f);
}

/* --- connecting --------------------------------------------------------- */

static enum progress no_password(struct lane *l, const struct fault *f)
{
	l->phase = PHASE_TALK; /* which is over before it began */
	return broken(l, VERDICT_LOGIN, f);
}

static enum progress advance_password(struct lane *l)
{
	struct fault f;

	start_deadline(l, KEEPER_TIME);
	switch (login_ask(&l->login, &f)) {
	case KEEPER_READY:
		clear_deadline(l);
		l->phase = PHASE_CONNECT;
		return GO_ON;
	case KEEPER_FAILED: return no_password(l, &f);
	case KEEPER_WAITING: break;
	}
	if (!is_late(l))
		return BLOCKED;
	fault_set(&f, FAULT_TEMP, "4.3.0",
	          _("the password did not come within %d seconds"),
	          KEEPER_TIME);
	return no_password(l, &f);
}

static enum progress advance_connect(struct lane *l)
{
	struct fault f;
	int fd = -1;

	switch (connect_advance(l->connect, &fd, &f)) {
	case STREAM_DONE: break;
	case STREAM_WANT_READ:
	case STREAM_WANT_WRITE: return BLOCKED;
	case STREAM_CLOSED:
	case STREAM_FAILED:
		broken(l, VERDICT_SERVER, &f);
		l->phase = PHASE_TALK;
		return GO_ON;
	}
	snprintf(l->peer, sizeof(l->peer), "%s", connect_peer(l->connect));
	l->login.host = connect_host(l->connect);
	l->stream = stream_create(fd);
	l->phase = l->smarthost->tls == CONFIG_TLS_IMPLICIT ? PHASE_IMPLICIT
	                                                    : PHASE_TALK;
	return GO_ON;
}

/* A certificate that is not to be trusted is for a person; the session's fault
 * says so and nothing more is said to this server. */
static enum progress advance_handshake(struct lane *l, bool *done)
{
	struct fault f;

	*done = false;
	start_deadline(l, HANDSHAKE_TIME);
	if (!l->has_handshake &&
	    stream_start_tls(l->stream, &l->tls, connect_host(l->connect),
	                     &f) != 0)
		return broken(l, VERDICT_SERVER, &f);
	l->has_handshake = true;
	switch (stream_handshake(l->stream, &f)) {
	case STREAM_DONE:
		clear_deadline(l);
		log_debug("relay=%s tls=%s", l->peer, stream_cipher(l->stream));
		*done = true;
		return GO_ON;
	case STREAM_WANT_READ:
	case STREAM_WANT_WRITE: return is_late(l) ? timed_out(l) : BLOCKED;
	case STREAM_CLOSED: return closed(l);
	case STREAM_FAILED: break;
	}
	return broken(l, VERDICT_SERVER, &f);
}

static enum progress advance_implicit(struct lane *l)
{
	bool done;
	enum progress progress = advance_handshake(l, &done);

	if (progress == GO_ON)
		l->phase = PHASE_TALK;
	return progress;
}

static enum progress start_tls(struct lane *l)
{
	bool done;
	enum progress progress = advance_handshake(l, &done);

	if (done)
		session_encrypted(&l->session);
	return progress;
}

/* --- reading and writing ------------------------------------------------ */

/* Is everything out?  Otherwise, time is counted while nothing moves. */
static enum progress flush_output(struct lane *l)
{
	enum stream_result result = stream_flush(l->stream, &l->write_fault);

	if (result == STREAM_DONE) {
		if (l->for_progress)
			clear_deadline(l);
		return GO_ON;
	}
	if (result == STREAM_FAILED || result == STREAM_CLOSED)
		return OVER;
	if (!l->for_progress || stream_room(l->stream) != l->room) {
		clear_deadline(l);
		l->for_progress = true;
		l->room = stream_room(l->stream);
	}
	start_deadline(l, PROGRESS_TIME);
	return is_late(l) ? timed_out(l) : BLOCKED;
}

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
		clear_deadline(l);
		if (l->session.has_trouble) /* a login that was refused */
			login_release(&l->login);
	}
	return true;
}

static enum progress read_reply(struct lane *l)
{
	struct fault f;
	enum progress progress = l->has_answered ? GO_ON : flush_output(l);

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
			return closed(l);
		start_deadline(l, session_timeout(&l->session));
		return is_late(l) ? timed_out(l) : BLOCKED;
	case STREAM_CLOSED: return closed(l);
	case STREAM_FAILED: break;
	}
	return broken(l, VERDICT_SERVER, &f);
}

static enum progress write_line(struct lane *l)
{
	size_t n;
	const char *line = session_line(&l->session, &n);

	if (stream_room(l->stream) < n + 2) {
		enum progress progress = flush_output(l);

		if (progress == OVER)
			return closed(l);
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

/* --- content ------------------------------------------------------------ */

static int put_piece(void *arg, const char *bytes, size_t n)
{
	struct lane *l = arg;

	stream_put(l->stream, bytes, n);
	return 0;
}

static void begin_content(struct lane *l)
{
	content_rewind(l->content);
	wire_stuff_init(&l->stuff, put_piece, l);
	l->has_content = true;
	l->is_content_read = false;
}

/* The file changed or cannot be read: the message must not be completed, so
 * the connection ends here and the final dot is never sent. */
static enum progress abandon_content(struct lane *l, const struct fault *f)
{
	l->is_damaged = true;
	l->damage = *f;
	return broken(l, VERDICT_MESSAGE, f);
}

static enum progress read_piece(struct lane *l)
{
	bool stuffed = l->action == SESSION_CONTENT;
	char piece[PIECE];
	struct fault f;
	ssize_t n = content_next(l->content, piece, sizeof(piece), &f);

	if (n < 0)
		return abandon_content(l, &f);
	if (stuffed && n > 0)
		wire_stuff(&l->stuff, piece, (size_t)n);
	else if (stuffed)
		wire_stuff_end(&l->stuff);
	else
		stream_put(l->stream, piece, (size_t)n);
	l->is_content_read = n == 0;
	return GO_ON;
}

/* The server took no more of it: what it said on the way decides. */
static enum progress cut_content(struct lane *l)
{
	l->is_acting = false;
	l->has_content = false;
	session_content_cut(&l->session);
	return GO_ON;
}

/* A small message leaves together with the next one, if there is one. */
static bool is_held_back(const struct lane *l)
{
	return session_may_overlap(&l->session) &&
	       content_size(l->content) <= HELD_BACK;
}

static enum progress write_content(struct lane *l)
{
	enum progress progress;

	if (!l->has_content)
		begin_content(l);
	while (!l->is_content_read) {
		if (stream_room(l->stream) < PIECE_ROOM) {
			progress = flush_output(l);
			if (progress == OVER)
				return cut_content(l);
			if (progress == BLOCKED)
				return BLOCKED;
			if (stream_room(l->stream) < PIECE_ROOM)
				return GO_ON; /* timed out: settled */
		}
		read_piece(l);
		if (l->is_damaged)
			return GO_ON;
	}
	if (!is_held_back(l)) {
		progress = flush_output(l);
		if (progress == OVER)
			return cut_content(l);
		if (progress == BLOCKED)
			return BLOCKED;
	}
	l->is_acting = false;
	l->has_content = false;
	if (!l->session.is_lost)
		session_content_sent(&l->session);
	return GO_ON;
}

static enum progress write_empty(struct lane *l)
{
	stream_put(l->stream, ".\r\n", 3);
	session_content_sent(&l->session);
	l->is_acting = false;
	return GO_ON;
}

/* --- the loop ----------------------------------------------------------- */

/* What the server has said already comes first: then more messages may go, and
 * they go together. */
static enum progress be_ready(struct lane *l)
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
static enum progress be_refused(struct lane *l)
{
	l->is_acting = false;
	if (login_refused(&l->login, &l->session, is_late(l))) {
		start_deadline(l, KEEPER_TIME);
		return BLOCKED;
	}
	clear_deadline(l);
	if (l->session.has_trouble)
		login_release(&l->login);
	return GO_ON;
}

static bool is_said(enum session_action action)
{
	return action == SESSION_WRITE || action == SESSION_CONTENT ||
	       action == SESSION_CHUNK || action == SESSION_EMPTY;
}

static enum progress act(struct lane *l)
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
	case SESSION_CHUNK: return write_content(l);
	case SESSION_EMPTY: return write_empty(l);
	case SESSION_READ: l->is_acting = false; return read_reply(l);
	case SESSION_START_TLS: l->is_acting = false; return start_tls(l);
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

static enum progress advance_once(struct lane *l)
{
	switch (l->phase) {
	case PHASE_PASSWORD: return advance_password(l);
	case PHASE_CONNECT: return advance_connect(l);
	case PHASE_IMPLICIT: return advance_implicit(l);
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
		closed(l);
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
	broken(l, VERDICT_SERVER, &f);
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
