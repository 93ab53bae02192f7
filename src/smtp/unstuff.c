/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/unstuff.h"

#include <string.h>

void unstuff_init(struct unstuff *u, bool is_strict,
                  void (*write)(void *arg, const char *bytes, size_t n),
                  void *arg)
{
	*u = (struct unstuff){ .is_strict = is_strict,
		               .write = write,
		               .arg = arg };
}

static void give(const struct unstuff *u, const char *bytes, size_t n)
{
	if (n > 0)
		u->write(u->arg, bytes, n);
}

/* A byte that is no held back dot's business.  False: it may not be there. */
static bool pass(struct unstuff *u, char c)
{
	if (u->is_strict && (c == '\n') != u->after_cr)
		return false;
	u->after_cr = c == '\r';
	u->state = c == '\n' ? UNSTUFF_LINE_START : UNSTUFF_IN_LINE;
	return true;
}

/* One byte; *keeps: it is content. */
static enum unstuff_result step(struct unstuff *u, char c, bool *keeps)
{
	*keeps = false;
	switch (u->state) {
	case UNSTUFF_LINE_START:
		if (c == '.') {
			u->state = UNSTUFF_DOT;
			return UNSTUFF_MORE;
		}
		break;
	case UNSTUFF_IN_LINE: break;
	case UNSTUFF_DOT:
		if (c == '\r') {
			u->state = UNSTUFF_DOT_CR;
			return UNSTUFF_MORE;
		}
		if (c == '\n' && !u->is_strict)
			return UNSTUFF_END;
		break;
	case UNSTUFF_DOT_CR:
		if (c == '\n')
			return UNSTUFF_END;
		if (u->is_strict)
			return UNSTUFF_BARE;
		give(u, "\r", 1);
		break;
	}
	*keeps = true;
	return pass(u, c) ? UNSTUFF_MORE : UNSTUFF_BARE;
}

/* The bytes of a line that need no look: all before its end. */
static size_t plain_length(const struct unstuff *u, const char *bytes, size_t n)
{
	const char *end;

	if (u->is_strict || u->state != UNSTUFF_IN_LINE)
		return 0;
	end = memchr(bytes, '\n', n);
	return end != NULL ? (size_t)(end - bytes) : n;
}

enum unstuff_result unstuff(struct unstuff *u, const char *bytes, size_t n,
                            size_t *used)
{
	enum unstuff_result result = UNSTUFF_MORE;
	size_t from = 0, i = 0;

	while (i < n && result == UNSTUFF_MORE) {
		size_t plain = plain_length(u, bytes + i, n - i);
		bool keeps = true;

		i += plain;
		if (plain > 0)
			continue;
		/* in order: what is before it, then perhaps a held back CR */
		if (u->state == UNSTUFF_LINE_START && bytes[i] == '.') {
			give(u, bytes + from, i - from);
			from = i;
		}
		result = step(u, bytes[i], &keeps);
		i++;
		if (!keeps)
			from = i;
	}
	if (result == UNSTUFF_MORE)
		give(u, bytes + from, i - from);
	*used = i;
	return result;
}
