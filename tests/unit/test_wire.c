/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wire - line ends and dots, for every way to cut the input
 *
 * The converters are compared with slow ones that see the whole text at once
 * and say the rules of wire.h again, on every text up to some length over the
 * bytes that matter, cut at every place.
 */
#include "message/wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

#define TEXT(s) s, sizeof(s) - 1
#define LIMIT 10000000

/* Every ck_assert is a message to the parent process: too slow for millions. */
static void must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("%s", what);
}

static int collect(void *arg, const char *bytes, size_t n)
{
	must(n > 0, "an empty piece is written");
	sbuf_add(arg, bytes, n);
	return 0;
}

/* ---- the slow ones ---- */

static void slow_line(const char *line, size_t n, struct sbuf *out)
{
	for (size_t i = 0; i < n; i++)
		sbuf_add(out, line[i] == '\r' ? " " : line + i, 1);
	sbuf_add(out, "\r\n", 2);
}

static void slow_input(const char *text, size_t n, bool dots_are_data,
                       bool is_terminal, struct sbuf *out)
{
	size_t next;

	for (size_t at = 0; at < n; at = next) {
		const char *lf = memchr(text + at, '\n', n - at);
		size_t end = lf == NULL ? n : (size_t)(lf - text);
		bool dot;

		next = lf == NULL ? n : end + 1;
		while (end > at && text[end - 1] == '\r')
			end--;
		dot = !dots_are_data && end > at && text[at] == '.';
		if (dot && end == at + 1 &&
		    (next == n || (is_terminal && lf != NULL)))
			return;
		if (dot && end > at + 1 && text[at + 1] == '.')
			at++;
		slow_line(text + at, end - at, out);
	}
}

/* First every line end is made CRLF, then dots are doubled. */
static size_t slow_stuff(const char *text, size_t n, struct sbuf *out)
{
	struct sbuf good;
	size_t repaired = 0;
	bool start = true;

	sbuf_init(&good, LIMIT);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\r' && i + 1 < n && text[i + 1] == '\n') {
			sbuf_add(&good, "\r\n", 2);
			i++;
			continue;
		}
		if (text[i] == '\n' || (text[i] == '\r' && i + 1 == n))
			sbuf_add(&good, "\r\n", 2);
		else
			sbuf_add(&good, text[i] == '\r' ? " " : text + i, 1);
		repaired += text[i] == '\n' || text[i] == '\r';
	}
	if (good.len > 0 && good.data[good.len - 1] != '\n')
		sbuf_add(&good, "\r\n", 2);
	for (size_t i = 0; i < good.len; i++) {
		if (start && good.data[i] == '.')
			sbuf_add(out, ".", 1);
		sbuf_add(out, good.data + i, 1);
		start = good.data[i] == '\n';
	}
	sbuf_add(out, ".\r\n", 3);
	sbuf_release(&good);
	return repaired;
}

static struct wire_scan slow_scan(const char *text, size_t n)
{
	struct wire_scan s = { .header_bytes = 0 };
	size_t line = 0;
	bool in_body = false;

	for (size_t i = 0; i < n; i++) {
		bool crlf = text[i] == '\n' && i > 0 && text[i - 1] == '\r';

		if (in_body)
			s.body_bytes++;
		else
			s.header_bytes++;
		if ((unsigned char)text[i] >= 0x80) {
			s.has_8bit = true;
			s.header_has_8bit = s.header_has_8bit || !in_body;
		}
		s.has_nul = s.has_nul || text[i] == '\0';
		s.ends_with_crlf = crlf;
		if (text[i] == '\n') {
			in_body = in_body || line == (crlf ? 1U : 0U);
			line = 0;
			continue;
		}
		line++;
		/* a CR counts once something but LF follows it */
		if (text[i] != '\r' && line > s.longest)
			s.longest = line;
		if (text[i] == '\r' && line - 1 > s.longest)
			s.longest = line - 1;
	}
	for (size_t i = 0, crs = 0; i < n; i++) {
		bool crlf = text[i] == '\n' && i > 0 && text[i - 1] == '\r';

		crs += text[i] == '\r';
		if (text[i] == '\n') {
			s.bare += crlf ? crs - 1 : crs + 1;
			crs = 0;
		}
	}
	return s;
}

/* ---- the fast ones, with the text cut in two or in bytes ---- */

