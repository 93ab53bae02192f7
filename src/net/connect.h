/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connect - reach a host and port, trying each of its addresses
 *
 * Names are resolved by a child process, because getaddrinfo() cannot be told
 * when to stop; then each address is tried in turn until one answers.  Nothing
 * blocks, and every wait ends by connect_deadline().  Faults are FAULT_TEMP:
 * "cannot reach mail.example.org port 587: 192.0.2.1: Connection refused;
 * 2001:db8::1: No route to host".
 */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdint.h>

#include "base/fault.h"
#include "net/stream.h"

#define CONNECT_RESOLVE_TIME 40 /* seconds */
#define CONNECT_ADDRESS_TIME 30 /* seconds for one address */
#define CONNECT_TOTAL_TIME 120  /* seconds for everything */

struct connect;

/* `host` is a name, or an address (an IPv6 one also in brackets). */
struct connect *connect_create(const char *host, unsigned port);
void connect_free(struct connect **c);

/* Go on.  DONE: *fd is a connected, non-blocking socket, the caller's now.
 * WANT_READ or WANT_WRITE: poll connect_fd() until connect_deadline(), then
 * call again (also when the deadline passed: the next address is tried). */
enum stream_result connect_advance(struct connect *c, int *fd, struct fault *f);

int connect_fd(const struct connect *c);
int64_t connect_deadline(const struct connect *c); /* clock_ticks() */

/* "mail.example.org[192.0.2.1]:587", of the address tried last. */
const char *connect_peer(const struct connect *c);

#endif
