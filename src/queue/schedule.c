/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/schedule.h"

#include "base/attr.h"

int64_t schedule_wait(unsigned tries, uint32_t chance)
{
	static const int64_t waits[] = {
		60, 300, 900, 1800, 3600, 7200, SCHEDULE_LONGEST
	};
	unsigned i = tries == 0 ? 0 : tries - 1;
	int64_t wait = i < COUNT_OF(waits) ? waits[i] : SCHEDULE_LONGEST;
	int64_t tenth = wait / 10;

	return wait - tenth + (int64_t)(chance % (uint32_t)(2 * tenth + 1));
}

int64_t schedule_step_of(int64_t from, int64_t to, int64_t most)
{
	if (to <= from)
		return 0;
	/* Unsigned: both come from files, and their distance may not fit. */
	if ((uint64_t)to - (uint64_t)from >= (uint64_t)most)
		return most;
	return to - from;
}

int64_t schedule_step(int64_t from, int64_t to)
{
	return schedule_step_of(from, to, SCHEDULE_STEP_MOST);
}

bool schedule_is_due(int64_t due, int64_t now)
{
	return due <= now || (uint64_t)due - (uint64_t)now >
	                             SCHEDULE_LONGEST + SCHEDULE_LONGEST / 10;
}
