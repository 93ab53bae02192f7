/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All fields live in one string, one after the other as they came, so a header
 * of 100,000 lines costs a few allocations.  A removed field keeps its bytes
 * and its place and is skipped.
 */
#include "message/header.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"

/* Room beyond the limit, for the fields that we add ourselves. */
#define RESERVE ((size_t)64 << 10)

void header_init(struct header *h, size_t byte_limit, size_t field_limit)
{
	*h = (struct header){ .byte_limit = byte_limit,
		              .field_limit = field_limit };
	sbuf_init(&h->text, byte_limit + RESERVE);
}

void header_release(struct header *h)
{
	sbuf_release(&h->text);
	free(h->field);
	header_init(h, h->byte_limit, h->field_limit);
}

/* Length of the name at the start of a field, 0 if the line is none.  This is
 * sendmail's test: "Subject : x" is a field, "--boundary: x" is not.  A CR
 * counts as the space that it will become. */
static size_t name_length(const char *line, size_t n)
{
	size_t name = 0, at;

	if (n >= 2 && line[0] == '-' && line[1] == '-')
		return 0;
	while (name < n && ascii_is_graph(line[name]) && line[name] != ':')
		name++;
	at = name;
	while (at < n && (ascii_is_blank(line[at]) || line[at] == '\r'))
		at++;
	return at < n && line[at] == ':' ? name : 0;
}

static bool is_mbox_line(const char *line, size_t n)
{
	if (n > 0 && line[0] == '>') {
		line++;
		n--;
	}
	return n >= 5 && memcmp(line, "From ", 5) == 0;
}

/* Append a line as it is stored: a CR is a space, NUL goes. */
static void add_clean(struct sbuf *text, const char *line, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (line[i] != '\r' && line[i] != '\0')
			continue;
		sbuf_add(text, line + from, i - from);
		if (line[i] == '\r')
			sbuf_add(text, " ", 1);
		from = i + 1;
	}
	sbuf_add(text, line + from, n - from);
	sbuf_add(text, "\r\n", 2);
}

static struct header_field *new_field(struct header *h)
{
	if (h->count == h->size) {
		size_t size = h->size == 0 ? 32 : h->size * 2;

		h->field = mem_grow(h->field, h->size, size, sizeof(*h->field));
		h->size = size;
	}
	return &h->field[h->count++];
}

enum header_line header_add_line(struct header *h, const char *line, size_t n)
{
	size_t name = name_length(line, n), at = h->text.len;
	bool more = n > 0 && (ascii_is_blank(line[0]) || line[0] == '\r');

	if (n == 0)
		return HEADER_END;
	if (h->count == 0 && name == 0 && is_mbox_line(line, n))
		return HEADER_TAKEN;
	if (more ? h->count == 0 : name == 0)
		return HEADER_BODY;
	if (at > h->byte_limit || n + 2 > h->byte_limit - at)
		return HEADER_TOO_LONG;
	if (!more && h->count >= h->field_limit)
		return HEADER_TOO_LONG;
	add_clean(&h->text, line, n);
	if (more)
		h->field[h->count - 1].len += h->text.len - at;
	else
		*new_field(h) = (struct header_field){ .at = at,
			                               .len = h->text.len - at,
			                               .name_len = name };
	return HEADER_TAKEN;
}

struct header_field *header_find(const struct header *h, const char *name,
                                 const struct header_field *previous)
{
	size_t n = name == NULL ? 0 : strlen(name);
	size_t i = previous == NULL ? 0 : (size_t)(previous - h->field) + 1;

	for (; i < h->count; i++) {
		struct header_field *field = &h->field[i];

		if (field->len == 0)
			continue;
		if (name == NULL ||
		    (field->name_len == n &&
		     ascii_is_same(h->text.data + field->at, name, n)))
			return field;
	}
	return NULL;
}

const char *header_raw(const struct header *h, const struct header_field *field,
                       size_t *n)
{
	const char *raw = h->text.data + field->at;
	size_t at = field->name_len;

	while (raw[at] != ':') /* every field has one */
		at++;
	at++;
	*n = field->len - at - 2;
	return raw + at;
}

void header_value(const struct header *h, const struct header_field *field,
                  struct sbuf *out)
{
	size_t n, at = 0;
	const char *raw = header_raw(h, field, &n);

