/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_journal_damage - a line that is torn, altered or foreign counts for
 * nothing */
#include "queue/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/crc.h"
#include "fixture.h"
#include "sample.h"

#define FILE_NAME "log/" SAMPLE_ID
#define OTHER_ID "0629C5C4F43F6A1A2B3C4E"
#define RECIPIENTS 4

static void open_log(struct dir *log)
{
	struct fault f = { 0 };

	mkdir("log", 0700);
	ck_assert_int_eq(dir_open(log, NULL, fixture_path("log"), NULL, &f), 0);
}

/* D for 0, F for 1, I for 2, A, D for 3. */
static const char kinds[RECIPIENTS + 1] = "DFID";

static size_t write_journal(const struct dir *log, char *bytes, size_t size)
{
	struct fault f = { 0 };
	struct journal j;

	journal_init(&j);
	ck_assert_int_eq(journal_open(&j, log, SAMPLE_ID, &f), 0);
	for (size_t i = 0; i < RECIPIENTS; i++) {
		if (i == 3)
			journal_add(&j, JOURNAL_ATTEMPT, JOURNAL_ALL, "4.0.0",
			            "all", &f);
		ck_assert_int_eq(journal_add(&j, (enum journal_kind)kinds[i], i,
		                             "2.1.3", "the text", &f),
		                 0);
	}
	journal_release(&j);
	return fixture_read(FILE_NAME, bytes, size);
}

/* Each recipient stands where it was put, or nowhere; how many stand. */
static size_t count_known(const struct dir *log)
{
	struct fault f = { 0 };
	struct history h;
	size_t known = 0;

	ck_assert_int_eq(journal_read(log, SAMPLE_ID, RECIPIENTS, &h, &f), 0);
	for (size_t i = 0; i < RECIPIENTS; i++) {
		if (h.marks[i].kind == 0)
			continue;
		known++;
		ck_assert_int_eq(h.marks[i].kind, kinds[i]);
		ck_assert_str_eq(h.marks[i].code, "2.1.3");
		ck_assert_str_eq(h.marks[i].text, "the text");
	}
	ck_assert_uint_le(h.tries, 1);
	history_release(&h);
	return known;
}

static size_t count_lines(const char *bytes, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += bytes[i] == '\n' ? 1 : 0;
	return lines;
}

/* Recipients that the first lines of the file tell about: the fourth does not.
 */
static size_t known_after(size_t lines)
{
	return lines < 4 ? lines : lines - 1;
}

/* Cut anywhere: whole lines count, and the next line is not lost.  It ends the
 * torn one, which counts if nothing but its end was missing. */
START_TEST(torn_at_every_length)
{
	char bytes[1000];
	struct dir log;
	size_t n;

	open_log(&log);
	n = write_journal(&log, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= n; cut++) {
		size_t lines = count_lines(bytes, cut);
		size_t ended = count_lines(bytes, cut < n ? cut + 1 : n);
		struct fault f = { 0 };
		struct journal j;

		fixture_write(FILE_NAME, bytes, cut);
		ck_assert_uint_eq(count_known(&log), known_after(lines));
		journal_init(&j);
		ck_assert_int_eq(journal_open(&j, &log, SAMPLE_ID, &f), 0);
		ck_assert_int_eq(j.is_torn, cut > 0 && bytes[cut - 1] != '\n');
		ck_assert_int_eq(journal_add(&j, JOURNAL_DELIVERED, 3, "2.1.3",
		                             "the text", &f),
		                 0);
		journal_release(&j);
		lines = known_after(ended);
		ck_assert_uint_eq(count_known(&log),
		                  lines < RECIPIENTS ? lines + 1 : lines);
	}
	dir_release(&log);
}
END_TEST

