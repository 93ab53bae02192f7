/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lane_parts - what the files of a lane share
 *
 * Private to lane*.c.  lane_begin.c gets as far as a connection to talk on,
 * lane_content.c writes messages, lane_wait.c has the deadlines and the ends of
 * connections; lane.c goes round and does what the session says.
 */
#ifndef FLUSH_LANE_PARTS_H
#define FLUSH_LANE_PARTS_H

#include "flush/lane.h"
#include "flush/login.h"
#include "message/wire.h"
#include "net/stream.h"
#include "net/tls.h"

#define LANE_PROGRESS_TIME 180 /* seconds: RFC 5321, 4.5.3.2.5 */

enum lane_phase {
	PHASE_PASSWORD, /* it must be there before anybody is called */
	PHASE_CONNECT,
	PHASE_IMPLICIT, /* TLS before the greeting */
	PHASE_TALK,
};

/* How one piece of work went. */
enum lane_progress { GO_ON, BLOCKED, IDLE, READY, ANSWERED, OVER };

struct lane {
	const struct smarthost *smarthost;
	struct tls_settings tls;
	enum lane_phase phase;
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

/* --- lane_begin.c, one for each phase before the talk; and STARTTLS --- */

enum lane_progress lane_ask_password(struct lane *l);
enum lane_progress lane_call(struct lane *l);
enum lane_progress lane_begin_tls(struct lane *l);
enum lane_progress lane_start_tls(struct lane *l);

/* --- lane_content.c, the session's actions of that name --- */

enum lane_progress lane_write_content(struct lane *l);
enum lane_progress lane_write_empty(struct lane *l);

/* --- lane_wait.c --- */

/* A deadline that is running stays. */
void lane_start_deadline(struct lane *l, unsigned seconds);
void lane_clear_deadline(struct lane *l);
bool lane_is_late(const struct lane *l);

/* Write what there is to write: GO_ON when all of it is out; OVER, nothing more
 * goes, though something may still be heard. */
enum lane_progress lane_flush(struct lane *l);

/* The session is told, and the connection has ended; what there is to say is
 * said by the loop, so these are GO_ON. */
enum lane_progress lane_broken(struct lane *l, enum verdict_scope scope,
                               const struct fault *f);
enum lane_progress lane_timed_out(struct lane *l);
enum lane_progress lane_closed(struct lane *l);

#endif
