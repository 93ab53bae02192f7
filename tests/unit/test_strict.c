/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_strict - entries of strangers
 *
 * Every entry is given in pieces of several sizes, and must come to the same.
 */
#include "queue/strict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "fixture.h"
#include "queue/share.h"

#define UID 4294967294U
#define LIMIT ((size_t)300 << 20)

/* --- one run -------------------------------------------------------------- */

static struct sbuf out;
static size_t refuse_at; /* give() says no from this byte on; 0: never */

static bool collect(void *arg, const char *bytes, size_t n)
{
	ck_assert_ptr_eq(arg, &out);
	if (refuse_at != 0 && out.len + n >= refuse_at)
		return false;
	sbuf_add(&out, bytes, n);
	return true;
}

static void setup(void)
{
	sbuf_init(&out, LIMIT);
	refuse_at = 0;
}

static void teardown(void)
{
	sbuf_release(&out);
}

/* In pieces of `size` bytes, 0: in one. */
static enum strict_result check(const char *bytes, size_t n, size_t size)
{
	enum strict_result result = STRICT_OK;
	struct strict *s = mem_alloc(sizeof(*s));

	sbuf_reset(&out);
	strict_init(s, UID, collect, &out);
	for (size_t at = 0; at < n && result == STRICT_OK; at += size) {
		if (size == 0)
			size = n;
		result = strict_take(s, bytes + at,
		                     size < n - at ? size : n - at);
	}
	if (result == STRICT_OK)
		result = strict_end(s);
	free(s);
	return result;
}

static void seal(struct sbuf *b)
{
	char line[STRICT_TRAILER + 1];

	snprintf(line, sizeof(line), "= %016zX %08" PRIX32 "\n", b->len,
	         crc_add(0, b->data, b->len));
	sbuf_add(b, line, STRICT_TRAILER);
}

static void make(struct sbuf *b, const char *text, size_t n)
{
	sbuf_init(b, LIMIT);
	sbuf_add(b, text, n);
	seal(b);
}

/* --- what an entry is ----------------------------------------------------- */

#define FROM "relay 1\nS a@b.c\n"
#define BEGIN "relay 1\nS a@b.c\nR d@e.f\nU 7\n"
#define END "\nSubject: x\r\n\r\ny\r\n"
#define TEXT(text) (text), sizeof(text) - 1
#define OK STRICT_OK
#define NO STRICT_DAMAGED

