/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_report - the parts of a report, line by line
 *
 * As a reader that is not ours takes it apart: tests/message/report.tap.
 */
#include "message/report.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "message/report_status.h"
#include "message/report_text.h"

#define LIMIT ((size_t)64 << 20)
#define UE "\303\274"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50
#define X1000 X250 X250 X250 X250

static const struct report model = {
	.id = "0123ABCD",
	.original = "0000ABCD",
	.host = "h.x.test",
	.domain = "x.test",
	.to = "ann@x.test",
	.arrival = 1795400000,
	.now = 1795407601,
};

static int add(void *arg, const char *bytes, size_t n)
{
	ck_assert_uint_gt(n, 0);
	sbuf_add(arg, bytes, n);
	return 0;
}

/* ---- fields ---- */

static const struct {
	const char *name;
	struct report_recipient to;
	const char *line; /* one that is there, with its CRLF */
} fields[] = {
	{ "as named",
	  { .address = "b@y.test" },
	  "\r\nFinal-Recipient: rfc822; b@y.test\r\n" },
	{ "as tried",
	  { .address = "b@y.test", .final = "c@z.test" },
	  "\r\nFinal-Recipient: rfc822; c@z.test\r\n" },
	{ "letters outside ASCII (RFC 6533)",
	  { .address = UE "+=\\@" UE ".test" },
	  "\r\nFinal-Recipient: utf-8; "
	  "\\x{FC}\\x{2B}\\x{3D}\\x{5C}@\\x{FC}.test\r\n" },
	{ "beyond the first plane",
	  { .address = "\360\237\230\200@y.test" },
	  "\r\nFinal-Recipient: utf-8; \\x{1F600}@y.test\r\n" },
	{ "no UTF-8",
	  { .address = "\377@y.test" },
	  "\r\nFinal-Recipient: rfc822; \\xFF@y.test\r\n" },
	{ "a line end in an address",
	  { .address = "b\r\nX: y@y.test" },
	  "\r\nFinal-Recipient: rfc822; b\\x0D\\x0AX: y@y.test\r\n" },
	{ "xtext",
	  { .address = "b", .orcpt = "rfc822;a+2Bb+40x.test" },
	  "\r\nOriginal-Recipient: rfc822; a+b@x.test\r\n" },
	{ "xtext with a line end and NUL",
	  { .address = "b", .orcpt = "rfc822;a+0D+0A+00b" },
	  "\r\nOriginal-Recipient: rfc822; a\\x0D\\x0A?b\r\n" },
	{ "xtext that is none",
	  { .address = "b", .orcpt = "x;a+4+zz+" },
	  "\r\nOriginal-Recipient: x; a+4+zz+\r\n" },
	{ "a type with a form of its own",
	  { .address = "b", .orcpt = "UTF-8;\\x{FC}@y.test" },
	  "\r\nOriginal-Recipient: UTF-8; \\x{FC}@y.test\r\n" },
	{ "failed",
	  { .address = "b", .action = REPORT_FAILED },
	  "\r\nAction: failed\r\nStatus: 5.0.0\r\n" },
	{ "delayed",
	  { .address = "b", .action = REPORT_DELAYED, .status = "x" },
	  "\r\nAction: delayed\r\nStatus: 4.0.0\r\n" },
	{ "relayed",
	  { .address = "b", .action = REPORT_RELAYED, .status = "" },
	  "\r\nAction: relayed\r\nStatus: 2.0.0\r\n" },
	{ "delivered",
	  { .address = "b", .action = REPORT_DELIVERED, .status = "2.1.5" },
	  "\r\nAction: delivered\r\nStatus: 2.1.5\r\n" },
	{ "a status is three numbers",
	  { .address = "b", .status = "5.7.139" },
	  "\r\nStatus: 5.7.139\r\n" },
	{ "of three digits",
	  { .address = "b", .status = "5.7.1391" },
	  "\r\nStatus: 5.0.0\r\n" },
	{ "and no more",
	  { .address = "b", .status = "5.1.1\r\nX: y" },
	  "\r\nStatus: 5.0.0\r\n" },
	{ "class 3",
	  { .address = "b", .status = "3.1.1" },
	  "\r\nStatus: 5.0.0\r\n" },
	{ "cut short", { .address = "b", .status = "5.1." }, "Status: 5.0.0" },
	{ "cut shorter", { .address = "b", .status = "5" }, "Status: 5.0.0" },
	{ "a server",
	  { .address = "b", .remote = "mx.y.test[192.0.2.1]:25" },
	  "\r\nRemote-MTA: dns; mx.y.test\r\n" },
	{ "a server without an address",
	  { .address = "b", .remote = "mx.y.test:25" },
	  "\r\nRemote-MTA: dns; mx.y.test\r\n" },
	{ "a reply",
	  { .address = "b", .words = "RCPT: 550 5.1.1 no" },
	  "\r\nDiagnostic-Code: smtp; 550 5.1.1 no\r\n" },
	{ "our own words",
	  { .address = "b", .words = "d" UE "d\r\n" },
	  "\r\nDiagnostic-Code: X-Relay; d\\xC3\\xBCd\\x0D\\x0A\r\n" },
	{ "a long reply is folded",
	  { .address = "b", .words = "550 " X50 " " X50 " " },
	  "\r\nDiagnostic-Code: smtp; 550\r\n " X50 "\r\n " X50 " \r\n" },
	{ "no line has blanks alone",
	  { .address = "b", .words = "550 " X50 "                    " },
	  "\r\n " X50 "                    \r\n" },
	{ "a delay has an end",
	  { .address = "b", .action = REPORT_DELAYED, .last_try = 1795407600 },
	  "\r\nLast-Attempt-Date: Mon, 23 Nov 2026 04:20:00 +0000\r\n"
	  "Will-Retry-Until: Sat, 28 Nov 2026 02:13:20 +0000\r\n" },
};

