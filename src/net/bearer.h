/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bearer - what XOAUTH2 and OAUTHBEARER say, without a library
 *
 * Both send the user and an access token, and are answered 235, or refused: at
 * once, or first with "334" and a JSON object that says why, which is
 * acknowledged, and then refused (RFC 7628; XOAUTH2 as Google, Microsoft and
 * Dovecot do it).  Fields are separated by 0x01, so nothing that goes into one
 * may have a control byte in it.
 */
#ifndef NET_BEARER_H
#define NET_BEARER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "base/secret.h"

#define BEARER_LIMIT 12288 /* octets of base64 (RFC 4954, section 4) */
#define BEARER_WORDS 200   /* of a server about a token, that are shown */

enum bearer_kind { BEARER_XOAUTH2, BEARER_OAUTHBEARER };

/* Printable ASCII without blanks?  -1: FAULT_CONFIG, which does not show it. */
int bearer_check_token(const struct secret *token, struct fault *f);

/* What is said first, before base64.  -1: FAULT_CONFIG; there is no token in
 * it, and nothing in `out`. */
struct bearer_login {
	const char *user;
	const char *host; /* that was reached */
	unsigned port;
	const struct secret *token;
};
int bearer_begin(enum bearer_kind kind, const struct bearer_login *login,
                 struct sbuf *out, struct fault *f);

/* The answer to the object that says why: empty or one octet. */
const char *bearer_acknowledge(enum bearer_kind kind);

/* Append what it says in words for a person, "status=401 scope=...", at most
 * BEARER_WORDS bytes and safe to show; if it is no JSON, as it is. */
void bearer_describe(const char *bytes, size_t n, struct sbuf *words);

/* One login.  It keeps copies of all that it is given.  NULL: fault. */
struct bearer;
struct bearer *bearer_create(enum bearer_kind kind,
                             const struct bearer_login *login, struct fault *f);
void bearer_free(struct bearer **b);

/* What it says next, first and to the object that says why.  False: it has no
 * more to say. */
bool bearer_step(struct bearer *b, const char *bytes, size_t n,
                 struct sbuf *said);

const struct secret *bearer_token(const struct bearer *b);

/* What the server said of the token, without the token; "": nothing. */
const char *bearer_refusal(const struct bearer *b);

#endif
