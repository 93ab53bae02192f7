/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_field - any bytes as one field
 *
 * The first byte says: bit 0 to ASCII, the rest which field.  What comes out is
 * one field that fits, and fits again unchanged, or a fault that names it.  A
 * field that fits is not asked to.  Parameters are parts of their text, in
 * order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message/encode.h"
#include "message/field.h"
#include "message/parameter.h"

#define LIMIT ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* One field of it: line ends only where a blank follows, in CRLF form. */
static void make_field(const char *name, const char *text, size_t n,
                       struct sbuf *raw)
{
	sbuf_addf(raw, "%s:", name);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			sbuf_addstr(raw, "\r\n x");
		else if (text[i] != '\r' && text[i] != '\0')
			sbuf_add(raw, text + i, 1);
	}
	sbuf_addstr(raw, "x\r\n");
}

static void check_parameters(const struct field *field)
{
	const char *at = field->value, *end = at + field->value_len;
	struct parameters all;
	struct parameter p;
	struct sbuf value;
	size_t len;

	sbuf_init(&value, field->value_len);
	must(parameters_begin(&all, at, field->value_len, &len) >= at);
	must(len <= field->value_len);
	while (parameters_next(&all, &p)) {
		must(p.name > at && p.name_len > 0);
		must(p.value > p.name + p.name_len - 1);
		must(p.value + p.value_len <= end);
		at = p.value + p.value_len - (p.value_len > 0 ? 1 : 0);
		sbuf_reset(&value);
		parameter_value(&p, &value);
		must(!value.overflow && value.len <= p.value_len);
	}
	sbuf_release(&value);
}

/* A line of blanks might be taken for the end of the header. */
static void check_lines(const struct sbuf *out)
{
	const char *at = out->data, *lf;

	for (; (lf = strchr(at, '\n')) != NULL; at = lf + 1)
		must(strspn(at, " \t\r") < (size_t)(lf - at));
}

static void check_fit(const struct field *field, bool to_ascii)
{
	struct sbuf out, again;
	struct field made;
	struct fault f = { .kind = FAULT_NONE };
	size_t at = 0;

	sbuf_init(&out, LIMIT);
	sbuf_init(&again, LIMIT);
	if (field_fit(field, to_ascii, &out, &f) != 0) {
		must(f.kind == FAULT_PERM && out.len == 0);
		must(strncmp(field->raw, "Subject", 7) != 0);
	} else {
		must(!out.overflow);
		check_lines(&out);
		must(field_next(out.data, out.len, &at, &made));
		must(at == out.len && field_fits(&made, to_ascii));
		must(made.name_len == field->name_len);
		must(field_fit(&made, to_ascii, &again, &f) == 0);
		must(again.len == out.len &&
		     memcmp(again.data, out.data, out.len) == 0);
		if (field_fits(field, to_ascii))
			must(out.len == field->len &&
			     memcmp(out.data, field->raw, out.len) == 0);
	}
	sbuf_release(&again);
	sbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const name[] = { "Subject", "To", "Content-Type",
		                            "Message-ID" };
	struct sbuf raw;
	struct field field;
	size_t at = 0;

	if (n == 0 || n > 1000000)
		return 0;
	sbuf_init(&raw, LIMIT);
	make_field(name[bytes[0] >> 1 & 3], (const char *)bytes + 1, n - 1,
	           &raw);
	must(field_next(raw.data, raw.len, &at, &field) && at == raw.len);
	check_parameters(&field);
	check_fit(&field, (bytes[0] & 1) != 0);
	sbuf_release(&raw);
	return 0;
}