static void fast_input(const char *text, size_t n, size_t cut, bool i, bool tty,
                       struct sbuf *out)
{
	static struct wire_input w;
	enum wire_result result;
	size_t step = cut == 0 ? 1 : cut;

	wire_input_init(&w, i, tty, 100, collect, out);
	for (size_t at = 0; at < n; at += step, step = cut == 0 ? 1 : n - at) {
		if (step > n - at)
			step = n - at;
		result = wire_body(&w, text + at, step);
		must(result == (w.has_ended ? WIRE_ENDED : WIRE_MORE),
		     "result");
	}
	must(wire_body_end(&w) == WIRE_ENDED, "end of the body");
}

static size_t fast_stuff(const char *text, size_t n, size_t cut,
                         struct sbuf *out)
{
	static struct wire_stuff w;
	size_t step = cut == 0 ? 1 : cut;

	wire_stuff_init(&w, collect, out);
	for (size_t at = 0; at < n; at += step, step = cut == 0 ? 1 : n - at) {
		if (step > n - at)
			step = n - at;
		must(wire_stuff(&w, text + at, step) == WIRE_MORE, "stuff");
	}
	must(wire_stuff_end(&w) == WIRE_ENDED, "end of DATA");
	return w.repaired;
}

static struct wire_scan fast_scan(const char *text, size_t n, size_t cut)
{
	struct wire_scan s;
	size_t step = cut == 0 ? 1 : cut;

	wire_scan_init(&s);
	for (size_t at = 0; at < n; at += step, step = cut == 0 ? 1 : n - at) {
		if (step > n - at)
			step = n - at;
		wire_scan_add(&s, text + at, step);
	}
	return s;
}

static void expect_same(const struct sbuf *a, const struct sbuf *b)
{
	if (a->len == b->len && memcmp(a->data, b->data, a->len) == 0)
		return;
	ck_assert_mem_eq(a->data, b->data, a->len);
	ck_assert_uint_eq(a->len, b->len);
}

/* What a server takes out of the DATA form, line by line. */
static void expect_one_message(const struct sbuf *sent)
{
	const char *at = sent->data, *end = at + sent->len;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		must(lf != NULL, "a line without its end");
		must(lf > at && lf[-1] == '\r', "a bare LF");
		must(memchr(at, '\r', (size_t)(lf - 1 - at)) == NULL,
		     "a bare CR");
		must((lf - at == 2 && *at == '.') == (lf + 1 == end),
		     "the dot is not where the message ends");
		at = lf + 1;
	}
}

static void try_input(const char *text, size_t n, bool i, bool tty)
{
	struct sbuf slow, fast;

	sbuf_init(&slow, LIMIT);
	sbuf_init(&fast, LIMIT);
	slow_input(text, n, i, tty, &slow);
	for (size_t cut = 0; cut <= n; cut++) {
		sbuf_reset(&fast);
		fast_input(text, n, cut, i, tty, &fast);
		expect_same(&fast, &slow);
	}
	sbuf_reset(&fast);
	must(fast_stuff(slow.data, slow.len, slow.len, &fast) == 0,
	     "the body needed repair");
	expect_one_message(&fast);
	sbuf_release(&fast);
	sbuf_release(&slow);
}

static void try_stuff(const char *text, size_t n)
{
	struct sbuf slow, fast;
	size_t repaired;

	sbuf_init(&slow, LIMIT);
	sbuf_init(&fast, LIMIT);
	repaired = slow_stuff(text, n, &slow);
	expect_one_message(&slow);
	for (size_t cut = 0; cut <= n; cut++) {
		sbuf_reset(&fast);
		must(fast_stuff(text, n, cut, &fast) == repaired, "repaired");
		expect_same(&fast, &slow);
	}
	sbuf_release(&fast);
	sbuf_release(&slow);
}

static void try_scan(const char *text, size_t n)
{
	struct wire_scan slow = slow_scan(text, n);

	for (size_t cut = 0; cut <= n; cut++) {
		struct wire_scan fast = fast_scan(text, n, cut);

		must(fast.header_bytes == slow.header_bytes, "header_bytes");
		must(fast.body_bytes == slow.body_bytes, "body_bytes");
		must(fast.longest == slow.longest, "longest");
		must(fast.bare == slow.bare, "bare");
		must(fast.has_8bit == slow.has_8bit, "has_8bit");
		must(fast.header_has_8bit == slow.header_has_8bit,
		     "header_has_8bit");
		must(fast.has_nul == slow.has_nul, "has_nul");
		must(fast.ends_with_crlf == slow.ends_with_crlf,
		     "ends_with_crlf");
	}
}