static const struct {
	const char *text;
	size_t n;
	enum strict_result result;

} cases[] = {
	{ TEXT(BEGIN END), OK },
	{ TEXT("relay 1\nS \nR d@e.f\nU 7\n" END), OK },
	{ TEXT("relay 1\nS a\nR b\nR c\nR d\nU 7\n" END), OK },
	{ TEXT(BEGIN "B 8BITMIME\nN never\nT hdrs\nV x\n" END), OK },
	{ TEXT(BEGIN "B 8BITMIME\n" END), OK },
	{ TEXT(BEGIN "V x\n" END), OK },
	{ TEXT(BEGIN "N a\nV x\n" END), OK },
	{ TEXT(BEGIN "N a\nV x\nE SMTPUTF8\n" END), OK },
	{ TEXT(BEGIN "E SMTPUTF8\n" END), OK },
	{ TEXT(FROM "R b\nO x;c\nU 7\n" END), OK },
	{ TEXT(FROM "R b\nY DELAY\nU 7\n" END), OK },
	{ TEXT(FROM "R b\nO x;c\nY DELAY\nR d\nR e\nY NEVER\nU 7\n" END), OK },
	{ TEXT(BEGIN "\n\r\n"), OK },
	{ TEXT("relay 1\nS \xff\xc3\x28\nR \x80\nU 7\n" END), OK },
	{ TEXT("relay 1\nS a\nR b\nU \n" END), OK },
	{ TEXT("relay 1\nS a\nR b\nU 0 and words\n" END), OK },
	{ TEXT(BEGIN "\na\r\n= 0000000000000000 00000000\r\n"), OK },
	{ TEXT(BEGIN "\na\0b\r\n"), OK },
	/* the version */
	{ TEXT("relay 2\nS a\nR b\nU 7\n" END), NO },
	{ TEXT("relay 11\nS a\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1 \nS a\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\r\nS a\nR b\nU 7\n" END), NO },
	{ TEXT("\nrelay 1\nS a\nR b\nU 7\n" END), NO },
	{ TEXT("S a\nR b\nU 7\n" END), NO },
	/* the order: each line in the place of another */
	{ TEXT("relay 1\nR b\nS a\nU 7\n" END), NO },
	{ TEXT("relay 1\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\nU 7\nR c\n" END), NO },
	{ TEXT("relay 1\nS a\nS a\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\nU 7\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\nB x\nU 7\n" END), NO },
	{ TEXT(BEGIN "B x\nB x\n" END), NO },
	{ TEXT(BEGIN "V x\nV x\n" END), NO },
	{ TEXT(BEGIN "N a\nB x\n" END), NO },
	{ TEXT(BEGIN "V x\nT hdrs\n" END), NO },
	{ TEXT(BEGIN "relay 1\n" END), NO },
	{ TEXT(FROM "O x;c\nR b\nU 7\n" END), NO },
	{ TEXT(FROM "Y NEVER\nR b\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nY NEVER\nO x;c\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nO x;c\nO x;c\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nY NEVER\nY NEVER\nU 7\n" END), NO },
	{ TEXT(BEGIN "O x;c\n" END), NO },
	{ TEXT(BEGIN "Y NEVER\n" END), NO },
	{ TEXT(BEGIN "E SMTPUTF8\nE SMTPUTF8\n" END), NO },
	{ TEXT(BEGIN "E SMTPUTF8\nV x\n" END), NO },
	/* values */
	{ TEXT(FROM "R b\nO x;c d\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nO x\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nO \nU 7\n" END), NO },
	{ TEXT(FROM "R b\nY \nU 7\n" END), NO },
	{ TEXT(FROM "R b\nY NEVER X=y\nU 7\n" END), NO },
	{ TEXT(FROM "R b\nO\nU 7\n" END), NO },
	{ TEXT(BEGIN "E \n" END), NO },
	{ TEXT(BEGIN "E SMTPUTF\n" END), NO },
	{ TEXT(BEGIN "E SMTPUTF8 \n" END), NO },
	/* lines that are none */
	{ TEXT(BEGIN "X y\n" END), NO },
	{ TEXT(BEGIN "s a\n" END), NO },
	{ TEXT(BEGIN "\0 a\n" END), NO },
	{ TEXT(BEGIN "B\n" END), NO },
	{ TEXT(BEGIN "B8BITMIME\n" END), NO },
	{ TEXT(BEGIN "B\t8BITMIME\n" END), NO },
	{ TEXT(BEGIN " \n" END), NO },
	/* control bytes */
	{ TEXT("relay 1\nS a\x1b[2J\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\r\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\0\nR b\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\tc\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\x7f\nU 7\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\nU 7\x01\n" END), NO },
	{ TEXT("relay 1\nS a\nR b\nU \0\n" END), NO },
	/* the message */
	{ TEXT(BEGIN "\n"), NO },
	{ TEXT(BEGIN), NO },
	{ TEXT(""), NO },
	{ TEXT(BEGIN "\na"), NO },
	{ TEXT(BEGIN "\na\r"), NO },
	{ TEXT(BEGIN "\na\n"), NO },
	{ TEXT(BEGIN "\na\nb\r\n"), NO },
	{ TEXT(BEGIN "\na\rb\r\n"), NO },
	{ TEXT(BEGIN "\n\n\r\n"), NO },
	{ TEXT(BEGIN "\na\r\r\n"), NO },
	{ TEXT(BEGIN "\na\r\n\n"), NO },
};

/* The same with our uid, and a trailer of its own. */
static void expect_given(const char *text, size_t n)
{
	static const char tail[] = "\nU ";
	const char *from = memmem(text, n, tail, sizeof(tail) - 1), *to;
	struct sbuf b;

	ck_assert_ptr_nonnull(from);
	to = memchr(from + 1, '\n', n);
	sbuf_init(&b, LIMIT);
	sbuf_add(&b, text, (size_t)(from - text));
	sbuf_addf(&b, "\nU %u", UID);
	sbuf_add(&b, to, n - (size_t)(to - text));
	seal(&b);
	ck_assert_uint_eq(out.len, b.len);
	ck_assert_mem_eq(out.data, b.data, b.len);
	sbuf_release(&b);
}

