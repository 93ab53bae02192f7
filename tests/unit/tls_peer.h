/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_peer - a TLS server in the same process, for the tests of net/
 *
 * It sits at the other end of a socket pair and moves only when peer_advance()
 * is called, so every interleaving can be played.  The certificates come from
 * tests/smarthost/certs; those that no CA would sign are made here.
 */
#ifndef UNIT_TLS_PEER_H
#define UNIT_TLS_PEER_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/stream.h"
#include "net/tls.h"

struct peer {
	int fd;
	bool is_ready; /* the handshake is done */
	int failure;   /* GnuTLS's code once it failed, or 0 */
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	char staple[128];
};

struct peer_settings {
	const char *certificate; /* name of the pair of files, "good" */
	const char *priority;    /* NULL: "NORMAL" */
	bool wants_certificate;
	const char *staple; /* file of an OCSP response, or NULL */
};

/* The unchecked fixture of a suite: a directory below /tmp. */
void peer_make_certificates(void);
void peer_remove_certificates(void);

/* A path in it; the last 16 stay valid. */
const char *peer_path(const char *name);

/* Two connected, non-blocking sockets. */
void peer_sockets(int fds[2]);

void peer_open(struct peer *p, int fd, const struct peer_settings *settings);
void peer_close(struct peer *p);

/* One step of the server's handshake. */
void peer_advance(struct peer *p);

/* Shake hands; the client's last result. */
enum stream_result peer_shake(struct peer *p, struct stream *s,
                              struct fault *f);

/* "sha256:..." of a certificate file. */
void peer_fingerprint(const char *name, char *pin, size_t size);
void peer_key_fingerprint(const char *name, char *pin, size_t size);

#endif
