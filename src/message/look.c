/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/field.h"

#define FITTED ((size_t)256 << 20) /* a field that was made to fit */
#define SIGNED ((size_t)8 << 10)   /* names in signatures */
#define NAMES ((size_t)160)        /* to be shown */

static struct look_fact *new_fact(struct look *l, const struct mime_part *part)
{
	if (l->count == l->size) {
		size_t size = l->size == 0 ? 4 : l->size * 2;

		l->fact = mem_grow(l->fact, l->size, size, sizeof(*l->fact));
		l->size = size;
	}
	l->fact[l->count] = (struct look_fact){ .part = *part };
	return &l->fact[l->count++];
}

/* The names in h= of a DKIM-Signature (RFC 6376, section 3.5). */
static void add_signed(struct look *l, const struct field *field)
{
	struct sbuf tags;
	const char *h, *end;

	sbuf_init(&tags, field->value_len + 1);
	sbuf_add(&tags, ";", 1);
	for (size_t i = 0; i < field->value_len; i++) {
		char c = ascii_lower(field->value[i]);

		if (!ascii_is_blank(c) && c != '\r' && c != '\n' && c != '\0')
			sbuf_add(&tags, &c, 1);
	}
	h = strstr(tags.data, ";h=");
	if (h != NULL) {
		h += 3;
		end = strchrnul(h, ';');
		sbuf_add(&l->signed_names, ":", 1);
		sbuf_add(&l->signed_names, h, (size_t)(end - h));
		sbuf_add(&l->signed_names, ":", 1);
	}
	sbuf_release(&tags);
}

static bool is_signed(const struct look *l, const struct field *field)
{
	struct sbuf name;
	bool found;

	if (l->signed_names.overflow)
		return true; /* who knows */
	sbuf_init(&name, field->name_len + 2);
	sbuf_add(&name, ":", 1);
	for (size_t i = 0; i < field->name_len; i++) {
		char c = ascii_lower(field->raw[i]);

		sbuf_add(&name, &c, 1);
	}
	sbuf_add(&name, ":", 1);
	found = strstr(l->signed_names.data, name.data) != NULL;
	sbuf_release(&name);
	return found;
}

/* The first ones, to be shown. */
static void add_name(struct sbuf *names, const struct field *field)
{
	if (field->name_len + 2 > names->limit - names->len)
		return;
	if (names->len > 0)
		sbuf_addstr(names, ", ");
	sbuf_add(names, field->raw, field->name_len);
}

/* Can it be made to fit?  Asked now, since the header is not kept. */
static void try_field(struct look *l, const struct field *field, bool to_ascii)
{
	struct fault *f = &l->fault[to_ascii];
	struct sbuf fitted;

	if (f->kind != FAULT_NONE || field_fits(field, to_ascii))
		return;
	sbuf_init(&fitted, FITTED);
	if (field_fit(field, to_ascii, &fitted, f) == 0 && fitted.overflow)
		fault_set(f, FAULT_PERM, "5.6.3",
		          _("the header is too long to be encoded for the "
		            "server; shorten it and send again"));
	sbuf_release(&fitted);
}

static void set_signed(struct look *l, const struct field *field, bool is_long)
{
	int n = field->name_len < 60 ? (int)field->name_len : 60;

	for (int i = is_long ? 0 : 1; i < 2; i++)
		snprintf(l->signed_field[i], sizeof(l->signed_field[i]), "%.*s",
		         n, field->raw);
}

static void look_at_field(struct look *l, struct look_fact *fact,
                          const struct field *field)
{
	bool is_8bit = encode_has_8bit(field->raw, field->len);
	size_t longest = field_longest(field);
	bool is_long = longest > FIELD_LINE;

	fact->header_is_8bit |= is_8bit;
	if (longest > fact->header_longest)
		fact->header_longest = longest;
	if ((!is_8bit && !is_long) || fact->part.is_sealed)
		return;
	try_field(l, field, false);
	try_field(l, field, true);
	if (fact->part.index > 0)
		return;
	add_name(is_8bit ? &l->names_8bit : &l->names_long, field);
	if (l->has_dkim && is_signed(l, field))
		set_signed(l, field, is_long);
}

static void on_header(void *arg, const struct mime_part *part,
                      const char *fields, size_t n, bool is_ended)
{
	struct look *l = arg;
	struct look_fact *fact = new_fact(l, part);
	struct field field;
	size_t at = 0;

	(void)is_ended;
	l->line = 0;
	while (part->index == 0 && field_next(fields, n, &at, &field))
		if (field_is(&field, "DKIM-Signature")) {
			l->has_dkim = true;
			add_signed(l, &field);
		}
	at = 0;
	while (field_next(fields, n, &at, &field))
		look_at_field(l, fact, &field);
}

static uint64_t count_above(const char *bytes, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (unsigned char)bytes[i] >> 7;
	return count;
}

/* Before the first octet above 127 of the message there is none to count. */
static void on_text(void *arg, const struct mime_part *part, const char *bytes,
                    size_t n, bool begins, bool breaks)
{
	struct look *l = arg;
	struct look_fact *fact = &l->fact[part->index];

	l->line = begins ? n : l->line + n;
	if (l->line > fact->longest)
		fact->longest = l->line;
	fact->octets += n + (breaks ? 2 : 0);
	if (l->scan.has_8bit) {
		fact->above += count_above(bytes, n);
		if (breaks)
			utf8_add(&fact->utf8, "\r\n", 2);
		utf8_add(&fact->utf8, bytes, n);
	}
	if (l->scan.has_nul && n > 0 && memchr(bytes, '\0', n) != NULL)
		fact->has_nul = true;
}

static void on_end(void *arg, const struct mime_part *part)
{
	(void)arg;
	(void)part;
}

static void on_boundary(void *arg, const char *line, size_t n, bool breaks,
                        bool is_last)
{
	(void)arg;
	(void)line;
	(void)n;
	(void)breaks;
	(void)is_last;
}

void look_init(struct look *l)
{
	static const struct mime_reader reader = {
		.header = on_header,
		.text = on_text,
		.end = on_end,
		.boundary = on_boundary,
	};

	*l = (struct look){ .count = 0 };
	wire_scan_init(&l->scan);
	sbuf_init(&l->signed_names, SIGNED);
	sbuf_init(&l->names_8bit, NAMES);
	sbuf_init(&l->names_long, NAMES);
	l->mime = mime_create(&reader, l, LOOK_HEADER);
}

/* The scan is first: what it has not seen need not be looked for. */
void look_add(struct look *l, const char *bytes, size_t n)
{
	wire_scan_add(&l->scan, bytes, n);
	mime_add(l->mime, bytes, n);
}

void look_end(struct look *l)
{
	mime_end(l->mime);
	l->problem = mime_problem(l->mime);
	mime_free(&l->mime);
}

void look_release(struct look *l)
{
	mime_free(&l->mime);
	sbuf_release(&l->names_long);
	sbuf_release(&l->names_8bit);
	sbuf_release(&l->signed_names);
	free(l->fact);
	l->fact = NULL;
}
