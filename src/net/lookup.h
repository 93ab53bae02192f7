/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup - the addresses of a host, found by a child process
 *
 * getaddrinfo() cannot be told when to stop, so a child calls it, and is killed
 * when its time is over.  It has no descriptor of ours but a pipe.  What it
 * answers is looked at like a stranger's.  Addresses are in the order in which
 * they are to be tried: as the resolver sorts them (RFC 6724, /etc/gai.conf),
 * IPv6 first where the machine has it, and then the families in turn (RFC 8305,
 * section 4), so that a family that does not work costs one attempt.
 *
 * A domain may name the servers of a service (net/service) instead, each with a
 * port: then these are looked up, one after the other, in their order.
 *
 * Faults are FAULT_TEMP.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/fault.h"
#include "net/stream.h"

#define LOOKUP_ADDRESSES 32 /* of a host; those behind them are not tried */
#define LOOKUP_TIME 40      /* seconds */

/* What the child writes, whole. */
struct lookup_answer {
	int service; /* enum service_result, of a service */
	int code;    /* EAI_..., 0: fine */
	int system;  /* errno with EAI_SYSTEM */
	unsigned count;
	struct sockaddr_storage address[LOOKUP_ADDRESSES]; /* with port */
};

struct lookup {
	const char *host;
	const char *service; /* NULL: `host` is a host's name */
	unsigned port;       /* of a host */
	pid_t child;         /* or 0 */
	int fd;              /* the child's pipe, or -1 */
	int64_t deadline;
	int seconds; /* until then, at the beginning */
	struct lookup_answer answer;
	size_t received; /* bytes of the answer */
	bool is_done;
};

/* Begin.  `host`, borrowed, is a name, or an address without brackets, for
 * which nobody is asked; with `service` ("_submissions._tcp") a domain.  No
 * later than `end` (clock_ticks()).  -1: fault. */
int lookup_start(struct lookup *l, const char *host, const char *service,
                 unsigned port, int64_t end, struct fault *f);

/* End the child and close the pipe; the answer stays. */
void lookup_release(struct lookup *l);

/* DONE: the answer has at least one address.  WANT_READ: poll l->fd until
 * l->deadline, then call again. */
enum stream_result lookup_advance(struct lookup *l, struct fault *f);

#endif
