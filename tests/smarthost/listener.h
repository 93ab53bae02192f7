/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener - the places where clients may come */
#ifndef SMARTHOST_LISTENER_H
#define SMARTHOST_LISTENER_H

#include "options.h"

struct listener {
	int fd[PLACES_MAX];
	bool implicit[PLACES_MAX];
	size_t count;
};

/* Bind all places.  -1 after a complaint. */
int listener_open(struct listener *l, const struct options *o);

/* Say "listening ADDR PORT" on stdout for each. */
int listener_announce(const struct listener *l);

void listener_close(struct listener *l);

/* Wait for a client.  `other` is one more descriptor to watch, or -1; with
 * `full`, only that one.  A client: its descriptor.  -1: time is up, or
 * `other` is ready, or a client came and went. */
int listener_accept(const struct listener *l, int other, bool full,
                    int timeout_ms, bool *implicit);

#endif
