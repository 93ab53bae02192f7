/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts - which host of a smarthost is called first
 *
 * Of several hosts the first that answers is used.  One that did not is
 * remembered (queue/pause, under SMARTHOST@HOST) and called last, for 1 minute
 * at first and up to 4 hours; when that is over one connection tries it again,
 * in its place, and goes on to the next host if it is still dead.  A smarthost
 * with one host leaves nothing behind here.
 */
#ifndef FLUSH_HOSTS_H
#define FLUSH_HOSTS_H

#include "base/dir.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "net/connect.h"

/* Append the hosts in the order in which they are to be called. */
void hosts_order(const struct dir *pauses, const struct smarthost *h,
                 struct sbuf *list);

/* Remember what a connection has shown: who did not answer, and that the one
 * who did is well, or with `why`, that it is not. */
void hosts_learn(const struct dir *pauses, const struct smarthost *h,
                 const struct connect *c, const struct fault *why);

/* Is there one that is not left alone? */
bool hosts_has_healthy(const struct dir *pauses, const struct smarthost *h);

#endif