START_TEST(entry)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 7, 27, 28, 29, 30, 55, 56 };
	struct sbuf b;

	make(&b, cases[_i].text, cases[_i].n);
	for (size_t k = 0; k < COUNT_OF(sizes); k++) {
		ck_assert_int_eq(check(b.data, b.len, sizes[k]),
		                 cases[_i].result);
		if (cases[_i].result == STRICT_OK)
			expect_given(cases[_i].text, cases[_i].n);
	}
	sbuf_release(&b);
}
END_TEST

/* --- damage --------------------------------------------------------------- */

static const char whole[] =
	FROM "R d@e.f\nO x;d\nY DELAY\nU 7\nB 8BITMIME\nE SMTPUTF8\n" END;

START_TEST(every_truncation)
{
	struct sbuf b;

	make(&b, TEXT(whole));
	for (size_t n = 0; n < b.len; n++)
		for (size_t size = 0; size < 3; size++)
			ck_assert_int_eq(check(b.data, n, size), NO);
	ck_assert_int_eq(check(b.data, b.len, 0), OK);
	sbuf_release(&b);
}
END_TEST

START_TEST(every_bit)
{
	struct sbuf b;

	make(&b, TEXT(whole));
	for (size_t i = 0; i < b.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char kept = b.data[i];

			b.data[i] = (char)((unsigned char)kept ^ (1U << bit));
			ck_assert_int_eq(check(b.data, b.len, 0), NO);
			b.data[i] = kept;
		}
	sbuf_release(&b);
}
END_TEST

START_TEST(something_after_it)
{
	static const char *const more[] = { "\n", "x", " ", "\r\n", whole };
	struct sbuf b;

	for (size_t k = 0; k < COUNT_OF(more); k++) {
		make(&b, TEXT(whole));
		sbuf_add(&b, more[k], strlen(more[k]));
		ck_assert_int_eq(check(b.data, b.len, k), NO);
		sbuf_release(&b);
	}
	make(&b, TEXT(whole));
	sbuf_add(&b, "", 1);
	ck_assert_int_eq(check(b.data, b.len, 0), NO);
	sbuf_release(&b);
}
END_TEST

/* True sums, written otherwise. */
START_TEST(another_trailer)
{
	static const struct {
		const char *begin, *between, *end;
		int digits;
	} forms[] = {
		{ "= ", " ", "", 16 },    { "=", "  ", "\n", 16 },
		{ "= ", " ", "\n", 15 },  { "= ", " ", "\n", 17 },
		{ "+ ", " ", "\n", 16 },  { "= ", " ", "\r\n", 16 },
		{ " =", " ", "\n", 16 },  { "= ", "\t", "\n", 16 },
		{ "= +", " ", "\n", 15 }, { "= ", "  ", "\n", 15 },
	};

	for (size_t k = 0; k < COUNT_OF(forms); k++) {
		struct sbuf b;

		sbuf_init(&b, LIMIT);
		sbuf_add(&b, TEXT(whole));
		sbuf_addf(&b, "%s%0*" PRIX64 "%s%08" PRIX32 "%s",
		          forms[k].begin, forms[k].digits,
		          (uint64_t)(sizeof(whole) - 1), forms[k].between,
		          crc_add(0, whole, sizeof(whole) - 1), forms[k].end);
		ck_assert_int_eq(check(b.data, b.len, 0), NO);
		sbuf_release(&b);
	}
}
END_TEST

START_TEST(small_letters)
{
	struct sbuf b;
	size_t changed = 0;

	make(&b, TEXT(whole));
	for (size_t i = sizeof(whole) - 1; i < b.len; i++)
		if (b.data[i] >= 'A' && b.data[i] <= 'F') {
			b.data[i] = (char)(b.data[i] - 'A' + 'a');
			changed++;
		}
	ck_assert_uint_gt(changed, 0);
	ck_assert_int_eq(check(b.data, b.len, 0), NO);
	sbuf_release(&b);
}
END_TEST

/* --- limits --------------------------------------------------------------- */

static void add_many(struct sbuf *b, const char *piece, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sbuf_add(b, piece, strlen(piece));
}

static void expect(struct sbuf *b, enum strict_result result)
{
	seal(b);
	ck_assert_int_eq(check(b->data, b->len, 65536), result);
	sbuf_release(b);
}

