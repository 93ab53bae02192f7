/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialogue - a .dlg file as a list of lines
 *
 * See main.c for the language.  Only the lines for the server's side are kept.
 */
#ifndef SMARTHOST_DIALOGUE_H
#define SMARTHOST_DIALOGUE_H

#include "text.h"

enum turn_kind {
	SEND,       /* S: text */
	SEND_BYTES, /* S: (bytes) text */
	DROP,       /* S: (drop) */
	RESET,      /* S: (reset) */
	STALL,      /* S: (stall) */
	EXPECT,     /* C: pattern */
	MESSAGE,    /* C: (message) */
	CHUNK,      /* C: (chunk) */
	CLOSE,      /* C: (close) */
	HANDSHAKE,  /* T: tls */
	NO_TLS,     /* T: (refused) */
};

struct turn {
	enum turn_kind kind;
	unsigned long line;
	char *text; /* as written, after "S: " */
};

struct dialogue {
	struct turn *turns;
	size_t count;
	bool implicit; /* "@ tls implicit" */
};

/* -1 after a complaint that names file and line. */
int dialogue_read(struct dialogue *d, const char *path);
void dialogue_release(struct dialogue *d);

/* Does the line fit the pattern?  (secret) is any rest, (name) a word,
 * (size) a number; everything else is itself. */
bool dialogue_match(const char *pattern, const char *line);

#endif
