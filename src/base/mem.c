/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"

/* write() and _exit(): nothing that could allocate again. */
static NORETURN void out_of_memory(void)
{
	static const char text[] = "relay: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_array(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_grow(void *old, size_t count, size_t new_count, size_t size)
{
	char *p;

	if (new_count > SIZE_MAX / size)
		out_of_memory();
	p = realloc(old, new_count * size);
	if (p == NULL)
		out_of_memory();
	memset(p + count * size, 0, (new_count - count) * size);
	return p;
}

char *mem_strndup(const char *s, size_t n)
{
	char *copy = mem_alloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}
