/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hide.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sbuf.h"

#define TELLING 8 /* bytes that are no accident */

void hide_in(struct sbuf *text, const char *secret, size_t n)
{
	size_t window = n < TELLING ? n : TELLING;
	bool *hidden;

	if (window < TELLING / 2 || text->len < window)
		return;
	hidden = mem_array(text->len, sizeof(*hidden));
	for (size_t i = 0; i + window <= text->len; i++)
		if (memmem(secret, n, text->data + i, window) != NULL)
			memset(hidden + i, true, window);
	for (size_t i = 0; i < text->len; i++)
		if (hidden[i])
			text->data[i] = '*';
	free(hidden);
}
