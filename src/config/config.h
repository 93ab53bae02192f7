/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config - the configuration as the program sees it
 *
 * Read whole, checked whole: what is returned can be used without looking
 * again.  Every fault is FAULT_CONFIG (EX_CONFIG, 78), says FILE:LINE (or the
 * variable), what is wrong and what to write instead, and never holds a secret.
 * Nothing here asks the network; the secrets themselves are fetched later, with
 * source_fetch().
 *
 *     struct config *config = config_load(site.config, NULL, &fault);
 *     const struct smarthost *h = match_smarthost(config, sender, NULL);
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/fault.h"
#include "config/alert.h"
#include "config/delivery.h"
#include "config/oauth.h"
#include "config/source.h"

#define CONFIG_KEYS 64   /* at least the rows of the table in options.c */
#define CONFIG_ERRORS 20 /* told at most */
#define CONFIG_SMARTHOSTS 256
#define CONFIG_FILE_LIMIT 262144
#define CONFIG_LINE_LIMIT 4096

struct provider;

/* In the order of the words in the table of options.c. */
enum config_log { CONFIG_LOG_SYSLOG, CONFIG_LOG_NONE };
enum config_scope {
	CONFIG_SCOPE_BOTH,
	CONFIG_SCOPE_ENVELOPE,
	CONFIG_SCOPE_HEADER
};
enum config_overlap {
	CONFIG_OVERLAP_AUTO,
	CONFIG_OVERLAP_YES,
	CONFIG_OVERLAP_NO
};
enum config_tls { CONFIG_TLS_STARTTLS, CONFIG_TLS_IMPLICIT, CONFIG_TLS_NONE };

/* One member for each key of the block, of the same name.  A text that is not
 * set is NULL; a list is its words with one blank between. */
struct smarthost {
	char *name;
	char *provider; /* as it was written */
	char *region;
	char *host;    /* a list: see config/host.h */
	unsigned port; /* never 0 once loaded */
	enum config_tls tls;
	char *tls_ca;
	char *tls_pin;
	char *tls_cert;
	char *tls_key;
	char *user;
	struct source password;
	char *login;        /* "auto", "none" or mechanisms, lower case */
	char *oauth_client; /* these: see config/oauth.h */
	struct source oauth_secret;
	enum oauth_flow oauth_flow;
	char *oauth_tenant;
	char *oauth_scope; /* a list */
	char *oauth_auth_url;
	char *oauth_token_url;
	char *oauth_device_url;
	char *oauth_key;
	char *oauth_cert;
	char *oauth_ca;
	struct source oauth_seal;
	char *helo;
	char *from;
	char *from_allow;
	char *from_force;
	enum config_scope from_scope;
	char *fallback; /* a name: see fallback.h */
	char *rate;     /* see rate.h */
	unsigned connections;
	enum config_overlap overlap;
	unsigned messages_per_connection; /* 0: no limit */
	unsigned line;                    /* where the block begins */
	unsigned lines[CONFIG_KEYS];      /* of each key, 0: not set */

	const struct provider *preset; /* NULL: none (config/preset) */
	bool from_preset[CONFIG_KEYS]; /* keys that it filled in */
};

struct config {
	char *path; /* NULL: from the environment */
	char *domain;
	char *aliases;    /* path */
	char *postmaster; /* an address with its domain */
	struct delivery local;
	unsigned lifetime;    /* seconds */
	unsigned warn;        /* seconds, 0: never */
	unsigned keep_failed; /* seconds, 0: for ever */
	enum config_log log;
	struct alert alert;
	struct smarthost *smarthosts; /* in the order of the file */
	size_t count;                 /* at least 1 once loaded */
	unsigned lines[CONFIG_KEYS];
};

/* All that is wrong, in the order of the lines, for `relay check`. */
struct config_error {
	unsigned line; /* 0: the file as a whole */
	struct fault fault;
};

struct config_errors {
	const char *path; /* borrowed; NULL: the environment */
	struct config_error list[CONFIG_ERRORS];
	size_t count;
	size_t without_client; /* of them: `login oauth` lacks `oauth_client` */
	bool more;             /* than fit */
	struct fault first; /* noticed first: what lines say comes before what
	                       they mean together, and is often its cause */
};

/* From a file, or with NULL from the variables of config/environment: one
 * smarthost `environment`.  `errors` may be NULL; the first of them is also the
 * fault. */
struct config *config_load(const char *path, struct config_errors *errors,
                           struct fault *f);

/* The same, but a configuration that lacks nothing but `oauth_client` is
 * returned, for whoever explains how to get one. */
struct config *config_load_to_login(const char *path, struct fault *f);

/* The same from bytes; `path` is for the texts. */
struct config *config_parse(const char *path, const char *bytes, size_t n,
                            struct config_errors *errors, struct fault *f);

void config_free(struct config **config);

/* Wipe what the passwords are and where they come from; what kind of source it
 * was stays.  For whoever asks somebody else for them. */
void config_forget_secrets(struct config *config);

/* Overwrite the variables of our environment that have passwords: before that,
 * and where no other process is started that needs them. */
void config_hide_secrets(struct config *config);

/* Does anybody log in there (config/credential)? */
bool smarthost_has_login(const struct smarthost *h);

/* Is `key` set in the block, well or badly? */
bool smarthost_says(const struct smarthost *h, const char *key);

/* Whose secret of that kind (SOURCE_PASSWORD, ...) is asked for; it borrows
 * from `h`. */
void smarthost_query(const struct smarthost *h, const char *kind,
                     struct source_query *query);

/* Where `key` of the block was set, else where the block begins. */
unsigned smarthost_line(const struct smarthost *h, const char *key);

/* Say in a fault about `key` where that is in the file. */
void smarthost_blame(const struct config *config, const struct smarthost *h,
                     const char *key, struct fault *f);

/* Add one to the list: at `line` of the file, or about the variable that stands
 * for `key` (NULL: all of it). */
void config_complain(struct config_errors *errors, unsigned line,
                     const char *key, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