START_TEST(every_bit_flipped)
{
	char bytes[1000], *attempt, *end;
	size_t n, known, all = 0;
	struct dir log;

	open_log(&log);
	n = write_journal(&log, bytes, sizeof(bytes));
	attempt = memmem(bytes, n, "\nA ", 3);
	end = memchr(attempt + 1, '\n', (size_t)(bytes + n - attempt - 1));
	ck_assert_uint_eq(count_known(&log), RECIPIENTS);
	for (size_t bit = 0; bit < n * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fixture_write(FILE_NAME, bytes, n);
		/* A line feed that is lost takes two lines with it. */
		known = count_known(&log);
		ck_assert_uint_ge(known, RECIPIENTS - 2);
		all += known == RECIPIENTS ? 1 : 0;
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	/* Only in the line about no recipient a bit changes nothing. */
	ck_assert_uint_eq(all, (size_t)(end - attempt - 1) * 8);
	dir_release(&log);
}
END_TEST

/* Zeros where the file system lost a block, lines doubled, lines in disorder.
 */
START_TEST(blocks_lost_and_doubled)
{
	char bytes[3000];
	struct fault f = { 0 };
	struct history h;
	struct dir log;
	size_t n;

	open_log(&log);
	n = write_journal(&log, bytes, 1000);
	memcpy(bytes + n, bytes, n);
	fixture_write(FILE_NAME, bytes, 2 * n);
	ck_assert_int_eq(journal_read(&log, SAMPLE_ID, RECIPIENTS, &h, &f), 0);
	ck_assert_uint_eq(history_open_count(&h), 1);
	ck_assert_uint_eq(h.tries, 2);
	history_release(&h);
	memmove(bytes + 512, bytes, n);
	memset(bytes, 0, 512);
	fixture_write(FILE_NAME, bytes, 512 + n);
	ck_assert_uint_eq(count_known(&log), RECIPIENTS - 1);
	memset(bytes + 512, 0, n);
	fixture_write(FILE_NAME, bytes, 512 + n);
	ck_assert_uint_eq(count_known(&log), 0);
	dir_release(&log);
}
END_TEST

START_TEST(lines_of_another_entry)
{
	char bytes[1000];
	struct dir log;
	struct history h;
	struct fault f = { 0 };
	size_t n;

	open_log(&log);
	n = write_journal(&log, bytes, sizeof(bytes));
	fixture_write("log/" OTHER_ID, bytes, n);
	ck_assert_int_eq(journal_read(&log, OTHER_ID, RECIPIENTS, &h, &f), 0);
	ck_assert_uint_eq(history_open_count(&h), RECIPIENTS);
	ck_assert_uint_eq(h.tries, 0);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* Lines whose checksum is right; does recipient 1 stand delivered then? */
#define TEXT(s) s, sizeof(s) - 1
static const struct {
	const char *line;
	size_t n;
	bool counts;
} lines[] = {
	{ TEXT("D 1700000000 1 2.0.0 ok"), true },
	{ TEXT("D 1700000000 1 2.0.0 "), true },
	{ TEXT("D -5 1 2.0.0 ok"), true },
	{ TEXT("D 1700000000 1 2.0.0"), false },
	{ TEXT("D 1700000000 1"), false },
	{ TEXT("D 1700000000"), false },
	{ TEXT("D"), false },
	{ TEXT(""), false },
	{ TEXT("d 1700000000 1 2.0.0 ok"), false },
	{ TEXT("X 1700000000 1 2.0.0 ok"), false },
	{ TEXT("D when 1 2.0.0 ok"), false },
	{ TEXT("D 1700000000 -1 2.0.0 ok"), false },
	{ TEXT("D 1700000000 +1 2.0.0 ok"), false },
	{ TEXT("D 1700000000 - 2.0.0 ok"), false },
	{ TEXT("D 1700000000 1x 2.0.0 ok"), false },
	{ TEXT("D 1700000000 0x1 2.0.0 ok"), false },
	{ TEXT("D 1700000000 2 2.0.0 ok"), false },
	{ TEXT("D 1700000000 99999 2.0.0 ok"), false },
	{ TEXT("D 1700000000 100001 2.0.0 ok"), false },
	{ TEXT("D 1700000000 4294967297 2.0.0 ok"), false },
	{ TEXT("D 1700000000 18446744073709551617 2.0.0 ok"), false },
	{ TEXT("D 1700000000 184467440737095 51617 ok"), false },
	{ TEXT("D 1700000000 1\0 2.0.0 ok"), false },
	{ TEXT("D 1700000000 1 2.0.0 o\0k"), false },
};

static size_t add_line(char *to, size_t room, const char *line, size_t n)
{
	uint32_t crc = crc_add(0, SAMPLE_ID, strlen(SAMPLE_ID));

	ck_assert_uint_lt(n + 12, room);
	memcpy(to, line, n);
	crc = crc_add(crc, line, n);
	return n + (size_t)snprintf(to + n, room - n, " *%08" PRIX32 "\n", crc);
}

START_TEST(lines_with_a_right_checksum)
{
	char bytes[1000];
	struct fault f = { 0 };
	struct history h;
	struct dir log;
	size_t n;

	open_log(&log);
	n = add_line(bytes, sizeof(bytes), lines[_i].line, lines[_i].n);
	fixture_write(FILE_NAME, bytes, n);
	ck_assert_int_eq(journal_read(&log, SAMPLE_ID, 2, &h, &f), 0);
	ck_assert_int_eq(h.marks[0].kind, 0);
	ck_assert_int_eq(history_is_settled(&h, 1), lines[_i].counts);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* The checksum in another form is another checksum. */
START_TEST(checksums_in_another_form)
{
	static const char line[] = "D 1700000000 1 2.0.0 ok";
	char good[100], bad[200];
	struct fault f = { 0 };
	struct history h;
	struct dir log;
	size_t n;

	open_log(&log);
	n = add_line(good, sizeof(good), line, sizeof(line) - 1);
	memcpy(bad, good, n);
	if (_i == 0) /* without its mark */
		bad[n - 10] = ' ';
	if (_i == 1) /* CRLF */
		memcpy(bad + n - 1, "\r\n", 2), n++;
	if (_i == 2) /* a space too much */
		memmove(bad + n - 11, bad + n - 12, 13), n++;
	if (_i == 3) /* something in front of it */
		memmove(bad + 1, good, n), bad[0] = ' ', n++;
	if (_i == 4) /* no line end yet */
		n--;
	fixture_write(FILE_NAME, bad, n);
	ck_assert_int_eq(journal_read(&log, SAMPLE_ID, 2, &h, &f), 0);
	ck_assert_uint_eq(history_open_count(&h), 2);
	history_release(&h);
	dir_release(&log);
}
END_TEST

/* Times that do not fit into a sum. */
START_TEST(times_at_the_ends_of_the_world)
{
	static const char *const attempts[] = {
		"A -9223372036854775808 - 4.0.0 x",
		"A 9223372036854775807 - 4.0.0 x",
		"A -9223372036854775808 - 4.0.0 x",
		"A 99999999999999999999999 - 4.0.0 x",
		"A 0 - 4.0.0 x",
	};
	char bytes[1000];
	struct fault f = { 0 };
	struct history h;
	struct dir log;
	size_t n = 0;

	open_log(&log);
	for (size_t i = 0; i < COUNT_OF(attempts); i++)
		n += add_line(bytes + n, sizeof(bytes) - n, attempts[i],
		              strlen(attempts[i]));
	fixture_write(FILE_NAME, bytes, n);
	ck_assert_int_eq(journal_read(&log, SAMPLE_ID, 1, &h, &f), 0);
	ck_assert_uint_eq(h.tries, COUNT_OF(attempts));
	ck_assert_int_ge(h.age, 0);
	ck_assert_int_le(h.age, (int64_t)COUNT_OF(attempts) * 8 * 3600);
	history_release(&h);
	dir_release(&log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_damage");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, torn_at_every_length);
	tcase_add_test(all, every_bit_flipped);
	tcase_add_test(all, blocks_lost_and_doubled);
	tcase_add_test(all, lines_of_another_entry);
	tcase_add_loop_test(all, lines_with_a_right_checksum, 0,
	                    COUNT_OF(lines));
	tcase_add_loop_test(all, checksums_in_another_form, 0, 5);
	tcase_add_test(all, times_at_the_ends_of_the_world);
	return fixture_run(suite);
}