START_TEST(a_value)
{
	for (size_t n = ENTRY_VALUE_LIMIT - 1; n <= ENTRY_VALUE_LIMIT + 1;
	     n++) {
		struct sbuf b;

		sbuf_init(&b, LIMIT);
		sbuf_addstr(&b, "relay 1\nS ");
		add_many(&b, "a", n);
		sbuf_addstr(&b, "\nR b\nU 7\n" END);
		expect(&b, n <= ENTRY_VALUE_LIMIT ? OK : NO);
	}
}
END_TEST

START_TEST(recipients)
{
	for (size_t n = ENTRY_RECIPIENT_LIMIT - 1;
	     n <= ENTRY_RECIPIENT_LIMIT + 1; n++) {
		struct sbuf b;

		sbuf_init(&b, LIMIT);
		sbuf_addstr(&b, "relay 1\nS a\n");
		add_many(&b, "R b@c.d\n", n);
		sbuf_addstr(&b, "U 7\n" END);
		expect(&b, n <= ENTRY_RECIPIENT_LIMIT ? OK : STRICT_TOO_LARGE);
	}
}
END_TEST

/* To the byte, whatever comes in one piece with its end. */
START_TEST(the_envelope)
{
	for (size_t n = ENTRY_ENVELOPE_LIMIT - 1; n <= ENTRY_ENVELOPE_LIMIT + 1;
	     n++) {
		struct sbuf b;

		sbuf_init(&b, LIMIT);
		sbuf_addstr(&b, "relay 1\nS a\n");
		while (n - b.len > 8000) {
			sbuf_addstr(&b, "R ");
			add_many(&b, "aaaaaaaaaa", 500);
			sbuf_addstr(&b, "\n");
		}
		sbuf_addstr(&b, "R ");
		add_many(&b, "a", n - b.len - 6);
		sbuf_addstr(&b, "\nU 7\n\n");
		ck_assert_uint_eq(b.len, n);
		sbuf_addstr(&b, "\r\n");
		expect(&b, n <= ENTRY_ENVELOPE_LIMIT ? OK : STRICT_TOO_LARGE);
	}
}
END_TEST

/* Not a line of it is given once it is too much. */
START_TEST(a_line_without_end)
{
	struct sbuf b;

	sbuf_init(&b, LIMIT);
	sbuf_addstr(&b, "relay 1\nS ");
	add_many(&b, "aaaaaaaaaaaaaaaa", 65536);
	ck_assert_int_eq(check(b.data, b.len, 4096), NO);
	ck_assert_uint_eq(out.len, 8);
	sbuf_release(&b);
}
END_TEST

START_TEST(the_whole)
{
	for (int more = 0; more <= 1; more++) {
		struct sbuf b;

		sbuf_init(&b, LIMIT);
		sbuf_addstr(&b, BEGIN "\n");
		while (b.len < SHARE_SIZE - 64)
			sbuf_addstr(&b, "0123456789012345678901234567890123456"
			                "789012345678901234567890\r\n");
		while (b.len < SHARE_SIZE - 2 + (size_t)more)
			sbuf_addstr(&b, "x");
		sbuf_addstr(&b, "\r\n");
		expect(&b, more == 0 ? OK : STRICT_TOO_LARGE);
		ck_assert_uint_le(out.len, SHARE_SIZE + 65536);
	}
}
END_TEST

/* --- who takes it ----------------------------------------------------------
 */

/* The disk is full, at every byte: nothing more is given. */
START_TEST(nobody_takes_it)
{
	struct sbuf b;
	size_t all;

	make(&b, TEXT(whole));
	ck_assert_int_eq(check(b.data, b.len, 5), OK);
	all = out.len;
	for (refuse_at = 1; refuse_at <= all; refuse_at++) {
		ck_assert_int_eq(check(b.data, b.len, 5), STRICT_FAILED);
		ck_assert_uint_lt(out.len, refuse_at);
	}
	sbuf_release(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strict");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, entry, 0, COUNT_OF(cases));
	tcase_add_test(all, every_truncation);
	tcase_add_test(all, every_bit);
	tcase_add_test(all, something_after_it);
	tcase_add_test(all, another_trailer);
	tcase_add_test(all, small_letters);
	tcase_add_test(all, a_value);
	tcase_add_test(all, recipients);
	tcase_add_test(all, the_envelope);
	tcase_add_test(all, a_line_without_end);
	tcase_add_test(all, the_whole);
	tcase_add_test(all, nobody_takes_it);
	return fixture_run(suite);
}
