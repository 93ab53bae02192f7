/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls - the server's side of TLS, by GnuTLS
 *
 * One `struct tls` per process holds certificate, key and client CA.  The
 * session of a connection hangs off its `struct conn`.
 */
#ifndef SMARTHOST_TLS_H
#define SMARTHOST_TLS_H

#include "conn.h"
#include "options.h"

struct tls; /* opaque */

/* NULL after a complaint. */
struct tls *tls_create(const struct options *o);
void tls_free(struct tls **tls);

/* The handshake.  -1: `why` says what went wrong and the connection is broken.
 * 0: `why` holds "TLS1.3" or the like. */
int tls_start(struct tls *tls, struct conn *c, char *why, size_t size);

/* The common name of the verified client certificate; false without one. */
bool tls_client_name(const struct conn *c, char *name, size_t size);

/* Channel binding for SASL: "tls-exporter" or "tls-unique".  The number of
 * bytes written, 0 if this session has no such binding. */
size_t tls_binding(const struct conn *c, const char *type, void *out,
                   size_t size);

/* For conn.c. */
ssize_t tls_read(struct conn *c, void *bytes, size_t n);
int tls_write(struct conn *c, const void *bytes, size_t n);
size_t tls_waiting(const struct conn *c);
void tls_bye(struct conn *c);
void tls_end(struct conn *c);

#endif
