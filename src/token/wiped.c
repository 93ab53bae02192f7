/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/wiped.h"

#include <stdlib.h>
#include <string.h>

#include "base/port.h"

void *wiped_malloc(size_t size)
{
	return malloc(size);
}

void *wiped_calloc(size_t count, size_t size)
{
	return calloc(count, size);
}

void *wiped_realloc(void *block, size_t size)
{
	size_t held = port_block_size(block);
	void *other = malloc(size);

	if (other == NULL || block == NULL)
		return other;
	memcpy(other, block, held < size ? held : size);
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
	explicit_bzero(block, port_block_size(block));
	free(block);
}
