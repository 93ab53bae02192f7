/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/object.h"

#include <stdint.h>
#include <string.h>

#include "base/escape.h"

#define DEPTH 16
#define TEXT_LIMIT 16384

/* --- what is not nested --------------------------------------------------- */

static bool is_at(const struct object *o, char c)
{
	return o->at < o->end && *o->at == c;
}

static bool take(struct object *o, char c)
{
	if (!is_at(o, c))
		return false;
	o->at++;
	return true;
}

static void skip_blanks(struct object *o)
{
	while (is_at(o, ' ') || is_at(o, '\t') || is_at(o, '\r') ||
	       is_at(o, '\n'))
		o->at++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind "\u": four digits, or -1. */
static long code_unit(const char *at, const char *end)
{
	long unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool skip_escape(struct object *o)
{
	if (o->at == o->end)
		return false;
	if (*o->at == 'u') {
		if (code_unit(o->at + 1, o->end) < 0)
			return false;
		o->at += 4;
	} else if (strchr("\"\\/bfnrt", *o->at) == NULL || *o->at == '\0') {
		return false;
	}
	o->at++;
	return true;
}

static bool skip_text(struct object *o)
{
	if (!take(o, '"'))
		return false;
	while (o->at < o->end && *o->at != '"') {
		if ((unsigned char)*o->at < 0x20)
			return false;
		if (*o->at++ == '\\' && !skip_escape(o))
			return false;
	}
	return take(o, '"');
}

static bool skip_digits(struct object *o)
{
	const char *begin = o->at;

	while (o->at < o->end && *o->at >= '0' && *o->at <= '9')
		o->at++;
	return o->at > begin;
}

static bool skip_number(struct object *o)
{
	take(o, '-');
	if (!take(o, '0') && !skip_digits(o))
		return false;
	if (take(o, '.') && !skip_digits(o))
		return false;
	if (!take(o, 'e') && !take(o, 'E'))
		return true;
	if (!take(o, '+'))
		take(o, '-');
	return skip_digits(o);
}

static bool skip_word(struct object *o)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(o->end - o->at) >= n &&
		    memcmp(o->at, words[i], n) == 0) {
			o->at += n;
			return true;
		}
	}
	return false;
}

static bool skip_plain(struct object *o)
{
	if (is_at(o, '"'))
		return skip_text(o);
	if (is_at(o, '-') || (o->at < o->end && *o->at >= '0' && *o->at <= '9'))
		return skip_number(o);
	return skip_word(o);
}

/* --- what is -------------------------------------------------------------- */

/* Brackets that are open, one bit for each: set for an object. */
struct nest {
	unsigned depth;
	uint32_t objects;
};

static bool is_in_object(const struct nest *nest)
{
	return nest->depth > 0 && (nest->objects >> (nest->depth - 1) & 1) != 0;
}

static bool skip_name(struct object *o)
{
	skip_blanks(o);
	if (!skip_text(o))
		return false;
	skip_blanks(o);
	return take(o, ':');
}

/* The brackets that stand before a value, and the value if it has none.
 * *is_whole: what comes next is a comma or closes a bracket. */
static bool begin_value(struct object *o, struct nest *nest, bool *is_whole)
{
	bool is_object;

	skip_blanks(o);
	*is_whole = true;
	if (!is_at(o, '{') && !is_at(o, '['))
		return skip_plain(o);
	is_object = *o->at++ == '{';
	if (++nest->depth > DEPTH)
		return false;
	nest->objects &= ~(UINT32_C(1) << (nest->depth - 1));
	nest->objects |= (uint32_t)is_object << (nest->depth - 1);
	skip_blanks(o);
	*is_whole = is_at(o, is_object ? '}' : ']');
	return *is_whole || !is_object || skip_name(o);
}

static bool end_values(struct object *o, struct nest *nest)
{
	while (nest->depth > 0) {
		bool is_object = is_in_object(nest);

		skip_blanks(o);
		if (take(o, ','))
			return !is_object || skip_name(o);
		if (!take(o, is_object ? '}' : ']'))
			return false;
		nest->depth--;
	}
	return true;
}

/* Any value, whatever is in it. */
static bool skip_value(struct object *o)
{
	struct nest nest = { 0 };
	bool is_whole;

	do {
		if (!begin_value(o, &nest, &is_whole))
			return false;
		if (is_whole && !end_values(o, &nest))
			return false;
	} while (nest.depth > 0);
	return true;
}

/* --- the members ---------------------------------------------------------- */

