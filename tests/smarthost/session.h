/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session - one client being served
 *
 * The state of the dialogue.  server.c runs it, mail.c takes messages, login.c
 * does AUTH, answer.c writes every reply and does every fault.  What belongs
 * to one message is `struct mail`, replaced whole.
 */
#ifndef SMARTHOST_SESSION_H
#define SMARTHOST_SESSION_H

#include "conn.h"
#include "content.h"
#include "options.h"
#include "record.h"
#include "store.h"
#include "tls.h"

#include <stdio.h>

struct Gsasl;

/* What all connections share. */
struct smarthost {
	struct options options;
	struct record record;
	struct store store;
	struct tls *tls;     /* NULL: no certificate */
	struct Gsasl *gsasl; /* NULL: no AUTH */
};

struct mail {
	bool open; /* MAIL was accepted */
	bool utf8;
	bool eight;
	bool bdat;        /* there was a BDAT: no DATA any more */
	bool size_passed; /* more octets than SIZE allows */
	unsigned long accepted;
	unsigned long number; /* of 123@..., its first recipient, or 0 */
	FILE *envelope;       /* writes the two below */
	char *text;
	size_t text_len;
	char *sender;
	struct message message;
	struct content content;
};

struct session {
	struct smarthost *host;
	struct conn *conn;
	unsigned long number;
	bool implicit;
	bool greeted;  /* EHLO or HELO */
	bool refusing; /* the greeting was a refusal */
	bool over;
	enum parting parting;
	char tls_version[16];  /* "" in clear */
	char client_name[128]; /* of its verified certificate, or "" */
	char login[128];       /* "" before AUTH */
	char mechanism[32];
	enum step step; /* of the command being answered */
	const struct fault *fault;
	struct mail mail;
};

void server_run(struct smarthost *host, int fd, unsigned long number,
                bool implicit);

#endif
