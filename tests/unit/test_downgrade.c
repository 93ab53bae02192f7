/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_downgrade - messages as servers get them, for every way to cut them
 *
 * What a reader of mail sees before and after is compared in
 * tests/message/downgrade.tap, with a reader that is not ours.
 */
#include "message/downgrade.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

#define LIMIT ((size_t)64 << 20)
#define UE "\303\274"

#define MIME "MIME-Version: 1.0\r\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"
#define QUOTED "Content-Transfer-Encoding: quoted-printable\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"
#define EIGHT "Content-Transfer-Encoding: 8bit\r\n"
#define SEVEN "Content-Transfer-Encoding: 7bit\r\n"
#define UTF8 "Content-Type: text/plain; charset=UTF-8\r\n"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50
#define X1000 X250 X250 X250 X250
#define X72 X50 "xxxxxxxxxxxxxxxxxxxxxx"

enum {
	NOTHING = 0,
	CAN_8BIT = 1,
	CAN_UTF8 = 2,
};

static int add(void *arg, const char *bytes, size_t n)
{
	ck_assert_uint_gt(n, 0);
	sbuf_add(arg, bytes, n);
	return 0;
}

static struct downgrade *look(const char *text, size_t n, size_t step)
{
	struct downgrade *d = downgrade_create();

	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < step ? n - at : step;
		downgrade_look(d, text + at, part);
	}
	downgrade_looked(d);
	return d;
}

static int plan(struct downgrade *d, int can, struct fault *f)
{
	struct downgrade_limits limits = { .can_8bit = (can & CAN_8BIT) != 0,
		                           .can_utf8 = (can & CAN_UTF8) != 0 };

	return downgrade_plan(d, &limits, f);
}

static bool is_needless(const struct downgrade *d, int can)
{
	struct downgrade_limits limits = { .can_8bit = (can & CAN_8BIT) != 0,
		                           .can_utf8 = (can & CAN_UTF8) != 0 };

	return downgrade_is_needless(downgrade_scan(d), &limits);
}

static void reading(struct downgrade *d, const char *text, size_t n,
                    size_t step, struct sbuf *out)
{
	sbuf_reset(out);
	downgrade_begin(d, add, out);
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < step ? n - at : step;
		ck_assert_int_eq(downgrade_add(d, text + at, part), 0);
	}
	ck_assert_int_eq(downgrade_end(d), 0);
}