static void try_all(const char *text, size_t n)
{
	try_input(text, n, false, false);
	try_input(text, n, true, false);
	try_input(text, n, false, true);
	try_input(text, n, true, true);
	try_stuff(text, n);
	try_scan(text, n);
}

/* Every text of up to six of these bytes. */
START_TEST(every_short_text)
{
	static const char alphabet[] = { '.', '\r', '\n', 'x', '\0' };
	char text[6];

	for (size_t n = 0; n <= sizeof(text); n++) {
		size_t count = 1;

		for (size_t i = 0; i < n; i++)
			count *= sizeof(alphabet);
		for (size_t k = 0; k < count; k++) {
			size_t rest = k;

			for (size_t i = 0; i < n; i++, rest /= sizeof(alphabet))
				text[i] = alphabet[rest % sizeof(alphabet)];
			try_all(text, n);
		}
	}
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	size_t n;
	const char *plain;	/* body without -i */
	const char *with_i;
	const char *typed;	/* without -i, on a terminal */
} bodies[] = {
	{ TEXT(""), "", "", "" },
	{ TEXT("a"), "a\r\n", "a\r\n", "a\r\n" },
	{ TEXT("a\n"), "a\r\n", "a\r\n", "a\r\n" },
	{ TEXT("a\r\nb\nc\r\r\nd"), "a\r\nb\r\nc\r\nd\r\n",
	  "a\r\nb\r\nc\r\nd\r\n", "a\r\nb\r\nc\r\nd\r\n" },
	{ TEXT("a\rb\r\r\rc\r"), "a b   c\r\n", "a b   c\r\n", "a b   c\r\n" },
	{ TEXT("\n\n"), "\r\n\r\n", "\r\n\r\n", "\r\n\r\n" },
	{ TEXT("."), "", ".\r\n", "" },
	{ TEXT(".\r\n"), "", ".\r\n", "" },
	{ TEXT("a\n.\n"), "a\r\n", "a\r\n.\r\n", "a\r\n" },
	{ TEXT("a\n.\nb\n"), "a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n", "a\r\n" },
	{ TEXT("a\n.\n.\n"), "a\r\n.\r\n", "a\r\n.\r\n.\r\n", "a\r\n" },
	{ TEXT("a\n.\n\n"), "a\r\n.\r\n\r\n", "a\r\n.\r\n\r\n", "a\r\n" },
	{ TEXT("a\n..\n..b\n...\n.c\nd.\n"),
	  "a\r\n.\r\n.b\r\n..\r\n.c\r\nd.\r\n",
	  "a\r\n..\r\n..b\r\n...\r\n.c\r\nd.\r\n",
	  "a\r\n.\r\n.b\r\n..\r\n.c\r\nd.\r\n" },
	{ TEXT("a\n. \n.\r.\n"), "a\r\n. \r\n. .\r\n",
	  "a\r\n. \r\n. .\r\n", "a\r\n. \r\n. .\r\n" },
	{ TEXT("\xc3\xa4\xff\n"), "\xc3\xa4\xff\r\n", "\xc3\xa4\xff\r\n",
	  "\xc3\xa4\xff\r\n" },
};
/* clang-format on */

START_TEST(body)
{
	struct sbuf out;
	const char *expected[] = { bodies[_i].plain, bodies[_i].with_i,
		                   bodies[_i].typed };

	sbuf_init(&out, LIMIT);
	for (size_t mode = 0; mode < 3; mode++) {
		sbuf_reset(&out);
		fast_input(bodies[_i].text, bodies[_i].n, bodies[_i].n,
		           mode == 1, mode == 2, &out);
		ck_assert_str_eq(out.data, expected[mode]);
	}
	sbuf_release(&out);
	try_all(bodies[_i].text, bodies[_i].n);
}
END_TEST

START_TEST(nul_stays_in_the_body)
{
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	fast_input(TEXT("a\0b\n\0"), 5, false, false, &out);
	ck_assert_uint_eq(out.len, 8);
	ck_assert_mem_eq(out.data, "a\0b\r\n\0\r\n", 8);
	sbuf_release(&out);
}
END_TEST

