/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/span.h"

#include <stdio.h>

#include "base/intl.h"

const char *span_time(char *to, size_t size, int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 120)
		snprintf(to, size, _("%d s"), (int)seconds);
	else if (seconds < 2 * 3600)
		snprintf(to, size, _("%d min"), (int)(seconds / 60));
	else if (seconds < 2 * 86400)
		snprintf(to, size, _("%d h"), (int)(seconds / 3600));
	else
		snprintf(to, size, _("%d d"), (int)(seconds / 86400));
	return to;
}

const char *span_size(char *to, size_t size, int64_t bytes)
{
	if (bytes < 10000)
		snprintf(to, size, _("%d B"), (int)bytes);
	else if (bytes < 10000000)
		snprintf(to, size, _("%d kB"), (int)(bytes / 1000));
	else
		snprintf(to, size, _("%d MB"), (int)(bytes / 1000000));
	return to;
}