static const struct {
	const char *name;
	int can;
	const char *text;
	const char *sent; /* NULL: as it is */
} messages[] = {
	{ "plain", NOTHING, "Subject: a\r\n\r\nb\r\n", NULL },
	{ "empty", NOTHING, "", NULL },
	{ "8-bit, and the server can", CAN_8BIT,
	  MIME PLAIN EIGHT "\r\n" UE "\r\n", NULL },
	{ "no label, and the server can", CAN_8BIT, MIME PLAIN "\r\n" UE "\r\n",
	  NULL },
	{ "8-bit", NOTHING, MIME PLAIN EIGHT "\r\na" UE "bcdefgh\r\n",
	  MIME PLAIN QUOTED "\r\na=C3=BCbcdefgh\r\n" },
	{ "8-bit without a label", NOTHING,
	  MIME PLAIN "\r\na bcdefg " UE "\r\n",
	  MIME PLAIN QUOTED "\r\na bcdefg =C3=BC\r\n" },
	{ "mostly 8-bit", NOTHING, MIME PLAIN EIGHT "\r\n" UE UE UE "\r\n",
	  MIME PLAIN BASE64 "\r\nw7zDvMO8DQo=\r\n" },
	{ "two labels", NOTHING,
	  MIME PLAIN EIGHT SEVEN "\r\nabcdefgh " UE "\r\n",
	  MIME PLAIN QUOTED "\r\nabcdefgh =C3=BC\r\n" },
	{ "a strange label", NOTHING,
	  MIME PLAIN "Content-Transfer-Encoding: utf-8\r\n\r\nabcdefgh " UE
	             "\r\n",
	  MIME PLAIN QUOTED "\r\nabcdefgh =C3=BC\r\n" },
	{ "no MIME", NOTHING, "Subject: a\r\n\r\nabcdefghi " UE "\r\n",
	  "Subject: a\r\n" MIME UTF8 QUOTED "\r\nabcdefghi =C3=BC\r\n" },
	{ "no MIME, and the server can", CAN_8BIT,
	  "Subject: a\r\n\r\n" UE "\r\n",
	  "Subject: a\r\n" MIME UTF8 EIGHT "\r\n" UE "\r\n" },
	{ "no MIME, and not UTF-8", CAN_8BIT, "Subject: a\r\n\r\n\374\r\n",
	  "Subject: a\r\n" MIME
	  "Content-Type: text/plain; charset=unknown-8bit\r\n" EIGHT
	  "\r\n\374\r\n" },
	{ "a type without MIME", CAN_8BIT, PLAIN "\r\n" UE "\r\n",
	  PLAIN MIME EIGHT "\r\n" UE "\r\n" },
	{ "7-bit without MIME", NOTHING, "Subject: a\r\n\r\nx\r\n", NULL },
	{ "data", NOTHING,
	  MIME "Content-Type: application/x-data\r\n\r\n\377\376\r\n",
	  MIME "Content-Type: application/x-data\r\n" BASE64
	       "\r\n//4NCg==\r\n" },
	{ "a long line", CAN_8BIT, MIME PLAIN "\r\n" X72 X1000 "\r\n",
	  MIME PLAIN QUOTED "\r\n" X72 "=\r\n" X72 "=\r\n" X72 "=\r\n" X72
	                    "=\r\n" X72 "=\r\n" X72 "=\r\n" X72 "=\r\n" X72
	                    "=\r\n" X72 "=\r\n" X72 "=\r\n" X72 "=\r\n" X72
	                    "=\r\n" X72 "=\r\n" X72 "=\r\n"
	                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	                    "xxxxxxxxxxxxxxxx\r\n" },
	{ "998 is not long", CAN_8BIT,
	  "Subject: a\r\n\r\n" X250 X250 X250 X50 X50 X50 X50
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
	  NULL },
	{ "NUL", NOTHING, MIME PLAIN "\r\nabc\001d\r\n",
	  MIME PLAIN QUOTED "\r\nabc=00d\r\n" },
	{ "NUL, and the server can", CAN_8BIT, MIME PLAIN "\r\nabc\001d\r\n",
	  NULL },
	{ "parts: one is encoded, and its break is the boundary's", NOTHING,
	  MIME MIXED EIGHT "\r\n--b\r\n\r\n7-bit\r\n--b\r\n" PLAIN EIGHT
	                   "\r\nabcdefghijkl " UE "\r\n--b\r\n" BASE64
	                   "\r\nQUJD\r\n--b--\r\n",
	  MIME MIXED SEVEN "\r\n--b\r\n\r\n7-bit\r\n--b\r\n" PLAIN QUOTED
	                   "\r\nabcdefghijkl =C3=BC\r\n--b\r\n" BASE64
	                   "\r\nQUJD\r\n--b--\r\n" },
	{ "parts: an empty line at the end of one", NOTHING,
	  MIME MIXED "\r\n--b\r\n\r\nabcdefghijklmn " UE "\r\n\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmn =C3=BC\r\n\r\n--b--\r\n" },
	{ "parts: no empty line before the text", NOTHING,
	  MIME MIXED "\r\n--b\r\nabcdefghijklmn " UE "\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmn =C3=BC\r\n--b--\r\n" },
	{ "parts: before and after", NOTHING,
	  MIME MIXED "\r\n" UE "\r\n--b\r\n\r\n--b-- \r\n" UE "\r\n",
	  MIME MIXED "\r\n??\r\n--b\r\n\r\n--b-- \r\n??\r\n" },
	{ "parts: never closed", NOTHING,
	  MIME MIXED "\r\n--b\r\n\r\nabcdefghijklmn " UE "\r\n",
	  MIME MIXED "\r\n--b\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmn =C3=BC\r\n" },
	{ "parts: a boundary is a whole line", NOTHING,
	  MIME MIXED "\r\n--b\r\n\r\nabcdefghijklmnopqrs " UE
	             "\r\n--bc\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmnopqrs =C3=BC\r\n--bc\r\n--b--\r\n" },
	{ "parts: an outer boundary ends an inner multipart", NOTHING,
	  MIME MIXED "\r\n--b\r\n"
	             "Content-Type: multipart/mixed; boundary=\"c d\"\r\n\r\n"
	             "--c d\r\n\r\nabcdefghijklmnop " UE "\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\n"
	             "Content-Type: multipart/mixed; boundary=\"c d\"\r\n\r\n"
	             "--c d\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmnop =C3=BC\r\n--b--\r\n" },
	{ "a message in it", NOTHING,
	  MIME "Content-Type: message/rfc822\r\n" EIGHT "\r\nSubject: " UE
	       "\r\n\r\nabcdefghijklmnop " UE "\r\n",
	  MIME "Content-Type: message/rfc822\r\n" SEVEN
	       "\r\nSubject: =?UTF-8?B?w7w=?=\r\n" MIME UTF8 QUOTED
	       "\r\nabcdefghijklmnop =C3=BC\r\n" },
	{ "a digest", NOTHING,
	  MIME "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	       "Subject: " UE "\r\n\r\nx\r\n--b--\r\n",
	  MIME "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	       "Subject: =?UTF-8?B?w7w=?=\r\n\r\nx\r\n--b--\r\n" },
	{ "a message without a header, in a part whose header has no end",
	  NOTHING,
	  MIME "Content-Type: message/rfc822\r\nabcdefghijklmnop " UE "\r\n",
	  MIME "Content-Type: message/rfc822\r\n\r\n" MIME UTF8 QUOTED
	       "\r\nabcdefghijklmnop =C3=BC\r\n" },
	{ "a digest of text", NOTHING,
	  MIME "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	       "abcdefghijklmnop " UE "\r\n--b--\r\n",
	  MIME "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	       "\r\n" MIME UTF8 QUOTED
	       "\r\nabcdefghijklmnop =C3=BC\r\n--b--\r\n" },
	{ "base64 in one line", CAN_8BIT, MIME BASE64 "\r\n" X1000 "\r\n",
	  MIME BASE64 "\r\n" X72 "xxxx\r\n" X72 "xxxx\r\n" X72 "xxxx\r\n" X72
	              "xxxx\r\n" X72 "xxxx\r\n" X72 "xxxx\r\n" X72
	              "xxxx\r\n" X72 "xxxx\r\n" X72 "xxxx\r\n" X72
	              "xxxx\r\n" X72 "xxxx\r\n" X72 "xxxx\r\n" X72
	              "xxxx\r\nxxxxxxxxxxxx\r\n" },
	{ "a header, and the envelope is UTF-8", CAN_8BIT | CAN_UTF8,
	  "Subject: " UE "\r\n\r\nx\r\n", NULL },
	{ "a header", CAN_8BIT, "Subject: " UE "\r\n\r\nx\r\n",
	  "Subject: =?UTF-8?B?w7w=?=\r\n\r\nx\r\n" },
	{ "a part's header", CAN_8BIT,
	  MIME MIXED "\r\n--b\r\nContent-Description: " UE
	             "\r\n\r\nx\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\nContent-Description: =?UTF-8?B?w7w=?="
	             "\r\n\r\nx\r\n--b--\r\n" },
	{ "a header of parts without a boundary", CAN_8BIT,
	  "Subject: " UE "\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n",
	  "Subject: =?UTF-8?B?w7w=?=\r\nContent-Type: multipart/mixed\r\n\r\n"
	  "x\r\n" },
	{ "a field that is not signed", CAN_8BIT,
	  "DKIM-Signature: h=from:to; b=x\r\nSubject: " UE "\r\n\r\n" UE "\r\n",
	  "DKIM-Signature: h=from:to; b=x\r\nSubject: "
	  "=?UTF-8?B?w7w=?=\r\n\r\n" UE "\r\n" },
	{ "signed, and 7-bit", NOTHING,
	  MIME "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n"
	       "x\r\n--b--\r\n",
	  NULL },
	{ "signed, and the server can", CAN_8BIT,
	  MIME "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
	       "Content-Description: " UE "\r\n\r\n" UE "\r\n--b--\r\n",
	  NULL },
	{ "signed, beside what is not", NOTHING,
	  MIME MIXED "\r\n--b\r\n"
	             "Content-Type: multipart/signed; boundary=c\r\n\r\n"
	             "--c\r\n" EIGHT "\r\nx\r\n--c--\r\n--b\r\n\r\n"
	             "abcdefghijklmnop " UE "\r\n--b--\r\n",
	  MIME MIXED "\r\n--b\r\n"
	             "Content-Type: multipart/signed; boundary=c\r\n\r\n"
	             "--c\r\n" EIGHT "\r\nx\r\n--c--\r\n--b\r\n" UTF8 QUOTED
	             "\r\nabcdefghijklmnop =C3=BC\r\n--b--\r\n" },
};

/* \001 in the table is a NUL. */
static void set_text(struct sbuf *b, const char *text)
{
	sbuf_init(b, LIMIT);
	for (; *text != '\0'; text++)
		sbuf_add(b, *text == '\001' ? "" : text, 1);
}

START_TEST(message)
{
	const char *sent = messages[_i].sent;
	struct fault f = { .kind = FAULT_NONE };
	struct downgrade *d;
	struct sbuf text, out;
	int want = sent != NULL;

	set_text(&text, messages[_i].text);
	sbuf_init(&out, LIMIT);
	for (size_t step = 1; step <= text.len + 1; step++) {
		d = look(text.data, text.len, step);
		ck_assert_msg(plan(d, messages[_i].can, &f) == want, "%s: %s",
		              messages[_i].name, f.text);
		ck_assert_int_eq(*downgrade_changes(d) != '\0', want);
		ck_assert(!want || !is_needless(d, messages[_i].can));
		for (int i = 0; i < 2 && want; i++) {
			reading(d, text.data, text.len, step, &out);
			ck_assert_str_eq(out.data, sent);
		}
		downgrade_free(&d);
	}
	sbuf_release(&out);
	sbuf_release(&text);
}
END_TEST

#define SIGNED "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"

static const struct {
	int can;
	const char *text;
	const char *said;
} refusals[] = {
	{ NOTHING, MIME SIGNED "\r\n" UE "\r\n--b--\r\n",
	  "signed or encrypted" },
	{ CAN_8BIT, MIME SIGNED "\r\n" X1000 "\r\n--b--\r\n",
	  "a line of 1000 characters" },
	{ NOTHING, MIME SIGNED "Subject: " UE "\r\n\r\nx\r\n--b--\r\n",
	  "signed or encrypted" },
	{ NOTHING,
	  MIME SIGNED
	  "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" UE
	  "\r\n--b--\r\n",
	  "signed or encrypted" },
	{ NOTHING, MIME SIGNED "\r\nx\r\n--b--\r\n" UE "\r\n",
	  "signed or encrypted" },
	{ NOTHING, "Content-Type: application/pkcs7-mime\r\n\r\n" UE "\r\n",
	  "signed or encrypted" },
	{ NOTHING, "DKIM-Signature: h=from\r\n\r\n" UE "\r\n",
	  "DKIM-Signature" },
	{ CAN_8BIT, "DKIM-Signature: h=from\r\n\r\n" X1000 "\r\n",
	  "DKIM-Signature" },
	{ CAN_8BIT,
	  "Subject: " UE
	  "\r\nDKIM-Signature: a=b; H = From :\r\n subject\r\n\r\n"
	  "x\r\n",
	  "field Subject is signed" },
	{ NOTHING, BASE64 "\r\n" UE "\r\n", "says that it is encoded" },
	{ NOTHING, QUOTED "\r\n" UE "\r\n", "says that it is encoded" },
	{ NOTHING, "Content-Type: message/partial; id=1\r\n\r\n" UE "\r\n",
	  "message/partial" },
	{ NOTHING, "Content-Type: multipart/mixed\r\n\r\n" UE "\r\n",
	  "no boundary" },
	{ NOTHING,
	  "Content-Type: multipart/mixed; boundary=" UE "\r\n\r\n--" UE "\r\n",
	  "no boundary" },
	{ CAN_8BIT, "Message-ID: " X1000 "\r\n\r\nx\r\n", "Message-ID has 10" },
};

START_TEST(refused)
{
	const char *text = refusals[_i].text;
	struct fault f = { .kind = FAULT_NONE };
	struct downgrade *d;

	for (size_t step = 1; step < 100; step++) {
		d = look(text, strlen(text), step);
		ck_assert_int_eq(plan(d, refusals[_i].can, &f), -1);
		ck_assert_int_eq(f.kind, FAULT_PERM);
		ck_assert_int_eq(strncmp(f.code, "5.6.", 4), 0);
		ck_assert_msg(strstr(f.text, refusals[_i].said) != NULL, "%s",
		              f.text);
		downgrade_free(&d);
	}
}
END_TEST

/* One look, and then whatever servers there are. */
START_TEST(several_servers)
{
	static const char text[] = "Subject: " UE "\r\n\r\n" UE "\r\n";
	struct fault f = { .kind = FAULT_NONE };
	struct downgrade *d = look(text, sizeof(text) - 1, 3);
	struct sbuf first, again;

	sbuf_init(&first, LIMIT);
	sbuf_init(&again, LIMIT);
	ck_assert_int_eq(plan(d, NOTHING, &f), 1);
	reading(d, text, sizeof(text) - 1, 5, &first);
	ck_assert_int_eq(plan(d, CAN_8BIT | CAN_UTF8, &f), 1);
	ck_assert_str_eq(downgrade_changes(d), "declared as MIME");
	ck_assert_int_eq(plan(d, NOTHING, &f), 1);
	reading(d, text, sizeof(text) - 1, 100, &again);
	ck_assert_str_eq(first.data, again.data);
	ck_assert(downgrade_scan(d)->ends_with_crlf);
	ck_assert(downgrade_scan(d)->header_has_8bit);
	sbuf_release(&again);
	sbuf_release(&first);
	downgrade_free(&d);
}
END_TEST

static int refuse(void *arg, const char *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	++*(int *)arg;
	return 7;
}

START_TEST(a_failed_write_ends_it)
{
	static const char text[] = "Subject: " UE "\r\n\r\n" X72 "\r\n";
	struct fault f = { .kind = FAULT_NONE };
	struct downgrade *d = look(text, sizeof(text) - 1, 3);
	int calls = 0, result = 0;

	ck_assert_int_eq(plan(d, CAN_8BIT, &f), 1);
	downgrade_begin(d, refuse, &calls);
	downgrade_add(d, text, 20);
	for (int i = 0; i < 1000; i++)
		result = downgrade_add(d, text + 20, sizeof(text) - 21);
	ck_assert_int_eq(result, 7);
	ck_assert_int_eq(downgrade_end(d), 7);
	ck_assert_int_eq(calls, 1);
	downgrade_free(&d);
}
END_TEST

/* Structures without end: an answer, soon. */
static const struct {
	const char *before; /* each time; %d counts */
	const char *after;
	int count, can;
	int plan;
	const char *said;
} deeps[] = {
	{ "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
	  "\r\nx\r\n", 10000, NOTHING, 0, "" },
	{ "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
	  "\r\n" UE "\r\n", 10000, NOTHING, -1, "more than 100 deep" },
	{ "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
	  "\r\n" UE "\r\n", 10000, CAN_8BIT, 0, "" },
	{ "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n",
	  "\r\nabcdefghijklmnop " UE "\r\n", 100, NOTHING, 1, "" },
	{ "Content-Type: message/rfc822\r\nX: %d%d\r\n\r\n",
	  "\r\nabcdefghijklmnop " UE "\r\n", 19999, NOTHING, 1, "" },
	{ "Content-Type: message/rfc822\r\nX: %d%d\r\n\r\n", "\r\n" UE "\r\n",
	  20001, NOTHING, -1, "more than 20000 parts" },
	{ "x: %d%d\r\n", "\r\n" UE "\r\n", 400000, NOTHING, -1, "too long" },
	{ "", "", 0, NOTHING, 0, "" },
};

START_TEST(deep)
{
	struct fault f = { .kind = FAULT_NONE };
	struct downgrade *d;
	struct sbuf text, out;

	sbuf_init(&text, LIMIT);
	sbuf_init(&out, LIMIT);
	for (int i = 0; i < deeps[_i].count; i++) {
		const char *at = deeps[_i].before, *mark;

		for (; (mark = strstr(at, "%d")) != NULL; at = mark + 2) {
			sbuf_add(&text, at, (size_t)(mark - at));
			sbuf_addf(&text, "%d", i);
		}
		sbuf_addstr(&text, at);
	}
	sbuf_addstr(&text, deeps[_i].after);
	d = look(text.data, text.len, 4096);
	ck_assert_int_eq(plan(d, deeps[_i].can, &f), deeps[_i].plan);
	if (deeps[_i].plan < 0)
		ck_assert_msg(strstr(f.text, deeps[_i].said) != NULL, "%s",
		              f.text);
	if (deeps[_i].plan > 0) {
		reading(d, text.data, text.len, 4096, &out);
		ck_assert_ptr_nonnull(strstr(out.data, "p =C3=BC\r\n"));
	}
	downgrade_free(&d);
	sbuf_release(&out);
	sbuf_release(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("downgrade");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, message, 0, COUNT_OF(messages));
	tcase_add_loop_test(all, refused, 0, COUNT_OF(refusals));
	tcase_add_test(all, several_servers);
	tcase_add_test(all, a_failed_write_ends_it);
	tcase_add_loop_test(all, deep, 0, COUNT_OF(deeps));
	return fixture_run(suite);
}
