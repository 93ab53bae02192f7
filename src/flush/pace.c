/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/pace.h"

#define RECOVERY 12  /* messages for one more connection */
#define PATIENCE 500 /* milliseconds that are not worth another connection */
#define ENOUGH 10    /* messages a millisecond: more no disk can record */

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

void pace_ready(struct pace *p, int64_t milliseconds, int64_t round_trip)
{
	p->trip = round_trip;
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

/* Each connection has a message, or as many as go ahead of answers. */
static unsigned at_once(const struct pace_state *now)
{
	return now->under_way > now->lanes ? now->under_way : now->lanes;
}

/* Milliseconds that those there are would take for what waits.  Before the
 * first message is taken: two round trips. */
static int64_t rest(const struct pace *p, const struct pace_state *now)
{
	int64_t each = p->each > 0 ? p->each : 8 * 2 * p->trip;

	return (int64_t)now->waiting * each / 8 / (int64_t)at_once(now);
}

/* Those under way are answered as fast as anybody could use it. */
static bool is_fast(const struct pace *p, const struct pace_state *now)
{
	return p->each > 0 && 8 * (int64_t)at_once(now) >= ENOUGH * p->each;
}

unsigned pace_wanted(const struct pace *p, const struct pace_state *now)
{
	unsigned wanted = 4 * now->ready;

	if (now->lanes == 0)
		return now->waiting > 0 ? 1 : 0;
	if (now->ready == 0 || (now->is_deep && p->each == 0) ||
	    now->waiting <= now->lanes || p->each > 2 * p->least ||
	    is_fast(p, now) || rest(p, now) < 2 * p->setup + PATIENCE)
		return now->lanes;
	if (wanted > now->waiting)
		wanted = (unsigned)now->waiting;
	if (wanted > p->limit)
		wanted = p->limit;
	return wanted > now->lanes ? wanted : now->lanes;
}
