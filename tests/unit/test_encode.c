/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_encode - what was encoded decodes to the same, for every way to cut it
 *
 * The decoders are written here, from the RFCs.
 */
#include "message/encode.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define TEXT(s) s, sizeof(s) - 1
#define LIMIT 1000000

/* ---- quoted-printable ---- */

/* Text with its line ends through the encoder, in pieces of `step` bytes. */
static void to_quoted(const char *text, size_t n, size_t step, struct sbuf *out)
{
	struct quoted q;

	quoted_init(&q);
	for (size_t i = 0; i < n;) {
		size_t k = 0;

		if (n - i >= 2 && memcmp(text + i, "\r\n", 2) == 0) {
			quoted_break(&q, out);
			i += 2;
			continue;
		}
		while (k < step && i + k < n &&
		       !(n - i - k >= 2 &&
		         memcmp(text + i + k, "\r\n", 2) == 0))
			k++;
		quoted_add(&q, text + i, k, out);
		i += k;
	}
	quoted_end(&q, out);
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

static void from_quoted(const struct sbuf *in, struct sbuf *out)
{
	for (size_t i = 0; i < in->len; i++) {
		const char *s = in->data + i;
		char c;

		if (*s != '=') {
			sbuf_add(out, s, 1);
			continue;
		}
		ck_assert_uint_le(i + 3, in->len);
		i += 2;
		if (memcmp(s, "=\r\n", 3) == 0)
			continue;
		c = (char)(digit(s[1]) << 4 | digit(s[2]));
		sbuf_add(out, &c, 1);
	}
}

static void check_lines(const struct sbuf *text)
{
	size_t column = 0;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];

		ck_assert_int_ne(c, '\0');
		ck_assert_uint_lt((unsigned char)c, 0x80);
		if (c == '\r')
			ck_assert_int_eq(text->data[++i], '\n');
		column = c == '\r' ? 0 : column + 1;
		ck_assert_uint_le(column, 76);
		ck_assert(column != 1 || c != '.');
	}
}

#define A20 "aaaaaaaaaaaaaaaaaaaa"
#define A72 A20 A20 A20 "aaaaaaaaaaaa"

static const struct {
	const char *text;
	size_t n;
	const char *quoted;
} quotes[] = {
	{ TEXT(""), "" },
	{ TEXT("\r\n"), "\r\n" },
	{ TEXT("a=b\r\n"), "a=3Db\r\n" },
	{ TEXT("na\xc3\xafve"), "na=C3=AFve" },
	{ TEXT("a \r\n\t\r\n"), "a=20\r\n=09\r\n" },
	{ TEXT("a  "), "a =20" },
	{ TEXT(" "), "=20" },
	{ TEXT(".\r\n..\r\n"), "=2E\r\n=2E.\r\n" },
	{ TEXT("From a\r\nFrom\r\n>From b"), "=46rom a\r\nFrom\r\n>From b" },
	{ TEXT("From "), "=46rom=20" },
	{ TEXT("a\0b\rc\nd\x7f"), "a=00b=0Dc=0Ad=7F" },
	{ TEXT(A72 "\r\n"), A72 "\r\n" },
	{ TEXT(A72 "b"), A72 "=\r\nb" },
	{ TEXT(A72 ".b"), A72 "=\r\n=2Eb" },
	{ TEXT(A72 "From b"), A72 "=\r\n=46rom b" },
	{ TEXT(A72 "--b\r\n--c"), A72 "=\r\n=2D-b\r\n--c" },
	{ TEXT(A20 A20 A20 "aaaaaaaaaa\xc3\xa4"),
	  A20 A20 A20 "aaaaaaaaaa=\r\n=C3=A4" },
};

START_TEST(quoted)
{
	struct sbuf out, back;

	sbuf_init(&out, LIMIT);
	sbuf_init(&back, LIMIT);
	for (size_t step = 1; step < 100; step++) {
		sbuf_reset(&out);
		sbuf_reset(&back);
		to_quoted(quotes[_i].text, quotes[_i].n, step, &out);
		ck_assert_str_eq(out.data, quotes[_i].quoted);
		check_lines(&out);
		from_quoted(&out, &back);
		ck_assert_uint_eq(back.len, quotes[_i].n);
		ck_assert_mem_eq(back.data, quotes[_i].text, back.len);
	}
	sbuf_release(&back);
	sbuf_release(&out);
}
END_TEST

/* ---- base64 ---- */

static void to_base64(const char *bytes, size_t n, size_t step,
                      struct sbuf *out)
{
	struct base64 b;

	base64_init(&b);
	for (size_t part; n > 0; bytes += part, n -= part) {
		part = n < step ? n : step;
		base64_add(&b, bytes, part, out);
	}
	base64_end(&b, out);
}

