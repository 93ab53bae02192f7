/* SPDX-License-Identifier: GPL-3.0-or-later */
/* environment - a configuration from variables, for containers
 *
 * RELAY_HOST and its like stand for keys of one smarthost, `environment`. Where
 * neither RELAY_HOST nor RELAY_PROVIDER is set, SMTP_HOST, SMTP_USER and their
 * like, which many images have for their applications, stand in for those of
 * RELAY_* that are not set.  Else none of them counts: a password that was set
 * for one server must not go to another.  A variable that is empty is not set.
 *
 * One table: what is read, what faults name, and the list in relayrc(5).  Of
 * such a configuration `lines[]` has which variable set a key.
 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include "base/sbuf.h"
#include "config/config.h"

/* Into a new configuration. */
void environment_read(struct config *config, struct config_errors *errors);

/* The variable that set `key`, by its line; for line 0 the usual one. */
const char *environment_name(const char *key, unsigned line);

/* Of the variable that set `key`, or that would, beside the one of the host. */
unsigned environment_line(const struct smarthost *h, const char *key);

/* The variable that names the server: RELAY_HOST, RELAY_PROVIDER, SMTP_HOST. */
const char *environment_host(void);

/* The list for relayrc(5), in mdoc. */
void environment_document(struct sbuf *b);

#endif
