/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/wiped.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each block, and keeps what follows aligned. */
struct head {
	alignas(max_align_t) size_t size;
};

static struct head *head_of(void *block)
{
	return (struct head *)block - 1;
}

void *wiped_malloc(size_t size)
{
	struct head *head;

	if (size > SIZE_MAX - sizeof(*head))
		return NULL;
	head = malloc(sizeof(*head) + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

void *wiped_calloc(size_t count, size_t size)
{
	void *block;

	if (size > 0 && count > SIZE_MAX / size)
		return NULL;
	block = wiped_malloc(count * size);
	if (block != NULL)
		memset(block, 0, count * size);
	return block;
}

void *wiped_realloc(void *block, size_t size)
{
	void *other = wiped_malloc(size);

	if (other == NULL || block == NULL)
		return other;
	memcpy(other, block,
	       head_of(block)->size < size ? head_of(block)->size : size);
	wiped_free(block);
	return other;
}

char *wiped_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = wiped_malloc(size);

	if (copy != NULL)
		memcpy(copy, s, size);
	return copy;
}

void wiped_free(void *block)
{
	if (block == NULL)
		return;
	explicit_bzero(block, head_of(block)->size);
	free(head_of(block));
}
