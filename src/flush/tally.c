/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of START COUNT CRC ADDRESS; COUNT is TALLY_MOST + 1 where some wait. */
#include "flush/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "queue/hint.h"

#define NAME "count.reports"
#define ADDRESS_LIMIT 320 /* bytes; a longer one is not counted */
#define FILE_LIMIT (TALLY_ADDRESSES * (ADDRESS_LIMIT + 60))

struct window {
	int64_t start; /* of its hour, 0: none */
	unsigned count;
	char address[ADDRESS_LIMIT + 1];
};

struct windows {
	struct window list[TALLY_ADDRESSES];
	size_t count;
};

static uint32_t sum(const struct window *w)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%" PRId64 " %u ", w->start,
	                 w->count);

	return crc_add(crc_add(0, text, (size_t)n), w->address,
	               strlen(w->address));
}

/* --- the file ------------------------------------------------------------- */

/* False: it is none of ours. */
static bool parse(struct window *w, const char *line)
{
	uint32_t crc;
	int used = 0;

	if (sscanf(line, "%" SCNd64 " %u %" SCNx32 "%n", &w->start, &w->count,
	           &crc, &used) != 3 ||
	    line[used] != ' ' || strlen(line + used + 1) > ADDRESS_LIMIT)
		return false;
	memcpy(w->address, line + used + 1, strlen(line + used + 1) + 1);
	return crc == sum(w) && w->start > 0 && w->count > 0;
}

static void load(struct windows *all, const struct dir *d)
{
	char *text = mem_alloc(FILE_LIMIT + 1);

	all->count = 0;
	hint_read_file(d, NAME, text, FILE_LIMIT + 1);
	for (char *line = text, *end;
	     all->count < TALLY_ADDRESSES && (end = strchr(line, '\n')) != NULL;
	     line = end + 1) {
		*end = '\0';
		if (parse(&all->list[all->count], line))
			all->count++;
	}
	free(text);
}

static void store(const struct windows *all, const struct dir *d)
{
	struct sbuf text;

	sbuf_init(&text, FILE_LIMIT);
	for (size_t i = 0; i < all->count; i++) {
		const struct window *w = &all->list[i];

		sbuf_addf(&text, "%" PRId64 " %u %08" PRIX32 " %s\n", w->start,
		          w->count, sum(w), w->address);
	}
	hint_write_file(d, NAME, text.data);
	sbuf_release(&text);
}

/* --- the windows ---------------------------------------------------------- */

/* One that begins in the future is over: a clock went back. */
static bool is_over(const struct window *w, int64_t now)
{
	return w->start > now || now - w->start >= TALLY_TIME;
}

static bool owes(const struct window *w)
{
	return w->count > TALLY_MOST;
}

/* The one that is missed least: over and of no use, else the oldest. */
static struct window *least_of_use(struct windows *all, int64_t now)
{
	struct window *least = &all->list[0];

	for (size_t i = 0; i < all->count; i++) {
		struct window *w = &all->list[i];

		if (is_over(w, now) && !owes(w))
			return w;
		if (w->start < least->start)
			least = w;
	}
	return least;
}

/* A new one has no start. */
static struct window *find(struct windows *all, const char *address,
                           int64_t now)
{
	struct window *w;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].address, address) == 0)
			return &all->list[i];
	w = all->count < TALLY_ADDRESSES ? &all->list[all->count++]
	                                 : least_of_use(all, now);
	*w = (struct window){ 0 };
	memcpy(w->address, address, strlen(address) + 1);
	return w;
}

/* The address as it is remembered; false: it is too long for that. */
static bool begin(struct windows **all, struct window **w, const struct dir *d,
                  const char *address, int64_t now)
{
	if (strlen(address) > ADDRESS_LIMIT)
		return false;
	*all = mem_alloc(sizeof(**all));
	load(*all, d);
	*w = find(*all, address, now);
	return true;
}

static void end(struct windows *all, const struct dir *d)
{
	store(all, d);
	free(all);
}

enum tally tally_take(const struct dir *d, const char *address, int64_t now,
                      int64_t *later)
{
	enum tally result = TALLY_ALONE;
	struct windows *all;
	struct window *w;

	if (!begin(&all, &w, d, address, now))
		return TALLY_ALONE;
	if (is_over(w, now)) {
		result = owes(w) ? TALLY_TOGETHER : TALLY_ALONE;
		w->start = now;
		w->count = 1;
	} else if (w->count < TALLY_MOST) {
		w->count++;
	} else {
		w->count = TALLY_MOST + 1;
		*later = w->start + TALLY_TIME;
		result = TALLY_LATER;
	}
	end(all, d);
	return result;
}

/* Where some wait to go together, this one must not begin a new hour. */
bool tally_may_warn(const struct dir *d, const char *address, int64_t now)
{
	struct windows *all;
	struct window *w;
	bool may;

	if (!begin(&all, &w, d, address, now))
		return true;
	may = !owes(w) && (is_over(w, now) || w->count < TALLY_MOST);
	if (may && is_over(w, now)) {
		w->start = now;
		w->count = 0;
	}
	if (may) {
		w->count++;
		store(all, d);
	}
	free(all);
	return may;
}

void tally_owe(const struct dir *d, const char *address, int64_t now)
{
	struct windows *all;
	struct window *w;

	if (!begin(&all, &w, d, address, now))
		return;
	if (is_over(w, now))
		w->start = now;
	w->count = TALLY_MOST + 1;
	end(all, d);
}
