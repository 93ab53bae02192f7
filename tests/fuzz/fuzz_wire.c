/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_wire - any bytes as a body, cut anywhere
 *
 * The first byte says how to read: bit 0 dots are data, bit 1 a terminal; the
 * second how large the pieces are.  The result is the same as in one piece.
 * wire_input gives lines that end in CRLF and nothing else, so wire_stuff has
 * nothing to repair; and what wire_stuff gives, of the body or of the raw bytes
 * themselves, is one message to every server, and the same one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sbuf.h"
#include "message/wire.h"

#define LIMIT ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int collect(void *arg, const char *bytes, size_t n)
{
	must(n > 0);
	sbuf_add(arg, bytes, n);
	return 0;
}

static size_t piece(size_t n, size_t step)
{
	return step == 0 || step > n ? n : step;
}

static void to_lines(const char *bytes, size_t n, size_t step, unsigned mode,
                     struct sbuf *out)
{
	static struct wire_input w;
	size_t part;

	sbuf_reset(out);
	wire_input_init(&w, (mode & 1) != 0, (mode & 2) != 0, 100, collect,
	                out);
	for (; n > 0; bytes += part, n -= part) {
		part = piece(n, step);
		must(wire_body(&w, bytes, part) != WIRE_FAILED);
	}
	must(wire_body_end(&w) == WIRE_ENDED);
}

static size_t to_data(const char *bytes, size_t n, size_t step,
                      struct sbuf *out)
{
	static struct wire_stuff w;
	size_t part;

	sbuf_reset(out);
	wire_stuff_init(&w, collect, out);
	for (; n > 0; bytes += part, n -= part) {
		part = piece(n, step);
		must(wire_stuff(&w, bytes, part) == WIRE_MORE);
	}
	must(wire_stuff_end(&w) == WIRE_ENDED);
	return w.repaired;
}

/* Read it as a server does: `text` is the message, without doubled dots. */
static void from_data(const struct sbuf *sent, struct sbuf *text)
{
	const char *at = sent->data, *end = at + sent->len;

	sbuf_reset(text);
	for (;;) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		must(lf != NULL && lf > at && lf[-1] == '\r');
		must(memchr(at, '\r', (size_t)(lf - 1 - at)) == NULL);
		if (lf - at == 2 && *at == '.') {
			must(lf + 1 == end);
			return;
		}
		at += *at == '.';
		sbuf_add(text, at, (size_t)(lf - at) + 1);
		at = lf + 1;
	}
}

static void expect_same(const struct sbuf *a, const struct sbuf *b)
{
	must(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void check_scan(const char *bytes, size_t n, size_t step)
{
	struct wire_scan whole, parts;
	size_t part;

	wire_scan_init(&whole);
	wire_scan_add(&whole, bytes, n);
	wire_scan_init(&parts);
	for (; n > 0; bytes += part, n -= part) {
		part = piece(n, step);
		wire_scan_add(&parts, bytes, part);
	}
	must(whole.header_bytes == parts.header_bytes);
	must(whole.body_bytes == parts.body_bytes);
	must(whole.longest == parts.longest && whole.bare == parts.bare);
	must(whole.has_8bit == parts.has_8bit);
	must(whole.header_has_8bit == parts.header_has_8bit);
	must(whole.has_nul == parts.has_nul);
	must(whole.ends_with_crlf == parts.ends_with_crlf);
}

static void check(const char *bytes, size_t n, size_t step, unsigned mode)
{
	struct sbuf body, other, sent;
	struct wire_scan scan;

	sbuf_init(&body, LIMIT);
	sbuf_init(&other, LIMIT);
	sbuf_init(&sent, LIMIT);

	to_lines(bytes, n, 0, mode, &body);
	to_lines(bytes, n, step, mode, &other);
	expect_same(&body, &other);
	must(to_data(body.data, body.len, step, &sent) == 0);
	from_data(&sent, &other);
	expect_same(&body, &other);
	wire_scan_init(&scan);
	wire_scan_add(&scan, body.data, body.len);
	must(scan.bare == 0);
	must(body.len == 0 || scan.ends_with_crlf);

	/* what is text in CRLF form already is not changed by -i */
	to_lines(body.data, body.len, step, 1, &other);
	expect_same(&body, &other);

	to_data(bytes, n, step, &sent);
	from_data(&sent, &body);
	to_data(bytes, n, 0, &other);
	expect_same(&sent, &other);
	check_scan(bytes, n, step);

	sbuf_release(&sent);
	sbuf_release(&other);
	sbuf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n >= 2)
		check((const char *)bytes + 2, n - 2, bytes[1], bytes[0]);
	return 0;
}
