/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokens - the store of one account: what its login left, and what came of it
 *
 * One file (doc/TOKENS), of lines like base/pairs and a checksum at the end. It
 * is replaced whole: a new one is written beside it, synced, renamed over it,
 * and the directory synced, so a crash leaves the old one or the new one.  What
 * decides from it and changes it holds NAME.lock from the reading to the
 * writing.
 *
 *     tokens_open(&t, "/home/me/.local/state/relay/tokens/work", &f);
 *     tokens_lock(&t, 20, &f);
 *     tokens_read(&t, &f);                 1: there is one
 *     tokens_reserve(&t, &f);              room for the next, before it is
 * asked for
 *     ... pairs_put(&t.lines, ...) ...
 *     tokens_write(&t, &f);                0: it survives a power cut
 *     tokens_release(&t);
 *
 * It refuses a file that is another user's, that others can read, or no file;
 * one that is damaged is put aside (NAME.damaged) and never deleted.  No fault
 * has a token in it.
 */
#ifndef HELPER_TOKENS_H
#define HELPER_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dir.h"
#include "base/fault.h"
#include "base/pairs.h"

struct tokens {
	struct dir dir;
	char *name;
	int lock;           /* -1: not held */
	int room;           /* of tokens_reserve(), or -1 */
	struct pairs lines; /* of the last reading; the keys of doc/TOKENS */
};

/* The directory, which is made where it is missing (0700).  `path` is absolute.
 * -1: nothing to release. */
int tokens_open(struct tokens *t, const char *path, struct fault *f);
void tokens_release(struct tokens *t); /* wipes, lets the lock go */

/* Wait so many seconds for whoever has the lock.  -1: FAULT_TEMP. */
int tokens_lock(struct tokens *t, unsigned seconds, struct fault *f);

static inline bool tokens_is_locked(const struct tokens *t)
{
	return t->lock >= 0;
}

/* 1: `lines` are those of the file, 0: there is none, and no lines.  -1:
 * FAULT_CONFIG; put aside if it is damaged and we hold the lock. */
int tokens_read(struct tokens *t, struct fault *f);

/* With the lock: room on the disk for what tokens_write() will write, so that a
 * full disk is found out while the old refresh token is still good. */
int tokens_reserve(struct tokens *t, struct fault *f);

/* With the lock: `lines` to the file.  -1: the old one is still there. */
int tokens_write(struct tokens *t, struct fault *f);

/* With the lock: no file any more.  Fine if there was none. */
int tokens_erase(struct tokens *t, struct fault *f);

/* Is a token good at `now`?  Not one of the future: somebody set the clock, and
 * nobody knows how old it is. */
static inline bool tokens_is_valid(int64_t obtained, int64_t expires,
                                   int64_t now)
{
	return obtained > 0 && obtained <= now && now < expires;
}

/* What may be shown of it: no secrets.  Times are seconds since 1970, 0: never.
 */
struct tokens_state {
	char user[321];
	char flow[16];       /* device, code, client, service */
	char token_url[513]; /* who gives them */
	bool has_refresh;    /* a refresh token; client and service need none */
	bool is_sealed;      /* what is secret in it is encrypted */
	int64_t login;       /* when a person logged in */
	int64_t obtained;    /* the access token */
	int64_t expires;
	int64_t refreshed;          /* the last success at the token endpoint */
	int64_t failed;             /* since when it fails; 0: it does not */
	int64_t wait;               /* not asked again before */
	enum fault_kind failure_is; /* TEMP, or CONFIG: a person must act */
	char failure[512];          /* why, in words */
};

/* 1: there is one, 0: none, -1: it cannot be used, and the fault says why.  No
 * lock is taken and nothing changed. */
int tokens_look(const char *path, struct tokens_state *state, struct fault *f);

#endif
