/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream - a connection to a server, plain or encrypted, that never blocks
 *
 * Bytes to send are collected with stream_put() and leave in as few writes as
 * possible when stream_flush() is called, so that a whole flight of commands is
 * one packet.  Bytes received wait in the input until they are consumed.  Every
 * call returns at once and says what to wait for; the caller keeps the time.
 * Call first and poll afterwards, never the other way round: TLS may hold bytes
 * of which the socket knows nothing.
 *
 *     result = stream_fill(s, &fault);
 *     if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
 *             poll stream_fd(s) for stream_events(s), then call again
 *
 * stream_start_tls() refuses to begin while input is waiting: what came in
 * clear before the handshake is an attack (RFC 3207, section 6; CVE-2011-0411).
 * After that nothing goes in clear again.  Faults: FAULT_TEMP for the network,
 * FAULT_CONFIG for a certificate that is not to be trusted.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

struct stream;
struct tls_settings;

#define STREAM_INPUT_LIMIT 65536  /* received and not yet consumed */
#define STREAM_OUTPUT_LIMIT 65536 /* put and not yet flushed */

enum stream_result {
	STREAM_DONE,
	STREAM_WANT_READ,  /* poll for stream_events(), then call again */
	STREAM_WANT_WRITE, /* likewise */
	STREAM_CLOSED,     /* the server closed the connection */
	STREAM_FAILED,     /* the fault says why */
};

/* Takes over a connected, non-blocking socket; sets TCP_NODELAY, and a limit on
 * what waits in the kernel. */
struct stream *stream_create(int fd);
void stream_free(struct stream **s); /* sends no farewell */

int stream_fd(const struct stream *s);

/* What to poll for after the last call said WANT_READ or WANT_WRITE: POLLIN,
 * POLLOUT, or both.  While stream_flush() is blocked its part stays, whatever
 * stream_fill() says meanwhile. */
short stream_events(const struct stream *s);

/* Room left before the output is full, and adding to it (n <= room). */
size_t stream_room(const struct stream *s);
void stream_put(struct stream *s, const void *bytes, size_t n);

/* Send what was put.  DONE: all of it is the kernel's now.  While the socket is
 * full it also takes in what the server says meanwhile (up to the input limit),
 * so two peers that both write cannot lock each other: look at stream_input()
 * after WANT_WRITE, and also after CLOSED, which is how a server's last words
 * arrive. */
enum stream_result stream_flush(struct stream *s, struct fault *f);

/* Receive.  DONE: at least one new byte waits in the input.  CLOSED comes only
 * when every byte before it was delivered, with or without a farewell: whether
 * that is a truncation is for the protocol to say. */
enum stream_result stream_fill(struct stream *s, struct fault *f);

/* The bytes received so far, valid until the next call; drop the first n. */
const char *stream_input(const struct stream *s, size_t *n);
void stream_consume(struct stream *s, size_t n);

/* Prepare a handshake with `host` (the name to verify; never empty); then call
 * stream_handshake() until DONE.  What was put must have been flushed. */
int stream_start_tls(struct stream *s, const struct tls_settings *settings,
                     const char *host, struct fault *f);
enum stream_result stream_handshake(struct stream *s, struct fault *f);
bool stream_is_encrypted(const struct stream *s);

/* "TLS1.3 TLS_AES_256_GCM_SHA384", or "none". */
const char *stream_cipher(const struct stream *s);

/* Channel binding for SCRAM-*-PLUS, base64 (RFC 9266 tls-exporter on TLS 1.3,
 * RFC 5929 tls-unique on 1.2 with extended master secret).  Returns false when
 * there is none. */
bool stream_binding(const struct stream *s, bool *is_exporter,
                    struct sbuf *base64);

/* Tell the server politely (close_notify), without waiting. */
void stream_goodbye(struct stream *s);

#endif
