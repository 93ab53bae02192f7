/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_content - the message of an entry as a smarthost gets it */
#include "flush/content.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "sample.h"

#define TRACE "Received: by h; now\r\n"
#define MOST ((size_t)16 << 20)

static const struct rewrite_rules plain = { .domain = "x.test", .host = "h" };
static const struct rewrite_rules force = { .domain = "x.test",
	                                    .host = "h",
	                                    .force = "m@x.test",
	                                    .forces_header = true };

/* clang-format off */
static const struct {
	const struct rewrite_rules *rules;
	const char *trace;
	const char *message, *sent;
} cases[] = {
	/* nothing to rewrite: as it is, behind the trace */
	{ &plain, "", "Subject: a\r\n\r\nx\r\n", "Subject: a\r\n\r\nx\r\n" },
	{ &plain, TRACE, "Subject: a\r\n\r\nx\r\n",
	  TRACE "Subject: a\r\n\r\nx\r\n" },
	{ &plain, TRACE, "\r\nx\r\n", TRACE "\r\nx\r\n" },
	{ &plain, TRACE, "To: a@y.test\r\n\r\n", TRACE "To: a@y.test\r\n\r\n" },
	/* rewritten: the body stays where it is */
	{ &plain, TRACE, "To: root\r\nSubject: a\r\n\r\nTo: root\r\n\r\n.\r\n",
	  TRACE "To: root@x.test\r\nSubject: a\r\n\r\nTo: root\r\n\r\n.\r\n" },
	{ &plain, "", "A: b\r\n c\r\nCc: a,\r\n\tb\r\n\r\n",
	  "A: b\r\n c\r\nCc: a@x.test,\r\n\tb@x.test\r\n\r\n" },
	{ &force, TRACE, "From: root\r\n\r\n\303\266\r\n",
	  TRACE "From: m@x.test\r\nX-Original-From: root\r\n"
	  "Reply-To: root@x.test\r\n\r\n\303\266\r\n" },
	/* a line that is no field: the body begins there, and none is lost */
	{ &plain, "", "To: root\r\nthe disk is full\r\nTo: root\r\n\r\nx\r\n",
	  "To: root@x.test\r\n\r\nthe disk is full\r\nTo: root\r\n\r\nx\r\n" },
	{ &plain, "", "the disk is full\r\nTo: root\r\n\r\nx\r\n",
	  "the disk is full\r\nTo: root\r\n\r\nx\r\n" },
	{ &plain, "", "To: root\r\n: x\r\n", "To: root@x.test\r\n\r\n: x\r\n" },
	/* a header and no more */
	{ &plain, "", "To: root\r\n", "To: root@x.test\r\n\r\n" },
};
/* clang-format on */

struct scene {
	struct entry entry;
	struct content content;
};

static void open_entry(struct scene *s, const char *message, size_t n)
{
	struct entry_envelope env;
	struct fault f = { 0 };

	sample_envelope(&env, 1);
	sample_write("e", &env, message, n);
	entry_envelope_release(&env);
	entry_init(&s->entry);
	s->entry.fd = open("e", O_RDONLY | O_CLOEXEC);
	content_init(&s->content, &s->entry);
	ck_assert_int_eq(entry_read(&s->entry, &f), 0);
	ck_assert_int_eq(entry_verify(&s->entry, content_see, &s->content, &f),
	                 0);
	ck_assert(content_is_whole(&s->content));
}

static void close_entry(struct scene *s)
{
	content_release(&s->content);
	entry_release(&s->entry);
}

/* All of it, in pieces of one size.  What content_next() said last. */
static ssize_t read_all(struct content *c, size_t piece, struct sbuf *out,
                        struct fault *f)
{
	char bytes[65536];
	ssize_t n;

	content_rewind(c);
	sbuf_reset(out);
	while ((n = content_next(c, bytes, piece, f)) > 0) {
		ck_assert_uint_le((size_t)n, piece);
		sbuf_add(out, bytes, (size_t)n);
	}
	return n;
}

static void expect(struct content *c, const char *sent, size_t n)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 16, 100, 4096, 65536 };
	struct fault f = { 0 };
	struct sbuf out;

	sbuf_init(&out, MOST);
	ck_assert_uint_eq(content_size(c), n);
	for (size_t i = n > 100000 ? 6 : 0; i < COUNT_OF(pieces); i++) {
		ck_assert_int_eq(read_all(c, pieces[i], &out, &f), 0);
		ck_assert_uint_eq(out.len, n);
		ck_assert_mem_eq(out.data, sent, n);
	}
	sbuf_release(&out);
}