START_TEST(field_of_a_recipient)
{
	struct report r = model;
	struct sbuf out;

	r.retry_until = 1795832000;
	sbuf_init(&out, LIMIT);
	report_status_recipient(&out, &r, &fields[_i].to);
	ck_assert_msg(strstr(out.data, fields[_i].line) != NULL, "%s: %s",
	              fields[_i].name, out.data);
	sbuf_release(&out);
}
END_TEST

START_TEST(fields_of_the_message)
{
	struct report r = model;
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	r.envid = "a b\r\nc" UE;
	report_status_message(&out, &r);
	ck_assert_str_eq(out.data,
	                 "Original-Envelope-Id: a b\\x0D\\x0Ac\\xC3\\xBC\r\n"
	                 "Reporting-MTA: dns; h.x.test\r\n"
	                 "Arrival-Date: Mon, 23 Nov 2026 02:13:20 +0000\r\n"
	                 "X-Relay-Queue-ID: 0000ABCD\r\n");
	sbuf_release(&out);
}
END_TEST

/* ---- subjects ---- */

static const struct {
	enum report_action action;
	const char *raw, *subject;
} subjects[] = {
	{ REPORT_FAILED, NULL, "Undelivered mail" },
	{ REPORT_FAILED, " \r\n\t", "Undelivered mail" },
	{ REPORT_FAILED, " a\r\n\tb ", "Undelivered mail: a b " },
	{ REPORT_DELAYED, "a", "Delayed mail, still being tried: a" },
	{ REPORT_RELAYED, "a", "Mail handed on: a" },
	{ REPORT_DELIVERED, "a", "Delivered mail: a" },
	{ REPORT_DELIVERED, "\377\342\200\256" UE,
	  "Delivered mail: \\xFF\\xE2\\x80\\xAE" UE },
	{ REPORT_DELIVERED, X50 " " X50 " " X50 " " X50,
	  "Delivered mail: " X50 " " X50 " " X50 " ..." },
	{ REPORT_DELIVERED, X250, "Delivered mail: ..." },
};

START_TEST(subject)
{
	const struct report_recipient to[] = {
		{ .address = "a", .action = REPORT_DELIVERED },
		{ .address = "b", .action = subjects[_i].action },
	};
	struct report r = model;
	struct sbuf out;

	r.recipients = to;
	r.count = COUNT_OF(to);
	r.subject = subjects[_i].raw;
	sbuf_init(&out, LIMIT);
	report_subject(&out, &r);
	ck_assert_str_eq(out.data, subjects[_i].subject);
	sbuf_release(&out);
}
END_TEST

/* ---- text ---- */

