/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_report - any words in a delivery report
 *
 * The input is cut at each NUL: first the values of the report, then seven of
 * each recipient, then the original.  The report has the fields and parts it
 * must have and no others: our own reader of MIME finds three parts without a
 * problem, no line is over 998 octets, no CR or LF is outside CRLF, and the
 * words for programs are ASCII.  It is the same for every way to cut the
 * original.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "message/meaning.h"
#include "message/mime.h"
#include "message/report.h"
#include "message/report_digest.h"
#include "message/wire.h"

#define LIMIT ((size_t)64 << 20)
#define RECIPIENTS 4

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

/* ---- the input ---- */

struct input {
	const char *at, *end; /* NUL is at the end */
};

static const char *next(struct input *in)
{
	const char *text = in->at;

	if (in->at < in->end)
		in->at += strlen(in->at) + 1;
	if (in->at > in->end)
		in->at = in->end;
	return text;
}

static const char *next_or_none(struct input *in)
{
	const char *text = next(in);

	return *text != '\0' ? text : NULL;
}

static void read_recipient(struct input *in, struct report_recipient *to)
{
	const char *flags = next(in);

	to->action = (enum report_action)(flags[0] & 3);
	to->in_doubt = (flags[0] & 4) != 0;
	to->last_try = flags[0] & 8;
	to->address = next(in);
	to->final = next_or_none(in);
	to->orcpt = next_or_none(in);
	to->status = next_or_none(in);
	to->words = next_or_none(in);
	to->remote = next_or_none(in);
}

static void read_report(struct input *in, struct report *r)
{
	const char *flags = next(in);

	*r = (struct report){ .arrival = 1, .now = 2 };
	r->count = (size_t)(flags[0] & 3);
	r->is_kept = (flags[0] & 4) != 0;
	r->with_body = (flags[0] & 8) != 0;
	r->retry_until = flags[0] & 16;
	r->original_is_8bit = (flags[0] & 32) != 0;
	r->id = next(in);
	r->original = next(in);
	r->host = next(in);
	r->domain = next(in);
	r->to = next(in);
	r->envid = next_or_none(in);
	r->subject = next_or_none(in);
}

/* ---- the report ---- */

static void make(const struct report *r, const struct input *original,
                 size_t step, struct sbuf *out)
{
	struct report_writer w;
	size_t n = (size_t)(original->end - original->at);

	sbuf_reset(out);
	must(report_begin(&w, r, collect, out) == 0);
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < step ? n - at : step;
		must(report_original(&w, original->at + at, part) == 0);
	}
	must(report_end(&w) == 0);
}

struct seen {
	size_t headers, boundaries, recipients;
};

static void see_header(void *arg, const struct mime_part *part,
                       const char *fields, size_t n, bool is_ended)
{
	struct seen *seen = arg;

	(void)fields;
	must(part->index == seen->headers++);
	must(n > 0 && is_ended);
}

static void see_text(void *arg, const struct mime_part *part, const char *bytes,
                     size_t n, bool begins, bool breaks)
{
	struct seen *seen = arg;

	(void)breaks;
	if (part->index != 2)
		return;
	for (size_t i = 0; i < n; i++)
		must(bytes[i] >= ' ' && bytes[i] < 0x7f);
	if (begins && n >= 16 && memcmp(bytes, "Final-Recipient:", 16) == 0)
		seen->recipients++;
}

static void see_end(void *arg, const struct mime_part *part)
{
	(void)arg;
	(void)part;
}

static void see_boundary(void *arg, const char *line, size_t n, bool breaks,
                         bool is_last)
{
	struct seen *seen = arg;

	(void)line;
	(void)breaks;
	must(n > 0 && is_last == (seen->boundaries == 3));
	seen->boundaries++;
}

/* As it goes on the wire, and well formed; what is in it. */
static struct seen read_mail(const struct sbuf *out)
{
	static const struct mime_reader reader = { see_header, see_text,
		                                   see_end, see_boundary };
	struct seen seen = { .headers = 0 };
	struct mime *m = mime_create(&reader, &seen, MIME_HEADER);
	struct wire_scan scan;

	wire_scan_init(&scan);
	wire_scan_add(&scan, out->data, out->len);
	must(scan.bare == 0 && !scan.has_nul && scan.ends_with_crlf);
	must(scan.longest <= 998);
	mime_add(m, out->data, out->len);
	mime_end(m);
	must(mime_problem(m) == NULL);
	mime_free(&m);
	return seen;
}

static void check(const struct report *r, const struct sbuf *out)
{
	struct seen seen = read_mail(out);

	must(seen.headers == 4 && seen.boundaries == 4);
	must(seen.recipients == r->count);
}

/* One part, whose header is ours, and no line of strangers' begins anything. */
static void check_digest(const struct report *r, struct sbuf *out)
{
	struct report_digest w;
	struct seen seen;

	sbuf_reset(out);
	must(report_digest_begin(&w, r, 2, collect, out) == 0);
	must(report_digest_add(&w, r) == 0);
	must(report_digest_add(&w, r) == 0);
	must(report_digest_end(&w) == 0);
	seen = read_mail(out);
	must(seen.headers == 1 && seen.boundaries == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct report_recipient to[RECIPIENTS];
	struct report r;
	struct sbuf in, a, b;
	struct input input, none;

	sbuf_init(&in, LIMIT);
	sbuf_init(&a, LIMIT);
	sbuf_init(&b, LIMIT);
	sbuf_add(&in, bytes, n);
	input = (struct input){ in.data, in.data + in.len };
	read_report(&input, &r);
	for (size_t i = 0; i < r.count; i++)
		read_recipient(&input, &to[i]);
	r.recipients = to;
	/* an original may hold anything, so what we make is looked at without
	 * one; a part of a header alone stays text */
	none = (struct input){ input.end, input.end };
	make(&r, &input, n + 1, &a);
	make(&r, &input, 3, &b);
	must(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	r.with_body = false;
	make(&r, &none, 1, &a);
	check(&r, &a);
	check_digest(&r, &a);
	sbuf_release(&in);
	sbuf_release(&a);
	sbuf_release(&b);
	return 0;
}
