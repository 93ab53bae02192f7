/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/options.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "config/config.h"
#include "config/value.h"

#define TOP(member) OPTION_TOP, offsetof(struct config, member)
#define BLOCK(member) OPTION_SMARTHOST, offsetof(struct smarthost, member)

#define MECHANISMS                                                           \
	"auto none oauth plain login cram-md5 scram-sha-1 scram-sha-1-plus " \
	"scram-sha-256 scram-sha-256-plus external xoauth2 oauthbearer"

/* Longer words are no misspelt keys. */
#define KEY_LENGTH 40

/* clang-format off */
static const struct option options[] = {
	{ "domain",   TOP(domain),   OPTION_NAME,     "",       0, 0,          NULL,
	  N_("domain added to bare names such as root; not set: this machine's name") },
	{ "aliases",  TOP(aliases),  OPTION_PATH,     "",       0, 0,          NULL,
	  N_("file that says who is meant by bare names, as /etc/aliases; not set: nobody else") },
	{ "postmaster", TOP(postmaster), OPTION_ADDRESS, "",    0, 0,          NULL,
	  N_("who gets mail for accounts of the system that no alias names; not set: the accounts") },
	{ "local",    TOP(local),    OPTION_DELIVERY, "",       0, 0,          NULL,
	  N_("how mail for bare names that are no aliases is delivered on this machine; not set: it goes to a smarthost with `domain`") },
	{ "lifetime", TOP(lifetime), OPTION_DURATION, "5d",     3600, 5184000, NULL,
	  N_("how long to try before a message is given up") },
	{ "warn",     TOP(warn),     OPTION_DURATION, "4h",     0, 5184000,    NULL,
	  N_("how long to try before the sender is told that it takes long; 0s: never") },
	{ "keep_failed", TOP(keep_failed), OPTION_DURATION, "30d", 0, 315360000, NULL,
	  N_("how long what was given up stays in the queue; 0s: for ever") },
	{ "log",      TOP(log),      OPTION_CHOICE,   "syslog", 0, 0,          "syslog none",
	  N_("where to write a line for each delivery") },
	{ "alert",    TOP(alert),    OPTION_ALERT,    "",       0, 0,          NULL,
	  N_("program that is told, once, when a person must act for mail to go on, and when it is over: command WORD...; not set: nobody") },

	{ "provider", BLOCK(provider), OPTION_WORD,   "", 0, 0,     NULL,
	  N_("who takes the mail, by one of the names of `relay providers`: what is not set below comes from there; not set: found by the domain of `user` where there is no `host`") },
	{ "region",   BLOCK(region),   OPTION_WORD,   "", 0, 0,     NULL,
	  N_("which of its servers, where a provider has one for each region, as eu-west-1; not set: the only one") },
	{ "host",     BLOCK(host),     OPTION_HOSTS,  "", 0, 0,     NULL,
	  N_("server that takes all mail, or several, of which the first that answers does, or srv: and a domain whose DNS names them; a smarthost has this or a provider") },
	{ "port",     BLOCK(port),     OPTION_NUMBER, "", 1, 65535, NULL,
	  N_("its TCP port; not set: 587, or 465 with `tls implicit`") },
	{ "tls",      BLOCK(tls),      OPTION_CHOICE, "", 0, 0,     "starttls implicit none",
	  N_("how to encrypt; not set: starttls, or implicit on port 465 and with srv:") },
	{ "tls_ca",   BLOCK(tls_ca),   OPTION_PATH,   "", 0, 0,     NULL,
	  N_("file of certificates to trust, PEM; not set: the system's") },
	{ "tls_pin",  BLOCK(tls_pin),  OPTION_PINS,   "", 0, 0,     NULL,
	  N_("trust only the certificate with one of these fingerprints") },
	{ "tls_cert", BLOCK(tls_cert), OPTION_PATH,   "", 0, 0,     NULL,
	  N_("our own certificate to show to the server, PEM") },
	{ "tls_key",  BLOCK(tls_key),  OPTION_PATH,   "", 0, 0,     NULL,
	  N_("the key of `tls_cert`, PEM, readable by nobody else") },
	{ "user",     BLOCK(user),     OPTION_WORD,   "", 0, 0,     NULL,
	  N_("name to log in with; not set: no login") },
	{ "password", BLOCK(password), OPTION_SOURCE, "", 0, 0,     NULL,
	  N_("where the password is: keyring, file PATH, credential NAME, netrc [PATH], env NAME, command WORD..., helper PATH [WORD...], ses-key and one of these, inline TEXT") },
	{ "login",    BLOCK(login),    OPTION_MECHANISMS, "auto", 0, 0, MECHANISMS,
	  N_("ways to log in, the best first; auto: the best the server offers; none: no login; xoauth2 and oauthbearer: with a token as password; oauth: with a token of `relay login`") },
	{ "oauth_client", BLOCK(oauth_client), OPTION_WORD, "", 0, 0, NULL,
	  N_("id that the provider gave to this client for `login oauth`; `relay login NAME` explains where") },
	{ "oauth_secret", BLOCK(oauth_secret), OPTION_SOURCE, "", 0, 0, NULL,
	  N_("where its secret is, as for `password`; not set: it has none") },
	{ "oauth_flow", BLOCK(oauth_flow), OPTION_CHOICE, "auto", 0, 0, "auto device code client service",
	  N_("how to log in: a person types a code anywhere, or uses a browser here; or without a person by the client itself, or by a service account; auto: device where the provider has that, else code") },
	{ "oauth_tenant", BLOCK(oauth_tenant), OPTION_WORD, "", 0, 0, NULL,
	  N_("organisation at Microsoft: its id or a domain of it, consumers for personal accounts; not set: common") },
	{ "oauth_scope", BLOCK(oauth_scope), OPTION_WORDS, "", 0, 0, NULL,
	  N_("what the token is to allow; not set: as the provider wants it for SMTP") },
	{ "oauth_auth_url", BLOCK(oauth_auth_url), OPTION_URL, "", 0, 0, NULL,
	  N_("where a person logs in with a browser; not set: the provider's") },
	{ "oauth_token_url", BLOCK(oauth_token_url), OPTION_URL, "", 0, 0, NULL,
	  N_("where tokens come from; not set: the provider's") },
	{ "oauth_device_url", BLOCK(oauth_device_url), OPTION_URL, "", 0, 0, NULL,
	  N_("where codes come from that a person types elsewhere; not set: the provider's") },
	{ "oauth_key", BLOCK(oauth_key), OPTION_PATH, "", 0, 0, NULL,
	  N_("key that signs in place of `oauth_secret`: of a service account, JSON, or of `oauth_cert`, PEM; readable by nobody else") },
	{ "oauth_cert", BLOCK(oauth_cert), OPTION_PATH, "", 0, 0, NULL,
	  N_("certificate of `oauth_key` that the provider knows, PEM") },
	{ "oauth_ca", BLOCK(oauth_ca), OPTION_PATH, "", 0, 0, NULL,
	  N_("file of certificates to trust for these addresses, PEM; not set: the system's") },
	{ "oauth_seal", BLOCK(oauth_seal), OPTION_SOURCE, "", 0, 0, NULL,
	  N_("what the tokens on this machine are encrypted with, from a place as for `password`; not set: they are not") },
	{ "helo",     BLOCK(helo),     OPTION_NAME,   "", 0, 0,     NULL,
	  N_("name we give in EHLO; not set: this machine's name") },
	{ "from",     BLOCK(from),     OPTION_GLOBS,  "", 0, 0,     NULL,
	  N_("senders whose mail goes this way, as *@example.org; <> is the null sender") },
	{ "from_allow", BLOCK(from_allow), OPTION_GLOBS, "", 0, 0,  NULL,
	  N_("senders that may stay as they are, where `from_force` is set") },
	{ "from_force", BLOCK(from_force), OPTION_ADDRESS, "", 0, 0, NULL,
	  N_("sender that replaces all others, as providers want a known one") },
	{ "from_scope", BLOCK(from_scope), OPTION_CHOICE, "both", 0, 0, "both envelope header",
	  N_("where `from_force` counts: the envelope, the From of the header, or both") },
	{ "fallback", BLOCK(fallback), OPTION_BLOCK,  "", 0, 0,     NULL,
	  N_("smarthost that takes the mail while this one cannot be reached; not set: the mail waits") },
	{ "connections", BLOCK(connections), OPTION_NUMBER, "20", 1, 20, NULL,
	  N_("connections at a time, where so many are worth it") },
	{ "overlap", BLOCK(overlap), OPTION_CHOICE, "auto", 0, 0, "auto yes no",
	  N_("send a message before the answer to the last one; auto: where "
	     "the server is known to bear it") },
	{ "rate", BLOCK(rate), OPTION_RATE, "", 0, 0, NULL,
	  N_("what the provider takes in a time: N/s, N/min, N/hour or N/day, of messages or recipients") },
	{ "messages_per_connection", BLOCK(messages_per_connection),
	                               OPTION_NUMBER, "0", 0, 100000, NULL,
	  N_("messages before a new connection is made; 0: no limit") },
};
/* clang-format on */

