/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server - the server's side of one SMTP session, without input or output
 *
 * Pure: bytes of the client go in, replies and events come out; no descriptor,
 * no clock, no queue.  Whoever owns those (sendmail/serve.c, or a test) writes
 * what is in `out` before it waits for more, gives the bytes that come, and has
 * the queue behind the functions of struct server_queue.
 *
 *     server_init(&s, &settings, &queue, arg);
 *     do {
 *             write s.out and empty it (sbuf_reset)
 *             if (nothing is left unused)
 *                     read; at the end: server_end(&s)
 *             used = server_take(&s, bytes, n);
 *     } while (!server_is_over(&s));
 *     write s.out
 *
 * One table, at the end of verbs.c, is the whole protocol.  The dialect is
 * what programs speak to a child process (RFC 5321 with ENHANCEDSTATUSCODES,
 * PIPELINING, 8BITMIME, SIZE, DSN, SMTPUTF8): any case, LF or CRLF, no greeting
 * needed.  Strictly, for a socket, lines end in CRLF and nothing else, EHLO
 * comes first, nobody talks ahead of a reply he has to know, and who speaks
 * HTTP or makes many mistakes is let go: something else than a mail program may
 * have been brought to connect.
 *
 * A session of any length takes the memory of one line and one batch of
 * replies.  Replies are English and ASCII: programs read them.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "smtp/unstuff.h"

#define SERVER_LINE_LIMIT 2048 /* bytes of a command; as GATE_LINE_LIMIT */
#define SERVER_BATCH 8192      /* bytes of replies: then they are written */
#define SERVER_MISTAKES 20     /* in a row, strictly */

struct server_settings {
	const char *host;    /* borrowed */
	uint64_t size_limit; /* of a message; 0: none */
	size_t recipient_limit;
	bool is_strict;
};

/* What MAIL said.  Sender and envid are valid during the call, body and ret are
 * constants. */
struct server_mail {
	const char *sender; /* "" is the null sender; not checked */
	const char *body;   /* "7BIT", "8BITMIME" or NULL */
	const char *ret;    /* "FULL", "HDRS" or NULL */
	const char *envid;  /* or NULL */
	bool smtputf8;
};

struct server_recipient {
	const char *address; /* not checked */
	const char *orcpt;   /* or NULL; not checked */
	const char *notify;  /* "NEVER", "FAILURE,DELAY" and so on, or NULL */
};

/* What becomes of it.  Each returns 0, or -1 with a fault: the code of the
 * reply comes from its kind and enhanced status, its text is shown.
 * mail: a transaction begins.  open: DATA; more of it with write.  commit: it
 * is safe, and `id` is its name.  drop: forget the transaction, whatever
 * there is of it; the last call for each one that began. */
struct server_queue {
	int (*mail)(void *arg, const struct server_mail *m, struct fault *f);
	int (*rcpt)(void *arg, const struct server_recipient *r,
	            struct fault *f);
	int (*open)(void *arg, struct fault *f);
	int (*write)(void *arg, const char *bytes, size_t n, struct fault *f);
	int (*commit)(void *arg, struct sbuf *id, struct fault *f);
	void (*drop)(void *arg);
};

enum server_state {
	SERVER_START, /* strictly: before EHLO */
	SERVER_READY,
	SERVER_MAIL,
	SERVER_RCPT,
	SERVER_CONTENT,
	SERVER_OVER,
};

struct server {
	const struct server_settings *settings; /* borrowed */
	const struct server_queue *queue;
	void *arg;
	enum server_state state;
	bool is_esmtp; /* EHLO was the last greeting */
	bool smtputf8; /* of this transaction */
	struct sbuf line;
	bool after_cr; /* strictly: of the line, or dropped with it */
	size_t recipients;
	unsigned mistakes;
	struct unstuff unstuff;
	uint64_t size;   /* of the content */
	bool is_refused; /* it is, and this is why; the rest is only read */
	struct fault fault;
	struct sbuf out; /* replies, to be written */
};

/* `out` is the greeting. */
void server_init(struct server *s, const struct server_settings *settings,
                 const struct server_queue *queue, void *arg);
void server_release(struct server *s); /* drops what has begun */

/* Returns how many bytes were used: all of them, or as many as make a batch of
 * replies; after the end the rest is nobody's. */
size_t server_take(struct server *s, const char *bytes, size_t n);

bool server_is_over(const struct server *s);

/* The client says no more.  Was that in the middle of a message? */
bool server_end(struct server *s);

/* 421 and over: the client is silent for too long, talks before the greeting,
 * is not to be served at all. */
void server_close(struct server *s, const char *why);

#endif
