/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/way.h"

#include "config/fallback.h"

void way_tie(struct route *routes, const struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *next =
			fallback_of(config, routes[i].smarthost);

		if (next != NULL)
			routes[i].fallback = &routes[next - config->smarthosts];
	}
}

/* Mail goes on to the fallback: it is left alone, or tried by somebody else
 * just now. */
static bool passes_on(const struct route *r)
{
	if (r->fallback == NULL)
		return false;
	return r->is_stopped ? r->falls_back : r->is_probed && route_is_busy(r);
}

/* The configuration knows no loops.  Rather than wait at the end of the chain,
 * mail joins the message that tries a smarthost before it. */
struct route *way_find(struct route *route)
{
	struct route *tried = NULL;

	while (passes_on(route)) {
		if (!route->is_stopped && tried == NULL)
			tried = route;
		route = route->fallback;
	}
	return route->is_stopped && tried != NULL ? tried : route;
}

bool way_is_open(const struct route *route)
{
	return route->fallback != NULL &&
	       !way_find(route->fallback)->is_stopped;
}
