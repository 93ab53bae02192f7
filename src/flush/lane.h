/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lane - one connection to a smarthost: session and stream, without blocking
 *
 * The session says what to do; the lane owns socket, clock, TLS and SASL and
 * obeys.  lane_advance() goes as far as it can and returns; the caller polls
 * lane_fd() until lane_deadline() and calls again.  Every wait has a deadline:
 * RFC 5321's for an answer, counted from when we began to wait for it and not
 * from its last byte; 180 seconds without progress for content.
 *
 * Knows nothing of the queue.
 */
#ifndef FLUSH_LANE_H
#define FLUSH_LANE_H

#include <stdint.h>

#include "config/config.h"
#include "flush/content.h"
#include "flush/keeper.h"
#include "smtp/session.h"

struct connect;
struct lane;
struct tls_store;

enum lane_state {
	LANE_WAITING,  /* poll */
	LANE_IDLE,     /* lane_send() or lane_quit() */
	LANE_READY,    /* messages are under way, and one more may go ahead of
	                  their answers: lane_send() or lane_wait() */
	LANE_ANSWERED, /* a message is finished, and there is more to say: the
	                  next lane_advance() says it, so what came of the
	                  message is written down before */
	LANE_OVER,     /* the connection is closed; every outcome is settled but
	                  those of messages that the server did not look at */
};

struct lane_settings { /* all borrowed */
	const struct smarthost *smarthost;
	const char *hosts; /* its hosts, in the order to try; not kept */
	const char *helo;
	const struct keeper *keeper; /* of the password */
	struct tls_store *store;     /* trust that was loaded before */
	enum session_overlap overlap;
	unsigned recipients; /* in one transaction; 0: as many as we like */
};

/* Ask for the password, if there is one to be asked for, and connect. */
struct lane *lane_create(const struct lane_settings *settings);
void lane_free(struct lane **l);

enum lane_state lane_advance(struct lane *l);
int lane_fd(const struct lane *l);
short lane_events(const struct lane *l);
int64_t lane_deadline(const struct lane *l); /* clock_ticks() */

enum lane_sent {
	LANE_SENT,
	LANE_UNSENT,  /* the connection is over or in trouble, or all recipients
	                 are settled without a word to the server */
	LANE_DAMAGED, /* nothing was said; the entry cannot be read, and the
	                 fault says why */
};

/* When idle or ready: send the content to the open recipients of `mail`, both
 * borrowed while lane_has() it. */
enum lane_sent lane_send(struct lane *l, struct content *content,
                         struct session_mail *mail, struct fault *f);
bool lane_has(const struct lane *l, const struct session_mail *mail);

/* When ready: no more until the next answer. */
void lane_wait(struct lane *l);

/* Milliseconds that the server's fastest answer took. */
int64_t lane_round_trip(const struct lane *l);

/* Does it bear many messages ahead of answers, not only an envelope? */
bool lane_is_deep(const struct lane *l);

/* Does the server bear messages ahead of answers?  Known past the greeting. */
bool lane_may_overlap(const struct lane *l);

void lane_quit(struct lane *l);
void lane_abort(struct lane *l); /* we are told to end, now */

/* "mail.example.org[192.0.2.1]:587" */
const char *lane_peer(const struct lane *l);

/* How far the call has come, to whom. */
const struct connect *lane_connect(const struct lane *l);

/* Trouble of the account (see verdict.h), or NULL. */
const struct fault *lane_trouble(const struct lane *l,
                                 enum verdict_scope *scope);

/* The recipients of one transaction: as it was created with, or what the server
 * took when it refused more. */
unsigned lane_most_recipients(const struct lane *l);

/* The connection broke in the middle of something. */
bool lane_is_lost(const struct lane *l);

/* The entry of the last message could not be read to its end, which was not
 * completed; those before it may be in doubt.  NULL: no. */
const struct fault *lane_damage(const struct lane *l);

#endif
