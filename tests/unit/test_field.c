/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_field - fields that fit, and what they say */
#include "message/field.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "message/encode.h"

#define LIMIT ((size_t)64 << 20)

/* Two letters of two octets, so that C does not read on after \xNN. */
#define UE "\303\274"
#define OE "\303\266"
#define U10 UE UE UE UE UE UE UE UE UE UE

static void fit(const char *raw, size_t n, bool to_ascii, struct sbuf *out)
{
	struct fault f = { .kind = FAULT_NONE };
	struct field field;
	size_t at = 0;

	ck_assert(field_next(raw, n, &at, &field));
	ck_assert_uint_eq(at, n);
	ck_assert_uint_eq(field.len, n);
	sbuf_reset(out);
	ck_assert_msg(field_fit(&field, to_ascii, out, &f) == 0, "%s", f.text);
	at = 0;
	ck_assert(field_next(out->data, out->len, &at, &field));
	ck_assert_uint_eq(at, out->len);
	if (!field_fits(&field, to_ascii))
		ck_abort_msg("%s\n-> %s", raw, out->data);
}

static const struct {
	const char *raw, *ascii;
} fields[] = {
	/* text */
	{ "Subject: plain\r\n", "Subject: plain\r\n" },
	{ "Subject: " UE "\r\n", "Subject: =?UTF-8?B?w7w=?=\r\n" },
	{ "X-A-Name-That-Is-As-Long-As-A-Line-Of-A-Message-May-Be-And-More-Than"
	  "-That : " UE " a\r\n",
	  "X-A-Name-That-Is-As-Long-As-A-Line-Of-A-Message-May-Be-And-More-Than"
	  "-That :\r\n =?UTF-8?B?w7w=?= a\r\n" },
	{ "Subject:" UE "\r\n", "Subject: =?UTF-8?B?w7w=?=\r\n" },
	{ "X-Any : a  " UE " b\r\n", "X-Any : a  =?UTF-8?B?w7w=?= b\r\n" },
	{ "Subject: one " UE " two  three " OE " four\r\n",
	  "Subject: one =?UTF-8?Q?=C3=BC_two__three_=C3=B6?= four\r\n" },
	{ "Subject: \374ber\r\n", "Subject: =?unknown-8bit?Q?=FCber?=\r\n" },
	{ "Subject: a\r\n\tb " UE "\r\n c\r\n",
	  "Subject: a\r\n\tb =?UTF-8?B?w7w=?=\r\n c\r\n" },
	{ "Subject: " UE "\r\n " UE "\r\n",
	  "Subject: =?UTF-8?B?w7wgw7w=?=\r\n" },
	{ "Subject: =?utf-8?q?a?= " UE " =?utf-8?q?b?=\r\n",
	  "Subject: =?utf-8?q?a?= =?UTF-8?Q?_=C3=BC_?= =?utf-8?q?b?=\r\n" },
	{ "Subject: =?utf-8?q?a?= x " UE " y =?utf-8?q?b?=\r\n",
	  "Subject: =?utf-8?q?a?= x =?UTF-8?B?w7w=?= y =?utf-8?q?b?=\r\n" },
	{ "Comments: \"" UE "\" (" OE ")\r\n",
	  "Comments: =?UTF-8?B?IsO8IiAow7Yp?=\r\n" },
	{ "Subject: " U10 U10 U10 "\r\n",
	  "Subject: =?UTF-8?B?"
	  "w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7w=?=\r\n"
	  " =?UTF-8?B?w7zDvMO8w7zDvMO8w7zDvMO8w7zDvA==?=\r\n" },
	{ "Subject: a word, and then some more of them, up to here: x " UE
	  "\r\n",
	  "Subject: a word, and then some more of them, up to here: x\r\n"
	  " =?UTF-8?B?w7w=?=\r\n" },
	/* addresses */
	{ "From: J" UE "rgen <a@x.test>\r\n",
	  "From: =?UTF-8?Q?J=C3=BCrgen?= <a@x.test>\r\n" },
	{ "From: \"J" UE "rgen, X\" <a@x.test>\r\n",
	  "From: =?UTF-8?Q?J=C3=BCrgen=2C_X?= <a@x.test>\r\n" },
	{ "From: \"" UE "\"<a@x.test>\r\n",
	  "From: =?UTF-8?B?w7w=?= <a@x.test>\r\n" },
	{ "From: \"a\\\"" UE "\" <a@x.test>\r\n",
	  "From: =?UTF-8?B?YSLDvA==?= <a@x.test>\r\n" },
	{ "From: \"Bob\" " UE " \"C, D\" <a@x.test>\r\n",
	  "From: \"Bob\" =?UTF-8?B?w7w=?= \"C, D\" <a@x.test>\r\n" },
	{ "From: root@x.test (J" UE "rgen (" OE ") \\) x)\r\n",
	  "From: root@x.test (=?UTF-8?Q?J=C3=BCrgen?= (=?UTF-8?B?w7Y=?=) \\)"
	  " x)\r\n" },
	{ "To: a@x.test,\"" UE "\" <b@x.test>, c@x.test\r\n",
	  "To: a@x.test, =?UTF-8?B?w7w=?= <b@x.test>, c@x.test\r\n" },
	{ "To: J" UE ": a@x.test, " OE " <b@x.test>;\r\n",
	  "To: =?UTF-8?B?SsO8?= : a@x.test, =?UTF-8?B?w7Y=?= <b@x.test>;\r\n" },
	{ "To: a@b" UE "cher.test, B <b@b" UE "cher.test>\r\n",
	  "To: a@xn--bcher-kva.test, B <b@xn--bcher-kva.test>\r\n" },
	{ "To: <" UE "@x.test>\r\n", "To: =?UTF-8?B?w7xAeC50ZXN0?= :;\r\n" },
	{ "To: Bob <" UE "@x.test>, c@x.test\r\n",
	  "To: Bob =?UTF-8?B?w7xAeC50ZXN0?= :;, c@x.test\r\n" },
	{ "To: " OE " <" UE "@x.test>\r\n",
	  "To: =?UTF-8?B?w7Y=?= =?UTF-8?B?IMO8QHgudGVzdA==?= :;\r\n" },
	{ "To: T: <" UE "@x.test>, b@x.test;\r\n",
	  "To: T: (=?UTF-8?B?w7xAeC50ZXN0?=), b@x.test;\r\n" },
	{ "To: " UE "@x.test (" OE ")\r\n",
	  "To: =?UTF-8?B?w7xAeC50ZXN0?= :; (=?UTF-8?B?w7Y=?=)\r\n" },
	{ "From: J" UE "rgen\r\n", "From: =?UTF-8?Q?J=C3=BCrgen?= :;\r\n" },
	{ "To: <a@x.test (" UE ")>\r\n",
	  "To: <a@x.test (=?UTF-8?B?w7w=?=)>\r\n" },
	{ "To: \"" UE "\r\n", "To: =?UTF-8?B?IsO8?= :;\r\n" },
	{ "To: (" UE "\r\n", "To: (??\r\n" },
	{ "To: <" UE "\r\n", "To: =?UTF-8?B?w7w=?= :;\r\n" },
	{ "To: >" UE "<" UE ">>,:;" UE ",\r\n", NULL },
	/* parameters */
	{ "Content-Disposition: attachment; filename=\"" UE ".pdf\"\r\n",
	  "Content-Disposition: attachment; filename*=UTF-8''%C3%BC.pdf\r\n" },
	{ "Content-Type: text/x; a=1; name=" UE " b; c=\"2\" (" OE ")\r\n",
	  "Content-Type: text/x; a=1; name*=UTF-8''%C3%BC%20b; c=\"2\" ("
	  "\r\n =?UTF-8?B?w7Y=?=)\r\n" },
	{ "Content-Type: text/x;name=\"\374\"\r\n",
	  "Content-Type: text/x;name*=unknown-8bit''%FC\r\n" },
	{ "Content-Type: text/x; name*=UTF-8''" UE "%20\r\n",
	  "Content-Type: text/x; name*=UTF-8''%C3%BC%20\r\n" },
	{ "Content-Type: text/x; name*0=\"a%\"; name*1=" UE "\r\n",
	  "Content-Type: text/x; name*0*=UTF-8''a%25; name*1*=%C3%BC\r\n" },
	{ "Content-Type: t" UE "xt/x; " UE "=a\r\n",
	  "Content-Type: t??xt/x; ?\?=a\r\n" },
	{ "Content-Disposition: a; filename=\"" U10 "\"; size=3\r\n",
	  "Content-Disposition: a; \r\n"
	  " filename*0*=UTF-8''%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC;\r\n"
	  " filename*1*=%C3%BC%C3%BC%C3%BC; size=3\r\n" },
	/* others */
	{ "Message-ID: <" UE "@x> (" OE ")\r\n",
	  "Message-ID: <??@x> (=?UTF-8?B?w7Y=?=)\r\n" },
	{ "Date: " UE "\r\n", "Date: ??\r\n" },
};