/* RFC 4648, section 10, and what a line takes. */
static const struct {
	const char *text, *digits;
} digits[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	  "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
	  "YWFhYWFh\r\nYg==" },
};

START_TEST(base64)
{
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	for (size_t step = 1; step < 80; step++) {
		sbuf_reset(&out);
		to_base64(digits[_i].text, strlen(digits[_i].text), step, &out);
		ck_assert_str_eq(out.data, digits[_i].digits);
	}
	sbuf_release(&out);
}
END_TEST

/* ---- UTF-8 ---- */

static const struct {
	const char *text;
	bool good;
} texts[] = {
	{ "", true },
	{ "a", true },
	{ "\xc3\xa4", true },
	{ "\xe2\x82\xac x \xf0\x9f\x98\x80", true },
	{ "\xf4\x8f\xbf\xbf", true },
	{ "\xed\x9f\xbf\xee\x80\x80", true },
	{ "\xc3", false },
	{ "\xc3 ", false },
	{ "\xa4", false },
	{ "\xc0\x80", false },
	{ "\xc1\xbf", false },
	{ "\xe0\x9f\xbf", false },
	{ "\xed\xa0\x80", false },
	{ "\xf0\x8f\xbf\xbf", false },
	{ "\xf4\x90\x80\x80", false },
	{ "\xf5\x80\x80\x80", false },
	{ "\xe2\x82", false },
	{ "J\xfcrgen", false },
};

START_TEST(utf8)
{
	const char *text = texts[_i].text;
	size_t n = strlen(text);

	for (size_t cut = 0; cut <= n; cut++) {
		struct utf8 u = { .is_bad = false };

		utf8_add(&u, text, cut);
		utf8_add(&u, text + cut, n - cut);
		ck_assert_int_eq(utf8_is_good(&u), texts[_i].good);
	}
	ck_assert_int_eq(encode_is_utf8(text, n), texts[_i].good);
}
END_TEST

/* ---- encoded words ---- */

static const struct {
	const char *text, *words; /* with a blank between them */
	size_t room;
} words[] = {
	{ "J\xc3\xb6rgen", "=?UTF-8?Q?J=C3=B6rgen?=", 75 },
	{ "\xc3\xb6", "=?UTF-8?B?w7Y=?=", 75 },
	{ "J\xf6rgen", "=?unknown-8bit?Q?J=F6rgen?=", 75 },
	{ "a b_c?\xc3\xb6", "=?UTF-8?B?YSBiX2M/w7Y=?=", 75 },
	{ "many words, and \xc3\xb6",
	  "=?UTF-8?Q?many_words=2C_and_=C3=B6?=", 75 },
	{ "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	  "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs?=", 75 },
	{ "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
	  "\xac",
	  "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs?= =?UTF-8?B?4oKs?=", 32 },
	{ "abcdefghijklmnopqrst\xc3\xb6",
	  "=?UTF-8?Q?abcdefghijklmnopqrst?= =?UTF-8?B?w7Y=?=", 32 },
};

START_TEST(encoded_words)
{
	const char *text = words[_i].text;
	size_t n = strlen(text), used;
	bool is_utf8 = encode_is_utf8(text, n);
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	for (size_t at = 0; at < n; at += used) {
		size_t before;

		if (at > 0)
			sbuf_add(&out, " ", 1);
		before = out.len;
		used = encode_word(text + at, n - at, is_utf8, words[_i].room,
		                   &out);
		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(out.len - before, words[_i].room);
	}
	ck_assert_str_eq(out.data, words[_i].words);
	sbuf_release(&out);
}
END_TEST

/* Whatever the bytes and the room: something is taken and nothing is over. */
START_TEST(any_words)
{
	struct sbuf out;
	char text[64];

	sbuf_init(&out, LIMIT);
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = 1 + (size_t)rand() % sizeof(text);
		size_t room = ENCODE_WORD_LEAST + round % 44, used;

		for (size_t i = 0; i < n; i++)
			text[i] = (char)(rand() >> 4);
		sbuf_reset(&out);
		used = encode_word(text, n, round % 2 == 0, room, &out);
		ck_assert_uint_ge(used, 1);
		ck_assert_uint_le(used, n);
		ck_assert_uint_le(out.len, room);
		ck_assert_uint_eq(strlen(out.data), out.len);
		ck_assert(!encode_has_8bit(out.data, out.len));
	}
	sbuf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encode");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, quoted, 0, COUNT_OF(quotes));
	tcase_add_loop_test(all, base64, 0, COUNT_OF(digits));
	tcase_add_loop_test(all, utf8, 0, COUNT_OF(texts));
	tcase_add_loop_test(all, encoded_words, 0, COUNT_OF(words));
	tcase_add_test(all, any_words);
	return fixture_run(suite);
}