START_TEST(same_for_every_piece)
{
	const char *message = cases[_i].message, *sent = cases[_i].sent;
	struct fault f = { 0 };
	struct scene s;

	open_entry(&s, message, strlen(message));
	ck_assert_int_eq(content_rewrite(&s.content, cases[_i].trace,
	                                 cases[_i].rules, &f),
	                 0);
	expect(&s.content, sent, strlen(sent));
	ck_assert_int_eq(content_is_8bit(&s.content),
	                 strstr(message, "\303") != NULL);
	close_entry(&s);
}
END_TEST

/* Headers that are larger than a piece of entry_verify. */
START_TEST(large)
{
	struct fault f = { 0 };
	struct sbuf message, sent;
	struct scene s;

	sbuf_init(&message, MOST);
	sbuf_init(&sent, MOST);
	for (int i = 0; i < 5000; i++)
		sbuf_addf(&message, "X-%d: %0500d\r\n", i, i);
	sbuf_addstr(&sent, TRACE);
	sbuf_add(&sent, message.data, message.len);
	sbuf_addstr(&message, "To: root\r\n\r\n");
	sbuf_addstr(&sent, "To: root@x.test\r\n\r\n");
	for (int i = 0; i < 20000; i++) {
		sbuf_addf(&message, "line %d\r\n", i);
		sbuf_addf(&sent, "line %d\r\n", i);
	}
	open_entry(&s, message.data, message.len);
	ck_assert_int_eq(content_rewrite(&s.content, TRACE, &plain, &f), 0);
	expect(&s.content, sent.data, sent.len);
	close_entry(&s);
	sbuf_release(&message);
	sbuf_release(&sent);
}
END_TEST

/* Nothing of relay's writes that; it is given up in words. */
START_TEST(over_the_limit)
{
	struct fault f = { 0 };
	struct sbuf message;
	struct scene s;

	sbuf_init(&message, MOST);
	sbuf_addstr(&message, "To: root\r\n");
	while (_i == 0 && message.len < HEADER_BYTE_LIMIT + 4096)
		sbuf_addf(&message, "X: %0500d\r\n", 0);
	for (size_t i = 0; _i == 1 && i < HEADER_FIELD_LIMIT; i++)
		sbuf_addstr(&message, "X:\r\n");
	sbuf_addstr(&message, "\r\nx\r\n");
	open_entry(&s, message.data, message.len);
	ck_assert_int_eq(content_rewrite(&s.content, TRACE, &plain, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	ck_assert_str_eq(f.code, "5.3.4");
	ck_assert_ptr_nonnull(strstr(f.text, "its header has more than 4 MiB"));
	close_entry(&s);
	sbuf_release(&message);
}
END_TEST

static const struct {
	const char *message;
	off_t back; /* the byte that changes, before the trailer */
} damage[] = {
	{ "To: root\r\n\r\nhello\r\n", 3 },  /* the body */
	{ "To: root\r\n\r\nhello\r\n", 15 }, /* what the head stands for */
	{ "To: root\r\n\r\n", 5 },           /* no body is left to hold back */
	{ "To: root\r\n\r\n", 1 },
	{ "To: a@y.test\r\n\r\nhello\r\n", 20 }, /* not rewritten */
};

/* The file changes after it was verified: the end never comes. */
START_TEST(damage_is_found_before_the_end)
{
	static const size_t pieces[] = { 1, 5, 4096 };
	const char *message = damage[_i].message;
	struct fault f = { 0 };
	struct scene s;
	struct sbuf out;
	int fd;

	sbuf_init(&out, MOST);
	open_entry(&s, message, strlen(message));
	ck_assert_int_eq(content_rewrite(&s.content, TRACE, &plain, &f), 0);
	fd = open("e", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(
		pwrite(fd, "#", 1, s.entry.content_end - damage[_i].back), 1);
	close(fd);
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		fault_clear(&f);
		ck_assert_int_eq(read_all(&s.content, pieces[i], &out, &f), -1);
		ck_assert_int_ne(f.kind, FAULT_NONE);
	}
	sbuf_release(&out);
	close_entry(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("content");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, same_for_every_piece, 0, COUNT_OF(cases));
	tcase_add_test(all, large);
	tcase_add_loop_test(all, over_the_limit, 0, 2);
	tcase_add_loop_test(all, damage_is_found_before_the_end, 0,
	                    COUNT_OF(damage));
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
