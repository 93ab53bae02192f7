/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server_play - a client's bytes against the server, and what came of them
 *
 * The queue is a text: "mail <a@b> 8BITMIME\n", "rcpt <c@d>\n", "open\n", the
 * content, "commit\n" and "drop\n".  Addresses that begin with "bad" and
 * contents that contain one of the words below are refused.
 */
#ifndef TESTS_SERVER_PLAY_H
#define TESTS_SERVER_PLAY_H

#include "smtp/server.h"

#define PLAY_FULL "disk-is-full"      /* refused while it is written */
#define PLAY_LOST "cannot-be-synced"  /* refused at the commit */
#define PLAY_CLOSED "closed@queue.is" /* as a sender: refused at DATA */

struct play {
	bool is_strict;
	uint64_t size_limit;
	size_t recipient_limit; /* 0: many */

	/* what came of it */
	struct sbuf replies;
	struct sbuf queue;
	bool is_over;
	bool was_cut; /* server_end() said so */
	size_t messages;
};

void play_init(struct play *p, bool is_strict);
void play_release(struct play *p);

/* All the bytes, `piece` at a time (0: at once), and the end of the input. */
void play(struct play *p, const char *bytes, size_t n, size_t piece);

/* "220 250 354", the codes of all replies; continuation lines are left out. */
const char *play_codes(const struct play *p, char *to, size_t size);

#endif
