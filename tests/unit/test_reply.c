/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_reply - what servers say, whole, in pieces and byte by byte */
#include "smtp/reply.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* Bytes with their length: they may hold NUL. */
#define BYTES(s) s, sizeof(s) - 1

/* What one reply is read as.  `used`: bytes that belong to it; later ones are
 * for the next. */
/* clang-format off */
static const struct {
	const char       *bytes;
	size_t            n, used;
	enum reply_result result;
	int               code;
	const char       *status;
	const char       *text;
	size_t            lines;
} cases[] = {
	{ BYTES("220 mx ready\r\n"), 14, REPLY_DONE, 220, "", "mx ready", 1 },
	{ BYTES("250\r\n"), 5, REPLY_DONE, 250, "", "", 1 },
	{ BYTES("250 \r\n"), 6, REPLY_DONE, 250, "", "", 1 },
	{ BYTES("250-a\r\n250-b\r\n250 c\r\n"), 21, REPLY_DONE, 250, "", "a\nb\nc", 3 },
	{ BYTES("250-a\r\n250\r\n"), 12, REPLY_DONE, 250, "", "a\n", 2 },
	{ BYTES("250-\r\n250 \r\n"), 12, REPLY_DONE, 250, "", "\n", 2 },
	{ BYTES("559 last\r\n"), 10, REPLY_DONE, 559, "", "last", 1 },
	{ BYTES("200 first\r\n"), 11, REPLY_DONE, 200, "", "first", 1 },
	/* two replies in one packet: the second is left alone */
	{ BYTES("250 ok\r\n354 go\r\n"), 8, REPLY_DONE, 250, "", "ok", 1 },
	/* C1: nothing, a part of a line, a part of a reply */
	{ BYTES(""), 0, REPLY_MORE, 0, "", "", 0 },
	{ BYTES("2"), 1, REPLY_MORE, 0, "", "", 0 },
	{ BYTES("250 half"), 8, REPLY_MORE, 0, "", "", 0 },
	{ BYTES("250 half\r"), 9, REPLY_MORE, 0, "", "", 0 },
	{ BYTES("250-more\r\n"), 10, REPLY_MORE, 0, "", "", 0 },
	{ BYTES("250-more\r\n250-and more\r\n25"), 26, REPLY_MORE, 0, "", "", 0 },
	/* C2: codes that are none */
	{ BYTES("\n"), 1, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("\r\n"), 2, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("2\n"), 2, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("hello\r\n"), 7, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("25\r\n"), 4, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("25 ok\r\n"), 7, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("2500 ok\r\n"), 9, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("000 ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("199 ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("260 ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("600 ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("25O ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES(" 250 ok\r\n"), 9, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("+250 ok\r\n"), 9, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250_ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250\tok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250\0ok\r\n"), 8, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("\0\0\0\0\r\n"), 6, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("HTTP/1.1 400 Bad Request\r\n"), 26, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("\x15\x03\x01\x00\x02\x02\x46\n"), 8, REPLY_BAD, 0, "", "", 0 },
	/* C3: lines that do not belong together */
	{ BYTES("250-a\r\n550 b\r\n"), 14, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250-a\r\n\r\n"), 9, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250-a\r\n b\r\n"), 11, REPLY_BAD, 0, "", "", 0 },
	{ BYTES("250-a\r\n.\r\n"), 10, REPLY_BAD, 0, "", "", 0 },
	/* C4: the code decides, the text may be anything */
	{ BYTES("250 lone\n"), 9, REPLY_DONE, 250, "", "lone", 1 },
	{ BYTES("250-a\n250 b\n"), 12, REPLY_DONE, 250, "", "a\nb", 2 },
	{ BYTES("250 a\rb\r\n"), 9, REPLY_DONE, 250, "", "a\rb", 1 },
	{ BYTES("250 a\r\r\n"), 8, REPLY_DONE, 250, "", "a\r", 1 },
	{ BYTES("250 \x1b[2J\b\b\xff\xc3(\r\n"), 15, REPLY_DONE, 250, "", "\x1b[2J\b\b\xff\xc3(", 1 },
	/* C16: an enhanced status counts when it is one and of the same class */
	{ BYTES("250 2.1.5 ok\r\n"), 14, REPLY_DONE, 250, "2.1.5", "2.1.5 ok", 1 },
	{ BYTES("535 5.7.139 no\r\n"), 16, REPLY_DONE, 535, "5.7.139", "5.7.139 no", 1 },
	{ BYTES("550 5.7.1\r\n"), 11, REPLY_DONE, 550, "5.7.1", "5.7.1", 1 },
	{ BYTES("550-5.7.1 a\r\n550 5.7.2 b\r\n"), 26, REPLY_DONE, 550, "5.7.1", "5.7.1 a\n5.7.2 b", 2 },
	{ BYTES("550 5.999.999 x\r\n"), 17, REPLY_DONE, 550, "5.999.999", "5.999.999 x", 1 },
	{ BYTES("250 5.7.1 no\r\n"), 14, REPLY_DONE, 250, "", "5.7.1 no", 1 },
	{ BYTES("550 2.0.0 ok\r\n"), 14, REPLY_DONE, 550, "", "2.0.0 ok", 1 },
	{ BYTES("450 5.1.1 who\r\n"), 15, REPLY_DONE, 450, "", "5.1.1 who", 1 },
	{ BYTES("550 5.\r\n"), 8, REPLY_DONE, 550, "", "5.", 1 },
	{ BYTES("550 5.7\r\n"), 9, REPLY_DONE, 550, "", "5.7", 1 },
	{ BYTES("550 5.7. x\r\n"), 12, REPLY_DONE, 550, "", "5.7. x", 1 },
	{ BYTES("550 5..1 x\r\n"), 12, REPLY_DONE, 550, "", "5..1 x", 1 },
	{ BYTES("550 5.7.1x\r\n"), 12, REPLY_DONE, 550, "", "5.7.1x", 1 },
	{ BYTES("550 5.1234.1 x\r\n"), 16, REPLY_DONE, 550, "", "5.1234.1 x", 1 },
	{ BYTES("550 5.1.1234 x\r\n"), 16, REPLY_DONE, 550, "", "5.1.1234 x", 1 },
	{ BYTES("550 55.1.1 x\r\n"), 14, REPLY_DONE, 550, "", "55.1.1 x", 1 },
};
/* clang-format on */

static void sane(const struct reply_reader *r)
{
	ck_assert_uint_le(r->line.len, REPLY_BYTES);
	ck_assert_uint_le(r->reply.text.len, REPLY_BYTES);
	ck_assert_uint_le(strlen(r->reply.status), 9);
	if (r->is_done) {
		ck_assert_int_ge(r->reply.code, 200);
		ck_assert_int_le(r->reply.code, 559);
		ck_assert_uint_ge(r->reply.lines, 1);
		ck_assert_uint_le(r->reply.lines, REPLY_LINES);
	}
}

/* Feed the pieces [0, cut) and [cut, n) in steps of at most `step`; stops with
 * the first answer that is not "more".  *used: bytes taken in all. */
static enum reply_result feed(struct reply_reader *r, const char *bytes,
                              size_t n, size_t cut, size_t step, size_t *used)
{
	enum reply_result result = REPLY_MORE;
	struct fault f = { 0 };

	*used = 0;
	while (*used < n && result == REPLY_MORE) {
		size_t end = *used < cut ? cut : n;
		size_t length = end - *used < step ? end - *used : step;
		size_t now;

		result = reply_read(r, bytes + *used, length, &now, &f);
		sane(r);
		if (result == REPLY_MORE)
			ck_assert_uint_eq(now, length);
		*used += now;
	}
	if (result == REPLY_BAD) {
		ck_assert_int_eq(f.kind, FAULT_TEMP);
		ck_assert_str_eq(f.code, "4.5.0");
		ck_assert_ptr_nonnull(strstr(f.text, "SMTP"));
	}
	return result;
}

static void check_case(int i, size_t cut, size_t step)
{
	const struct reply *reply;
	struct reply_reader r;
	size_t used;

	reply_reader_init(&r);
	reply = &r.reply;
	ck_assert_int_eq(feed(&r, cases[i].bytes, cases[i].n, cut, step, &used),
	                 cases[i].result);
	ck_assert_uint_eq(used, cases[i].used);
	if (cases[i].result != REPLY_BAD)
		ck_assert_int_eq(reply_is_begun(&r),
		                 cases[i].result == REPLY_MORE &&
		                         cases[i].n > 0);
	if (cases[i].result == REPLY_DONE) {
		ck_assert_int_eq(reply->code, cases[i].code);
		ck_assert_str_eq(reply->status, cases[i].status);
		ck_assert_uint_eq(reply->text.len, strlen(cases[i].text));
		ck_assert_str_eq(reply->text.data, cases[i].text);
		ck_assert_uint_eq(reply->lines, cases[i].lines);
	}
	reply_reader_release(&r);
}

START_TEST(a_reply_is_the_same_however_it_is_cut)
{
	size_t n = cases[_i].n;

	for (size_t cut = 0; cut <= n; cut++) {
		check_case(_i, cut, n + 1);
		check_case(_i, cut, 1);
	}
}
END_TEST

START_TEST(replies_follow_each_other)
{
	static const char bytes[] = "220-a\r\n220 b\r\n"
				    "250 2.0.0 ok\r\n"
				    "550 no\r\n";
	static const struct {
		int code;
		size_t lines;
		const char *status, *text;
	} replies[] = {
		{ 220, 2, "", "a\nb" },
		{ 250, 1, "2.0.0", "2.0.0 ok" },
		{ 550, 1, "", "no" },
	};
	size_t n = sizeof(bytes) - 1;

	for (size_t step = 1; step <= n; step++) {
		struct reply_reader r;
		size_t at = 0, used;

		reply_reader_init(&r);
		for (size_t i = 0; i < COUNT_OF(replies); i++) {
			ck_assert_int_eq(feed(&r, bytes + at, n - at, n - at,
			                      step, &used),
			                 REPLY_DONE);
			at += used;
			ck_assert_int_eq(r.reply.code, replies[i].code);
			ck_assert_uint_eq(r.reply.lines, replies[i].lines);
			ck_assert_str_eq(r.reply.status, replies[i].status);
			ck_assert_str_eq(r.reply.text.data, replies[i].text);
		}
		ck_assert_uint_eq(at, n);
		reply_reader_release(&r);
	}
}
END_TEST

/* `count` times `line`, then `last`, in pieces of `step`. */
static enum reply_result repeat(const char *line, size_t count,
                                const char *last, size_t step)
{
	struct reply_reader r;
	struct sbuf bytes;
	enum reply_result result;
	size_t used;

	sbuf_init(&bytes, 1 << 24);
	for (size_t i = 0; i < count; i++)
		sbuf_addstr(&bytes, line);
	sbuf_addstr(&bytes, last);
	ck_assert(!bytes.overflow);
	reply_reader_init(&r);
	result = feed(&r, bytes.data, bytes.len, bytes.len, step, &used);
	if (result == REPLY_BAD) /* it did not even look at the rest */
		ck_assert_uint_le(used, REPLY_BYTES + step);
	reply_reader_release(&r);
	sbuf_release(&bytes);
	return result;
}

/* C3: 512 lines and 64 KiB, and not one more. */
START_TEST(a_reply_has_limits)
{
	static const size_t steps[] = { 1, 7, 1400, 65536 };

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		size_t step = steps[i];

		ck_assert_int_eq(
			repeat("250-x\r\n", REPLY_LINES - 1, "250 x\r\n", step),
			REPLY_DONE);
		ck_assert_int_eq(
			repeat("250-x\r\n", REPLY_LINES, "250 x\r\n", step),
			REPLY_BAD);
		ck_assert_int_eq(repeat("2500000000", 10000, "", step),
		                 REPLY_BAD);
	}
	/* a million lines, a line of 16 MB */
	ck_assert_int_eq(repeat("250-x\r\n", 1000000, "", 65536), REPLY_BAD);
	ck_assert_int_eq(repeat("550 5.xxxxxxxxxx", 1000000, "", 65536),
	                 REPLY_BAD);
}
END_TEST

