/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_downgrade - any bytes as a message for any server
 *
 * The first byte says: bit 0 the server has 8BITMIME, bit 1 the envelope is
 * UTF-8; the second how large the pieces are.  What comes out is the same for
 * every way to cut the input, has what the server can take and no more, and
 * needs no further change.  A decoder of its own, which knows nothing of our
 * reader but its events, finds the same bytes in each part, but for what nobody
 * reads between parts.  What is said to be sent as it is is taken apart and put
 * together again: byte for byte the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "message/downgrade.h"
#include "message/encode.h"
#include "message/mime.h"
#include "message/wire.h"

#define LIMIT ((size_t)64 << 20)

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

static void expect_same(const struct sbuf *a, const struct sbuf *b)
{
	must(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

/* ---- what is in the parts ---- */

struct decoder {
	struct sbuf all;  /* of all leaves, decoded, one after the other */
	struct sbuf text; /* of the leaf that is read, as it came */
	struct sbuf copy; /* of the message, put together */
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void from_quoted(const struct sbuf *in, struct sbuf *out)
{
	const char *s = in->data, *end = s + in->len;

	while (s < end) {
		char c = *s;

		if (c == '=' && end - s >= 3 && s[1] == '\r' && s[2] == '\n') {
			s += 3;
			continue;
		}
		if (c == '=' && end - s >= 3 && digit(s[1]) >= 0 &&
		    digit(s[2]) >= 0) {
			c = (char)(digit(s[1]) << 4 | digit(s[2]));
			s += 2;
		}
		sbuf_add(out, &c, 1);
		s++;
	}
}

/* What is no digit does not count. */
static void from_base64(const struct sbuf *in, struct sbuf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < in->len; i++) {
		char c = in->data[i];
		const char *at = c == '\0' ? NULL : strchr(digits, c);

		if (at == NULL)
			continue;
		bits = bits << 6 | (uint32_t)(at - digits);
		count += 6;
		if (count >= 8) {
			char byte = (char)(bits >> (count - 8));

			sbuf_add(out, &byte, 1);
			count -= 8;
		}
	}
}

static void on_header(void *arg, const struct mime_part *part,
                      const char *fields, size_t n, bool is_ended)
{
	struct decoder *d = arg;

	(void)part;
	sbuf_add(&d->copy, fields, n);
	sbuf_add(&d->copy, "\r\n", is_ended ? 2 : 0);
}

static void on_text(void *arg, const struct mime_part *part, const char *bytes,
                    size_t n, bool begins, bool breaks)
{
	struct decoder *d = arg;

	must(begins || !breaks);
	sbuf_add(&d->copy, "\r\n", breaks ? 2 : 0);
	sbuf_add(&d->copy, bytes, n);
	if (part->kind != MIME_LEAF)
		return;
	sbuf_add(&d->text, "\r\n", breaks ? 2 : 0);
	sbuf_add(&d->text, bytes, n);
}

static void on_end(void *arg, const struct mime_part *part)
{
	struct decoder *d = arg;

	if (part->encoding == MIME_QUOTED)
		from_quoted(&d->text, &d->all);
	else if (part->encoding == MIME_BASE64)
		from_base64(&d->text, &d->all);
	else
		sbuf_add(&d->all, d->text.data, d->text.len);
	sbuf_addstr(&d->all, "\n[end]\n");
	sbuf_reset(&d->text);
}

static void on_boundary(void *arg, const char *line, size_t n, bool breaks,
                        bool is_last)
{
	struct decoder *d = arg;

	sbuf_add(&d->copy, "\r\n", breaks ? 2 : 0);
	sbuf_add(&d->copy, line, n);
	sbuf_add(&d->copy, "\r\n", is_last ? 0 : 2);
}

/* False: over a limit. */
static bool decode(const struct sbuf *in, size_t step, struct decoder *d)
{
	static const struct mime_reader reader = {
		.header = on_header,
		.text = on_text,
		.end = on_end,
		.boundary = on_boundary,
	};
	struct mime *m = mime_create(&reader, d, (size_t)8 << 20);
	bool good;

	for (size_t at = 0, n; at < in->len; at += n) {
		n = step == 0 || in->len - at < step ? in->len - at : step;
		mime_add(m, in->data + at, n);
	}
	mime_end(m);
	good = mime_problem(m) == NULL;
	mime_free(&m);
	return good;
}

static void decoder_init(struct decoder *d)
{
	sbuf_init(&d->all, LIMIT);
	sbuf_init(&d->text, LIMIT);
	sbuf_init(&d->copy, LIMIT);
}

static void decoder_release(struct decoder *d)
{
	sbuf_release(&d->copy);
	sbuf_release(&d->text);
	sbuf_release(&d->all);
}

/* A text that had no end of its last line got one. */
static void trim(struct sbuf *b)
{
	while (b->len > 0 && strchr("\r\n", b->data[b->len - 1]) != NULL)
		sbuf_cut(b, b->len - 1);
}

static void check_same_parts(const struct sbuf *in, const struct sbuf *out)
{
	struct decoder before, after;

	decoder_init(&before);
	decoder_init(&after);
	must(decode(in, 0, &before));
	must(decode(out, 3, &after));
	expect_same(&before.copy, in);
	expect_same(&after.copy, out);
	trim(&before.all);
	trim(&after.all);
	expect_same(&before.all, &after.all);
	decoder_release(&after);
	decoder_release(&before);
}

/* ---- the message ---- */

static int pass(const struct sbuf *in, size_t step, unsigned mode,
                struct sbuf *out)
{
	struct downgrade_limits limits = { .can_8bit = (mode & 1) != 0,
		                           .can_utf8 = (mode & 2) != 0 };
	struct downgrade *d = downgrade_create();
	struct fault f = { .kind = FAULT_NONE };
	int plan;

	for (size_t at = 0, n; at < in->len; at += n) {
		n = step == 0 || in->len - at < step ? in->len - at : step;
		downgrade_look(d, in->data + at, n);
	}
	downgrade_looked(d);
	plan = downgrade_plan(d, &limits, &f);
	must(plan != -1 || f.kind == FAULT_PERM);
	must((*downgrade_changes(d) != '\0') == (plan == 1));
	sbuf_reset(out);
	if (plan == 1) {
		downgrade_begin(d, collect, out);
		for (size_t at = 0, n; at < in->len; at += n) {
			n = step == 0 || in->len - at < step ? in->len - at
			                                     : step;
			must(downgrade_add(d, in->data + at, n) == 0);
		}
		must(downgrade_end(d) == 0);
	} else {
		sbuf_add(out, in->data, in->len);
	}
	downgrade_free(&d);
	return plan;
}

static void check(const struct sbuf *in, size_t step, unsigned mode)
{
	struct sbuf out, again;
	struct wire_scan scan;
	int plan;

	sbuf_init(&out, LIMIT);
	sbuf_init(&again, LIMIT);
	plan = pass(in, 0, mode, &out);
	must(pass(in, step, mode, &again) == plan);
	expect_same(&out, &again);
	wire_scan_init(&scan);
	wire_scan_add(&scan, out.data, out.len);
	if (plan != -1) {
		must(scan.longest <= 998 && scan.bare == 0);
		must(out.len == 0 || scan.ends_with_crlf);
		must((mode & 1) != 0 || (mode & 2) != 0 || !scan.has_8bit);
		must(pass(&out, 0, mode, &again) == 0);
	}
	if (plan == 1)
		check_same_parts(in, &out);
	sbuf_release(&again);
	sbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct wire_input w;
	struct sbuf in;

	if (n < 2 || n > 1000000)
		return 0;
	sbuf_init(&in, LIMIT);
	wire_input_init(&w, true, false, 100, collect, &in);
	must(wire_body(&w, (const char *)bytes + 2, n - 2) != WIRE_FAILED);
	must(wire_body_end(&w) == WIRE_ENDED);
	check(&in, bytes[1], bytes[0] & 3);
	sbuf_release(&in);
	return 0;
}