	while (at < n &&
	       (ascii_is_blank(raw[at]) || raw[at] == '\r' || raw[at] == '\n'))
		at++;
	while (at < n) {
		const char *cr = memchr(raw + at, '\r', n - at);
		size_t end = cr != NULL ? (size_t)(cr - raw) : n;

		sbuf_add(out, raw + at, end - at);
		at = end + 2; /* every line is stored with its CRLF */
	}
}

void header_drop(struct header_field *field)
{
	field->len = 0;
}

void header_remove(struct header *h, const char *name)
{
	struct header_field *field = NULL;

	while ((field = header_find(h, name, field)) != NULL)
		header_drop(field);
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!ascii_is_graph(name[i]) || name[i] == ':')
			return false;
	return n > 0;
}

static bool has_control(const char *value)
{
	for (; *value != '\0'; value++)
		if (ascii_is_control(*value) && *value != '\t')
			return true;
	return false;
}

static int refuse_control(const char *name, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.6.0",
	                 _("the header field %s would hold a control "
	                   "character; remove it and send again"),
	                 name);
}

static int refuse_length(const char *name, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.3.4",
	                 _("the header is too long for the field %s; shorten "
	                   "it and send again"),
	                 name);
}

/* Put the text of a new field behind all others and describe it. */
static int make_field(struct header *h, struct header_field *field,
                      const char *name, const char *value, struct fault *f)
{
	size_t at = h->text.len, room = h->text.limit - at;
	size_t need = strlen(name) + strlen(value) + 4;

	if (!is_name(name) || has_control(value))
		return refuse_control(name, f);
	if (need > room)
		return refuse_length(name, f);
	sbuf_addf(&h->text, "%s: %s\r\n", name, value);
	*field = (struct header_field){ .at = at,
		                        .len = need,
		                        .name_len = strlen(name) };
	return 0;
}

int header_append(struct header *h, const char *name, const char *value,
                  struct fault *f)
{
	struct header_field field;

	if (make_field(h, &field, name, value, f) != 0)
		return -1;
	*new_field(h) = field;
	return 0;
}

int header_prepend(struct header *h, const char *name, const char *value,
                   struct fault *f)
{
	struct header_field field;

	if (make_field(h, &field, name, value, f) != 0)
		return -1;
	new_field(h);
	memmove(h->field + 1, h->field, (h->count - 1) * sizeof(*h->field));
	h->field[0] = field;
	return 0;
}

/* Do all its line ends begin a folded line, and is nothing else in it that a
 * value may not have? */
static bool is_folded_well(const char *raw, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (raw[i] == '\r') {
			if (n - i < 3 || raw[i + 1] != '\n' ||
			    !ascii_is_blank(raw[i + 2]))
				return false;
			i++;
		} else if (ascii_is_control(raw[i]) && raw[i] != '\t') {
			return false;
		}
	}
	return true;
}

int header_replace(struct header *h, struct header_field *field,
                   const char *raw, size_t n, struct fault *f)
{
	size_t at = h->text.len, unused;
	const char *name = h->text.data + field->at;
	struct sbuf whole;
	int result = 0;

	sbuf_init(&whole, h->text.limit);
	sbuf_add(&whole, name, field->name_len);
	if (!is_folded_well(raw, n))
		result = refuse_control(whole.data, f);
	else if (field->len + n > h->text.limit - at)
		result = refuse_length(whole.data, f);
	sbuf_reset(&whole);
	sbuf_add(&whole, name, (size_t)(header_raw(h, field, &unused) - name));
	sbuf_add(&whole, raw, n);
	sbuf_add(&whole, "\r\n", 2);
	if (result == 0) {
		sbuf_add(&h->text, whole.data, whole.len);
		field->at = at;
		field->len = whole.len;
	}
	sbuf_release(&whole);
	return result;
}

int header_write(const struct header *h,
                 int (*out)(void *arg, const char *bytes, size_t n), void *arg)
{
	const struct header_field *field = NULL;
	int result = 0;

	while (result == 0 && (field = header_find(h, NULL, field)) != NULL)
		result = out(arg, h->text.data + field->at, field->len);
	return result;
}
