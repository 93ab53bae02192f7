/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tend - what a pass does for logins when the mail is done
 *
 * Providers end a login that is not used, and a machine may mail once a
 * quarter. So each pass, also over an empty queue, has tokens that are too old
 * refreshed (flush/errand), once a day if that fails; mail that went meanwhile
 * has refreshed them by itself.  A login that is dead is told about before
 * there is mail that needs it, and one that a person has mended is well again.
 */
#ifndef FLUSH_TEND_H
#define FLUSH_TEND_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "flush/keeper.h"
#include "flush/round.h"
#include "queue/spool.h"

struct tend {
	const struct config *config;
	int64_t config_time; /* mtime of its file: voids older pauses */
	const struct spool *spool;
	const char *queue; /* absolute path */
	const struct keeper *keeper;
	bool is_watching; /* each minute: what was said is not said again */
};

/* After a pass: what needs a person is in its result, too. */
void tend_logins(const struct tend *t, struct round_result *result);

#endif
