/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_header - fields in, the same fields out */
#include "message/header.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* A text with its length: it may hold NUL. */
#define TEXT(s) s, sizeof(s) - 1

static int collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

/* What must hold after every call. */
static void sane(const struct header *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct header_field *field = &h->field[i];
		const char *raw = h->text.data + field->at;

		if (field->len == 0)
			continue;
		ck_assert_uint_gt(field->name_len, 0);
		ck_assert_uint_le(field->at + field->len, h->text.len);
		ck_assert_mem_eq(raw + field->len - 2, "\r\n", 2);
		ck_assert_ptr_null(memchr(raw, '\0', field->len));
	}
	ck_assert(!h->text.overflow);
}

/* Feed lines that end in LF up to the first that is not taken. */
static enum header_line feed(struct header *h, const char *text, size_t n)
{
	enum header_line got = HEADER_TAKEN;

	while (n > 0 && got == HEADER_TAKEN) {
		const char *lf = memchr(text, '\n', n);
		size_t len = lf == NULL ? n : (size_t)(lf - text);

		got = header_add_line(h, text, len);
		sane(h);
		n -= lf == NULL ? len : len + 1;
		text = lf == NULL ? text + len : lf + 1;
	}
	return got;
}

static void expect_written(const struct header *h, const char *expected)
{
	struct sbuf out;

	sbuf_init(&out, HEADER_BYTE_LIMIT);
	ck_assert_int_eq(header_write(h, collect, &out), 0);
	ck_assert_str_eq(out.data, expected);
	ck_assert_uint_eq(out.len, strlen(expected));
	sbuf_release(&out);
}

/* clang-format off */
static const struct {
	const char *lines;
	size_t n;
	enum header_line last;	/* what the last line was */
	const char *written;
} sections[] = {
	{ TEXT("A: 1\nB: 2\n\n"), HEADER_END, "A: 1\r\nB: 2\r\n" },
	{ TEXT("A: 1\nB: 2"), HEADER_TAKEN, "A: 1\r\nB: 2\r\n" },
	{ TEXT("\n"), HEADER_END, "" },
	{ TEXT("A: 1\n b\n\tc\nD:\n\n"), HEADER_END,
	  "A: 1\r\n b\r\n\tc\r\nD:\r\n" },
	{ TEXT("A: 1\n \n"), HEADER_TAKEN, "A: 1\r\n \r\n" },
	/* no header line: the body begins with it */
	{ TEXT("hello\n"), HEADER_BODY, "" },
	{ TEXT(" A: 1\n"), HEADER_BODY, "" },
	{ TEXT("\tA: 1\n"), HEADER_BODY, "" },
	{ TEXT("Subject: x\nthe disk is full\n"), HEADER_BODY,
	  "Subject: x\r\n" },
	{ TEXT("A: 1\n--b: x\n"), HEADER_BODY, "A: 1\r\n" },
	{ TEXT("A: 1\n: x\n"), HEADER_BODY, "A: 1\r\n" },
	{ TEXT("A: 1\nB x: 1\n"), HEADER_BODY, "A: 1\r\n" },
	{ TEXT("A: 1\n.\n"), HEADER_BODY, "A: 1\r\n" },
	{ TEXT("A: 1\n\xc3\xa4: 1\n"), HEADER_BODY, "A: 1\r\n" },
	/* odd, but fields */
	{ TEXT("Subject : x\nB\t : y\n-x: z\n"), HEADER_TAKEN,
	  "Subject : x\r\nB\t : y\r\n-x: z\r\n" },
	{ TEXT("Warning: disk full\n"), HEADER_TAKEN,
	  "Warning: disk full\r\n" },
	{ TEXT("S: M\xfcller \xe2\x82\xac\n"), HEADER_TAKEN,
	  "S: M\xfcller \xe2\x82\xac\r\n" },
	/* mbox */
	{ TEXT("From x Mon Jan 1 00:00:00 2026\n>From y z\nA: 1\n"),
	  HEADER_TAKEN, "A: 1\r\n" },
	{ TEXT("From x\nhello\n"), HEADER_BODY, "" },
	{ TEXT("From x\n\n"), HEADER_END, "" },
	{ TEXT("From x\n y: 1\n"), HEADER_BODY, "" },
	{ TEXT("A: 1\nFrom x\n"), HEADER_BODY, "A: 1\r\n" },
	{ TEXT("From : x\n"), HEADER_TAKEN, "From : x\r\n" },
	{ TEXT(">>From x\n"), HEADER_BODY, "" },
	/* CR and NUL */
	{ TEXT("A: 1\rB: 2\n"), HEADER_TAKEN, "A: 1 B: 2\r\n" },
	{ TEXT("A: 1\n\rB: 2\n"), HEADER_TAKEN, "A: 1\r\n B: 2\r\n" },
	{ TEXT("\rB: 2\n"), HEADER_BODY, "" },
	{ TEXT("A\r: 1\n"), HEADER_TAKEN, "A : 1\r\n" },
	{ TEXT("A: 1\0\0002\n"), HEADER_TAKEN, "A: 12\r\n" },
	{ TEXT("A\0: 1\n"), HEADER_BODY, "" },
	{ TEXT("A: 1\n\0\n"), HEADER_BODY, "A: 1\r\n" },
};
/* clang-format on */

