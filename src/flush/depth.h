/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depth - how many messages may be under way on one connection
 *
 * Pure.  Where a server bears messages ahead of its answers, one at first;
 * three more for each that it takes while its answers come about as fast as the
 * fastest did, so that it is four times as many with each round trip; half when
 * they take much longer, since what then waits waits at the server.  Bounded by
 * the bytes that are on their way, too: a large message goes alone.
 */
#ifndef FLUSH_DEPTH_H
#define FLUSH_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

#define DEPTH_BYTES 524288 /* under way, unless it is one message */

struct depth {
	unsigned limit;
	int64_t least; /* milliseconds from sending to the answer; 0: unknown */
};

void depth_init(struct depth *d);

/* The server took one, after so many milliseconds. */
void depth_taken(struct depth *d, int64_t milliseconds);

/* With `count` under way, of so many bytes: may one more of `size` follow? */
bool depth_allows(const struct depth *d, unsigned count, uint64_t bytes,
                  uint64_t size);

#endif
