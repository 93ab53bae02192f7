/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/pace.h"

#define RECOVERY 12  /* messages for one more connection */
#define PATIENCE 500 /* milliseconds that are not worth another connection */

void pace_init(struct pace *p, unsigned most)
{
	*p = (struct pace){ .allowed = most, .most = most, .limit = most };
}

void pace_remember(struct pace *p, unsigned connections)
{
	if (connections > 0 && connections < p->limit)
		p->limit = connections;
}

unsigned pace_limit(const struct pace *p)
{
	return p->limit;
}

unsigned pace_learned(const struct pace *p)
{
	return p->limit < p->allowed ? p->limit : 0;
}

/* The last ones count for more: a quarter each. */
static int64_t smooth(int64_t before, int64_t now)
{
	return before == 0 ? now : before + (now - before) / 4;
}

void pace_ready(struct pace *p, int64_t milliseconds)
{
	p->setup = smooth(p->setup, milliseconds > 0 ? milliseconds : 1);
}

void pace_taken(struct pace *p, int64_t milliseconds)
{
	p->each = smooth(p->each, 8 * milliseconds + 1);
	if (p->least == 0 || p->each < p->least)
		p->least = p->each;
	if (p->limit < p->most && ++p->good >= RECOVERY) {
		p->good = 0;
		p->limit++;
	}
}

void pace_throttled(struct pace *p, unsigned lanes)
{
	unsigned half = lanes / 2;

	if (half < 1)
		half = 1;
	if (half < p->limit)
		p->limit = half;
	p->good = 0;
}

void pace_settle(struct pace *p, unsigned most)
{
	p->most = most < 1 ? 1 : most;
	if (p->limit > p->most)
		p->limit = p->most;
}

/* Those there are would take `rest` milliseconds for what waits. */
unsigned pace_wanted(const struct pace *p, unsigned lanes, unsigned ready,
                     unsigned under_way, size_t waiting)
{
	unsigned at_once = under_way > lanes ? under_way : lanes, wanted;
	int64_t rest;

	if (lanes == 0)
		return waiting > 0 ? 1 : 0;
	if (ready == 0 || p->each == 0 || waiting <= lanes ||
	    p->each > 2 * p->least)
		return lanes;
	rest = (int64_t)waiting * p->each / 8 / (int64_t)at_once;
	if (rest < 2 * p->setup + PATIENCE)
		return lanes;
	wanted = 2 * ready; /* as many on their way as are there */
	if (wanted > waiting)
		wanted = (unsigned)waiting;
	if (wanted > p->limit)
		wanted = p->limit;
	return wanted > lanes ? wanted : lanes;
}
