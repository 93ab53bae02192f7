/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source - where a password comes from
 *
 *     password keyring                     the desktop's, by relay-keyring
 *     password file /run/secrets/mail      the one line of a file
 *     password credential mail             from systemd, LoadCredential=
 *     password netrc ~/.netrc              by host and user; the path may lack
 *     password env MAIL_PASSWORD           a variable of the environment
 *     password command pass show mail/own  what a program prints
 *     password helper /usr/bin/mine        by the protocol of doc/HELPERS
 *     password ses-key file /etc/iam-key   made of an IAM secret key, which
 *                                          comes from any of the others
 *     password inline "open sesame"        the text itself, or simply one word
 *
 * The configuration says where; the secret is fetched when it is needed, anew
 * each time, for whom a query says.  No fault ever holds a secret, nor the
 * arguments of a command or helper.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
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
	SOURCE_KEYRING,
	SOURCE_HELPER,
	SOURCE_NETRC,
	SOURCE_SES_KEY,
};

struct source {
	enum source_kind kind;
	char **words; /* the command, or one path or name; NULL ends it */
	struct secret *text; /* inline only */
	struct source *key;  /* ses-key only: where that comes from */
};

/* Kinds of secrets, as helpers know them. */
#define SOURCE_PASSWORD "password"
#define SOURCE_CLIENT_SECRET "client-secret"
#define SOURCE_TOKEN_SEAL "token-seal"

/* Whose secret it is, for sources that have many: smarthost_query() of
 * config.h fills it in.  All are borrowed. */
struct source_query {
	const char *account; /* the smarthost's name */
	const char *kind;    /* SOURCE_PASSWORD and so on */
	const char *user;    /* NULL: none */
	const char *region;  /* of the provider; NULL: the host may say it */
	char host[256];      /* the first, without srv: */
	bool is_interactive; /* a person waits: a keyring may ask to be opened
	                      */
};

/* The words after `key`.  A zeroed source, or one that was released. */
int source_parse(struct source *s, const char *key, char *const words[],
                 size_t n, struct fault *f);
void source_release(struct source *s);

/* Wipe everything but the kind; it can be fetched no more. */
void source_forget(struct source *s);

/* Overwrite the variable of our environment that has it, if it is one: for who
 * lets another process fetch it. */
void source_hide(const struct source *s);

/* Is the secret itself in the configuration? */
bool source_is_inline(const struct source *s);

/* "command pass", "file /run/secrets/mail", "inline": never the secret. */
void source_describe(const struct source *s, struct sbuf *b);

/* What can be said without fetching it: -1 if it is in a file that others can
 * read or change.  A file that is not there passes, as every other source. */
int source_look(const struct source *s, struct fault *f);

/* The secret, now; the caller frees it.  NULL: FAULT_CONFIG, or FAULT_TEMP when
 * the command, helper or keyring failed this time. */
struct secret *source_fetch(const struct source *s,
                            const struct source_query *query, struct fault *f);

/* Can source_store() put one there (file, keyring, helper)?  And is there none
 * yet, as far as can be told? */
bool source_is_store(const struct source *s);
bool source_is_absent(const struct source *s, const struct source_query *query);

/* Put it where it will be fetched from, or take it away there.  -1: a fault
 * that says how that is done with this kind of source, where we cannot. */
int source_store(const struct source *s, const struct source_query *query,
                 const struct secret *secret, struct fault *f);
int source_erase(const struct source *s, const struct source_query *query,
                 struct fault *f);

/* A text as the one line of a password: its line end dropped, nothing in it
 * that a login cannot carry.  NULL: a fault that begins with `from`. */
struct secret *source_line(struct sbuf *text, const char *from,
                           struct fault *f);

#endif