START_TEST(text_for_people)
{
	const struct report_recipient to[] = {
		{ .address = "a@y.test",
		  .status = "5.1.1",
		  .words = "RCPT: 550 5.1.1 no",
		  .remote = "mx.test[192.0.2.1]:25" },
		{ .address = "c@y.test",
		  .action = REPORT_DELAYED,
		  .status = "4.0.0",
		  .words = "too " UE "arly\n",
		  .in_doubt = true },
		/* told with the first, as it is the same */
		{ .address = "b@y.test",
		  .final = "b@z.test",
		  .status = "5.1.1",
		  .words = "RCPT: 550 5.1.1 no",
		  .remote = "mx.test[192.0.2.1]:25" },
		{ .address = "d@y.test",
		  .action = REPORT_DELIVERED,
		  .status = "2.0.0",
		  .words = "message: 250 queued" },
	};
	struct report r = model;
	struct sbuf out;

	r.recipients = to;
	r.count = COUNT_OF(to);
	r.is_kept = true;
	r.retry_until = 1795832000;
	sbuf_init(&out, REPORT_TEXT);
	report_text(&out, &r);
	ck_assert_str_eq(
		out.data,
		"Your message could not be delivered to:\n"
		"\n"
		"  a@y.test\n"
		"  b@y.test\n"
		"    (which stands for b@z.test)\n"
		"    The server mx.test[192.0.2.1]:25 answered:\n"
		"      550 5.1.1 no\n"
		"    What it means: There is no mailbox of this name at this "
		"domain. Look\n"
		"    for a spelling mistake before the @, or ask the recipient "
		"for the\n"
		"    address of today.\n"
		"\n"
		"The message is kept in the queue of h.x.test. When what stood "
		"in the way\n"
		"is gone, this command sends it again to whoever has not got "
		"it:\n"
		"\n"
		"    relay queue retry 0000ABCD\n"
		"\n"
		"Your message has not been delivered yet to:\n"
		"\n"
		"  c@y.test\n"
		"    The reason:\n"
		"      too " UE "arly\\x0A\n"
		"    It may have arrived all the same: the connection broke "
		"before the\n"
		"    server had answered. Ask the recipient before you send it "
		"again.\n"
		"\n"
		"It is tried again until 2026-11-28 02:13:20; you need not "
		"send it again.\n"
		"You will be told if it has to be given up.\n"
		"\n"
		"Your message was delivered to:\n"
		"\n"
		"  d@y.test\n"
		"    The server answered:\n"
		"      250 queued\n"
		"\n"
		"Your message was sent on 2026-11-23 02:13:20; its header is "
		"attached.\n"
		"Its name in the queue of h.x.test is 0000ABCD.\n"
		"\n");
	sbuf_release(&out);
}
END_TEST

/* ---- the whole ---- */

static void make(const struct report *r, const char *original, size_t n,
                 size_t step, struct sbuf *out)
{
	struct report_writer w;

	sbuf_reset(out);
	ck_assert_int_eq(report_begin(&w, r, add, out), 0);
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < step ? n - at : step;
		ck_assert_int_eq(report_original(&w, original + at, part), 0);
	}
	ck_assert_int_eq(report_end(&w), 0);
}

static const struct {
	const char *name;
	bool with_body, is_8bit;
	const char *original, *end;
} wholes[] = {
	{ "a header", false, false, "A: b\r\nC: d\r\n",
	  "\r\n--=_relay_0123ABCD\r\n"
	  "Content-Type: text/rfc822-headers\r\n\r\nA: b\r\nC: d\r\n"
	  "\r\n--=_relay_0123ABCD--\r\n" },
	{ "none", false, false, "",
	  "\r\nContent-Type: text/rfc822-headers\r\n\r\n"
	  "\r\n--=_relay_0123ABCD--\r\n" },
	{ "8-bit in a header", false, true, "A: " UE "=\r\nB\r\r\n\rC\nD\r",
	  "\r\nContent-Type: text/rfc822-headers\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	  "A: =C3=BC=3D\r\nB=0D\r\n=0DC\r\nD=0D\r\n"
	  "\r\n--=_relay_0123ABCD--\r\n" },
	{ "a message", true, false, "A: b\r\n\r\n--\r\nx",
	  "\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--\r\nx\r\n"
	  "\r\n--=_relay_0123ABCD--\r\n" },
	{ "an 8-bit message", true, true, "A: b\r\n\r\n" UE "\r\n",
	  "\r\nContent-Type: message/rfc822\r\n"
	  "Content-Transfer-Encoding: 8bit\r\n\r\nA: b\r\n\r\n" UE "\r\n"
	  "\r\n--=_relay_0123ABCD--\r\n" },
};

START_TEST(original)
{
	const struct report_recipient to = { .address = "b@y.test" };
	struct sbuf out, other;
	struct report r = model;
	size_t n = strlen(wholes[_i].original), end = strlen(wholes[_i].end);
	const char *encoding;

	r.recipients = &to;
	r.count = 1;
	r.with_body = wholes[_i].with_body;
	r.original_is_8bit = wholes[_i].is_8bit;
	sbuf_init(&out, LIMIT);
	sbuf_init(&other, LIMIT);
	make(&r, wholes[_i].original, n, n + 1, &out);
	ck_assert_uint_gt(out.len, end);
	ck_assert_str_eq(out.data + out.len - end, wholes[_i].end);
	encoding = strstr(out.data, "\r\nContent-Transfer-Encoding: 8bit\r\n");
	ck_assert_int_eq(encoding != NULL, r.with_body && r.original_is_8bit);
	/* a multipart of 8-bit parts says so */
	ck_assert(encoding == NULL || encoding < strstr(out.data, "\r\n\r\n"));
	for (size_t step = 1; step < 4; step++) {
		make(&r, wholes[_i].original, n, step, &other);
		ck_assert_str_eq(other.data, out.data);
	}
	sbuf_release(&out);
	sbuf_release(&other);
}
END_TEST