_Static_assert(COUNT_OF(options) <= CONFIG_KEYS, "CONFIG_KEYS is too small");
_Static_assert(sizeof(enum config_tls) == sizeof(unsigned) &&
                       sizeof(enum config_log) == sizeof(unsigned) &&
                       sizeof(enum config_scope) == sizeof(unsigned) &&
                       sizeof(enum oauth_flow) == sizeof(unsigned),
               "value_set() writes a choice as unsigned");

const struct option *option_at(size_t i)
{
	return i < COUNT_OF(options) ? &options[i] : NULL;
}

size_t option_index(const struct option *o)
{
	return (size_t)(o - options);
}

const struct option *option_find(enum option_level level, const char *name)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].level == level &&
		    strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

unsigned option_distance(const char *a, const char *b)
{
	unsigned row[KEY_LENGTH + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > KEY_LENGTH || nb > KEY_LENGTH)
		return UINT32_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned corner =
			row[0]; /* of the row above, one to the left */

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned above = row[j];
			unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = least(above + 1, row[j - 1] + 1,
			               corner + change);
			corner = above;
		}
	}
	return row[nb];
}

const char *option_nearest(const char *word)
{
	const char *nearest = NULL;
	unsigned best = 3;
	unsigned d = option_distance(word, "smarthost");

	if (strlen(word) < 3) /* everything short is near */
		return NULL;
	if (d < best) {
		best = d;
		nearest = "smarthost";
	}
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		d = option_distance(word, options[i].name);
		if (d < best) {
			best = d;
			nearest = options[i].name;
		}
	}
	return nearest;
}

