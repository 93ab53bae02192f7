/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_sbuf - always a string, never over its limit */
#include "base/sbuf.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static void sane(const struct sbuf *b)
{
	ck_assert_ptr_nonnull(b->data);
	ck_assert_uint_le(b->len, b->limit);
	ck_assert(b->size == 0 ? b->len == 0 : b->len < b->size);
	ck_assert_int_eq(b->data[b->len], '\0');
}

static void expect(const struct sbuf *b, const char *text)
{
	sane(b);
	ck_assert_uint_eq(b->len, strlen(text));
	ck_assert_str_eq(b->data, text);
}

START_TEST(as_digits)
{
	struct sbuf b;

	sbuf_init(&b, 9);
	sbuf_add_hex(&b, "\x00\x0f\xa5\xff", 4);
	ck_assert_str_eq(b.data, "000fa5ff");
	sbuf_add_hex(&b, "", 0);
	ck_assert(!b.overflow);
	sbuf_add_hex(&b, "x", 1);
	ck_assert(b.overflow);
	sbuf_release(&b);
}
END_TEST

START_TEST(empty_is_a_string)
{
	struct sbuf b;

	sbuf_init(&b, 10);
	expect(&b, "");
	sbuf_add(&b, "x", 0);
	sbuf_addstr(&b, "");
	sbuf_addf(&b, "%s", "");
	sbuf_cut(&b, 0);
	sbuf_cut(&b, 5);
	sbuf_drop(&b, 0);
	sbuf_drop(&b, 5);
	sbuf_reset(&b);
	expect(&b, "");
	ck_assert_uint_eq(b.size, 0);
	sbuf_release(&b);
	expect(&b, "");
}
END_TEST

START_TEST(add)
{
	struct sbuf b;

	sbuf_init(&b, 100);
	sbuf_addstr(&b, "one");
	expect(&b, "one");
	sbuf_add(&b, " two!", 4);
	expect(&b, "one two");
	sbuf_addf(&b, " %d%c", 3, '.');
	expect(&b, "one two 3.");
	sbuf_add(&b, "a\0b", 3);
	sane(&b);
	ck_assert_uint_eq(b.len, 13);
	ck_assert_mem_eq(b.data, "one two 3.a\0b", 14);
	sbuf_release(&b);
	expect(&b, "");
	sbuf_addstr(&b, "again");
	expect(&b, "again");
	sbuf_release(&b);
}
END_TEST

/* How much is there, how much is added, what of it is taken. */
static const struct {
	size_t limit, there, more;
	bool overflow;
} limits[] = {
	{ 0, 0, 0, false },      { 0, 0, 1, true },
	{ 10, 0, 10, false },    { 10, 0, 11, true },
	{ 10, 4, 6, false },     { 10, 4, 7, true },
	{ 10, 10, 0, false },    { 10, 10, 1, true },
	{ 1000, 63, 1, false },  { 1000, 64, 1, false },
	{ 1000, 999, 1, false }, { 1000, 500, 501, true },
};

START_TEST(limit)
{
	static const char text[1000] = { 'x' };
	size_t there = limits[_i].there, more = limits[_i].more;
	bool over = limits[_i].overflow;
	struct sbuf b;

	sbuf_init(&b, limits[_i].limit);
	sbuf_add(&b, text, there);
	sane(&b);
	ck_assert(!b.overflow);
	sbuf_add(&b, text, more);
	sane(&b);
	ck_assert_int_eq(b.overflow, over);
	ck_assert_uint_eq(b.len, over ? there : there + more);
	sbuf_release(&b);
}
END_TEST

/* A string with a hole in it must not pass for a whole one. */
START_TEST(overflow_stays)
{
	struct sbuf b;

	sbuf_init(&b, 5);
	sbuf_addstr(&b, "abc");
	sbuf_addf(&b, "%s", "def");
	ck_assert(b.overflow);
	expect(&b, "abc");
	sbuf_addstr(&b, "g");
	expect(&b, "abc");
	sbuf_cut(&b, 1);
	ck_assert(b.overflow);
	sbuf_addstr(&b, "g");
	expect(&b, "a");
	sbuf_reset(&b);
	ck_assert(!b.overflow);
	sbuf_addstr(&b, "12345");
	expect(&b, "12345");
	sbuf_release(&b);
	ck_assert_uint_eq(b.limit, 5);
	ck_assert(!b.overflow);
}
END_TEST

START_TEST(shorten)
{
	struct sbuf b;

	sbuf_init(&b, 100);
	sbuf_addstr(&b, "0123456789");
	sbuf_cut(&b, 10);
	expect(&b, "0123456789");
	sbuf_cut(&b, 8);
	expect(&b, "01234567");
	sbuf_drop(&b, 3);
	expect(&b, "34567");
	sbuf_drop(&b, 0);
	expect(&b, "34567");
	sbuf_addstr(&b, "x");
	expect(&b, "34567x");
	sbuf_drop(&b, 6);
	expect(&b, "");
	sbuf_addstr(&b, "abc");
	sbuf_drop(&b, 1000);
	expect(&b, "");
	sbuf_release(&b);
}
END_TEST

START_TEST(grows_byte_by_byte)
{
	struct sbuf b;

	sbuf_init(&b, 1000000);
	for (size_t i = 0; i < 1000000; i++)
		sbuf_add(&b, i % 2 == 0 ? "a" : "b", 1);
	sane(&b);
	ck_assert(!b.overflow);
	ck_assert_uint_eq(b.len, 1000000);
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] != (i % 2 == 0 ? 'a' : 'b'))
			ck_abort_msg("wrong byte at %zu", i);
	sbuf_add(&b, "c", 1);
	ck_assert(b.overflow);
	sbuf_release(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sbuf");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_test(all, empty_is_a_string);
	tcase_add_test(all, add);
	tcase_add_loop_test(all, limit, 0, COUNT_OF(limits));
	tcase_add_test(all, overflow_stays);
	tcase_add_test(all, shorten);
	tcase_add_test(all, as_digits);
	tcase_add_test(all, grows_byte_by_byte);
	return fixture_run(suite);
}
