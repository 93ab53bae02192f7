/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rate - so many in such a time: "14/s", "2000/day recipients" */
#ifndef CONFIG_RATE_H
#define CONFIG_RATE_H

#include <stdbool.h>

struct rate {
	unsigned count; /* 1 to 1,000,000 */
	unsigned seconds;
	bool of_recipients; /* else of messages */
};

/* N/s, N/min, N/hour or N/day, then `messages` (the default) or `recipients`,
 * with one blank between.  False: it is none. */
bool rate_parse(const char *words, struct rate *rate);

#endif