static void *member(const struct option *o, void *block)
{
	return (char *)block + o->offset;
}

static const void *const_member(const struct option *o, const void *block)
{
	return (const char *)block + o->offset;
}

/* tests/unit/test_options.c sees that every default is a good value. */
static void set_default(const struct option *o, void *block)
{
	struct fault never = { .kind = FAULT_NONE };
	char text[KEY_LENGTH];
	char *const words[] = { text };

	if (o->fallback[0] == '\0')
		return;
	memcpy(text, o->fallback, strlen(o->fallback) + 1);
	value_set(o, member(o, block), words, 1, &never);
}

int option_set(const struct option *o, void *block, char *const words[],
               size_t n, struct fault *f)
{
	value_release(o, member(o, block));
	if (value_set(o, member(o, block), words, n, f) == 0)
		return 0;
	value_release(o, member(o, block));
	set_default(o, block);
	return -1;
}

void options_init(enum option_level level, void *block)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].level == level)
			set_default(&options[i], block);
}

void options_release(enum option_level level, void *block)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].level == level)
			value_release(&options[i], member(&options[i], block));
}

void option_print(const struct option *o, const void *block, struct sbuf *b)
{
	value_print(o, const_member(o, block), b);
}

void option_print_json(const struct option *o, const void *block,
                       struct sbuf *b)
{
	value_print_json(o, const_member(o, block), b);
}