START_TEST(the_longest_reply_is_64_kib)
{
	for (size_t more = 0; more < 2; more++) {
		struct reply_reader r;
		char *bytes = malloc(REPLY_BYTES + 1);
		size_t n = REPLY_BYTES + more, used;

		ck_assert_ptr_nonnull(bytes);
		memset(bytes, 'x', n);
		memcpy(bytes, "250 ", 4);
		memcpy(bytes + n - 2, "\r\n", 2);
		reply_reader_init(&r);
		ck_assert_int_eq(feed(&r, bytes, n, n, 4096, &used),
		                 more ? REPLY_BAD : REPLY_DONE);
		reply_reader_release(&r);
		free(bytes);
	}
}
END_TEST

/* Shown to people: one line, nothing that moves a cursor, never too long. */
START_TEST(what_is_shown_is_harmless)
{
	static const char bytes[] = "550-5.1.1 a\x1b[31m\r\n550 b\0c\b\xff\r\n";
	static const char shown[] = "550 5.1.1 a\\x1B[31m b\\x00c\\x08\\xFF";
	struct reply_reader r;
	struct fault f;
	char text[100];
	size_t used;

	reply_reader_init(&r);
	ck_assert_int_eq(reply_read(&r, bytes, sizeof(bytes) - 1, &used, &f),
	                 REPLY_DONE);
	reply_show(&r.reply, text, sizeof(text));
	ck_assert_str_eq(text, shown);
	for (size_t size = 1; size < sizeof(shown); size++) {
		memset(text, 'X', sizeof(text));
		reply_show(&r.reply, text, size);
		ck_assert_uint_lt(strlen(text), size);
		ck_assert_int_eq(strncmp(text, shown, strlen(text)), 0);
		ck_assert_int_eq(text[size], 'X');
	}
	reply_reader_release(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tc = tcase_create("reply");

	tcase_add_loop_test(tc, a_reply_is_the_same_however_it_is_cut, 0,
	                    (int)COUNT_OF(cases));
	tcase_add_test(tc, replies_follow_each_other);
	tcase_add_test(tc, a_reply_has_limits);
	tcase_add_test(tc, the_longest_reply_is_64_kib);
	tcase_add_test(tc, what_is_shown_is_harmless);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
