/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connect - reach one of several hosts
 *
 * The hosts are tried in their order: the next one when no address of the one
 * before it answers (net/lookup finds them, net/race tries them), or when its
 * share of CONNECT_TOTAL_TIME is used up.  Nothing blocks, and every wait ends
 * by connect_deadline().  Faults are FAULT_TEMP and tell the reasons of all:
 * "cannot reach mail.example.org port 587: 2001:db8::1: No route to host;
 * 192.0.2.1: Connection refused".
 *
 * Whoever speaks TLS then has to verify the name of connect_host(): the host
 * that answered, not one that was asked before it.
 */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "net/stream.h"

#define CONNECT_TOTAL_TIME 120 /* seconds for everything */
#define CONNECT_HOSTS 8        /* those behind them are not tried */

struct connect;

/* `hosts`: one or more with blanks between them, each a name, an address (an
 * IPv6 one also in brackets), or "srv:" and a domain: its servers for the
 * service that `port` stands for, "_submissions._tcp" for 465, else
 * "_submission._tcp" (RFC 8314, RFC 6186), each at a port of its own. */
struct connect *connect_create(const char *hosts, unsigned port);
void connect_free(struct connect **c);

/* Go on.  DONE: *fd is a connected, non-blocking socket, the caller's now.
 * WANT_READ: poll connect_fd() for POLLIN until connect_deadline(), then call
 * again (also when the deadline passed: then there may be more to try). */
enum stream_result connect_advance(struct connect *c, int *fd, struct fault *f);

int connect_fd(const struct connect *c);
int64_t connect_deadline(const struct connect *c); /* clock_ticks() */

/* The host that answered, or is being tried, as in `hosts` but without
 * brackets: whose name its certificate must have.  Of "srv:" that is the
 * domain: who can forge the DNS can name any server (RFC 6186, section 6). */
const char *connect_host(const struct connect *c);

/* The i-th host that did not answer, as it was written, and why; NULL behind
 * the last. */
const char *connect_failed(const struct connect *c, size_t i,
                           const struct fault **why);

/* The one that did, likewise; NULL: none has, yet. */
const char *connect_answered(const struct connect *c);

/* "mail.example.org[192.0.2.1]:587" once connected, before that without the
 * address. */
const char *connect_peer(const struct connect *c);

#endif
