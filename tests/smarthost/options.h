/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options - the command line as the smarthost sees it
 *
 * The strings are borrowed from argv.
 */
#ifndef SMARTHOST_OPTIONS_H
#define SMARTHOST_OPTIONS_H

#include "fault.h"
#include "persona.h"

enum { PLACES_MAX = 8, REFUSALS_MAX = 32 };

enum extension {
	EXT_PIPELINING = 1 << 0,
	EXT_SIZE = 1 << 1,
	EXT_8BITMIME = 1 << 2,
	EXT_SMTPUTF8 = 1 << 3,
	EXT_CHUNKING = 1 << 4,
	EXT_DSN = 1 << 5,
	EXT_ENHANCED = 1 << 6,
};

struct place {
	const char *address; /* ADDR:PORT */
	bool implicit;       /* TLS from the first byte */
};

struct refusal {
	char *glob;
	const char *text;
};

struct options {
	struct place places[PLACES_MAX];
	size_t place_count;
	const char *pid_file;
	const char *cert;
	const char *key;
	const char *tls_priority;
	const char *client_ca;
	bool require_client_cert;
	bool no_starttls;
	const char *user;
	const char *password;
	const char *mechanisms;
	const char *tokens; /* a file: see token.h */
	bool no_auth;
	bool auth_in_clear;
	unsigned extensions;    /* EXT_..., or'ed */
	unsigned long size;     /* of SIZE, 0: no limit */
	unsigned long deadline; /* seconds that a connection may last */
	const char *store;
	const char *log;
	const char *stats;
	struct faults faults;
	bool quickack;
	bool once;
	unsigned long max_recipients; /* 0: any number */
	struct refusal refusals[REFUSALS_MAX];
	size_t refusal_count;
	const struct persona *persona; /* NULL: none */
	const char *verified;          /* senders it knows */
	const char *script;
	const char *report;
	bool help;
};

/* -1 after a complaint. */
int options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);
void options_help(void);

#endif
