/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl - one login, mechanism by mechanism (RFC 4422, RFC 4954)
 *
 * sasl_gsasl.c is the only file that includes <gsasl.h>.  The order is our own
 * (sasl_choose.c), never the library's suggestion: EXTERNAL when asked for (by
 * name, or because there is a client certificate and no user),
 * SCRAM-SHA-256-PLUS, SCRAM-SHA-256, SCRAM-SHA-1-PLUS, SCRAM-SHA-1, PLAIN,
 * LOGIN; CRAM-MD5 and DIGEST-MD5 only when they are configured.  A token goes
 * with OAUTHBEARER and XOAUTH2 (net/bearer) only, which are ours, in the order
 * of `allowed`, and no password goes with them.  None that shows the password
 * or token without encryption. Everything that comes out may hold it: it goes
 * to the server only, and its buffer wipes itself.
 *
 * Each "334 CHALLENGE" goes to sasl_step() and its answer is sent as a line; an
 * empty answer is an empty line.  SCRAM ends that way: the server's proof comes
 * in a last 334, the answer is empty, and only then comes the 235 (RFC 4954,
 * section 4: no text of a 235 is ever part of the exchange).
 */
#ifndef NET_SASL_H
#define NET_SASL_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/sbuf.h"

struct sasl;
struct secret;

struct sasl_settings {
	const char *host;              /* for DIGEST-like mechanisms */
	const char *user;              /* NULL: only EXTERNAL is possible */
	const struct secret *password; /* NULL likewise */
	const char *allowed;           /* "auto", or mechanisms in order of
	                                  preference, blank-separated, any case */
	unsigned port;                 /* of the host */
	bool is_token;                 /* the password is an access token */
	bool encrypted;                /* TLS is up and verified */
	bool has_certificate;          /* we showed a client certificate */
	bool is_exporter;              /* kind of the binding */
	const char *binding;           /* base64, or NULL: no -PLUS */
};

/* The words are borrowed for the time of each call; sasl_create() copies.
 *
 * The best mechanism of the server's list, upper case, static; NULL with a
 * FAULT_CONFIG that names both lists. */
const char *sasl_choose(const struct sasl_settings *settings,
                        const char *offered, struct fault *f);

struct sasl *sasl_create(const struct sasl_settings *settings,
                         const char *mechanism, struct fault *f);
void sasl_free(struct sasl **s);

/* Does the client speak first (initial response, RFC 4954 section 4)? */
bool sasl_is_client_first(const struct sasl *s);

/* Answer one challenge (base64 as it came after "334 "; "" at the start) with
 * base64 in `answer` ("=" for an empty initial response is the caller's).
 * At most 10 rounds and 12288 octets each (RFC 4954).  After success of a
 * mechanism in which the server proves itself (SCRAM), sasl_is_proved() tells
 * whether it did: a 235 without it is an impostor. */
int sasl_step(struct sasl *s, const char *challenge, struct sbuf *answer,
              struct fault *f);
bool sasl_is_proved(const struct sasl *s);

/* The token that this login is about; NULL: it has a password, or none. */
const struct secret *sasl_token(const struct sasl *s);

/* What the server said of a token that it does not take, in words that may be
 * shown; "": nothing. */
const char *sasl_refusal(const struct sasl *s);

#endif