/* ---- limits ---- */

START_TEST(no_line_is_too_long)
{
	char long_[60000];
	struct report_recipient to = { .address = long_,
		                       .final = long_,
		                       .orcpt = long_,
		                       .status = long_,
		                       .words = long_,
		                       .remote = long_ };
	struct report r = { .id = long_,
		            .original = long_,
		            .host = long_,
		            .domain = long_,
		            .to = long_,
		            .envid = long_,
		            .subject = long_,
		            .is_kept = true,
		            .recipients = &to,
		            .count = 1 };
	static const char *const pieces[] = { "x",    UE,    "\n",
		                              "\377", ";+0", "550 ",
		                              "+",    "?",   "\\",
		                              "= ",   "[",   "\r\n--=_relay_" };
	size_t n = strlen(pieces[_i]);
	struct sbuf out;

	for (size_t at = 0; at + n < sizeof(long_); at += n)
		memcpy(long_ + at, pieces[_i], n + 1);
	sbuf_init(&out, LIMIT);
	make(&r, "", 0, 1, &out);
	for (const char *at = out.data, *end; *at != '\0'; at = end + 2) {
		end = strstr(at, "\r\n");
		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(end - at, 998);
		ck_assert_ptr_null(memchr(at, '\n', (size_t)(end - at)));
		ck_assert_ptr_null(memchr(at, '\r', (size_t)(end - at)));
	}
	sbuf_release(&out);
}
END_TEST

struct sink {
	size_t bytes, most, fails_at;
};

static int swallow(void *arg, const char *bytes, size_t n)
{
	struct sink *sink = arg;

	ck_assert_ptr_nonnull(bytes);
	/* nothing comes after a failure */
	ck_assert(sink->fails_at == 0 || sink->bytes < sink->fails_at);
	sink->bytes += n;
	if (n > sink->most)
		sink->most = n;
	return sink->fails_at > 0 && sink->bytes >= sink->fails_at ? 7 : 0;
}

#define MANY 100000

START_TEST(memory_is_constant)
{
	static struct report_recipient to[MANY];
	struct report r = model;
	struct report_writer w;
	struct sink sink = { .bytes = 0 };

	for (size_t i = 0; i < MANY; i++)
		to[i] = (struct report_recipient){ .address = "b@y.test",
			                           .status = "5.1.1",
			                           .words = "550 " X250 };
	r.recipients = to;
	r.count = MANY;
	ck_assert_int_eq(report_begin(&w, &r, swallow, &sink), 0);
	ck_assert_int_eq(report_end(&w), 0);
	ck_assert_uint_gt(sink.bytes, MANY * (size_t)300);
	ck_assert_uint_lt(sink.most, 100000);
}
END_TEST

START_TEST(a_write_that_fails)
{
	struct report_recipient to = { .address = "b@y.test" };
	struct report r = model;
	struct report_writer w;
	struct sink sink = { .fails_at = (size_t)_i * 100 + 1 };
	int result;

	r.recipients = &to;
	r.count = 1;
	result = report_begin(&w, &r, swallow, &sink);
	for (size_t i = 0; i < 10; i++) {
		int now = report_original(&w, X250, 250);

		ck_assert(result == 0 || now == 7);
		result = now;
	}
	ck_assert(result == 0 || report_end(&w) == 7);
	ck_assert_int_eq(result, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *all = tcase_create("all");

	setenv("TZ", "UTC0", 1);
	setenv("LC_ALL", "C", 1);
	tcase_add_loop_test(all, field_of_a_recipient, 0, COUNT_OF(fields));
	tcase_add_test(all, fields_of_the_message);
	tcase_add_loop_test(all, subject, 0, COUNT_OF(subjects));
	tcase_add_test(all, text_for_people);
	tcase_add_loop_test(all, original, 0, COUNT_OF(wholes));
	tcase_add_loop_test(all, no_line_is_too_long, 0, 12);
	tcase_add_test(all, memory_is_constant);
	tcase_add_loop_test(all, a_write_that_fails, 0, 20);
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
