/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_words - why a server is not trusted, or TLS failed, in words
 *
 * Each way to fail gives one line that names the cause and what to do.  Pure:
 * knows no TLS library, so its words can be read without one.
 */
#ifndef NET_TLS_WORDS_H
#define NET_TLS_WORDS_H

#include <stdbool.h>
#include <time.h>

#include "base/fault.h"
#include "net/tls_pin.h"

enum tls_reason {
	TLS_UNREADABLE,
	TLS_BAD_CHAIN,
	TLS_WRONG_PIN,
	TLS_REVOKED,
	TLS_WEAK,
	TLS_SELF_SIGNED,
	TLS_UNKNOWN_CA,
	TLS_NOT_YET,
	TLS_EXPIRED,
	TLS_WRONG_NAME,
	TLS_ONLY_COMMON_NAME,
	TLS_WRONG_PURPOSE,
	TLS_BAD_STAPLE,
};

/* What a server's certificate says.  All strings are borrowed. */
struct tls_evidence {
	enum tls_reason reason;
	const char *host;
	const char *names;  /* it is for, "" if none */
	const char *issuer; /* distinguished name */
	const char *pin;    /* that would match it */
	time_t from;        /* of the certificate that is not valid now, */
	time_t until;       /* or both 0 */
	struct tls_fingerprints shown;
};

/* FAULT_CONFIG, always; returns -1. */
int tls_distrust(const struct tls_evidence *e, struct fault *f);

enum tls_trouble {
	TLS_NOT_TLS,  /* the first byte was none of TLS */
	TLS_TOO_OLD,  /* only versions that nobody should use */
	TLS_TOO_WEAK, /* only keys or ciphers that nobody should use */
	TLS_ALERT,    /* the server gave up, with a number (RFC 8446, 6.2) */
	TLS_LOST,     /* the connection ended */
	TLS_BROKEN,   /* anything else */
};

struct tls_break {
	enum tls_trouble trouble;
	int alert;
	bool asked_for_certificate; /* the server did */
	const char *host;
	const char *cert_file; /* what we showed, or NULL */
	const char *detail;    /* the library's words */
};

/* FAULT_CONFIG where a person must act, else FAULT_TEMP; returns -1. */
int tls_broken(const struct tls_break *b, struct fault *f);

/* The name to verify: "[::1]" and "::1%eth0" become "::1", "host." becomes
 * "host".  The caller frees it. */
char *tls_bare_host(const char *host);
bool tls_is_address(const char *host);

#endif
