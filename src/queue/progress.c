/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc.h"
#include "queue/hint.h"

#define NAME "last.flush"
#define FILE_LIMIT 100

/* FLUSH DELIVERY CRC\n */
void progress_read(const struct dir *d, struct progress *p)
{
	char text[FILE_LIMIT + 1];
	uint32_t crc;
	int used = 0;

	*p = (struct progress){ 0 };
	if (hint_read_file(d, NAME, text, sizeof(text)) &&
	    sscanf(text, "%" SCNd64 " %" SCNd64 "%n %" SCNx32 "\n", &p->flush,
	           &p->delivery, &used, &crc) == 3 &&
	    crc == crc_add(0, text, (size_t)used) && p->flush >= 0 &&
	    p->delivery >= 0)
		return;
	*p = (struct progress){ 0 };
}

static void store(const struct dir *d, const struct progress *p)
{
	char text[FILE_LIMIT];
	int n = snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, p->flush,
	                 p->delivery);

	snprintf(text + n, sizeof(text) - (size_t)n, " %08" PRIX32 "\n",
	         crc_add(0, text, (size_t)n));
	hint_write_file(d, NAME, text);
}

void progress_note(const struct dir *d, bool has_delivered)
{
	int64_t now = clock_seconds();
	struct progress p;

	progress_read(d, &p);
	if (has_delivered)
		p.delivery = now;
	else if (p.flush <= now && now - p.flush < PROGRESS_STEP)
		return;
	p.flush = now;
	store(d, &p);
}
