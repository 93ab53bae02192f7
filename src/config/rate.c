/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/rate.h"

#include <string.h>

#include "base/attr.h"

#define MOST 1000000U

static const struct {
	const char *name;
	unsigned seconds;
} units[] = { { "s", 1 }, { "min", 60 }, { "hour", 3600 }, { "day", 86400 } };

bool rate_parse(const char *words, struct rate *rate)
{
	unsigned count = 0;
	size_t n;

	for (; *words >= '0' && *words <= '9' && count <= MOST; words++)
		count = count * 10 + (unsigned)(*words - '0');
	if (count == 0 || count > MOST || *words++ != '/')
		return false;
	*rate = (struct rate){ .count = count };
	n = strcspn(words, " ");
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (strlen(units[i].name) == n &&
		    memcmp(words, units[i].name, n) == 0)
			rate->seconds = units[i].seconds;
	words += n;
	rate->of_recipients = strcmp(words, " recipients") == 0;
	return rate->seconds > 0 && (words[0] == '\0' || rate->of_recipients ||
	                             strcmp(words, " messages") == 0);
}
