/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/jwt.h"

#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "net/object.h"

#define PAYLOAD_LIMIT 12288
#define CLAIM_LIMIT 90           /* bytes of one that are shown */
#define TIME_MOST 253402300799LL /* the end of the year 9999 */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

bool jwt_decode(const char *text, size_t n, struct sbuf *bytes)
{
	uint32_t bits = 0;
	unsigned count = 0;

	if (n % 4 == 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		int value = digit(text[i]);
		char byte;

		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		byte = (char)(bits >> count & 0xff);
		sbuf_add(bytes, &byte, 1);
	}
	return !bytes->overflow && (bits & ((1U << count) - 1)) == 0;
}

/* The middle one of three parts, which is all that is looked at. */
static bool find_payload(const char *token, size_t n, const char **payload,
                         size_t *length)
{
	const char *end = token + n;
	const char *first = memchr(token, '.', n), *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL ||
	    memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	*payload = first + 1;
	*length = (size_t)(second - first - 1);
	return true;
}

/* As a time, if it can be one. */
static void add_time(const struct object_member *m, struct sbuf *value)
{
	long long seconds;

	if (object_get_number(m, &seconds) && seconds <= TIME_MOST)
		clock_add_short(value, seconds);
	else
		object_add_value(m, value);
}

static void add_claim(const char *name, const struct object_member *m,
                      struct sbuf *words)
{
	struct sbuf value;

	sbuf_init(&value, PAYLOAD_LIMIT * 4);
	if (strcmp(name, "exp") == 0)
		add_time(m, &value);
	else
		object_add_value(m, &value);
	if (value.len > CLAIM_LIMIT) {
		size_t cut = CLAIM_LIMIT;

		while (cut > 0 &&
		       ((unsigned char)value.data[cut] & 0xc0) == 0x80)
			cut--; /* between characters */
		sbuf_cut(&value, cut);
		sbuf_addstr(&value, "...");
	}
	if (value.len > 0 &&
	    words->len + strlen(name) + value.len + 2 <= JWT_WORDS)
		sbuf_addf(words, "%s%s=%s", words->len > 0 ? " " : "", name,
		          value.data);
	sbuf_release(&value);
}

/* The first of each name. */
static void describe_payload(const struct sbuf *payload, struct sbuf *words)
{
	static const char *const names[] = { "aud",   "scp", "scope",
		                             "roles", "upn", "exp" };
	struct object_member found[COUNT_OF(names)] = { { 0 } };
	struct object_member m;
	struct object o;
	int more;

	object_open(&o, payload->data, payload->len);
	while ((more = object_next(&o, &m)) > 0)
		for (size_t i = 0; i < COUNT_OF(names); i++)
			if (found[i].value == NULL && object_is(&m, names[i]))
				found[i] = m;
	for (size_t i = 0; more == 0 && i < COUNT_OF(names); i++)
		if (found[i].value != NULL)
			add_claim(names[i], &found[i], words);
}

void jwt_describe(const char *token, size_t n, struct sbuf *words)
{
	const char *text;
	size_t length;
	struct sbuf payload, own;

	sbuf_init(&payload, PAYLOAD_LIMIT);
	sbuf_init(&own, JWT_WORDS);
	if (find_payload(token, n, &text, &length) &&
	    jwt_decode(text, length, &payload))
		describe_payload(&payload, &own);
	sbuf_add(words, own.data, own.len);
	sbuf_release(&own);
	sbuf_release(&payload);
}
