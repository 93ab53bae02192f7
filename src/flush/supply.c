/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/supply.h"

#include "flush/turns.h"

#define COMPACT 1024 /* names that are worth it */

void supply_release(struct supply *s)
{
	for (size_t i = 0; i < SUPPLY_KINDS; i++)
		names_release(&s->line[i].list);
	names_release(&s->returned);
}

static size_t left(const struct supply_line *l)
{
	return l->list.count - l->next;
}

size_t supply_left(const struct supply *s, enum supply_kind kind)
{
	return left(&s->line[kind]) +
	       (kind == SUPPLY_ORDINARY ? s->returned.count : 0);
}

size_t supply_count(const struct supply *s)
{
	size_t count = 0;

	for (unsigned i = 0; i < SUPPLY_KINDS; i++)
		count += supply_left(s, (enum supply_kind)i);
	return count;
}

void supply_add(struct supply *s, const char *id)
{
	supply_set_aside(s, SUPPLY_ORDINARY, id);
}

void supply_set_aside(struct supply *s, enum supply_kind kind, const char *id)
{
	names_add(&s->line[kind].list, id);
}

void supply_return(struct supply *s, const char *id)
{
	names_add(&s->returned, id);
}

void supply_sort(struct supply *s, const struct spool *spool)
{
	struct supply_line *l = &s->line[SUPPLY_ORDINARY];

	turns_sort(spool, &l->list, l->next);
}

/* What was taken needs no room. */
static void compact(struct supply_line *l)
{
	if (l->next < COMPACT || l->next < l->list.count / 2)
		return;
	names_drop(&l->list, l->next);
	l->next = 0;
}

bool supply_take(struct supply *s, unsigned wanted, char *id,
                 enum supply_kind *kind)
{
	if (s->returned.count > 0 && (wanted & 1U << SUPPLY_ORDINARY) != 0) {
		names_pop(&s->returned, id);
		*kind = SUPPLY_ORDINARY;
		return true;
	}
	for (unsigned i = 0; i < SUPPLY_KINDS; i++) {
		struct supply_line *l = &s->line[i];

		if ((wanted & 1U << i) == 0 || left(l) == 0)
			continue;
		names_at(&l->list, l->next++, id);
		compact(l);
		*kind = (enum supply_kind)i;
		return true;
	}
	return false;
}

enum supply_kind supply_kind_of(const struct job *job)
{
	const struct entry *e = &job->entry;

	if (job->history.breaks >= SUPPLY_BREAKS)
		return SUPPLY_SUSPECT;
	return e->content_end - e->content >= SUPPLY_LARGE ? SUPPLY_LARGE_ONE
	                                                   : SUPPLY_ORDINARY;
}