/* `times` times a text, as far as there is room. */
static size_t repeat(char *to, size_t room, const char *text, size_t times)
{
	size_t len = strlen(text), n = 0;

	for (; times > 0 && room - n >= len; times--, n += len)
		memcpy(to + n, text, len);
	return n;
}

/* Pieces larger than the buffer of the output, and many small ones. */
START_TEST(large)
{
	static const char *const part[] = {
		"x",
		"\r",
		"\n",
		"\r\n",
		".\n",
		"..\n",
		".\r\n",
		"text of a line that is not so short any more\n",
		"the same as others send it, with a line end of two\r\n",
	};
	static char text[400000];
	struct sbuf slow, fast;
	unsigned random = 1;
	size_t n = 0;

	for (size_t k = 0; k < COUNT_OF(part); k++) {
		n += repeat(text + n, 20000, part[k], 20000);
		for (int i = 0; i < 1000; i++) {
			random = random * 1103515245 + 12345;
			n += repeat(text + n, sizeof(text) - n,
			            part[(random >> 16) % 7], random >> 30);
		}
	}
	ck_assert_uint_lt(n, sizeof(text) - 100);
	sbuf_init(&slow, LIMIT);
	sbuf_init(&fast, LIMIT);
	for (size_t cut = 0; cut < n; cut += 7919) {
		sbuf_reset(&slow);
		sbuf_reset(&fast);
		slow_input(text, n, cut % 2 == 0, false, &slow);
		fast_input(text, n, cut, cut % 2 == 0, false, &fast);
		expect_same(&fast, &slow);
		sbuf_reset(&slow);
		sbuf_reset(&fast);
		ck_assert_uint_eq(fast_stuff(text, n, cut, &fast),
		                  slow_stuff(text, n, &slow));
		expect_same(&fast, &slow);
	}
	sbuf_release(&fast);
	sbuf_release(&slow);
}
END_TEST

START_TEST(stop_after_the_dot_on_a_terminal)
{
	static struct wire_input w;
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	wire_input_init(&w, false, true, 100, collect, &out);
	ck_assert_int_eq(wire_body(&w, "a\n.", 3), WIRE_MORE);
	ck_assert_int_eq(wire_body(&w, "\nmore\n", 6), WIRE_ENDED);
	ck_assert_str_eq(out.data, "a\r\n");
	ck_assert_int_eq(wire_body(&w, "more\n", 5), WIRE_ENDED);
	ck_assert_int_eq(wire_body_end(&w), WIRE_ENDED);
	ck_assert_str_eq(out.data, "a\r\n");
	sbuf_release(&out);
}
END_TEST

static int refuse(void *arg, const char *bytes, size_t n)
{
	int *calls = arg;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_gt(n, 0);
	++*calls;
	return -7;
}

START_TEST(a_failed_write_ends_it)
{
	static struct wire_input in;
	static struct wire_stuff out;
	static char text[100000];
	int calls = 0;

	memset(text, '\n', sizeof(text));
	wire_input_init(&in, false, false, 100, refuse, &calls);
	ck_assert_int_eq(wire_body(&in, text, sizeof(text)), WIRE_FAILED);
	ck_assert_int_eq(wire_body(&in, "x", 1), WIRE_FAILED);
	ck_assert_int_eq(wire_body_end(&in), WIRE_FAILED);
	ck_assert_int_eq(in.out.result, -7);
	ck_assert_int_eq(calls, 1);

	wire_stuff_init(&out, refuse, &calls);
	ck_assert_int_eq(wire_stuff(&out, text, sizeof(text)), WIRE_FAILED);
	ck_assert_int_eq(wire_stuff_end(&out), WIRE_FAILED);
	ck_assert_int_eq(calls, 2);
}
END_TEST

/* Read header lines out of a text that arrives in pieces of `step` bytes;
 * they are written with "|" after each, "?" after a part of one. */
