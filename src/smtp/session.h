/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session - the client's side of one SMTP connection, without the network
 *
 * Pure: bytes of the server go in, actions and settled outcomes come out; no
 * socket, no clock, no TLS, no SASL.  Whoever owns those (flush/lane.c, or a
 * test) asks session_next() what to do, does it, and says how it went.
 *
 *     while ((action = session_next(s)) != SESSION_DONE)
 *             switch (action) {
 *             case SESSION_WRITE:   put session_line(s) and CRLF
 *             case SESSION_READ:    flush; wait session_timeout(s) seconds at
 *                                   most; session_receive() what comes
 *             case SESSION_IDLE:    session_send() a message, or session_quit()
 *             ...
 *
 * Answers belong to the oldest step that is due, so commands may be sent ahead
 * where the server bears it (RFC 2920); a whole message's envelope, or with
 * BDAT (RFC 3030) the content too, is one flight.
 *
 * Where the server is known to bear that as well, the next message goes before
 * the answer to the last one (SESSION_AHEAD): with DATA its envelope, with BDAT
 * whole messages, each behind an RSET, since a server that takes nothing of one
 * keeps its sender and would add the next one's recipients to it.  Such
 * messages are finished in the order they were sent.
 *
 * Every recipient has an outcome of its own; one that is settled stays, and the
 * end of the connection settles the others, but for the messages behind the one
 * to which the server said good-bye: those it has not looked at, and they are
 * open.  Once the last byte of a message is handed over (session_content_sent),
 * losing the connection leaves its accepted recipients in doubt (RFC 1047).
 *
 * What it must not do: say anything but EHLO, STARTTLS and QUIT in clear when
 * TLS is required; trust what EHLO said before TLS (RFC 3207, section 4.2).
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "base/secret.h"
#include "smtp/gate.h"
#include "smtp/outcome.h"
#include "smtp/reply.h"

#define SESSION_FLIGHT 100 /* recipients in one transaction */
#define SESSION_DUE 1024   /* answers that may be due at a time */
#define SESSION_WINDOW 128 /* messages that may be under way at a time */
#define SESSION_CHUNK_AHEAD                               \
	262144 /* larger messages wait for RCPT's answers \
	        */

enum session_action {
	SESSION_WRITE,   /* put session_line() and CRLF on the stream */
	SESSION_CONTENT, /* put the message in DATA form: dots stuffed, ended */
	SESSION_CHUNK,   /* put the message as it is */
	SESSION_EMPTY,   /* put ".\r\n" and nothing else */
	SESSION_READ,    /* flush, wait, session_receive() */
	SESSION_START_TLS, /* session_encrypted() or session_broken() */
	SESSION_LOGIN, /* choose from session_mechanisms(), session_login() */
	SESSION_CHALLENGE, /* answer session_challenge(), session_answer() */
	SESSION_REFUSED,   /* the login was: session_login_again(), or
	                      session_login_failed() with session_refusal() */
	SESSION_PROOF,     /* 235 came: did the server prove itself?
	                      session_proved() or session_broken() */
	SESSION_IDLE,      /* logged in: session_send() or session_quit() */
	SESSION_AHEAD, /* answers are due, and one more message may go ahead of
	                  them: session_send() or session_wait() */
	SESSION_DONE,  /* close the connection; session_trouble() tells */
};

enum step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_HELO,
	STEP_STARTTLS,
	STEP_HANDSHAKE,
	STEP_LOGIN,
	STEP_AUTH,
	STEP_CHALLENGE,
	STEP_ANSWER,
	STEP_CANCEL,
	STEP_REFUSED,
	STEP_PROOF,
	STEP_IDLE,
	STEP_AHEAD,
	STEP_CLEAN,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_CONTENT,
	STEP_EMPTY,
	STEP_BDAT,
	STEP_CHUNK,
	STEP_RSET,
	STEP_QUIT,
	STEP_END,
	STEP_WAIT, /* nothing to say before the answers that are due */
};

/* May a message go before the answer to the last one? */
enum session_overlap {
	OVERLAP_KNOWN, /* to servers that are known to bear it */
	OVERLAP_ALWAYS,
	OVERLAP_NEVER,
};

struct session_settings {
	const char *helo;  /* the name we give, borrowed */
	bool is_encrypted; /* implicit TLS: the handshake is done */
	bool needs_tls;    /* otherwise: STARTTLS or nothing */
	bool needs_login;
	enum session_overlap overlap;
	unsigned recipients; /* in one transaction, 0: SESSION_FLIGHT; what the
	                        server took of one when it refused more */
};

struct session_recipient {
	const char *address; /* as it goes on the wire, borrowed, like these: */
	const char *notify;  /* NOTIFY and ORCPT of RFC 3461, or NULL */
	const char *orcpt;
	bool is_accepted;       /* in this transaction */
	struct outcome outcome; /* the owner's to release */
};

/* One message, borrowed while session_has() it. */
struct session_mail {
	const char *sender; /* "" is the null sender */
	const char *ret;    /* RET and ENVID of RFC 3461, or NULL */
	const char *envid;
	struct session_recipient *recipients;
	size_t count;
	uint64_t size; /* octets in wire form, without stuffing */
	bool is_8bit;  /* holds octets above 127 */
	bool is_utf8;  /* an address of the envelope is not ASCII */
	bool has_dsn;  /* set here: the server was told what reports to make */
};