START_TEST(ascii)
{
	const char *raw = fields[_i].raw;
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	fit(raw, strlen(raw), true, &out);
	if (fields[_i].ascii != NULL)
		ck_assert_str_eq(out.data, fields[_i].ascii);
	fit(raw, strlen(raw), false, &out);
	ck_assert_str_eq(out.data, raw);
	sbuf_release(&out);
}
END_TEST

/* ---- long ones ---- */

static void add_times(struct sbuf *b, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		sbuf_addstr(b, text);
}

/* Without line ends, and the blanks that we may add behind commas. */
static void squeeze(const struct sbuf *b, struct sbuf *out)
{
	for (size_t i = 0; i < b->len; i++)
		if (strchr("\r\n ", b->data[i]) == NULL)
			sbuf_add(out, b->data + i, 1);
}

static const struct {
	const char *name, *part;
	size_t count;
	bool folds; /* at blanks alone: without CRLF it is what it was */
	bool fits;
} longs[] = {
	{ "Subject: ", "word ", 200000, true, true },
	{ "Subject: ", "word\t", 300, true, true },
	{ "Subject: ", "x", 1000000, false, true },
	{ "Subject: a", " ", 2000, false, true },
	{ "Subject: ", UE, 1000, false, true },
	{ "To: ", "recipient.number@department.example.org,", 300, false,
	  true },
	{ "To: ", "a@x.test, ", 1000, true, true },
	{ "To: ", "\"a, b\" <a@x.test>,", 1000, false, true },
	{ "To: ", "x", 2000, false, false },
	{ "Message-ID: ", "x", 1000, false, false },
	{ "References: ", "<some.id@some.host.example> ", 1000, true, true },
	{ "Content-Type: ", "text/plain;a=b;", 1000, false, true },
	{ "Received: ", "a", 1200, false, false },
};

