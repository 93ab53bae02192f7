/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pickup - from drop/, where relay-drop writes for everybody, to new/
 *
 * Each complete entry is renamed, in order of arrival, while its owner's share
 * of the queue lasts (queue/share.h); the rest stays in drop/ as w.ID, where it
 * counts against what that user may still submit.  Whatever is no plain file as
 * relay-drop makes them (a link, a FIFO, a device, another mode or group, two
 * names, too large) goes to bad/ with one line in the log.  Nothing is opened,
 * so nothing there can stop us.
 *
 * Under the queue's lock.  Each rename is durable before anything is sent.
 */
#ifndef FLUSH_PICKUP_H
#define FLUSH_PICKUP_H

#include "queue/spool.h"

/* -1 when drop/ or new/ cannot be worked on: mail stays where it is.  Nothing
 * to do in a queue that is not shared. */
int pickup_run(const struct spool *s, struct fault *f);

/* Is there a complete entry in drop/ that the last call did not see? */
bool pickup_has_more(const struct spool *s);

#endif
