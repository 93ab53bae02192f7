/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch - passes over the queue, once or for as long as we are wanted
 *
 * Holds the queue's lock and the FIFO `wake` while it works.  Once: until no
 * submission arrived during the pass; then it lets go of both and looks a last
 * time, so that no wake is lost (queue/wake.h).  Watching: sleeps until
 * somebody rings, the next message is due, the configuration was edited or a
 * network came up (base/changes.h), reads the configuration anew before each
 * pass, and ends cleanly on SIGTERM or SIGINT.
 */
#ifndef FLUSH_WATCH_H
#define FLUSH_WATCH_H

#include "flush/round.h"
#include "flush/sandbox.h"
#include "queue/site.h"

struct watch_settings {
	const struct site *site;
	const struct spool *spool;
	const struct keeper *keeper;
	struct sandbox *sandbox; /* entered before the first connection */
	struct people *people;   /* zeroed; read before that; the caller's to
	                            release */
	bool is_watching;
	bool is_auto; /* started by a submission: another flusher is no fault */
	bool is_now;
	bool has_new_network; /* since the last pass */
	bool is_shown;        /* a sum at the end, for a person */
	char *const *ids;
	size_t id_count;
};

/* Exit status: 0 what was due is sent, 75 some mail is to be tried again,
 * 78 a person must act, 69 no such message, 74 the queue itself is in trouble.
 * -1 with a fault: nothing could be done at all. */
int watch_run(const struct watch_settings *settings, struct fault *f);

#endif