START_TEST(too_long)
{
	struct sbuf raw, out, a, b;
	struct fault f = { .kind = FAULT_NONE };
	struct field field;
	size_t at = 0;

	sbuf_init(&raw, LIMIT);
	sbuf_init(&out, LIMIT);
	sbuf_init(&a, LIMIT);
	sbuf_init(&b, LIMIT);
	sbuf_addstr(&raw, longs[_i].name);
	add_times(&raw, longs[_i].count, longs[_i].part);
	sbuf_addstr(&raw, "\r\n");
	if (!longs[_i].fits) {
		ck_assert(field_next(raw.data, raw.len, &at, &field));
		ck_assert_int_eq(field_fit(&field, false, &out, &f), -1);
		ck_assert_uint_eq(out.len, 0);
		ck_assert_int_eq(f.kind, FAULT_PERM);
		ck_assert_ptr_nonnull(strstr(f.text, "characters"));
	} else {
		fit(raw.data, raw.len, false, &out);
		squeeze(&raw, &a);
		squeeze(&out, &b);
		ck_assert_int_eq(strcmp(a.data, b.data) == 0,
		                 strstr(out.data, "=?") == NULL);
		fit(raw.data, raw.len, true, &out);
	}
	if (longs[_i].folds) {
		sbuf_reset(&a);
		for (size_t i = 0; i < out.len; i++)
			if (out.data[i] != '\r' && out.data[i] != '\n')
				sbuf_add(&a, out.data + i, 1);
		ck_assert_uint_eq(a.len + 2, raw.len);
		ck_assert_mem_eq(a.data, raw.data, a.len);
	}
	sbuf_release(&b);
	sbuf_release(&a);
	sbuf_release(&out);
	sbuf_release(&raw);
}
END_TEST

