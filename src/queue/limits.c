/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/limits.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "queue/hint.h"

static bool parse(struct limits *l, const char *text)
{
	unsigned no_overlap;

	if (sscanf(text, "%u %u %u %u %" SCNd64, &l->connections, &l->messages,
	           &l->recipients, &no_overlap, &l->since) != 5)
		return false;
	l->no_overlap = no_overlap != 0;
	return true;
}

void limits_load(struct limits *l, const struct dir *d, const char *smarthost,
                 int64_t config_time)
{
	int64_t now = clock_seconds();
	char text[HINT_LIMIT + 1];
	struct limits found = { 0 };

	*l = (struct limits){ 0 };
	if (hint_read(d, "limits.", smarthost, text) && parse(&found, text) &&
	    found.since >= config_time && found.since <= now &&
	    now - found.since < LIMITS_TIME)
		*l = found;
}

void limits_store(struct limits *l, const struct dir *d, const char *smarthost)
{
	char text[HINT_LIMIT];

	if (l->since == 0)
		l->since = clock_seconds();
	snprintf(text, sizeof(text), "%u %u %u %u %" PRId64 "\n",
	         l->connections, l->messages, l->recipients,
	         l->no_overlap ? 1U : 0U, l->since);
	hint_write(d, "limits.", smarthost, text);
}
