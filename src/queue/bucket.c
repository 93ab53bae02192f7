/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/bucket.h"

#include <inttypes.h>
#include <stdio.h>

#include "queue/hint.h"

#define ONE INT64_C(1000000)
#define DEBT_MOST (1000000 * ONE)

static int64_t size(const struct bucket *b)
{
	return (int64_t)(b->count > 1 ? b->count / 2 : 1) * ONE;
}

/* Millionths that come in a second, for each of `seconds`. */
static int64_t refill(const struct bucket *b)
{
	return (int64_t)b->count * ONE - (b->count > 1 ? size(b) : 0);
}

void bucket_init(struct bucket *b, unsigned count, unsigned seconds,
                 bool of_recipients)
{
	*b = (struct bucket){ .count = count,
		              .seconds = seconds,
		              .of_recipients = of_recipients };
	b->level = count > 0 ? size(b) : 0;
}

void bucket_load(struct bucket *b, const struct dir *d, const char *smarthost)
{
	char text[HINT_LIMIT + 1];
	unsigned count, seconds;
	int64_t level, at;

	if (b->count == 0 || !hint_read(d, "rate.", smarthost, text) ||
	    sscanf(text, "%u/%u %" SCNd64 " %" SCNd64, &count, &seconds, &level,
	           &at) != 4 ||
	    count != b->count || seconds != b->seconds || level > size(b) ||
	    level < -DEBT_MOST || at < 0)
		return;
	b->level = level;
	b->at = at;
}

void bucket_store(const struct bucket *b, const struct dir *d,
                  const char *smarthost)
{
	char text[HINT_LIMIT];

	if (b->count == 0)
		return;
	snprintf(text, sizeof(text), "%u/%u %" PRId64 " %" PRId64 "\n",
	         b->count, b->seconds, b->level, b->at);
	hint_write(d, "rate.", smarthost, text);
}

static void fill(struct bucket *b, int64_t now)
{
	int64_t period = (int64_t)b->seconds * 1000, passed = now - b->at;

	if (b->at == 0 || passed > 10 * period)
		b->level = size(b);
	else if (passed > 0)
		b->level += passed * (refill(b) / 1000) / (int64_t)b->seconds;
	if (b->level > size(b))
		b->level = size(b);
	b->at = now;
}

int64_t bucket_wait(struct bucket *b, int64_t now)
{
	int64_t missing;

	if (b->count == 0)
		return 0;
	fill(b, now);
	missing = ONE - b->level;
	if (missing <= 0)
		return 0;
	return missing * (int64_t)b->seconds / (refill(b) / 1000) + 1;
}

void bucket_take(struct bucket *b, unsigned recipients)
{
	if (b->count > 0)
		b->level -= ONE * (b->of_recipients ? recipients : 1);
}

unsigned bucket_left(const struct bucket *b, int64_t now)
{
	struct bucket then = *b;

	if (b->count == 0)
		return 0;
	fill(&then, now);
	return then.level > 0 ? (unsigned)(then.level / ONE) : 0;
}
