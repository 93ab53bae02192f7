/* SPDX-License-Identifier: GPL-3.0-or-later */
/* race - connect to the first of several addresses that answers
 *
 * RFC 8305 ("happy eyeballs"), section 5: the first address is called; when it
 * has not answered after RACE_STAGGER, or has failed, the next one is called
 * beside it, and so on.  The first connection wins and the others are closed.
 * So an address that swallows packets costs a quarter of a second, not its time
 * limit.  Nothing blocks.
 */
#ifndef NET_RACE_H
#define NET_RACE_H

#include <stdint.h>

#include "base/sbuf.h"
#include "net/lookup.h"

#define RACE_STAGGER 250     /* milliseconds (RFC 8305, section 8) */
#define RACE_ADDRESS_TIME 30 /* seconds for one address */

/* One address. */
struct race_attempt {
	int fd;           /* being connected, or -1 */
	int64_t deadline; /* clock_ticks() */
	int error;        /* why it failed: errno; RACE_SILENT; 0: it did not */
};

#define RACE_SILENT (-1) /* there was no answer */

struct race {
	const struct lookup_answer *addresses; /* borrowed */
	int set;                               /* pollset, borrowed */
	int64_t end;
	int64_t next_at; /* when the next one is called */
	unsigned next;   /* which */
	struct race_attempt attempts[LOOKUP_ADDRESSES];
};

/* What is being connected is in the pollset `set`. */
void race_init(struct race *r, const struct lookup_answer *addresses, int set,
               int64_t end);
void race_release(struct race *r);

/* DONE: *fd is a connected, non-blocking socket, the caller's now, to address
 * *which.  WANT_READ: poll the set until race_deadline(), then call again.
 * FAILED: no address answers; race_reasons() says why. */
enum stream_result race_advance(struct race *r, int *fd, unsigned *which);
int64_t race_deadline(const struct race *r);

/* "192.0.2.1: Connection refused; 2001:db8::1: no answer", of those that were
 * called. */
void race_reasons(const struct race *r, struct sbuf *reasons);

unsigned race_port(const struct lookup_answer *addresses, unsigned which);

/* The address as text, without its port. */
#define RACE_ADDRESS_SIZE 70
void race_name(const struct lookup_answer *addresses, unsigned which,
               char text[RACE_ADDRESS_SIZE]);

#endif
