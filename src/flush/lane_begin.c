/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/lane_parts.h"

#include <stdio.h>

#include "base/intl.h"
#include "base/log.h"
#include "net/connect.h"

#define HANDSHAKE_TIME 120 /* seconds */

static enum lane_progress no_password(struct lane *l, const struct fault *f)
{
	l->phase = PHASE_TALK; /* which is over before it began */
	return lane_broken(l, VERDICT_LOGIN, f);
}

enum lane_progress lane_ask_password(struct lane *l)
{
	struct fault f;

	lane_start_deadline(l, KEEPER_TIME);
	switch (login_ask(&l->login, &f)) {
	case KEEPER_READY:
		lane_clear_deadline(l);
		l->phase = PHASE_CONNECT;
		return GO_ON;
	case KEEPER_FAILED: return no_password(l, &f);
	case KEEPER_WAITING: break;
	}
	if (!lane_is_late(l))
		return BLOCKED;
	fault_set(&f, FAULT_TEMP, "4.3.0",
	          _("the password did not come within %d seconds"),
	          KEEPER_TIME);
	return no_password(l, &f);
}

enum lane_progress lane_call(struct lane *l)
{
	struct fault f;
	int fd = -1;

	switch (connect_advance(l->connect, &fd, &f)) {
	case STREAM_DONE: break;
	case STREAM_WANT_READ:
	case STREAM_WANT_WRITE: return BLOCKED;
	case STREAM_CLOSED:
	case STREAM_FAILED:
		lane_broken(l, VERDICT_SERVER, &f);
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
static enum lane_progress advance_handshake(struct lane *l, bool *done)
{
	struct fault f;

	*done = false;
	lane_start_deadline(l, HANDSHAKE_TIME);
	if (!l->has_handshake &&
	    stream_start_tls(l->stream, &l->tls, connect_host(l->connect),
	                     &f) != 0)
		return lane_broken(l, VERDICT_SERVER, &f);
	l->has_handshake = true;
	switch (stream_handshake(l->stream, &f)) {
	case STREAM_DONE:
		lane_clear_deadline(l);
		log_debug("relay=%s tls=%s", l->peer, stream_cipher(l->stream));
		*done = true;
		return GO_ON;
	case STREAM_WANT_READ:
	case STREAM_WANT_WRITE:
		return lane_is_late(l) ? lane_timed_out(l) : BLOCKED;
	case STREAM_CLOSED: return lane_closed(l);
	case STREAM_FAILED: break;
	}
	return lane_broken(l, VERDICT_SERVER, &f);
}

enum lane_progress lane_begin_tls(struct lane *l)
{
	bool done;
	enum lane_progress progress = advance_handshake(l, &done);

	if (progress == GO_ON)
		l->phase = PHASE_TALK;
	return progress;
}

enum lane_progress lane_start_tls(struct lane *l)
{
	bool done;
	enum lane_progress progress = advance_handshake(l, &done);

	if (done)
		session_encrypted(&l->session);
	return progress;
}
