/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 64

void names_release(struct names *n)
{
	free(n->packed);
	*n = (struct names){ 0 };
}

static unsigned value(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

static void pack(unsigned char packed[NAMES_PACKED], const char *id)
{
	for (size_t i = 0; i < NAMES_PACKED; i++)
		packed[i] = (unsigned char)(value(id[2 * i]) << 4 |
		                            value(id[2 * i + 1]));
}

void names_add(struct names *n, const char *id)
{
	if (n->count == n->room) {
		size_t room = n->room + n->room / 4 + FIRST_ROOM;

		n->packed =
			mem_grow(n->packed, n->room, room, sizeof(*n->packed));
		n->room = room;
	}
	pack(n->packed[n->count++], id);
}

const char *names_at(const struct names *n, size_t i,
                     char id[ENTRY_ID_LENGTH + 1])
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t k = 0; k < NAMES_PACKED; k++) {
		id[2 * k] = digits[n->packed[i][k] >> 4];
		id[2 * k + 1] = digits[n->packed[i][k] & 15];
	}
	id[ENTRY_ID_LENGTH] = '\0';
	return id;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, NAMES_PACKED);
}

void names_sort(struct names *n)
{
	if (n->count > 1)
		qsort(n->packed, n->count, sizeof(*n->packed), compare);
}

bool names_has(const struct names *n, const char *id)
{
	unsigned char key[NAMES_PACKED];

	pack(key, id);
	return n->count > 0 && bsearch(key, n->packed, n->count,
	                               sizeof(*n->packed), compare) != NULL;
}

void names_pop(struct names *n, char id[ENTRY_ID_LENGTH + 1])
{
	names_at(n, --n->count, id);
}

/* What is left moves to the front, and the room behind it is given back. */
void names_drop(struct names *n, size_t count)
{
	unsigned char(*smaller)[NAMES_PACKED];

	n->count -= count;
	if (n->count == 0) {
		names_release(n);
		return;
	}
	memmove(n->packed, n->packed + count, n->count * sizeof(*n->packed));
	smaller = realloc(n->packed, n->count * sizeof(*n->packed));
	if (smaller == NULL)
		return;
	n->packed = smaller;
	n->room = n->count;
}

void names_arrange(struct names *n, size_t first, const size_t *order)
{
	size_t count = n->count - first;
	unsigned char(*arranged)[NAMES_PACKED];

	if (count == 0)
		return;
	arranged = mem_array(count, sizeof(*arranged));
	for (size_t i = 0; i < count; i++)
		memcpy(arranged[i], n->packed[first + order[i]], NAMES_PACKED);
	memcpy(n->packed + first, arranged, count * sizeof(*arranged));
	free(arranged);
}
