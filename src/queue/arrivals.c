/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/arrivals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/mem.h"

#define OUTPUT_LIMIT ((size_t)8 << 20) /* over 200,000 lines */
#define DEADLINE 20                    /* seconds */

/* "ID SIZE" for one, "ALL COUNT BYTES" at the end. */
static void take_line(struct arrivals *a, const char *line)
{
	struct arrival *new;
	char id[ENTRY_ID_LENGTH + 1];
	uint64_t count, bytes;
	int64_t size;

	if (sscanf(line, "ALL %" SCNu64 " %" SCNu64, &count, &bytes) == 2) {
		a->others = count;
		a->other_bytes = bytes;
		for (size_t i = 0; i < a->count && a->others > 0; i++) {
			a->others--;
			a->other_bytes -= (uint64_t)a->list[i].size;
		}
		return;
	}
	if (sscanf(line, "%22s %" SCNd64, id, &size) != 2 || !entry_is_id(id))
		return;
	a->list = mem_grow(a->list, a->count, a->count + 1, sizeof(*a->list));
	new = &a->list[a->count++];
	memcpy(new->id, id, sizeof(id));
	new->size = size;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, ENTRY_ID_LENGTH);
}

void arrivals_read(struct arrivals *a)
{
	char name[] = PKGLIBEXECDIR "/relay-drop", list[] = "--list";
	char *const argv[] = { name, list, NULL };
	struct child_question q = { .argv = argv, .deadline = DEADLINE };
	struct sbuf answer;
	struct fault f;
	int status;

	*a = (struct arrivals){ 0 };
	sbuf_init(&answer, OUTPUT_LIMIT);
	if (child_run(&q, &answer, &status, &f) == 0 && status == 0)
		for (char *line = answer.data, *end;
		     (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			take_line(a, line);
		}
	sbuf_release(&answer);
	if (a->count > 1)
		qsort(a->list, a->count, sizeof(*a->list), compare);
}

void arrivals_release(struct arrivals *a)
{
	free(a->list);
	*a = (struct arrivals){ 0 };
}
