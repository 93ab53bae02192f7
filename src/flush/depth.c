/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/depth.h"

#include "smtp/session.h"

#define GROWTH 3 /* messages for each that is taken */
#define SLACK 20 /* milliseconds: what machines take for themselves */

void depth_init(struct depth *d)
{
	*d = (struct depth){ .limit = 1 };
}

void depth_taken(struct depth *d, int64_t milliseconds)
{
	int64_t fair;

	if (milliseconds < 1)
		milliseconds = 1;
	if (d->least == 0 || milliseconds < d->least)
		d->least = milliseconds;
	fair = 2 * d->least + SLACK;
	if (milliseconds <= fair)
		d->limit += GROWTH;
	if (d->limit > SESSION_WINDOW)
		d->limit = SESSION_WINDOW;
	if (milliseconds > 2 * fair && d->limit > 1)
		d->limit = d->limit / 2;
}

bool depth_allows(const struct depth *d, unsigned count, uint64_t bytes,
                  uint64_t size)
{
	if (count == 0)
		return true;
	return count < d->limit && bytes <= DEPTH_BYTES &&
	       size <= DEPTH_BYTES - bytes;
}
