/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/alarm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "flush/errand.h"
#include "queue/hint.h"
#include "queue/pause.h"

#define PREFIX "alarm."
#define DAY 86400
#define SENTENCE_LIMIT 2048

/* SINCE TOLD KIND CRC\n */
bool alarm_read(const struct dir *d, const char *smarthost, struct alarm *a)
{
	char text[HINT_LIMIT + 1];
	uint32_t crc;
	int used = 0;

	*a = (struct alarm){ 0 };
	if (hint_read(d, PREFIX, smarthost, text) &&
	    sscanf(text, "%" SCNd64 " %" SCNd64 " %15s%n %" SCNx32 "\n",
	           &a->since, &a->told, a->kind, &used, &crc) == 4 &&
	    crc == crc_add(0, text, (size_t)used))
		return true;
	*a = (struct alarm){ 0 };
	return false;
}

static void store(const struct dir *d, const char *smarthost,
                  const struct alarm *a)
{
	char text[HINT_LIMIT];
	int n = snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %s",
	                 a->since, a->told, a->kind);

	snprintf(text + n, sizeof(text) - (size_t)n, " %08" PRIX32 "\n",
	         crc_add(0, text, (size_t)n));
	hint_write(d, PREFIX, smarthost, text);
}

static void forget(const struct dir *d, const char *smarthost)
{
	char name[PAUSE_NAME];

	pause_name(name, sizeof(name), PREFIX, smarthost);
	unlinkat(d->fd, name, 0);
}

/* A clock that was set back begins the day anew. */
static bool was_told(const struct alarm *a, int64_t now)
{
	return now >= a->told && now - a->told < DAY;
}

static void alert(const struct keeper *k, const char *smarthost,
                  const char *kind, const struct fault *why)
{
	struct sbuf sentence;

	sbuf_init(&sentence, SENTENCE_LIMIT);
	sbuf_addf(&sentence,
	          _("smarthost %s needs a person: %s (its mail waits; `relay "
	            "status` says more)"),
	          smarthost, why->text);
	errand_alert(k, smarthost, kind, sentence.data);
	sbuf_release(&sentence);
}

bool alarm_raise(const struct dir *d, const struct keeper *k,
                 const char *smarthost, const char *kind,
                 const struct fault *why)
{
	int64_t now = clock_seconds();
	struct alarm a;
	bool is_new = !alarm_read(d, smarthost, &a);

	if (!is_new && was_told(&a, now))
		return false;
	if (is_new) {
		a.since = now;
		snprintf(a.kind, sizeof(a.kind), "%s", kind);
		alert(k, smarthost, kind, why);
	}
	a.told = now;
	store(d, smarthost, &a);
	return true;
}

void alarm_end(const struct dir *d, const struct keeper *k,
               const char *smarthost)
{
	struct sbuf sentence;
	struct alarm a;

	if (!alarm_read(d, smarthost, &a))
		return;
	forget(d, smarthost);
	sbuf_init(&sentence, SENTENCE_LIMIT);
	sbuf_addf(&sentence, _("smarthost %s is well again: its mail goes on"),
	          smarthost);
	log_note("smarthost=%s status=well (%s)", smarthost, sentence.data);
	errand_alert(k, smarthost, ERRAND_OVER, sentence.data);
	sbuf_release(&sentence);
}
