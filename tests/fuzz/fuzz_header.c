/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_header - any bytes as the header of a submission
 *
 * What was read is written, read again and the same.  No line end but CRLF and
 * no NUL comes out.  Recipients pass address_check().  A completed header has
 * what it must have, and completing it again changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message/complete.h"
#include "message/header.h"
#include "message/wire.h"

#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

/* Returns how the header ended; HEADER_TAKEN: with the input. */
static enum header_line read_header(struct header *h, const char *bytes,
                                    size_t n, bool dots_are_data)
{
	static struct wire_input w;
	struct wire_line line;
	enum header_line got = HEADER_TAKEN;

	wire_input_init(&w, dots_are_data, false, LIMIT, collect, NULL);
	header_init(h, LIMIT, 1000);
	while (got == HEADER_TAKEN &&
	       wire_next_line(&w, bytes, n, true, &line) == WIRE_NEXT_LINE) {
		got = header_add_line(h, line.text, line.len);
		must(line.used > 0 && line.used <= n);
		bytes += line.used;
		n -= line.used;
	}
	return got;
}

static void write_header(const struct header *h, struct sbuf *out)
{
	const char *at, *end;

	sbuf_reset(out);
	must(header_write(h, collect, out) == 0 && !out->overflow);
	must(strlen(out->data) == out->len);
	for (at = out->data, end = at + out->len; at < end;) {
		size_t line = strcspn(at, "\r\n");

		must(line > 0 && at[line] == '\r' && at[line + 1] == '\n');
		at += line + 2;
	}
}

static void check_values(const struct header *h)
{
	const struct header_field *field = NULL;
	struct sbuf value;

	sbuf_init(&value, LIMIT);
	while ((field = header_find(h, NULL, field)) != NULL) {
		sbuf_reset(&value);
		header_value(h, field, &value);
		must(strpbrk(value.data, "\r\n") == NULL);
		must(strlen(value.data) == value.len && !value.overflow);
	}
	sbuf_release(&value);
}

static void check_round_trip(const struct header *h)
{
	struct sbuf first, second;
	struct header again;

	sbuf_init(&first, 2 * LIMIT);
	sbuf_init(&second, 2 * LIMIT);
	write_header(h, &first);
	must(read_header(&again, first.data, first.len, true) == HEADER_TAKEN);
	must(again.count == h->count);
	write_header(&again, &second);
	must(strcmp(first.data, second.data) == 0);
	header_release(&again);
	sbuf_release(&second);
	sbuf_release(&first);
}

static void check_recipients(const struct header *h)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list to;

	address_list_init(&to, 1000, LIMIT);
	if (complete_recipients(h, &to, &f) != 0)
		must(fault_exit_status(&f) == 65);
	for (size_t i = 0; i < to.count; i++)
		must(address_check(to.item[i], &f) == 0);
	address_list_release(&to);
}

static void check_complete(struct header *h)
{
	static const struct complete_facts facts = {
		.sender = "",
		.login = "al",
		.full_name = "\xc3\x84l",
		.hostname = "host.test",
		.id = "0123456789ABCDEF012345",
		.now = 1795407601,
	};
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf first, second;

	sbuf_init(&first, 2 * LIMIT);
	sbuf_init(&second, 2 * LIMIT);
	must(complete_header(h, &facts, &f) == 0);
	must(header_find(h, "Date", NULL) != NULL);
	must(header_find(h, "From", NULL) != NULL);
	must(header_find(h, "Message-ID", NULL) != NULL);
	must(header_find(h, "Bcc", NULL) == NULL);
	must(header_find(h, "Resent-Bcc", NULL) == NULL);
	write_header(h, &first);
	must(complete_header(h, &facts, &f) == 0);
	write_header(h, &second);
	must(strcmp(first.data, second.data) == 0);
	sbuf_release(&second);
	sbuf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct header h;

	read_header(&h, (const char *)bytes, n, false);
	check_values(&h);
	check_round_trip(&h);
	check_recipients(&h);
	check_complete(&h);
	check_values(&h);
	header_release(&h);
	return 0;
}
