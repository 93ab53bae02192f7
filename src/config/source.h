/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source - where a password comes from
 *
 *     password file /run/secrets/mail      first line of a file
 *     password credential mail             from systemd, LoadCredential=
 *     password env MAIL_PASSWORD           a variable of the environment
 *     password command pass show mail/own  what a program prints
 *     password inline "open sesame"        the text itself, or simply one word
 *
 * The configuration says where; the secret is fetched when it is needed, anew
 * each time.  No fault ever holds a secret, nor the arguments of a command.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "base/secret.h"

enum source_kind {
	SOURCE_NONE, /* no password is configured */
	SOURCE_INLINE,
	SOURCE_FILE,
	SOURCE_CREDENTIAL,
	SOURCE_ENV,
	SOURCE_COMMAND,
};

struct source {
	enum source_kind kind;
	char **words; /* the command, or one path or name; NULL ends it */
	struct secret *text; /* inline only */
};

/* The words after the key.  A zeroed source, or one that was released. */
int source_parse(struct source *s, char *const words[], size_t n,
                 struct fault *f);
void source_release(struct source *s);

/* Wipe everything but the kind; it can be fetched no more. */
void source_forget(struct source *s);

/* "command pass", "file /run/secrets/mail", "inline": never the secret. */
void source_describe(const struct source *s, struct sbuf *b);

/* What can be said without fetching it: -1 if it is in a file that others can
 * read or change.  A file that is not there passes, as every other source. */
int source_look(const struct source *s, struct fault *f);

/* The secret, now; the caller frees it.  NULL: FAULT_CONFIG, or FAULT_TEMP when
 * the command failed this time. */
struct secret *source_fetch(const struct source *s, struct fault *f);

#endif
