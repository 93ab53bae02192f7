/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_mime - messages taken apart, for every way to cut them */
#include "message/mime.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define LIMIT ((size_t)1 << 20)
#define MIXED(b) "Content-Type: multipart/mixed; boundary=" b "\r\n"

/* What was told.  H: a header, with its part's number, L M or R (rfc822), and
 * sealed as !; [text]; E: the end of a leaf; B: a boundary. */
struct told {
	struct sbuf events;
	struct sbuf copy; /* of the message, put together */
	bool in_text;
};

static void close_text(struct told *t)
{
	if (t->in_text)
		sbuf_addstr(&t->events, "]");
	t->in_text = false;
}

static void on_header(void *arg, const struct mime_part *part,
                      const char *fields, size_t n, bool is_ended)
{
	struct told *t = arg;

	close_text(t);
	sbuf_addf(&t->events, "H%u%c%s%s ", part->index, "LMR"[part->kind],
	          part -> is_sealed ? "!" : "", is_ended ? "" : "?");
	sbuf_add(&t->copy, fields, n);
	sbuf_add(&t->copy, "\r\n", is_ended ? 2 : 0);
}

static void on_text(void *arg, const struct mime_part *part, const char *bytes,
                    size_t n, bool begins, bool breaks)
{
	struct told *t = arg;

	ck_assert(begins || !breaks);
	sbuf_add(&t->copy, "\r\n", breaks ? 2 : 0);
	sbuf_add(&t->copy, bytes, n);
	if (!t->in_text)
		sbuf_addf(&t->events, "%u[", part->index);
	t->in_text = true;
	sbuf_addstr(&t->events, breaks ? "/" : "");
	sbuf_add(&t->events, bytes, n);
}

static void on_end(void *arg, const struct mime_part *part)
{
	struct told *t = arg;

	close_text(t);
	sbuf_addf(&t->events, "E%u ", part->index);
}

static void on_boundary(void *arg, const char *line, size_t n, bool breaks,
                        bool is_last)
{
	struct told *t = arg;

	close_text(t);
	sbuf_addstr(&t->events, is_last ? "B- " : "B ");
	sbuf_add(&t->copy, "\r\n", breaks ? 2 : 0);
	sbuf_add(&t->copy, line, n);
	sbuf_add(&t->copy, "\r\n", is_last ? 0 : 2);
}

static const struct {
	const char *text, *events;
} messages[] = {
	{ "", "H0L? E0 " },
	{ "A: b\r\n", "H0L? E0 " },
	{ "A: b\r\n\r\n", "H0L E0 " },
	{ "A: b\r\n\r\nx\r\ny\r\n", "H0L 0[x/y/]E0 " },
	{ "\r\nx\r\n", "H0L 0[x/]E0 " },
	{ "x\r\n", "H0L? 0[x/]E0 " },
	{ " x\r\n", "H0L? 0[ x/]E0 " },
	{ "A: b\r\n c\r\nno field\r\n", "H0L? 0[no field/]E0 " },
	{ MIXED("b") "\r\n--b\r\n\r\nx\r\n--b--\r\n",
	  "H0M B H1L 1[x]E1 B- 0[/]" },
	{ MIXED("b") "\r\npre\r\n--b\r\n\r\nx\r\n\r\n--b--\r\npost\r\n",
	  "H0M 0[pre]B H1L 1[x/]E1 B- 0[/post/]" },
	{ MIXED("b") "\r\n--b\r\n\r\n--b\r\nA: b\r\n--b\r\ntext\r\n--b--\r\n",
	  "H0M B H1L E1 B H2L? E2 B H3L? 3[text]E3 B- 0[/]" },
	{ MIXED("b") "\r\n--b\r\n\r\nx\r\n", "H0M B H1L 1[x/]E1 " },
	{ MIXED("b") "\r\n--bx\r\n--b \t\r\n\r\n-\r\n--\r\n--b-\r\n --b\r\n"
	             "--b-- \r\n--b\r\n",
	  "H0M 0[--bx]B H1L 1[-/--/--b-/ --b]E1 B- 0[/--b/]" },
	{ MIXED("b") "\r\n--b\r\n" MIXED(
		  "bb") "\r\n--bb\r\n\r\nx\r\n--b\r\n\r\ny"
	                "\r\n--b--\r\n",
	  "H0M B H1M B H2L 2[x]E2 B H3L 3[y]E3 B- 0[/]" },
	/* the same boundary: the inner one counts while it is open */
	{ MIXED("b") "\r\n--b\r\n" MIXED("b") "\r\n--b\r\n\r\nx\r\n--b--\r\n--b"
	                                      "\r\n\r\ny\r\n--b--\r\n",
	  "H0M B H1M B H2L 2[x]E2 B- B H3L 3[y]E3 B- 0[/]" },
	{ MIXED("b--") "\r\n--b--\r\n\r\nx\r\n--b----\r\n",
	  "H0M B H1L 1[x]E1 B- 0[/]" },
	{ "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx\r\n",
	  "H0R H1L 1[x/]E1 " },
	{ "Content-Type: message/rfc822\r\nno field\r\n",
	  "H0R? H1L? 1[no field/]E1 " },
	{ "Content-Type: message/rfc822\r\n", "H0R? H1L? E1 " },
	{ MIXED("b") "--b\r\n\r\nx\r\n--b--\r\n", "H0M? B H1L 1[x]E1 B- 0[/]" },
	{ "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	  "A: b\r\n\r\nx\r\n--b\r\nContent-Type: "
	  "text/plain\r\n\r\ny\r\n--b--\r\n",
	  "H0M B H1R H2L 2[x]E2 B H3L 3[y]E3 B- 0[/]" },
	{ "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx\r\n--b--\r\n",
	  "H0M B H1R! H2L! 2[x]E2 B- 0[/]" },
	/* no parts: no boundary, or they are encoded */
	{ "Content-Type: multipart/mixed\r\n\r\n--b\r\n", "H0L 0[--b/]E0 " },
	{ MIXED("b") "Content-Transfer-Encoding: base64\r\n\r\n--b\r\n",
	  "H0L 0[--b/]E0 " },
	{ MIXED("\"\"") "\r\n--\r\n", "H0L 0[--/]E0 " },
	/* the first of two fields counts */
	{ "Content-Type: text/plain\r\n" MIXED("b") "\r\n--b\r\n",
	  "H0L 0[--b/]E0 " },
};

START_TEST(message)
{
	static const struct mime_reader reader = {
		.header = on_header,
		.text = on_text,
		.end = on_end,
		.boundary = on_boundary,
	};
	const char *text = messages[_i].text;
	size_t n = strlen(text);

	for (size_t step = 1; step <= n + 1; step++) {
		struct told t = { .in_text = false };
		struct mime *m;

		sbuf_init(&t.events, LIMIT);
		sbuf_init(&t.copy, LIMIT);
		m = mime_create(&reader, &t, LIMIT);
		for (size_t at = 0, part; at < n; at += part) {
			part = n - at < step ? n - at : step;
			mime_add(m, text + at, part);
		}
		mime_end(m);
		close_text(&t);
		ck_assert_ptr_null(mime_problem(m));
		ck_assert_str_eq(t.events.data, messages[_i].events);
		ck_assert_str_eq(t.copy.data, text);
		mime_free(&m);
		sbuf_release(&t.copy);
		sbuf_release(&t.events);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mime");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, message, 0, COUNT_OF(messages));
	return fixture_run(suite);
}