START_TEST(section)
{
	struct header h;

	header_init(&h, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	ck_assert_int_eq(feed(&h, sections[_i].lines, sections[_i].n),
	                 sections[_i].last);
	expect_written(&h, sections[_i].written);
	header_release(&h);
}
END_TEST

static const struct {
	const char *line;
	const char *value;
} values[] = {
	{ "To: a@x.test\n", "a@x.test" },
	{ "To:a@x.test\n", "a@x.test" },
	{ "To : \t a@x.test \n", "a@x.test " },
	{ "To: a,\n b,\n\tc\n", "a, b,\tc" },
	{ "To:\n a\n", "a" },
	{ "To:\n \n\t a\n", "a" },
	{ "To:\n", "" },
	{ "To: : x\n", ": x" },
	{ "To: \n \n", "" },
};

START_TEST(unfolded)
{
	const struct header_field *field;
	struct sbuf out;
	struct header h;

	header_init(&h, 1000, 10);
	sbuf_init(&out, 1000);
	feed(&h, values[_i].line, strlen(values[_i].line));
	field = header_find(&h, "to", NULL);
	ck_assert_ptr_nonnull(field);
	header_value(&h, field, &out);
	ck_assert_str_eq(out.data, values[_i].value);
	sbuf_release(&out);
	header_release(&h);
}
END_TEST

START_TEST(find_all_of_a_name)
{
	struct header_field *field;
	struct header h;

	header_init(&h, 1000, 10);
	feed(&h, TEXT("To: 1\nTot: 2\nTO : 3\nT: 4\nto: 5\n"));
	field = header_find(&h, "tO", NULL);
	ck_assert_ptr_eq(field, &h.field[0]);
	field = header_find(&h, "tO", field);
	ck_assert_ptr_eq(field, &h.field[2]);
	field = header_find(&h, "tO", field);
	ck_assert_ptr_eq(field, &h.field[4]);
	ck_assert_ptr_null(header_find(&h, "tO", field));
	ck_assert_ptr_null(header_find(&h, "Cc", NULL));
	ck_assert_ptr_null(header_find(&h, "", NULL));

	header_remove(&h, "to");
	sane(&h);
	expect_written(&h, "Tot: 2\r\nT: 4\r\n");
	ck_assert_ptr_eq(header_find(&h, NULL, NULL), &h.field[1]);
	ck_assert_ptr_null(header_find(&h, "To", NULL));
	header_drop(header_find(&h, "T", NULL));
	header_remove(&h, "gone");
	expect_written(&h, "Tot: 2\r\n");
	header_release(&h);
}
END_TEST

START_TEST(add_before_and_after)
{
	struct fault f = { .kind = FAULT_NONE };
	struct header h;

	header_init(&h, 1000, 10);
	feed(&h, TEXT("B: 2\n b\n\n"));
	ck_assert_int_eq(header_prepend(&h, "A", "1\tx", &f), 0);
	ck_assert_int_eq(header_append(&h, "C", "", &f), 0);
	sane(&h);
	expect_written(&h, "A: 1\tx\r\nB: 2\r\n b\r\nC: \r\n");
	ck_assert_ptr_eq(header_find(&h, "a", NULL), &h.field[0]);
	header_release(&h);
}
END_TEST

/* clang-format off */
static const struct {
	const char *lines;	/* the second field is the one that is meant */
	const char *raw;	/* of it, as header_raw gives it */
	const char *instead;
	const char *written;	/* NULL: refused, and nothing changed */
} replaced[] = {
	{ "A: 1\nTo: root\nB: 2\n", " root", " root@x",
	  "A: 1\r\nTo: root@x\r\nB: 2\r\n" },
	{ "A: 1\ntO:root\n", "root", "", "A: 1\r\ntO:\r\n" },
	{ "A: 1\nTo \t: a,\n\tb\n", " a,\r\n\tb", " a@x,\r\n\tb@x",
	  "A: 1\r\nTo \t: a@x,\r\n\tb@x\r\n" },
	{ "A: 1\nTo:\n", "", " \xc3\xb6\t\xff", "A: 1\r\nTo: \xc3\xb6\t\xff\r\n" },
	{ "A: 1\nTo: a:b\n", " a:b", "\r\n b\r\n ", "A: 1\r\nTo:\r\n b\r\n \r\n" },
	/* what would end the field, or hide in it */
	{ "A: 1\nTo: a\n", " a", " b\r\nC: d", NULL },
	{ "A: 1\nTo: a\n", " a", " b\r\n", NULL },
	{ "A: 1\nTo: a\n", " a", " b\r\n\r\n c", NULL },
	{ "A: 1\nTo: a\n", " a", " b\r", NULL },
	{ "A: 1\nTo: a\n", " a", " b\r c", NULL },
	{ "A: 1\nTo: a\n", " a", " b\n c", NULL },
	{ "A: 1\nTo: a\n", " a", " \x01", NULL },
	{ "A: 1\nTo: a\n", " a", " \x7f", NULL },
};
/* clang-format on */

START_TEST(raw_and_another)
{
	struct fault f = { .kind = FAULT_NONE };
	const char *raw, *instead = replaced[_i].instead;
	struct sbuf before;
	struct header h;
	size_t n;
	int result = replaced[_i].written == NULL ? -1 : 0;

	header_init(&h, 1000, 10);
	sbuf_init(&before, 1000);
	feed(&h, replaced[_i].lines, strlen(replaced[_i].lines));
	raw = header_raw(&h, &h.field[1], &n);
	ck_assert_uint_eq(n, strlen(replaced[_i].raw));
	ck_assert_mem_eq(raw, replaced[_i].raw, n);
	header_write(&h, collect, &before);
	ck_assert_int_eq(
		header_replace(&h, &h.field[1], instead, strlen(instead), &f),
		result);
	sane(&h);
	ck_assert_int_eq(f.kind, result == 0 ? FAULT_NONE : FAULT_PERM);
	expect_written(&h, result == 0 ? replaced[_i].written : before.data);
	raw = header_raw(&h, &h.field[1], &n);
	if (result == 0)
		ck_assert_mem_eq(raw, instead, n);
	header_release(&h);
	sbuf_release(&before);
}
END_TEST

/* NUL has a length here. */
START_TEST(replace_refuses_nul)
{
	struct fault f = { .kind = FAULT_NONE };
	struct header h;

	header_init(&h, 1000, 10);
	feed(&h, TEXT("To: a\n"));
	ck_assert_int_eq(header_replace(&h, &h.field[0], " a\0b", 4, &f), -1);
	expect_written(&h, "To: a\r\n");
	header_release(&h);
}
END_TEST

/* Until there is no room; then it stays as it was last. */
START_TEST(replace_again_and_again)
{
	struct fault f = { .kind = FAULT_NONE };
	char text[10001];
	struct header h;
	int times = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	header_init(&h, 1000, 10);
	feed(&h, TEXT("To: a\nB: c\n"));
	while (header_replace(&h, &h.field[0], text, sizeof(text) - 1, &f) ==
	       0) {
		sane(&h);
		text[0] = (char)('a' + times++);
		ck_assert_int_lt(times, 26);
	}
	ck_assert_int_gt(times, 1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	sane(&h);
	ck_assert_uint_eq(h.field[0].len, sizeof(text) - 1 + strlen("To:\r\n"));
	header_release(&h);
}
END_TEST

static const struct {
	const char *name;
	const char *value;
} refused[] = {
	{ "A", "x\nB: y" }, { "A", "x\rB: y" }, { "A", "x\r\n y" },
	{ "A", "\x01" },    { "A", "\x7f" },    { "A\n", "x" },
	{ "A B", "x" },     { "A:", "x" },      { "", "x" },
};

START_TEST(refuse_line_breaks)
{
	struct fault f = { .kind = FAULT_NONE };
	struct header h;

	header_init(&h, 1000, 10);
	ck_assert_int_eq(
		header_append(&h, refused[_i].name, refused[_i].value, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	fault_clear(&f);
	ck_assert_int_eq(
		header_prepend(&h, refused[_i].name, refused[_i].value, &f),
		-1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	expect_written(&h, "");
	header_release(&h);
}
END_TEST

START_TEST(limit_of_bytes)
{
	struct header h;

	header_init(&h, 10, 10);
	ck_assert_int_eq(header_add_line(&h, "A: 3456789", 10),
	                 HEADER_TOO_LONG);
	ck_assert_int_eq(header_add_line(&h, "A: 3", 4), HEADER_TAKEN);
	ck_assert_int_eq(header_add_line(&h, " 23", 3), HEADER_TOO_LONG);
	ck_assert_int_eq(header_add_line(&h, " 2", 2), HEADER_TAKEN);
	ck_assert_int_eq(header_add_line(&h, "B:", 2), HEADER_TOO_LONG);
	/* no header line: its length does not matter */
	ck_assert_int_eq(header_add_line(&h, "12345678901234", 14),
	                 HEADER_BODY);
	sane(&h);
	expect_written(&h, "A: 3\r\n 2\r\n");
	header_release(&h);
}
END_TEST

START_TEST(limit_of_fields)
{
	struct fault f = { .kind = FAULT_NONE };
	struct header h;

	header_init(&h, 1000, 2);
	ck_assert_int_eq(feed(&h, TEXT("A:\nB:\n c\nD:\n")), HEADER_TOO_LONG);
	/* there is always room for what we add */
	ck_assert_int_eq(header_append(&h, "D", "4", &f), 0);
	expect_written(&h, "A:\r\nB:\r\n c\r\nD: 4\r\n");
	header_release(&h);
}
END_TEST

START_TEST(no_room_to_add)
{
	size_t n = (size_t)70 << 10;
	struct fault f = { .kind = FAULT_NONE };
	char *value = malloc(n + 1);
	struct header h;

	ck_assert_ptr_nonnull(value);
	memset(value, 'x', n);
	value[n] = '\0';
	header_init(&h, 1000, 10);
	ck_assert_int_eq(header_append(&h, "A", value, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	ck_assert_int_eq(header_append(&h, "A", "1", &f), 0);
	expect_written(&h, "A: 1\r\n");
	header_release(&h);
	free(value);
}
END_TEST

static int stop_at_second(void *arg, const char *bytes, size_t n)
{
	int *calls = arg;

	ck_assert_mem_eq(bytes + n - 2, "\r\n", 2);
	return ++*calls == 2 ? 7 : 0;
}

START_TEST(a_failed_write_ends_it)
{
	struct header h;
	int calls = 0;

	header_init(&h, 1000, 10);
	feed(&h, TEXT("A:\nB:\nC:\n"));
	ck_assert_int_eq(header_write(&h, stop_at_second, &calls), 7);
	ck_assert_int_eq(calls, 2);
	header_release(&h);
}
END_TEST

/* Anything quadratic would take minutes here; check stops it after seconds. */
START_TEST(large)
{
	size_t n = 1000000;
	char *line = malloc(n);
	struct sbuf out;
	struct header h;

	ck_assert_ptr_nonnull(line);
	header_init(&h, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	for (int i = 0; i < 50000; i++) {
		ck_assert_int_eq(header_add_line(&h, "To: 1", 5), HEADER_TAKEN);
		ck_assert_int_eq(header_add_line(&h, "Cc: 2", 5), HEADER_TAKEN);
	}
	ck_assert_int_eq(header_add_line(&h, "Cc: 2", 5), HEADER_TOO_LONG);
	memset(line, '\r', n);
	ck_assert_int_eq(header_add_line(&h, line, n), HEADER_TAKEN);
	memset(line, '\0', n);
	line[0] = ' ';
	ck_assert_int_eq(header_add_line(&h, line, n), HEADER_TAKEN);
	header_remove(&h, "To");
	sane(&h);
	sbuf_init(&out, HEADER_BYTE_LIMIT);
	ck_assert_int_eq(header_write(&h, collect, &out), 0);
	ck_assert_uint_eq(out.len, 50000 * 7 + n + 2 + 3);
	sbuf_release(&out);
	header_release(&h);
	free(line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("header");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, section, 0, COUNT_OF(sections));
	tcase_add_loop_test(all, unfolded, 0, COUNT_OF(values));
	tcase_add_test(all, find_all_of_a_name);
	tcase_add_test(all, add_before_and_after);
	tcase_add_loop_test(all, raw_and_another, 0, COUNT_OF(replaced));
	tcase_add_test(all, replace_refuses_nul);
	tcase_add_test(all, replace_again_and_again);
	tcase_add_loop_test(all, refuse_line_breaks, 0, COUNT_OF(refused));
	tcase_add_test(all, limit_of_bytes);
	tcase_add_test(all, limit_of_fields);
	tcase_add_test(all, no_room_to_add);
	tcase_add_test(all, a_failed_write_ends_it);
	tcase_add_test(all, large);
	return fixture_run(suite);
}
