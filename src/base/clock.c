/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sbuf.h"

int64_t clock_now(void)
{
	const char *set = secure_getenv("RELAY_TEST_CLOCK");
	struct timespec t;

	if (set != NULL && strlen(set) <= 11)
		return strtoll(set, NULL, 10) * 1000000;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_seconds(void)
{
	return clock_now() / 1000000;
}

int64_t clock_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The names are fixed by the RFC: strftime would use the locale's. */
static const char days[][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void clock_add_date(struct sbuf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	long zone;

	if (localtime_r(&t, &tm) == NULL)
		return;
	zone = tm.tm_gmtoff / 60;
	sbuf_addf(b, "%s, %d %s %04d %02d:%02d:%02d %c%02ld%02ld",
	          days[tm.tm_wday % 7], tm.tm_mday, months[tm.tm_mon % 12],
	          tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	          zone < 0 ? '-' : '+', labs(zone) / 60, labs(zone) % 60);
}

void clock_add_short(struct sbuf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return;
	sbuf_addf(b, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
	          tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void clock_add_mailq(struct sbuf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return;
	sbuf_addf(b, "%s %s %2d %02d:%02d:%02d", days[tm.tm_wday % 7],
	          months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min,
	          tm.tm_sec);
}