static enum object_kind kind_of(char c)
{
	switch (c) {
	case '"': return OBJECT_TEXT;
	case '[': return OBJECT_LIST;
	case '{': return OBJECT_NESTED;
	case 't':
	case 'f':
	case 'n': return OBJECT_WORD;
	default: return OBJECT_NUMBER;
	}
}

void object_open(struct object *o, const char *bytes, size_t n)
{
	*o = (struct object){ .at = bytes, .end = bytes + n };
}

static int read_member(struct object *o, struct object_member *m)
{
	skip_blanks(o);
	m->name = o->at + 1;
	if (!skip_text(o))
		return -1;
	m->name_length = (size_t)(o->at - 1 - m->name);
	skip_blanks(o);
	if (!take(o, ':'))
		return -1;
	skip_blanks(o);
	m->value = o->at;
	if (!skip_value(o))
		return -1;
	m->length = (size_t)(o->at - m->value);
	m->kind = kind_of(*m->value);
	return 1;
}

static int end_object(struct object *o)
{
	skip_blanks(o);
	return o->at == o->end ? 0 : -1;
}

int object_next(struct object *o, struct object_member *m)
{
	bool is_first = !o->is_begun;

	skip_blanks(o);
	if (is_first && !take(o, '{'))
		return -1;
	o->is_begun = true;
	skip_blanks(o);
	if (take(o, '}'))
		return end_object(o);
	if (!is_first && !take(o, ','))
		return -1;
	return read_member(o, m);
}

bool object_is(const struct object_member *m, const char *name)
{
	return m->name_length == strlen(name) &&
	       memcmp(m->name, name, m->name_length) == 0;
}

/* --- values --------------------------------------------------------------- */

static void add_utf8(struct sbuf *b, unsigned long c)
{
	char bytes[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[n] | c);
	sbuf_add(b, bytes, n);
}

/* Behind "\u"; how many bytes were read.  Half a pair becomes what escape_add()
 * shows as no character. */
static size_t add_code(struct sbuf *b, const char *at, const char *end)
{
	long high = code_unit(at, end), low = -1;

	if (high >= 0xd800 && high < 0xdc00 && end - at >= 6 && at[4] == '\\' &&
	    at[5] == 'u')
		low = code_unit(at + 6, end);
	if (low >= 0xdc00 && low < 0xe000) {
		add_utf8(b, 0x10000UL + (unsigned long)(high - 0xd800) * 0x400 +
		                    (unsigned long)(low - 0xdc00));
		return 10;
	}
	add_utf8(b, (unsigned long)high);
	return 4;
}

/* A text without its quotes, that was checked. */
static void add_text(struct sbuf *to, const char *at, const char *end)
{
	static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
	struct sbuf text;

	sbuf_init(&text, TEXT_LIMIT);
	while (at < end) {
		const char *found;

		if (*at != '\\') {
			sbuf_add(&text, at++, 1);
			continue;
		}
		at++;
		found = strchr(from, *at);
		if (*at == 'u') {
			at += 1 + add_code(&text, at + 1, end);
			continue;
		}
		sbuf_add(&text, found != NULL ? &into[found - from] : at, 1);
		at++;
	}
	escape_add(to, text.data, text.len);
	sbuf_release(&text);
}

static void add_plain(struct sbuf *to, const char *value, size_t n)
{
	if (value[0] == '"')
		add_text(to, value + 1, value + n - 1);
	else
		sbuf_add(to, value, n);
}

static void add_list(struct sbuf *to, const char *value, size_t n)
{
	struct object o = { .at = value + 1, .end = value + n };
	bool is_first = true;

	for (skip_blanks(&o); !is_at(&o, ']'); skip_blanks(&o)) {
		const char *item = o.at;

		if (!skip_value(&o)) /* it was checked */
			return;
		if (kind_of(*item) < OBJECT_LIST) {
			if (!is_first)
				sbuf_add(to, " ", 1);
			add_plain(to, item, (size_t)(o.at - item));
			is_first = false;
		}
		skip_blanks(&o);
		take(&o, ',');
	}
}

void object_add_value(const struct object_member *m, struct sbuf *to)
{
	if (m->kind == OBJECT_LIST)
		add_list(to, m->value, m->length);
	else if (m->kind != OBJECT_NESTED)
		add_plain(to, m->value, m->length);
}

bool object_get_number(const struct object_member *m, long long *number)
{
	unsigned long long value = 0;

	if (m->kind != OBJECT_NUMBER || m->length > 18)
		return false;
	for (size_t i = 0; i < m->length; i++) {
		if (m->value[i] < '0' || m->value[i] > '9')
			return false;
		value = value * 10 + (unsigned)(m->value[i] - '0');
	}
	*number = (long long)value;
	return true;
}
