/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pairs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

void pairs_init(struct pairs *p)
{
	sbuf_init(&p->bytes, PAIRS_LIMIT);
}

void pairs_release(struct pairs *p)
{
	sbuf_release(&p->bytes);
}

/* --- what may be in a line ------------------------------------------------ */

static size_t key_length(const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n &&
	       ((bytes[i] >= 'a' && bytes[i] <= 'z') ||
	        (bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == '_'))
		i++;
	return i;
}

static bool is_key(const char *bytes, size_t n)
{
	return n > 0 && n < PAIRS_KEY && key_length(bytes, n) == n;
}

static bool is_value(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

/* --- one of them ---------------------------------------------------------- */

/* The next pair behind `key`, or the first for NULL; NULL behind the last. */
static const char *next(const struct pairs *p, const char *key)
{
	const char *end = p->bytes.data + p->bytes.len;
	const char *value;

	if (key == NULL)
		return p->bytes.len > 0 ? p->bytes.data : NULL;
	value = key + strlen(key) + 1;
	key = value + strlen(value) + 1;
	return key < end ? key : NULL;
}

static const char *value_of(const char *key)
{
	return key + strlen(key) + 1;
}

static const char *find(const struct pairs *p, const char *key)
{
	const char *at = next(p, NULL);

	while (at != NULL && strcmp(at, key) != 0)
		at = next(p, at);
	return at;
}

const char *pairs_get(const struct pairs *p, const char *key)
{
	const char *at = find(p, key);

	return at != NULL ? value_of(at) : NULL;
}

bool pairs_get_number(const struct pairs *p, const char *key, int64_t *value)
{
	const char *text = pairs_get(p, key);
	char *end;

	if (text == NULL || strspn(text, "-0123456789") != strlen(text))
		return false;
	errno = 0;
	*value = strtoimax(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

const char *pairs_at(const struct pairs *p, size_t i, const char **value)
{
	const char *at = next(p, NULL);

	while (at != NULL && i-- > 0)
		at = next(p, at);
	if (at != NULL)
		*value = value_of(at);
	return at;
}

/* --- to change them ------------------------------------------------------- */

/* Move what follows over it, and wipe what that leaves. */
static void drop(struct pairs *p, const char *key)
{
	const char *value = value_of(key);
	size_t from = (size_t)(key - p->bytes.data);
	size_t n = (size_t)(value + strlen(value) + 1 - key);
	size_t rest = p->bytes.len - from - n;

	memmove(p->bytes.data + from, p->bytes.data + from + n, rest);
	explicit_bzero(p->bytes.data + from + rest, n);
	sbuf_cut(&p->bytes, from + rest);
}

/* False: too much, and nothing has changed. */
static bool append(struct pairs *p, const char *key, size_t key_len,
                   const char *value, size_t value_len)
{
	if (key_len + value_len + 2 > PAIRS_LIMIT - p->bytes.len)
		return false;
	sbuf_add(&p->bytes, key, key_len);
	sbuf_add(&p->bytes, "", 1);
	sbuf_add(&p->bytes, value, value_len);
	sbuf_add(&p->bytes, "", 1);
	return true;
}

int pairs_put(struct pairs *p, const char *key, const char *value,
              struct fault *f)
{
	const char *old = find(p, key);

	if (old != NULL)
		drop(p, old);
	if (value == NULL)
		return 0;
	if (!is_value(value, strlen(value)))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` has a line break or a control "
		                   "character in it"),
		                 key);
	if (!append(p, key, strlen(key), value, strlen(value)))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is too long: all lines together may "
		                   "have %d bytes"),
		                 key, PAIRS_LIMIT);
	return 0;
}

int pairs_put_number(struct pairs *p, const char *key, int64_t value,
                     struct fault *f)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return pairs_put(p, key, text, f);
}

/* --- all of them ---------------------------------------------------------- */

static int read_line(struct pairs *p, const char *line, size_t n,
                     unsigned number, struct fault *f)
{
	size_t length = key_length(line, n);
	char key[PAIRS_KEY];

	if (length == n || line[length] != '=' || !is_key(line, length))
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("line %u is not KEY=VALUE"), number);
	memcpy(key, line, length);
	key[length] = '\0';
	if (!is_value(line + length + 1, n - length - 1))
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("line %u, `%s`, has a control character in "
		                   "it"),
		                 number, key);
	if (find(p, key) != NULL)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("line %u says `%s` a second time"), number,
		                 key);
	if (!append(p, key, length, line + length + 1, n - length - 1))
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("more than %d bytes"), PAIRS_LIMIT);
	return 0;
}

int pairs_read(struct pairs *p, const char *bytes, size_t n, struct fault *f)
{
	unsigned number = 0;

	pairs_release(p);
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t line = end != NULL ? (size_t)(end - bytes) : n;
		size_t whole = end != NULL ? line + 1 : n;

		if (line > 0 && bytes[line - 1] == '\r')
			line--;
		if (line == 0)
			return 0;
		if (read_line(p, bytes, line, ++number, f) != 0) {
			pairs_release(p);
			return -1;
		}
		bytes += whole;
		n -= whole;
	}
	return 0;
}

/* Not by printf(), which keeps pieces of what it prints on its stack. */
void pairs_write(const struct pairs *p, struct sbuf *out)
{
	for (const char *at = next(p, NULL); at != NULL; at = next(p, at)) {
		sbuf_addstr(out, at);
		sbuf_addstr(out, "=");
		sbuf_addstr(out, value_of(at));
		sbuf_addstr(out, "\n");
	}
	sbuf_addstr(out, "\n");
}
