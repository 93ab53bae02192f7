/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_play - one connection, turn by turn, for the tests of the session
 *
 * perform() is both the lane and the server: what the session does must be the
 * next turn's `line`, and what it then waits for is the oldest turn not yet
 * answered.  So one list of turns fits commands sent one by one and commands
 * sent ahead; the number of flights tells them apart.  In every dialogue it
 * checks that no line can smuggle, that nothing but EHLO, STARTTLS and QUIT is
 * said in clear where TLS is needed, and that secrets are marked.
 */
#ifndef UNIT_SESSION_PLAY_H
#define UNIT_SESSION_PLAY_H

#include "smtp/session.h"

#define LOST (-1)     /* instead of a reply: the connection is gone */
#define SILENT 0      /* nothing is due for this turn */
#define TURNS_MAX 300 /* of one dialogue */

struct turn {
	/* "(greeting)", "(message)", "(chunk)", "(empty)", "(tls)", or the
	 * command */
	const char *line;
	int code;
	const char *text;
};

/* What perform() is given and what it saw. */
struct play {
	struct session_settings settings;
	struct session_mail *mails; /* sent one after the other */
	size_t mail_count;
	const char *mechanism, *initial;
	const char *answers[4]; /* to challenges; NULL: give up */
	const char *token;      /* that it goes with, or NULL */
	const char *again;      /* initial response after a refusal, or NULL */
	bool bytewise;          /* one byte at a time */
	bool may_end_early;     /* some turns may be left over */
	const char *extra;      /* bytes in the same packet as the reply ... */
	size_t extra_at;        /* ... of this turn, behind it */

	size_t flights;
	char challenges[200]; /* joined by a blank */
	char refusals[300];   /* the texts, each ended by a newline */
	bool wants_new_token, wants_other_way; /* of the first */
	bool has_trouble;
	enum verdict_scope scope;
	struct fault trouble;
};

/* The session must come to its end, and all turns must be taken. */
void perform(struct play *play, const struct turn *turns, size_t count);

/* One reply for the session, its lines separated by \n in `text`. */
void receive(struct session *s, int code, const char *text);

/* --- a message to two, over servers of four kinds --- */

struct pair {
	struct session_recipient to[2]; /* gone@example.org, here@example.org */
	struct session_mail mail;       /* from me@example.org, 500 octets */
};

/* A pair that is released at the end of its block. */
#define PAIR __attribute__((cleanup(pair_release))) struct pair
void pair_release(struct pair *pair);

enum { GREETING, EHLO, MAIL, GONE, HERE, DATA, MESSAGE, QUIT, PAIR_TURNS };
enum { KINDS = 4 };

/* Offers, and in how many flights the dialogue then goes.  The lines of the
 * turns differ from DATA to BDAT only. */
struct kind {
	const char *offers;
	bool has_chunks, is_ahead;
	size_t flights;
};

extern const struct kind kinds[KINDS];
extern const struct session_settings plain;       /* neither TLS nor login */
extern const struct session_settings needs_login; /* and TLS is up */

/* A login, and then `pair`, which is made. */
struct play login_play(struct pair *pair, const char *mechanism,
                       const char *initial);

void pair_init(struct pair *pair);

/* The turns of kind `k` with both recipients accepted, delivered. */
void pair_turns(struct turn turns[PAIR_TURNS], size_t k);

/* A plain dialogue about this pair, for perform(). */
struct play pair_play(struct pair *pair);
void play_pair(struct play *p, struct pair *pair, const struct turn *turns,
               size_t count);

#endif