/* What EHLO offered, forgotten after STARTTLS. */
struct session_offer {
	bool starttls, pipelining, chunking, eightbit, smtputf8, size, auth,
		dsn;
	uint64_t size_limit;    /* 0: none given */
	struct sbuf mechanisms; /* blank-separated, as the server wrote them */
};

struct transaction;

/* An answer that is to come, to a step of a transaction (or of none). */
struct session_due {
	enum step step;
	struct transaction *of;
};

struct session {
	struct session_settings settings;
	struct session_offer offer;
	struct reply_reader reader;
	enum step step;
	bool is_encrypted;
	bool is_known; /* its greeting names a server that bears overlap */
	struct session_due due[SESSION_DUE];
	size_t due_first, due_count;
	struct sbuf line;
	bool line_is_secret;

	struct sbuf challenge; /* text of a 334 */
	struct sbuf answer;    /* what SASL says to it, or its first words */
	bool has_answer;

	/* Until the login is over: what the server may not quote, in base64
	 * and as it is. */
	struct sbuf initial;
	struct secret *hidden;
	bool is_token;       /* who logs in does it with a token */
	bool is_two_steps;   /* the server does not take such long lines */
	bool is_refused;     /* one way was: */
	bool is_stale;       /* another token may be taken */
	bool is_unknown_way; /* another mechanism may */
	enum verdict_scope refusal_scope;
	struct fault refusal;

	/* messages under way, the oldest first, and the one that the step or
	 * the answer at hand is about */
	struct transaction *window[SESSION_WINDOW];
	size_t window_first, window_count;
	struct transaction *at;
	bool needs_reset; /* the server has a transaction open */

	bool has_trouble;
	bool is_lost; /* the connection ended in the middle of something */
	enum verdict_scope trouble_scope;
	struct fault trouble;
};

void session_init(struct session *s, const struct session_settings *settings);
void session_release(struct session *s);

enum session_action session_next(struct session *s);

/* WRITE: the command without CRLF, until the next session_next(); whether it
 * may be shown; and the name of the step, for a log. */
const char *session_line(const struct session *s, size_t *n);
bool session_line_is_secret(const struct session *s);
const char *session_step(const struct session *s);

/* READ: how long the oldest answer that is due may take, in seconds. */
unsigned session_timeout(const struct session *s);

/* READ: take one reply out of `n` bytes; how many were used.  Call again, after
 * session_next(), with the rest.  CONTENT, CHUNK: the same for what the server
 * says before it has all of it; session_next() tells whether to go on.  Bytes
 * that come behind the last answer that was due, or while none is, end the
 * connection. */
size_t session_receive(struct session *s, const char *bytes, size_t n);

/* START_TLS: the handshake is done and the server verified. */
void session_encrypted(struct session *s);

/* LOGIN: the mechanism and its initial response in base64 ("" is an empty one,
 * NULL none).  CHALLENGE: text after "334 ", and its answer. */
const char *session_mechanisms(const struct session *s);
void session_login(struct session *s, const char *mechanism,
                   const char *initial);
const char *session_challenge(const struct session *s);
void session_answer(struct session *s, const char *answer);

/* LOGIN, before session_login(): it goes with a token, which the session hides
 * in all that the server says until the login is over. */
void session_use_token(struct session *s, const struct secret *token);

/* LOGIN, CHALLENGE, REFUSED: there is no way to log in; the session says
 * good-bye.  PROOF: the login is over. */
void session_login_failed(struct session *s, const struct fault *f);
void session_proved(struct session *s);

/* REFUSED: what the server said; whether a newer token or, as it does not know
 * this one, another mechanism may be taken; log in once more, on the same
 * connection. */
const struct fault *session_refusal(const struct session *s);
bool session_wants_new_token(const struct session *s);
bool session_wants_other_way(const struct session *s);
void session_login_again(struct session *s);

/* IDLE, AHEAD: open recipients are asked; settled ones are left out.  Finished,
 * some may be open still (the server takes fewer at a time): send them again.
 * The number of recipients this transaction asks; 0: none could be asked,
 * because all are settled, or because the session is in trouble and says
 * good-bye once no answer is due. */
size_t session_send(struct session *s, struct session_mail *mail);
void session_quit(struct session *s); /* IDLE */
void session_wait(struct session *s); /* AHEAD: no more for now */

/* Is the message under way?  Otherwise it is finished, and no longer borrowed.
 */
bool session_has(const struct session *s, const struct session_mail *mail);
bool session_may_overlap(const struct session *s);

/* CONTENT, CHUNK, EMPTY: all of it is on its way.  From here to the answer the
 * message is in doubt. */
void session_content_sent(struct session *s);

/* Instead: the server does not take the rest.  What it says now is its verdict
 * on the message, which it cannot have accepted. */
void session_content_cut(struct session *s);

/* Anything: the connection is gone or cannot be used; settles who was asked and
 * is open.  `scope` is SERVER or, for a certificate or login, LOGIN. */
void session_broken(struct session *s, enum verdict_scope scope,
                    const struct fault *f);

/* Trouble that is the account's: the smarthost is to be left alone.  NULL:
 * none.
 */
const struct fault *session_trouble(const struct session *s,
                                    enum verdict_scope *scope);

#endif
