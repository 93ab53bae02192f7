/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings - the question, as relay-token sees it (doc/TOKENS has its keys)
 *
 * All text is borrowed from the question, which must live as long and not be
 * changed.  What is not there is NULL, also what is there and empty.
 */
#ifndef TOKEN_SETTINGS_H
#define TOKEN_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/pairs.h"

enum flow {
	FLOW_DEVICE,  /* RFC 8628: a person, a code, any browser */
	FLOW_CODE,    /* RFC 8252: a person, a browser, a redirect */
	FLOW_CLIENT,  /* RFC 6749, 4.4: nobody, the program itself */
	FLOW_SERVICE, /* RFC 7523: nobody, a key that speaks for a user */
};

struct settings {
	const char *account; /* never NULL */
	const char *store;   /* never NULL */
	const char *user;
	const char *flow_name;
	enum flow flow;
	const char *token_url, *auth_url, *device_url, *revoke_url;
	const char *scope, *auth_extra, *issuer, *redirect;
	const char *client_id, *client_secret;
	const char *key, *cert, *ca, *proxy;
	const char *seal;      /* of the store: token/seal */
	int64_t skew;          /* seconds */
	int64_t newer_than;    /* a time */
	int64_t max_age;       /* seconds */
	int64_t redirect_port; /* 0: any */
	bool is_paste;         /* no browser can reach this machine */
};

/* What every verb needs: account and store, and what is there is well formed.
 * -1: FAULT_CONFIG, names the key. */
int settings_take(struct settings *s, const struct pairs *question,
                  struct fault *f);

/* What a question to the token endpoint needs. */
int settings_check(const struct settings *s, struct fault *f);

/* Must a person have logged in? */
bool settings_has_login(const struct settings *s);

#endif
