/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/turns.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "queue/share.h"

struct turn {
	uint64_t rank; /* how many of the same user come before it */
	size_t index;
};

static int compare(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static struct turn *rank_all(const struct spool *s, const struct names *list)
{
	struct turn *turns = mem_array(list->count, sizeof(*turns));
	struct shares shares = { 0 };
	struct stat st;

	for (size_t i = 0; i < list->count; i++) {
		turns[i].index = i;
		if (fstatat(s->place[SPOOL_NEW].fd, NAMES_AT(list, i), &st,
		            AT_SYMLINK_NOFOLLOW) == 0)
			turns[i].rank = shares_add(&shares, st.st_uid, 0);
	}
	shares_release(&shares);
	return turns;
}

size_t *turns_make(const struct spool *s, const struct names *list)
{
	struct turn *turns;
	size_t *order;

	if (!s->is_shared || list->count < 2)
		return NULL;
	turns = rank_all(s, list);
	qsort(turns, list->count, sizeof(*turns), compare);
	order = mem_array(list->count, sizeof(*order));
	for (size_t i = 0; i < list->count; i++)
		order[i] = turns[i].index;
	free(turns);
	return order;
}

void turns_sort(const struct spool *s, struct names *list, size_t first)
{
	struct names rest = { .packed = list->packed + first,
		              .count = list->count - first };
	size_t *order = turns_make(s, &rest);

	if (order != NULL)
		names_arrange(list, first, order);
	free(order);
}
