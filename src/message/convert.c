/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "message/encode.h"
#include "message/field.h"
#include "message/mime.h"

#define SLICE ((size_t)4096) /* that an encoder gets at once */
#define WRAP 76
#define FIELD_MOST ((size_t)256 << 20) /* of one field that was made to fit */

struct convert {
	const struct convert_part *part;
	size_t count;
	bool to_ascii;
	struct mime *mime;
	struct sbuf encoded;

	/* of the text that is being encoded */
	struct quoted quoted;
	struct base64 base64;
	size_t column;
	unsigned in_escape; /* bytes of =XX still to come */

	int (*write)(void *arg, const char *bytes, size_t n);
	void *arg;
	int result;
	char last; /* byte that was put */
	size_t used;
	char out[16384];
};

/* ---- output ---- */

static void flush(struct convert *c)
{
	if (c->used > 0 && c->result == 0)
		c->result = c->write(c->arg, c->out, c->used);
	c->used = 0;
}

static void put(struct convert *c, const char *bytes, size_t n)
{
	size_t part;

	for (; n > 0; bytes += part, n -= part) {
		if (c->used == sizeof(c->out))
			flush(c);
		part = sizeof(c->out) - c->used;
		if (part > n)
			part = n;
		memcpy(c->out + c->used, bytes, part);
		c->used += part;
		c->last = bytes[part - 1];
	}
}

static void put_break(struct convert *c)
{
	put(c, "\r\n", 2);
	c->column = 0;
}

static void put_encoded(struct convert *c)
{
	put(c, c->encoded.data, c->encoded.len);
	sbuf_reset(&c->encoded);
}

/* ---- headers ---- */

static void put_fitting(struct convert *c, const struct field *field)
{
	struct sbuf fitted;
	struct fault f;

	if (field_fits(field, c->to_ascii)) {
		put(c, field->raw, field->len);
		return;
	}
	sbuf_init(&fitted, FIELD_MOST);
	if (field_fit(field, c->to_ascii, &fitted, &f) == 0)
		put(c, fitted.data, fitted.len);
	else
		put(c, field->raw, field->len);
	sbuf_release(&fitted);
}

static void put_fields(struct convert *c, const struct convert_part *part,
                       const char *fields, size_t n)
{
	struct field field;
	size_t at = 0;

	while (field_next(fields, n, &at, &field)) {
		if (part->encoding != NULL &&
		    field_is(&field, "Content-Transfer-Encoding"))
			continue;
		if (part->fits_fields)
			put_fitting(c, &field);
		else
			put(c, field.raw, field.len);
	}
}

static void put_field(struct convert *c, const char *name, const char *value)
{
	put(c, name, strlen(name));
	put(c, value, strlen(value));
	put(c, "\r\n", 2);
}

static const struct convert_part *part_of(const struct convert *c,
                                          const struct mime_part *part)
{
	static const struct convert_part kept = { .text = CONVERT_KEEP };

	return part->index < c->count ? &c->part[part->index] : &kept;
}

static bool adds_fields(const struct convert_part *part)
{
	return part->adds_version || part->charset != NULL ||
	       part->encoding != NULL;
}

/* A message in a part whose header runs into its text has no header, either:
 * what it gets must not become fields of the part. */
static bool opens_message(const struct convert *c, const struct mime_part *mime)
{
	return mime->kind == MIME_MESSAGE && mime->index + 1 < c->count &&
	       adds_fields(&c->part[mime->index + 1]);
}

static void on_header(void *arg, const struct mime_part *mime,
                      const char *fields, size_t n, bool is_ended)
{
	struct convert *c = arg;
	const struct convert_part *part = part_of(c, mime);
	bool adds = adds_fields(part);

	quoted_init(&c->quoted);
	base64_init(&c->base64);
	c->column = 0;
	c->in_escape = 0;
	if (adds || part->fits_fields)
		put_fields(c, part, fields, n);
	else
		put(c, fields, n);
	if (part->adds_version)
		put_field(c, "MIME-Version: ", "1.0");
	if (part->charset != NULL)
		put_field(c,
		          "Content-Type: text/plain; charset=", part->charset);
	if (part->encoding != NULL)
		put_field(c, "Content-Transfer-Encoding: ", part->encoding);
	if (is_ended || adds || opens_message(c, mime))
		put(c, "\r\n", 2);
}

/* ---- text ---- */

static void encode_quoted(struct convert *c, const char *bytes, size_t n,
                          bool breaks)
{
	if (breaks)
		quoted_break(&c->quoted, &c->encoded);
	for (size_t part; n > 0; bytes += part, n -= part) {
		part = n < SLICE ? n : SLICE;
		quoted_add(&c->quoted, bytes, part, &c->encoded);
		put_encoded(c);
	}
	put_encoded(c);
}

