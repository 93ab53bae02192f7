/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls - what a connection must prove before anything secret is said
 *
 * tls_gnutls.c is the only file that includes <gnutls/...>; only net/stream.c
 * and whoever fills in the settings include this.  Always: TLS 1.2 or newer,
 * a certificate that chains to the trust store (or matches a pin), and the
 * name of the host.  There is no way to switch the checks off.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "net/stream.h"

/* All strings are borrowed and may be NULL but must outlive the session. */
struct tls_store;

struct tls_settings {
	const char *ca_file;     /* PEM; NULL: the system's trust store */
	const char *pin;         /* "sha256:HEX..." of the certificate, or
	                            "spki-sha256:BASE64" of its public key; more
	                            than one separated by blanks; with a pin the
	                            chain and dates need not hold, the pin must */
	const char *cert_file;   /* client certificate chain, PEM */
	const char *key_file;    /* its key, PEM */
	struct tls_store *store; /* shared; NULL: files are read each time */
};

/* What connections share: trust stores and client keys, each read from its
 * file by the first connection that needs it (the system's store takes 12 ms)
 * and kept.  Freed after the last session; a resident process that wants to
 * notice renewed files makes a new one now and then. */
struct tls_store *tls_store_create(void);
void tls_store_free(struct tls_store **store);

struct tls;

/* `host` is the name to verify, or an address (an IPv6 one also in brackets).
 */
struct tls *tls_create(int fd, const struct tls_settings *settings,
                       const char *host, struct fault *f); /* NULL: fault */
void tls_free(struct tls **t);

enum stream_result tls_handshake(struct tls *t, struct fault *f);

/* CLOSED: the server ended the connection, with a farewell or without. */
enum stream_result tls_read(struct tls *t, void *bytes, size_t size, size_t *n,
                            struct fault *f);

/* After WANT_* call again with the same first bytes; more may follow them. */
enum stream_result tls_write(struct tls *t, const void *bytes, size_t size,
                             size_t *n, struct fault *f);

const char *tls_cipher(const struct tls *t);
bool tls_binding(const struct tls *t, bool *is_exporter, struct sbuf *base64);
void tls_goodbye(struct tls *t);

/* Check a pin's form when the configuration is read.  0 or -1 with the fault.
 */
int tls_check_pin(const char *pin, struct fault *f);

#endif
