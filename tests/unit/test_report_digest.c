/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_report_digest - one mail about many messages, line by line
 *
 * Arbitrary values: tests/fuzz/fuzz_report.c.
 */
#include "message/report_digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define LIMIT ((size_t)64 << 20)

static const struct report model = {
	.id = "0123ABCD",
	.original = "0000ABCD",
	.host = "h.x.test",
	.domain = "x.test",
	.to = "ann@x.test",
	.subject = " hello",
	.arrival = 1795400000,
	.now = 1795407601,
	.is_kept = true,
};

static const struct report_recipient refused = {
	.address = "b@y.test",
	.action = REPORT_FAILED,
	.status = "5.1.1",
	.words = "RCPT: 550 5.1.1 no such user",
};

static int add(void *arg, const char *bytes, size_t n)
{
	ck_assert_uint_gt(n, 0);
	sbuf_add(arg, bytes, n);
	return 0;
}

static void make(const struct report *r, size_t count, struct sbuf *out)
{
	struct report_digest w;

	sbuf_init(out, LIMIT);
	ck_assert_int_eq(report_digest_begin(&w, r, count, add, out), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(report_digest_add(&w, r), 0);
	ck_assert_int_eq(report_digest_end(&w), 0);
}

static size_t times(const struct sbuf *out, const char *text)
{
	size_t n = 0;

	for (const char *at = out->data; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

/* In the order in which they come. */
static const char *const pieces[] = {
	"From: Mail Delivery System <MAILER-DAEMON@x.test>\r\n",
	"To: <ann@x.test>\r\n",
	"Subject: Reports on 2 of your messages\r\n",
	"Date: Mon, 23 Nov 2026 04:20:01 +0000\r\n",
	"Message-ID: <0123ABCD@h.x.test>\r\n",
	"Auto-Submitted: auto-replied\r\n",
	"Content-Type: text/plain; charset=utf-8\r\n",
	"these 2 messages",
	"Message 0000ABCD, sent on 2026-11-23 02:13:20\r\n",
	"Subject: hello\r\n",
	"  b@y.test\r\n",
	"      550 5.1.1 no such user\r\n",
	"What it means: There is no mailbox",
	"Message 0000ABCD, sent on 2026-11-23 02:13:20\r\n",
	"kept in the queue of h.x.test.",
	"    relay queue retry NAME...\r\n",
};

START_TEST(all_of_it)
{
	struct report r = model;
	const char *at;
	struct sbuf out;

	r.recipients = &refused;
	r.count = 1;
	make(&r, 2, &out);
	at = out.data;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		at = strstr(at, pieces[i]);
		ck_assert_msg(at != NULL, "%s: %s", pieces[i], out.data);
		at++;
	}
	ck_assert_uint_eq(times(&out, "Message 0000ABCD"), 2);
	ck_assert_uint_eq(times(&out, "relay queue retry"), 1);
	sbuf_release(&out);
}
END_TEST

/* Nobody brings back what was delivered. */
START_TEST(nothing_is_kept)
{
	const struct report_recipient has = { .address = "b@y.test",
		                              .action = REPORT_RELAYED };
	struct report r = model;
	struct sbuf out;

	r.recipients = &has;
	r.count = 1;
	r.is_kept = false;
	make(&r, 2, &out);
	ck_assert_uint_eq(times(&out, "was handed to a server"), 2);
	ck_assert_uint_eq(times(&out, "relay queue retry"), 0);
	sbuf_release(&out);
}
END_TEST

START_TEST(many_recipients)
{
	struct report_recipient to[77];
	struct report r = model;
	struct sbuf out;

	for (size_t i = 0; i < COUNT_OF(to); i++)
		to[i] = refused;
	r.recipients = to;
	r.count = COUNT_OF(to);
	r.subject = NULL;
	make(&r, 1, &out);
	ck_assert_uint_eq(times(&out, "b@y.test"), 50);
	ck_assert_uint_eq(times(&out, "(27 more)"), 1);
	ck_assert_uint_eq(times(&out, "second part"), 0);
	ck_assert_uint_eq(times(&out, "Subject:"), 1);
	sbuf_release(&out);
}
END_TEST

/* What a stranger wrote begins no line, and ends none. */
START_TEST(hostile_values)
{
	const struct report_recipient to = {
		.address = "b\r\nBcc: c@z.test",
		.status = "5.0.0",
		.words = "550 no\r\n.\r\nQUIT",
	};
	struct report r = model;
	struct sbuf out;

	r.subject = "a\r\n--------------\r\nMessage 1111, sent\033[2J";
	r.recipients = &to;
	r.count = 1;
	make(&r, 1, &out);
	ck_assert_uint_eq(times(&out, "\nMessage"), 2);
	ck_assert_uint_eq(times(&out, "\nBcc"), 0);
	ck_assert_uint_eq(times(&out, "\nQUIT"), 0);
	ck_assert_uint_eq(times(&out, "\r\n.\r\n"), 0);
	ck_assert_uint_eq(times(&out, "\033"), 0);
	sbuf_release(&out);
}
END_TEST

static int refuse(void *arg, const char *bytes, size_t n)
{
	size_t *calls = arg;

	(void)bytes;
	ck_assert_uint_gt(n, 0);
	return (*calls)-- == 0 ? 7 : 0;
}

/* Nothing is written after the first failure, and it is the result. */
START_TEST(a_write_that_fails)
{
	size_t calls = (size_t)_i;
	struct report r = model;
	struct report_digest w;

	r.recipients = &refused;
	r.count = 1;
	report_digest_begin(&w, &r, 2, refuse, &calls);
	report_digest_add(&w, &r);
	report_digest_add(&w, &r);
	ck_assert_int_eq(report_digest_end(&w), 7);
	ck_assert_uint_eq(calls, SIZE_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_digest");
	TCase *all = tcase_create("all");

	setenv("TZ", "UTC0", 1);
	setenv("LC_ALL", "C", 1);
	suite_add_tcase(suite, all);
	tcase_add_test(all, all_of_it);
	tcase_add_test(all, nothing_is_kept);
	tcase_add_test(all, many_recipients);
	tcase_add_test(all, hostile_values);
	tcase_add_loop_test(all, a_write_that_fails, 0, 4);
	return fixture_run(suite);
}
