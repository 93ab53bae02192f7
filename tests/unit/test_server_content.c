/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_server_content - what is between 354 and the dot
 *
 * In pieces of all sizes, and through the server for what follows the dot.
 */
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "server_play.h"
#include "smtp/unstuff.h"

#define MORE UNSTUFF_MORE
#define END UNSTUFF_END
#define BARE UNSTUFF_BARE

static const struct {
	const char *bytes;
	const char *content;        /* of a program */
	enum unstuff_result result; /* of a program */
	enum unstuff_result strict; /* the content is the same, unless BARE */
	const char *rest;
} cases[] = {
	{ ".\r\n", "", END, END, "" },
	{ ".\n", "", END, BARE, "" },
	{ ".\r\nQUIT\r\n", "", END, END, "QUIT\r\n" },
	{ "a\r\n.\r\n", "a\r\n", END, END, "" },
	{ "a\n.\nb", "a\n", END, BARE, "b" },
	{ "a\r\n.\nb", "a\r\n", END, BARE, "b" },
	{ "a\n.\r\nb", "a\n", END, BARE, "b" },
	{ "..\r\n.\r\n", ".\r\n", END, END, "" },
	{ "...\r\n.\r\n", "..\r\n", END, END, "" },
	{ ".a\r\n.\r\n", "a\r\n", END, END, "" },
	{ "a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n", END, END, "" },
	{ "\r\n.\r\n", "\r\n", END, END, "" },
	{ "a\r.\r\n.\r\n", "a\r.\r\n", END, BARE, "" },
	{ ".\r.\r\n.\r\n", "\r.\r\n", END, BARE, "" },
	{ ".\r\r\n.\r\n", "\r\r\n", END, BARE, "" },
	{ "\r.\r\n.\r\n", "\r.\r\n", END, BARE, "" },
	{ "a\r\r\n.\r\n", "a\r\r\n", END, BARE, "" },
	{ "a", "a", MORE, MORE, "" },
	{ "a\r\n", "a\r\n", MORE, MORE, "" },
	{ "a\r\n.", "a\r\n", MORE, MORE, "" },
	{ "a\r\n.\r", "a\r\n", MORE, MORE, "" },
	{ "", "", MORE, MORE, "" },
};

static void collect(void *arg, const char *bytes, size_t n)
{
	ck_assert_uint_gt(n, 0);
	sbuf_add(arg, bytes, n);
}

/* How many bytes were used. */
static size_t run(bool is_strict, const char *bytes, size_t piece,
                  enum unstuff_result expected, struct sbuf *content)
{
	enum unstuff_result result = MORE;
	size_t n = strlen(bytes), at = 0, used;
	struct unstuff u;

	sbuf_reset(content);
	unstuff_init(&u, is_strict, collect, content);
	while (at < n && result == MORE) {
		size_t k = piece < n - at ? piece : n - at;

		result = unstuff(&u, bytes + at, k, &used);
		ck_assert_uint_le(used, k);
		ck_assert(result != MORE || used == k);
		at += used;
	}
	ck_assert_int_eq(result, expected);
	return at;
}

START_TEST(contents)
{
	const char *bytes = cases[_i].bytes;
	struct sbuf content;
	size_t at;

	sbuf_init(&content, 1000);
	for (size_t piece = 1; piece <= strlen(bytes) + 1; piece++) {
		at = run(false, bytes, piece, cases[_i].result, &content);
		ck_assert_str_eq(content.data, cases[_i].content);
		ck_assert_str_eq(bytes + at, cases[_i].rest);
		at = run(true, bytes, piece, cases[_i].strict, &content);
		if (cases[_i].strict != BARE) {
			ck_assert_str_eq(content.data, cases[_i].content);
			ck_assert_str_eq(bytes + at, cases[_i].rest);
		}
	}
	sbuf_release(&content);
}
END_TEST

/* Every byte value passes a program's way, but for the dots that were doubled.
 */
START_TEST(every_byte)
{
	char bytes[6 + 256 + 5 + 3] = "start\n", *end = bytes + 6;
	struct unstuff u;
	struct sbuf content;
	size_t used;

	for (int c = 0; c < 256; c++)
		*end++ = (char)c;
	memcpy(end, "\r\n.\r\nxyz", 8);
	sbuf_init(&content, 1000);
	unstuff_init(&u, false, collect, &content);
	ck_assert_int_eq(unstuff(&u, bytes, sizeof(bytes), &used), END);
	ck_assert_uint_eq(used, 6 + 256 + 5);
	ck_assert_uint_eq(content.len, 6 + 256 + 2);
	ck_assert_mem_eq(content.data, bytes, content.len);
	sbuf_release(&content);
}
END_TEST

/* --- how large ------------------------------------------------------------ */

#define BEFORE "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"

START_TEST(up_to_the_limit)
{
	for (size_t n = 99; n <= 101; n++)
		for (size_t piece = 0; piece < 60; piece += 20) {
			char codes[200], bytes[200];
			const size_t before = sizeof(BEFORE) - 1;
			struct play p;

			memset(bytes, 'x', sizeof(bytes));
			memcpy(bytes, BEFORE, before);
			memcpy(bytes + before + n - 2, "\r\n.\r\nNOOP\r\n", 11);
			play_init(&p, false);
			p.size_limit = 100;
			play(&p, bytes, before + n - 2 + 11, piece);
			ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
			                 n <= 100 ? "220 250 250 354 250 250"
			                          : "220 250 250 354 552 250");
			ck_assert_uint_eq(p.messages, n <= 100 ? 1 : 0);
			play_release(&p);
		}
}
END_TEST

/* --- smuggling ------------------------------------------------------------ */

/* The end of a message as one server sees it and another does not. */
static const char *const ends[] = { "\n.\n",      "\n.\r\n", "\r.\r\n",
	                            "\r\n.\n",    "\r\n.\r", "\r.\r",
	                            "\r\n\r.\r\n" };

START_TEST(nothing_is_smuggled)
{
	const char *rest = "MAIL FROM:<evil@x>\r\nRCPT TO:<c@d>\r\nDATA\r\nx"
			   "\r\n.\r\n";
	struct play p;
	struct sbuf bytes;

	sbuf_init(&bytes, 1000);
	sbuf_addf(&bytes, "EHLO x\r\n%stext%s%s", BEFORE, ends[_i], rest);
	play_init(&p, true);
	play(&p, bytes.data, bytes.len, 1);
	ck_assert(p.is_over);
	ck_assert_uint_eq(p.messages, 0);
	ck_assert_ptr_null(strstr(p.queue.data, "evil"));
	ck_assert_ptr_nonnull(strstr(p.replies.data, "\r\n521 5.5.2 "));
	play_release(&p);
	sbuf_release(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server_content");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, contents, 0, COUNT_OF(cases));
	tcase_add_test(all, every_byte);
	tcase_add_test(all, up_to_the_limit);
	tcase_add_loop_test(all, nothing_is_smuggled, 0, COUNT_OF(ends));
	return fixture_run(suite);
}
