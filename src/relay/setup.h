/* SPDX-License-Identifier: GPL-3.0-or-later */
/* setup - the configuration for an address, found out
 *
 * Whose server takes its mail: the one that was named; else that of a provider
 * whom we know, by name or by the domain of the address; else the one that the
 * domain names in its DNS, with TLS from the first byte (_submissions._tcp) or
 * with STARTTLS (_submission._tcp; RFC 6186 and RFC 8314, section 5.1).
 *
 * The DNS can be forged.  What it says is shown, and a server outside of the
 * domain is `is_foreign`: a person has to say that it is right (RFC 6186,
 * section 6).  It is asked here and never by a flush: what is written is the
 * server's name, and its certificate is compared with that.
 */
#ifndef RELAY_SETUP_H
#define RELAY_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/sbuf.h"
#include "message/address.h"
#include "queue/site.h"
#include "relay/block.h"

#define SETUP_NOTES 8
#define SETUP_LIMIT 65536 /* bytes of anything that is shown */
#define SETUP_TIME 60     /* seconds for the DNS */

/* Where the password is to be: a person's, and the machine's. */
#define SETUP_SECRET "~/.mail-password"
#define SETUP_SECRET_ALL SYSCONFDIR "/relay.password"

struct setup {
	const char *address;  /* borrowed, as these: */
	const char *host;     /* NULL: to be found */
	const char *provider; /* likewise */
	unsigned port;
	const char *tls;   /* "starttls", "implicit"; NULL: by the port */
	const char *login; /* cron's mail for this name has no domain; NULL */
	bool is_for_all;   /* the file is /etc/relayrc */

	struct sbuf spelled; /* the address, its domain in ASCII */
	const char *domain;  /* of that */
	const char *service; /* by which the DNS named it; NULL: it did not */
	bool is_foreign;
	struct block block;
	char user[ADDRESS_MAX + 1];
	struct sbuf hosts;
	struct sbuf notes[SETUP_NOTES]; /* sentences, safe to show */
	size_t note_count;
};

void setup_init(struct setup *s);
void setup_release(struct setup *s);

/* Fill in the block and the notes.  Faults: EX_USAGE, the address or a name;
 * EX_UNAVAILABLE, nobody is known; FAULT_TEMP, the DNS gives no answer. */
int setup_find(struct setup *s, struct fault *f);

/* Append the whole configuration. */
void setup_configuration(const struct setup *s, struct sbuf *out);

/* One object: all of it, `path` (or NULL), and was it written? */
void setup_json(const struct setup *s, const char *path, bool is_written,
                const struct sbuf *configuration, struct sbuf *out);

/* Where it belongs: the caller frees it.  NULL: there is no place, because the
 * environment has the configuration. */
char *setup_place(const struct site *site, bool *is_for_all, struct fault *f);

/* Is there the group of the machine's queue, which setup-spool makes? */
bool setup_has_group(void);

/* Make that file, for its owner alone; `is_for_all`: for that group, too.
 * What is there stays as it is: EX_CANTCREAT. */
int setup_write(const char *path, bool is_for_all, const struct sbuf *text,
                struct fault *f);

#endif