static void encode_base64(struct convert *c, const char *bytes, size_t n,
                          bool breaks)
{
	if (breaks)
		base64_add(&c->base64, "\r\n", 2, &c->encoded);
	for (size_t part; n > 0; bytes += part, n -= part) {
		part = n < SLICE ? n : SLICE;
		base64_add(&c->base64, bytes, part, &c->encoded);
		put_encoded(c);
	}
	put_encoded(c);
}

/* No line begins with a hyphen that did not: no boundary may arise. */
static bool may_break(const struct convert *c, char next)
{
	return c->column >= WRAP && (next != '-' || c->column >= FIELD_LINE);
}

static void wrap_base64(struct convert *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (may_break(c, bytes[i]))
			put_break(c);
		put(c, bytes + i, 1);
		c->column++;
	}
}

/* What of =XX is still to come, if it is well-formed. */
static unsigned escape_rest(unsigned rest, char c)
{
	char low = ascii_lower(c);

	if (c == '=')
		return 2;
	if (rest > 0 && ((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')))
		return rest - 1;
	return 0;
}

/* A soft line break, not inside =XX. */
static void wrap_quoted(struct convert *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->column >= WRAP - 3 && c->in_escape == 0) {
			put(c, "=", 1);
			put_break(c);
		}
		c->in_escape = escape_rest(c->in_escape, bytes[i]);
		if (c->column == 0 && bytes[i] == '-')
			put(c, "=2D", 3);
		else
			put(c, bytes + i, 1);
		c->column++;
	}
}

static void clean(struct convert *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->column >= FIELD_LINE) {
			put(c, "\r\n ", 3);
			c->column = 1;
		}
		put(c, (unsigned char)bytes[i] < 0x80 ? bytes + i : "?", 1);
		c->column++;
	}
}

static void on_text(void *arg, const struct mime_part *mime, const char *bytes,
                    size_t n, bool begins, bool breaks)
{
	struct convert *c = arg;
	enum convert_text text = part_of(c, mime)->text;

	if (text == CONVERT_QUOTED) {
		encode_quoted(c, bytes, n, breaks);
		return;
	}
	if (text == CONVERT_BASE64) {
		encode_base64(c, bytes, n, breaks);
		return;
	}
	if (breaks)
		put_break(c);
	if (begins) {
		c->column = 0;
		c->in_escape = 0;
	}
	if (text == CONVERT_WRAP_BASE64)
		wrap_base64(c, bytes, n);
	else if (text == CONVERT_WRAP_QUOTED)
		wrap_quoted(c, bytes, n);
	else if (text == CONVERT_CLEAN)
		clean(c, bytes, n);
	else
		put(c, bytes, n);
}

static void on_end(void *arg, const struct mime_part *mime)
{
	struct convert *c = arg;
	enum convert_text text = part_of(c, mime)->text;

	if (text == CONVERT_QUOTED)
		quoted_end(&c->quoted, &c->encoded);
	else if (text == CONVERT_BASE64)
		base64_end(&c->base64, &c->encoded);
	put_encoded(c);
}

static void on_boundary(void *arg, const char *line, size_t n, bool breaks,
                        bool is_last)
{
	struct convert *c = arg;

	if (breaks)
		put(c, "\r\n", 2);
	put(c, line, n);
	if (!is_last)
		put(c, "\r\n", 2);
}

/* ---- a reading ---- */

struct convert *
convert_create(const struct convert_part *parts, size_t count, bool to_ascii,
               size_t header_limit,
               int (*write)(void *arg, const char *bytes, size_t n), void *arg)
{
	static const struct mime_reader reader = {
		.header = on_header,
		.text = on_text,
		.end = on_end,
		.boundary = on_boundary,
	};
	struct convert *c = mem_alloc(sizeof(*c));

	c->part = parts;
	c->count = count;
	c->to_ascii = to_ascii;
	c->write = write;
	c->arg = arg;
	sbuf_init(&c->encoded, 8 * SLICE);
	c->mime = mime_create(&reader, c, header_limit);
	return c;
}

int convert_add(struct convert *c, const char *bytes, size_t n)
{
	if (c->result == 0)
		mime_add(c->mime, bytes, n);
	return c->result;
}

int convert_end(struct convert *c)
{
	mime_end(c->mime);
	if (c->last != '\n')
		put(c, "\r\n", 2);
	flush(c);
	if (c->result == 0 && mime_problem(c->mime) != NULL)
		c->result = -1;
	return c->result;
}

void convert_free(struct convert **pointer)
{
	struct convert *c = *pointer;

	if (c == NULL)
		return;
	mime_free(&c->mime);
	sbuf_release(&c->encoded);
	free(c);
	*pointer = NULL;
}
