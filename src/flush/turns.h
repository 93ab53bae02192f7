/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns - users of a shared queue take turns
 *
 * In a list in order of arrival the first message of each user comes before
 * anybody's second, and so on: whoever submits ten thousand messages waits for
 * them alone.
 */
#ifndef FLUSH_TURNS_H
#define FLUSH_TURNS_H

#include "queue/spool.h"

/* The indices of the list, in the order in which they are to be sent; the
 * caller frees it.  NULL: the list's own order, as in a queue of one user. */
size_t *turns_make(const struct spool *s, const struct names *list);

/* Put what is in `list` from `first` on in order of turns: after something was
 * added at its end. */
void turns_sort(const struct spool *s, struct names *list, size_t first);

#endif