static void read_lines(const char *text, size_t n, size_t step, bool i,
                       size_t limit, struct sbuf *out)
{
	static struct wire_input w;
	size_t at = 0, have = step < n ? step : n;
	struct wire_line line;
	enum wire_next next;

	wire_input_init(&w, i, false, limit, collect, out);
	for (;;) {
		next = wire_next_line(&w, text + at, have - at, have == n,
		                      &line);
		if (next == WIRE_NEXT_NONE)
			return;
		if (next == WIRE_NEXT_READ) {
			ck_assert_uint_lt(have, n);
			have = step < n - have ? have + step : n;
			continue;
		}
		ck_assert_uint_gt(line.used, 0);
		ck_assert_uint_le(line.used, have - at);
		sbuf_add(out, line.text, line.len);
		sbuf_addstr(out, next == WIRE_NEXT_PART ? "?" : "|");
		at += line.used;
	}
}

static const struct {
	const char *text;
	bool dots_are_data;
	const char *lines;
} header_lines[] = {
	{ "", false, "" },
	{ "\n", false, "|" },
	{ "\r\n", false, "|" },
	{ "\r", false, "|" },
	{ "A: 1\nB: 2\r\nC: 3\r\r\n\nbody", false, "A: 1|B: 2|C: 3||body|" },
	{ "A: 1\rB\n", false, "A: 1\rB|" },
	{ "A: 1", false, "A: 1|" },
	{ "A: 1\r", false, "A: 1|" },
	{ ".\n", false, ".|" },
	{ "..\n..x: 1\n.y\n", false, ".|.x: 1|.y|" },
	{ "..\n..x: 1\n.y\n", true, "..|..x: 1|.y|" },
};

START_TEST(header_line)
{
	const char *text = header_lines[_i].text;
	size_t n = strlen(text);
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	for (size_t step = 1; step <= n + 1; step++) {
		sbuf_reset(&out);
		read_lines(text, n, step, header_lines[_i].dots_are_data, 1000,
		           &out);
		ck_assert_str_eq(out.data, header_lines[_i].lines);
	}
	sbuf_release(&out);
}
END_TEST

START_TEST(header_line_over_the_limit)
{
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	read_lines(TEXT("12345678\n123456789abc\n12\n"), 1, true, 8, &out);
	ck_assert_str_eq(out.data, "12345678|123456789?abc|12|");
	sbuf_release(&out);
}
END_TEST

/* A megabyte that arrives in small pieces is searched once. */
START_TEST(long_header_line)
{
	size_t n = 4000000;
	char *text = malloc(n);
	struct sbuf out;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	sbuf_init(&out, LIMIT);
	read_lines(text, n, 4, true, n, &out);
	ck_assert_uint_eq(out.len, n + 1);
	sbuf_release(&out);
	free(text);
}
END_TEST

START_TEST(scan)
{
	struct wire_scan s = fast_scan(
		TEXT("A: 1\r\nB: \xc3\xa4\r\n\r\nbody\r\nlong line\r\n"), 0);

	ck_assert_uint_eq(s.header_bytes, 15);
	ck_assert_uint_eq(s.body_bytes, 17);
	ck_assert_uint_eq(s.longest, 9);
	ck_assert_uint_eq(s.bare, 0);
	ck_assert(s.has_8bit && s.header_has_8bit);
	ck_assert(!s.has_nul && s.ends_with_crlf);

	s = fast_scan(TEXT("\r\n\0\x80 123456789 123456789"), 0);
	ck_assert_uint_eq(s.header_bytes, 2);
	ck_assert_uint_eq(s.longest, 22);
	ck_assert(s.has_8bit && !s.header_has_8bit);
	ck_assert(s.has_nul && !s.ends_with_crlf);
	try_scan(TEXT("A: 1\r\n\r\n12345678\xff"));
	try_scan(TEXT("\xff: 1\r\n\r\n12345678\r\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *all = tcase_create("all");
	TCase *quick = tcase_create("quick");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 240);
	tcase_add_test(all, every_short_text);
	tcase_add_loop_test(all, body, 0, COUNT_OF(bodies));
	tcase_add_test(all, nul_stays_in_the_body);
	tcase_add_test(all, large);
	tcase_add_test(all, stop_after_the_dot_on_a_terminal);
	tcase_add_test(all, a_failed_write_ends_it);
	tcase_add_loop_test(all, header_line, 0, COUNT_OF(header_lines));
	tcase_add_test(all, header_line_over_the_limit);
	tcase_add_test(all, scan);
	/* minutes, if every byte were looked at again and again */
	suite_add_tcase(suite, quick);
	tcase_set_timeout(quick, 120);
	tcase_add_test(quick, long_header_line);
	return fixture_run(suite);
}
