/* SPDX-License-Identifier: GPL-3.0-or-later */
/* redirect - where a browser comes back with the answer (RFC 8252, 7.3)
 *
 * Listens on 127.0.0.1, on any port or a given one (for `ssh -L`), and hears
 * the lines of stdin at the same time: where the browser cannot reach this
 * machine its person pastes the address at which it failed.  Whoever calls
 * without the right `state` is told so and not listened to: any program of this
 * machine can call.
 */
#ifndef TOKEN_REDIRECT_H
#define TOKEN_REDIRECT_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define REDIRECT_LIMIT 16384 /* bytes of one address */

struct redirect {
	int listener; /* -1: pasting is the only way */
	bool is_open; /* stdin may say something yet */
	unsigned port;
	const char *state; /* borrowed */
	struct sbuf line;  /* of stdin, as far as it came */
};

/* `port` 0: any.  Without `is_listening` the port is free, and nobody is there.
 */
int redirect_open(struct redirect *r, unsigned port, bool is_listening,
                  struct fault *f);
void redirect_close(struct redirect *r);

/* Wait so many seconds for the parameters that came back, with the right state,
 * undecoded ("code=...&state=..."). */
int redirect_wait(struct redirect *r, const char *state, unsigned seconds,
                  struct sbuf *query, struct fault *f);

#endif
