/* SPDX-License-Identifier: GPL-3.0-or-later */
/* way - by which route a message goes: its smarthost's, or a fallback's
 *
 * A smarthost is left alone when it cannot be reached or its server is in
 * trouble (VERDICT_SERVER).  Then, if it has a `fallback`, what waits for it
 * goes that way, and so on along the chain; when nobody at its end is open,
 * mail waits.  Trouble with the login or the quota is not passed over in this
 * way: a person should notice that.
 *
 * When the time is over one message tries the smarthost again while the others
 * still go the other way; once the server has dealt with it, all do as before.
 */
#ifndef FLUSH_WAY_H
#define FLUSH_WAY_H

#include "flush/route.h"

/* Tie each route to the one that it falls back to; routes[i] is that of
 * smarthost i of the configuration. */
void way_tie(struct route *routes, const struct config *config);

/* Where what is meant for `route` goes now; it may be stopped: then it waits.
 */
struct route *way_find(struct route *route);

/* Is there a fallback that takes something now? */
bool way_is_open(const struct route *route);

#endif