/* What opens and never ends is looked for once, not once for each. */
START_TEST(never_closed)
{
	static const char *const open[] = { "[", "(", "\"", "<", "((a)", "=?" };
	static const char *const name[] = { "To: " UE, "Content-Type: a/b;" UE,
		                            "Subject: " UE, "Date: " UE };
	struct fault f = { .kind = FAULT_NONE };
	struct field field;
	struct sbuf raw, out;

	sbuf_init(&raw, LIMIT);
	sbuf_init(&out, LIMIT);
	for (size_t i = 0; i < COUNT_OF(name); i++) {
		size_t at = 0;

		sbuf_reset(&raw);
		sbuf_reset(&out);
		sbuf_addstr(&raw, name[i]);
		add_times(&raw, 2000000, open[_i]);
		sbuf_addstr(&raw, "\r\n");
		ck_assert(field_next(raw.data, raw.len, &at, &field));
		if (field_fit(&field, true, &out, &f) != 0)
			ck_assert_int_eq(f.kind, FAULT_PERM);
	}
	sbuf_release(&out);
	sbuf_release(&raw);
}
END_TEST

/* Only the line that is too long is folded. */
START_TEST(short_lines_stay)
{
	struct sbuf raw, out;

	sbuf_init(&raw, LIMIT);
	sbuf_init(&out, LIMIT);
	sbuf_addstr(&raw, "Subject: short\r\n\t");
	add_times(&raw, 100, "not short ");
	sbuf_addstr(&raw, "end\r\n ");
	add_times(&raw, 90, "not short ");
	sbuf_addstr(&raw, "\r\n");
	fit(raw.data, raw.len, true, &out);
	ck_assert_int_eq(strncmp(out.data, "Subject: short\r\n\tnot ", 20), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\r\n not short not short not "
	                                       "short not short not short not "
	                                       "short not short not short "));
	sbuf_release(&out);
	sbuf_release(&raw);
}
END_TEST

/* Any bytes: something that fits, or a fault. */
START_TEST(any_bytes)
{
	static const char *const name[] = { "Subject", "To", "Content-Type",
		                            "Date" };
	static const char letter[] = "ab \"\\()<>,:;@=?*'%\t\303\274\377[].";
	struct sbuf raw;
	struct sbuf out;

	sbuf_init(&raw, LIMIT);
	sbuf_init(&out, LIMIT);
	for (unsigned round = 0; round < 100000; round++) {
		sbuf_reset(&raw);
		sbuf_addf(&raw, "%s:", name[round % 4]);
		for (int n = rand() % 40; n > 0; n--) {
			size_t i = (size_t)rand() % (sizeof(letter) - 1);

			sbuf_add(&raw, letter + i, 1);
			if (rand() % 50 == 0)
				sbuf_addstr(&raw, "x\r\n x");
		}
		sbuf_addstr(&raw, "x\r\n");
		fit(raw.data, raw.len, true, &out);
	}
	sbuf_release(&out);
	sbuf_release(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("field");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, ascii, 0, COUNT_OF(fields));
	tcase_add_loop_test(all, too_long, 0, COUNT_OF(longs));
	tcase_add_loop_test(all, never_closed, 0, 6);
	tcase_add_test(all, short_lines_stay);
	tcase_add_test(all, any_bytes);
	return fixture_run(suite);
}
