/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn - one connection: lines and bytes in, bytes out, plain or TLS
 *
 * Calls block, but never beyond the deadline given at birth: after it every
 * call fails.  Output is buffered and leaves when conn_fill() is about to wait
 * for input, so that replies to pipelined commands share a segment.  Once
 * something failed, `broken` stays set and output is thrown away.
 *
 * It knows nothing of SMTP but the line.
 */
#ifndef SMARTHOST_CONN_H
#define SMARTHOST_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gnutls_session_int;

enum { LINE_LIMIT = 16384 }; /* RFC 4954 wants 12288 for AUTH */

enum line {
	LINE_OK,
	LINE_TOO_LONG, /* what was kept is in `line`; the rest is gone */
	LINE_END,      /* the client closed, or the connection broke */
};

enum parting {
	PART_FRIENDS, /* close_notify, FIN */
	PART_DROP,    /* FIN only, as when a server dies */
	PART_RESET,   /* RST */
};

struct conn {
	int fd;
	struct gnutls_session_int *tls; /* NULL: in clear */
	long long deadline;             /* ms on the monotonic clock */
	unsigned long trickle; /* ms between bytes on the wire, 0: off */
	bool quickack;
	bool broken;
	bool expired; /* broken because the deadline passed */
	bool ended;   /* the client closed its side */
	char line[LINE_LIMIT];
	size_t line_len;
	bool line_bare; /* it ended in LF without CR */
	size_t in_at;
	size_t in_end;
	size_t out_len;
	atomic_ulong *flights; /* counts writes of what was buffered, or NULL */
	char in[65536];
	char out[32768];
};

/* Takes the descriptor over. */
struct conn *conn_create(int fd, unsigned long seconds, bool quickack);

/* Closes.  Waits up to a second for the client to read what was sent. */
void conn_free(struct conn **c, enum parting parting);

/* The next line without its end, NUL added. */
enum line conn_read_line(struct conn *c);

/* Bytes that wait in the buffer; with none, get some.  0: end or broken. */
size_t conn_peek(struct conn *c, const char **bytes);
void conn_skip(struct conn *c, size_t n);

/* Bytes of input that we already have and nobody has looked at. */
size_t conn_waiting(const struct conn *c);

void conn_write(struct conn *c, const void *bytes, size_t n);
void conn_flush(struct conn *c);

void conn_pause(struct conn *c, unsigned long ms);

/* Send what is due, then read nothing until the client goes away. */
void conn_stall(struct conn *c);

/* Say our last word (close_notify, FIN), but go on reading for `ms`. */
void conn_half_close(struct conn *c, unsigned long ms);

/* For TLS: the socket itself, within the deadline; -1 with errno. */
ssize_t conn_socket_read(struct conn *c, void *bytes, size_t n);
ssize_t conn_socket_write(struct conn *c, const void *bytes, size_t n);

#endif
