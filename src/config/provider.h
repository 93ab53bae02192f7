/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provider - what is known of each mail provider, as data
 *
 * One record a provider: where its server is, who one is there, what it bears
 * and how it says no.  A block of the configuration that names one (`provider
 * gmail`), or whose `user` has one of its domains, gets from here what it does
 * not say itself (config/preset).  `relay providers` prints all of it.
 *
 * Each record has the day on which it was compared with its sources.  What no
 * good source says is marked, in `unverified`, and whoever shows it says so.
 *
 * Nothing here fails, allocates or asks the network.
 */
#ifndef CONFIG_PROVIDER_H
#define CONFIG_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"

#define PROVIDER_PORTS 5
#define PROVIDER_REPLIES 8

/* What `user` is. */
enum provider_user {
	PROVIDER_USER_GIVEN,   /* a name that the provider made up */
	PROVIDER_USER_ADDRESS, /* the whole address */
	PROVIDER_USER_LOCAL,   /* what stands before the @ */
	PROVIDER_USER_LITERAL, /* always the same word */
};

/* What it says when it has had enough. */
enum provider_meaning {
	PROVIDER_SLOWER, /* send more slowly, and it is taken */
	PROVIDER_QUOTA,  /* nothing more for hours */
	PROVIDER_BUSY,   /* the server, or too many connections to it */
	PROVIDER_REFUSED_SENDER,
	PROVIDER_REFUSED_LOGIN,
};

enum provider_step {
	PROVIDER_AT_GREETING,
	PROVIDER_AT_AUTH,
	PROVIDER_AT_MAIL,
	PROVIDER_AT_RCPT,
	PROVIDER_AT_CONTENT, /* the answer to the message */
};

struct provider_reply {
	const char *text; /* as it comes; NULL: no more */
	enum provider_step at;
	enum provider_meaning means;
	bool is_unverified;
};

/* "%T" in a URL stands for the tenant. */
struct provider_oauth {
	const char *auth_url;
	const char *token_url;
	const char *device_url; /* NULL: no such grant for mail */
	const char *scope;
	const char *auth_extra; /* query, or NULL */
	bool prefers_xoauth2;   /* else OAUTHBEARER where both are offered */
	unsigned skew;          /* seconds that a token must still be good */
};

/* Fields, as bits of `unverified`. */
enum provider_field {
	PROVIDER_HOST = 1 << 0,
	PROVIDER_PORTS_OF = 1 << 1,
	PROVIDER_MECHANISMS = 1 << 2,
	PROVIDER_USER = 1 << 3,
	PROVIDER_SENDER = 1 << 4,
	PROVIDER_SIZE = 1 << 5,
	PROVIDER_RECIPIENTS = 1 << 6,
	PROVIDER_LIMITS = 1 << 7,
	PROVIDER_SPF = 1 << 8,
	PROVIDER_DKIM = 1 << 9,
	PROVIDER_OAUTH = 1 << 10,
	PROVIDER_OTHER_HOSTS = 1 << 11,
};

/* A text that is not known is NULL, a number 0. */
struct provider {
	const char *name;    /* as one writes it */
	const char *title;   /* as it calls itself */
	const char *aliases; /* words */
	const char *domains; /* words: of its users' addresses; one that begins
	                        with a dot stands for all below it */

	const char *host;        /* "%R" in it: `region` must be there */
	const char *region_host; /* with `region`, where that may be there */
	const char *regions;     /* words; behind a last "..." any others */
	const char *other_hosts; /* N_(): to know of */

	/* The first is the one to use, an implicit one if there is one; 0 ends
	 * them. */
	unsigned implicit[PROVIDER_PORTS + 1];
	unsigned starttls[PROVIDER_PORTS + 1];

	const char *mechanisms; /* that it offers, words of EHLO */
	const char *login;      /* for the key, where `auto` will not do */
	enum provider_user user_is;
	const char *user;    /* of PROVIDER_USER_LITERAL */
	const char *needs;   /* N_(): what the password is */
	const char *warning; /* N_(): about passwords there */
	bool is_oauth_only;
	const struct provider_oauth *oauth; /* NULL: none */

	const char *sender;  /* N_(): whose mail it takes */
	const char *size;    /* of a message: "25 MB", or N_() */
	unsigned recipients; /* of a message */
	const char *limits;  /* N_(): all others, for people */
	const char *rate;    /* for the keys: only what is certain */
	unsigned connections;
	unsigned messages; /* on one connection */
	struct provider_reply replies[PROVIDER_REPLIES + 1];

	const char *spf;  /* of a domain that sends there, or N_() */
	const char *dkim; /* selectors, or N_() */

	const char *verified; /* the day */
	const char *sources;  /* with ", " between; NULL: none is good */
	unsigned unverified;  /* enum provider_field */
};

/* Row `i`, by name; NULL behind the last. */
const struct provider *provider_at(size_t i);

/* By name or alias, in any case of letters; NULL: none. */
const struct provider *provider_find(const char *name);

/* By the domain of an address; NULL: it is nobody's that we know. */
const struct provider *provider_of_domain(const char *domain);

/* The name or alias most like `name`, or NULL. */
const char *provider_nearest(const char *name);

/* Must `region` be there?  Is that word one of its regions, or can it be? */
bool provider_needs_region(const struct provider *p);
bool provider_has_region(const struct provider *p, const char *region);

/* Append the host; `region` may be NULL, and was looked at. */
void provider_add_host(const struct provider *p, const char *region,
                       struct sbuf *host);

/* Is it one of those marked? */
static inline bool provider_is_sure(const struct provider *p,
                                    enum provider_field field)
{
	return (p->unverified & (unsigned)field) == 0;
}

/* The port to use, and is TLS there from the first byte? */
unsigned provider_port(const struct provider *p, bool *is_implicit);

/* Does it take TLS from the first byte on this port?  1: yes; 0: no, it wants
 * STARTTLS; -1: it has no such port. */
int provider_is_implicit(const struct provider *p, unsigned port);

#endif
