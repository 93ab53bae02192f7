/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_aliases - files of aliases, and who is meant by a name */
#include "message/aliases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* The files of members that a test's aliases may name. */
static const struct {
	const char *path;
	const char *text; /* NULL: cannot be read */
} includes[] = {
	{ "/staff", "# all of them\n\nann\r\n  bob@x.test, Cy <cy@x.test>\n" },
	{ "/empty", "\n# nobody\n" },
	{ "/gone", NULL },
	{ "/self", "a@x.test\n:include:/self\n" },
	{ "/to-list", "list\n" },
	{ "/1", "one@x.test, :include:/2" },
	{ "/2", "two@x.test\n\":include:/3\"" },
	{ "/3", "three@x.test\n:include:/4" },
	{ "/4", "four@x.test\n" },
	{ "/deep", ":include:/1" },
	{ "/bad", "ann@x.test\n|rm\n" },
	{ "/a, b", "comma@x.test\n" },
};

static void answer(struct aliases *a, const char *path)
{
	struct fault f = { .kind = FAULT_NONE };
	size_t i = 0;

	while (strcmp(includes[i].path, path) != 0)
		ck_assert_uint_lt(++i, COUNT_OF(includes));
	if (includes[i].text != NULL) {
		aliases_add_include(a, includes[i].text,
		                    strlen(includes[i].text));
		return;
	}
	fault_set(&f, FAULT_CONFIG, "4.3.5", "cannot open %s", path);
	aliases_refuse_include(a, &f);
}

static struct aliases *read_text(const char *text, size_t n)
{
	struct aliases *a = aliases_create("/al");
	const char *path;

	aliases_add(a, text, n);
	while ((path = aliases_next_include(a)) != NULL)
		answer(a, path);
	aliases_finish(a);
	return a;
}

/* "a@x | b" for an expansion, "-" for no alias, or the fault. */
static void expand(const struct aliases *a, const char *name, struct sbuf *out)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	int result;

	address_list_init(&l, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	result = aliases_expand(a, name, &l, &f);
	if (result == 0)
		sbuf_addstr(out, "-");
	for (size_t i = 0; result == 1 && i < l.count; i++)
		sbuf_addf(out, "%s%s", i > 0 ? " | " : "", l.item[i]);
	if (result < 0) {
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		sbuf_addstr(out, f.text);
	} else {
		ck_assert_int_eq(f.kind, FAULT_NONE);
	}
	if (result == 0)
		ck_assert_uint_eq(l.count, 0);
	address_list_release(&l);
}

/* clang-format off */
static const struct {
	const char *text;
	const char *name;
	const char *expected;
} cases[] = {
	/* forms */
	{ "root: ann@x.test\n", "root", "ann@x.test" },
	{ "root: ann@x.test", "root", "ann@x.test" },
	{ "root:ann@x.test\r\n", "root", "ann@x.test" },
	{ "\xEF\xBB\xBFroot\t : ann@x.test,\n", "root", "ann@x.test" },
	{ "Root: ann@X.test\n", "rOOT", "ann@X.test" },
	{ "root: ann, bob ,, a@x.test\n", "root", "ann | bob | a@x.test" },
	{ "root: Ann, the (a, b) first <a@x.test>\n", "root", "Ann | a@x.test" },
	{ "root: Ann (a, b) <a@x.test>, \"B, C\" <b@x.test>\n", "root", "a@x.test | b@x.test" },
	{ "root: \"a b\"@x.test, \"c, d\"\n", "root", "\"a b\"@x.test | \"c, d\"" },
	{ "\"a b\": c@x.test\n", "\"a b\"", "c@x.test" },
	{ "\"a: b\" : c@x.test\n", "\"A: B\"", "c@x.test" },
	{ "\"ann\": c@x.test\n", "ann", "c@x.test" },
	{ "ann: c@x.test\n", "\"a\\nn\"", "c@x.test" },
	{ "root: ann@x.test,\n\tbob@x.test\n  ,cy@x.test\n", "root", "ann@x.test | bob@x.test | cy@x.test" },
	{ "root:\n# no\n\n \n ann@x.test\n  # no\n\tbob,\n \t\nc: d\n", "root", "/al:1: `ann@x.test\\x09bob` is no address: ..." },
	{ "root:\n# no\n\n \n ann@x.test,\n  # no\n\tbob,\n \t\nc: d\n", "root", "ann@x.test | bob" },
	{ "root:\n# no\n\n \n ann@x.test,\n  # no\n\tbob,\n \t\nc: d\n", "c", "d" },
	{ "", "root", "-" },
	{ "# root: ann\n  # ann: bob\n", "root", "-" },
	{ "root: ann\n", "bob", "-" },
	{ "root: ann\n", "root@x.test", "-" },
	{ "ann+cron: bob\n", "ann+cron", "bob" },
	/* chains */
	{ "root: ann\nann: bob, cy\nbob: b@x.test\n", "root", "b@x.test | cy" },
	{ "a: b, c\nb: d, x@x.test\nc: d\nd: e, x@x.test\n", "a", "e | x@x.test" },
	{ "root: \\root\n", "root", "root" },
	{ "root: \\root, ann\n", "root", "root | ann" },
	{ "root: \\ann\nann: bob\n", "root", "ann" },
	{ "root: \\ann@x.test\n", "root", "ann@x.test" },
	{ "ann: ann, bob\n", "ann", "ann | bob" },
	{ "root: ann\nann: ANN\n", "root", "ANN" },
	{ "root: \"ann\"\nann: bob\n", "root", "bob" },
	{ "a: b\nb: a\n", "a", "/al:2: this leads back to where it came from: a -> b -> a; remove one of them, or write \\ before the name that is a mailbox" },
	{ "a: b\nb: a\n", "b", "/al:2: this leads back ..." },
	{ "a: b\nb: c\nc: d\nd: b\n", "a", "/al:4: this leads back to where it came from: b -> c -> d -> b; ..." },
	{ "a: b\nb: a\nc: a\nd: d@x.test\n", "c", "/al:2: this leads ..." },
	{ "a: b\nb: a\nc: a\nd: d@x.test\n", "d", "d@x.test" },
	{ "a: b, c\nb: x@x.test\nc: b, a\n", "b", "x@x.test" },
	/* files of members */
	{ "list: :include:/staff\n", "list", "ann | bob@x.test | cy@x.test" },
	{ "list: \":include:/staff\", dee\n", "list", "ann | bob@x.test | cy@x.test | dee" },
	{ "list: :Include: /staff ,dee\n", "list", "ann | bob@x.test | cy@x.test | dee" },
	{ "list: \":include:/a, b\"\n", "list", "comma@x.test" },
	{ "list: :include:/staff\nann: a@x.test\n", "list", "a@x.test | bob@x.test | cy@x.test" },
	{ "l: :include:/staff\nm: :include:/staff, l\n", "m", "ann | bob@x.test | cy@x.test" },
	{ "list: :include:/1\n", "list", "one@x.test | two@x.test | three@x.test | four@x.test" },
	{ "list: :include:/deep\n", "list", "/3:2: /4 is not read: there are more than 64 such files, or more than 4 in each other" },
	{ "list: :include:/empty\n", "list", "/empty:2: this file has no members: write an address on each line" },
	{ "list: :include:/gone\n", "list", "/al:1: cannot open /gone" },
	{ "list: x@x.test, :include:/self\n", "list", "/al:1: this leads back to where it came from: /self -> /self; ..." },
	{ "list: :include:/to-list\n", "list", "/al:1: this leads back to where it came from: list -> /to-list -> list; ..." },
	{ "list: :include:/bad\n", "list", "/bad:2: `|rm` is a program, ..." },
	{ "list: :include:staff\n", "list", "/al:1: `:include:staff` has no full path: start it with /" },
	{ "list: :include:\n", "list", "/al:1: `:include:` has no full path: start it with /" },
	/* what is refused */
	{ "a: |/bin/cat\n", "a", "/al:1: `|/bin/cat` is a program, and none is run for an alias: write an address, or see `local` in relayrc(5)" },
	{ "a: b@x.test, \"|/bin/cat -x, y\"\n", "a", "/al:1: `|/bin/cat -x, y` is a program, ..." },
	{ "a: \" |cat\"\n", "a", "/al:1: `|cat` is a program, ..." },
	{ "a: /var/mail/a\n", "a", "/al:1: `/var/mail/a` is a file, and none is written for an alias: write an address, or see `local` in relayrc(5)" },
	{ "a: \"/var/mail/a\"\n", "a", "/al:1: `/var/mail/a` is a file, ..." },
	{ "a: :fail: go away\n", "a", "/al:1: `:fail: go away` is not known here: write an address, or `:include:/PATH`" },
	{ "a: :defer:\n", "a", "/al:1: `:defer:` is not known ..." },
	{ "a: error:5.1.1 gone\n", "a", "/al:1: `error:5.1.1 gone` is no address: ..." },
	{ "a: b c\n", "a", "/al:1: `b c` is no address: several words; use commas between addresses, and < > around one that follows a name" },
	{ "a: b@x.test # me\n", "a", "/al:1: `b@x.test # me` is no address: several words; ..." },
	{ "a: <b\n", "a", "/al:1: `<b` is no address: a < without its >" },
	{ "a: \"b\n", "a", "/al:1: `\"b` is no address: ..." },
	{ "a: b@\n", "a", "/al:1: `b@` is no address: nothing after the @" },
	{ "a: \\\n", "a", "/al:1: `` is no address: it is empty" },
	{ "a: (b), c\n", "a", "/al:1: `(b)` is no address: it is empty" },
	{ "a:\nb: c\n", "a", "/al:1: nobody is behind `a:`: write an address, or remove the line" },
	{ "a: ,\n", "a", "/al:1: nobody is behind `a:`: ..." },
	{ "a b@x.test\n", "a", "/al:1: there is no colon behind the name `a`: write `a: ADDRESS`" },
	{ "a\n", "a", "/al:1: there is no colon ..." },
	{ "a: b@x.test\nA: c@x.test\n", "a", "b@x.test" },
	{ "x: |y\na: b@x.test\n", "a", "b@x.test" },
	{ "x: |y\na: b, x\n", "a", "/al:1: `|y` is a program, ..." },
	{ "x y: z\na: b@x.test\n", "a", "b@x.test" },
};
/* clang-format on */

START_TEST(who_is_meant)
{
	const char *expected = cases[_i].expected;
	const char *dots = strstr(expected, "...");
	struct aliases *a = read_text(cases[_i].text, strlen(cases[_i].text));
	struct sbuf out;

	sbuf_init(&out, 10000);
	expand(a, cases[_i].name, &out);
	if (dots != NULL)
		ck_assert_msg(strncmp(out.data, expected,
		                      (size_t)(dots - expected)) == 0,
		              "%s", out.data);
	else
		ck_assert_str_eq(out.data, expected);
	sbuf_release(&out);
	aliases_free(&a);
	ck_assert_ptr_null(a);
}
END_TEST

/* All of a file, and what is wrong with it in general. */
/* clang-format off */
static const struct {
	const char *text;
	size_t count;
	const char *faults[4];
} files[] = {
	{ "a: b\nb: c\n", 2, { NULL } },
	{ "a: :include:/staff\n", 1, { NULL } },
	{ " a: b\nb: c\n", 1, { "/al:1: this line begins with a blank, and there is no alias above that it belongs to: write `NAME:` before it", NULL } },
	{ "a: b\n\nA: c\n", 1, { "/al:3: `A` is there twice, and the first one, in line 1, counts: remove one", NULL } },
	{ "a@x.test: b\n", 0, { "/al:1: `a@x.test` can be no alias: it has an @; only bare names have aliases", NULL } },
	{ ": b\n", 0, { "/al:1: `` can be no alias: it is empty", NULL } },
	{ "<a>: b\n", 0, { "/al:1: `<a>` can be no alias: a character that must be inside quotes", NULL } },
	{ "\xFF: b\n", 0, { "/al:1: `\\xFF` can be no alias: it has a control character or is not UTF-8", NULL } },
	{ "a: |b\nc: /d\ne: f\n", 3, { "/al:1: `|b` is a program, and none is run for an alias: write an address, or see `local` in relayrc(5)", "/al:2: `/d` is a file, and none is written for an alias: write an address, or see `local` in relayrc(5)", NULL } },
	{ "a: b\nb: a\nc: a, b\n", 3, { "/al:2: this leads back to where it came from: a -> b -> a; remove one of them, or write \\ before the name that is a mailbox", NULL } },
};
/* clang-format on */

START_TEST(what_is_wrong)
{
	const char *text = files[_i].text;
	struct aliases *a = read_text(text, strlen(text));
	struct fault f;
	size_t n = 0, at = 0, names = 0;

	for (; files[_i].faults[n] != NULL; n++) {
		ck_assert(aliases_fault(a, n, &f));
		ck_assert_str_eq(f.text, files[_i].faults[n]);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
	}
	ck_assert(!aliases_fault(a, n, &f));
	ck_assert_uint_eq(aliases_count(a), files[_i].count);
	while (aliases_next_name(a, &at) != NULL)
		names++;
	ck_assert_uint_eq(names, files[_i].count);
	aliases_free(&a);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
	struct aliases *a = read_text("a\0b: c\nd: e\0f\n", 14);
	struct sbuf out;

	sbuf_init(&out, 10000);
	expand(a, "a", &out);
	ck_assert_str_eq(out.data, "-");
	sbuf_reset(&out);
	expand(a, "d", &out);
	ck_assert_msg(strstr(out.data, "/al:2: ") == out.data, "%s", out.data);
	sbuf_release(&out);
	aliases_free(&a);
}
END_TEST

/* Mail for bare names waits; that for addresses does not depend on it. */
START_TEST(a_file_that_cannot_be_read)
{
	struct aliases *a = aliases_create("/al");
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;

	fault_set(&f, FAULT_CONFIG, "4.3.5", "cannot open /al: why");
	aliases_refuse(a, &f);
	ck_assert_ptr_null(aliases_next_include(a));
	aliases_finish(a);
	sbuf_init(&out, 10000);
	expand(a, "root", &out);
	ck_assert_str_eq(out.data, "cannot open /al: why");
	sbuf_reset(&out);
	expand(a, "root@x.test", &out);
	ck_assert_str_eq(out.data, "-");
	sbuf_release(&out);
	ck_assert(aliases_fault(a, 0, &f));
	ck_assert(!aliases_fault(a, 1, &f));
	aliases_free(&a);
}
END_TEST

START_TEST(how_that_came_about)
{
	const char *text = "root: ann, b@x.test\n\nann: \\ann, :include:/4\n"
			   "bad: |x\nto-bad: bad\n";
	struct aliases *a = read_text(text, strlen(text));
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;

	sbuf_init(&out, 10000);
	ck_assert_int_eq(aliases_explain(a, "ROOT", &out, &f), 1);
	ck_assert_str_eq(out.data, "/al:1: root -> ann, b@x.test\n"
	                           "/al:3: ann -> \\ann, :include:/4\n"
	                           "/al:3: /4 -> four@x.test\n");
	ck_assert_int_eq(aliases_explain(a, "nobody", &out, &f), 0);
	ck_assert_int_eq(aliases_explain(a, "to-bad", &out, &f), -1);
	sbuf_release(&out);
	aliases_free(&a);
}
END_TEST

/* --- limits --------------------------------------------------------------- */

static void add_numbered(struct sbuf *b, const char *text, unsigned number)
{
	for (; *text != '\0'; text++)
		if (*text == '#')
			sbuf_addf(b, "%u", number);
		else if (*text == '+')
			sbuf_addf(b, "%u", number + 1);
		else
			sbuf_add(b, text, 1);
}

/* The text over and over, # and + in it a number and the next one. */
static struct aliases *repeat(const char *text, unsigned count)
{
	struct aliases *a;
	struct sbuf b;

	sbuf_init(&b, ALIASES_FILE_LIMIT);
	for (unsigned i = 0; i < count; i++)
		add_numbered(&b, text, i);
	ck_assert(!b.overflow);
	a = read_text(b.data, b.len);
	sbuf_release(&b);
	return a;
}

static void is_fault(const struct aliases *a, const char *name,
                     const char *words)
{
	struct sbuf out;

	sbuf_init(&out, 10000000);
	expand(a, name, &out);
	ck_assert_msg(strstr(out.data, words) != NULL, "%.200s", out.data);
	sbuf_release(&out);
}

START_TEST(a_long_chain)
{
	struct aliases *a = repeat("a#: a+\n", ALIASES_NAMES);

	is_fault(a, "a0", "a100000");
	aliases_free(&a);
	a = repeat("a#: a+\n", ALIASES_NAMES + 1);
	is_fault(a, "a0", "/al: there are more names than can be read");
	aliases_free(&a);
}
END_TEST

/* Each doubles the ways, none the work. */
START_TEST(many_ways)
{
	struct aliases *a = repeat("a#: b#, c#\nb#: a+\nc#: a+\n", 10000);

	is_fault(a, "a0", "a10000");
	aliases_free(&a);
}
END_TEST

START_TEST(too_many_members)
{
	struct sbuf b;
	struct aliases *a;

	sbuf_init(&b, ALIASES_FILE_LIMIT);
	sbuf_addstr(&b, "a: x");
	for (unsigned i = 0; i <= ALIASES_MEMBERS; i++)
		sbuf_addstr(&b, ",x");
	a = read_text(b.data, b.len);
	is_fault(a, "a", "/al: there are more members than can be read");
	aliases_free(&a);
	sbuf_release(&b);
}
END_TEST

START_TEST(too_many_recipients)
{
	struct fault f = { .kind = FAULT_NONE };
	struct aliases *a = read_text("a: b, c, d\n", 11);
	struct address_list l;

	address_list_init(&l, 2, 100);
	ck_assert_int_eq(aliases_expand(a, "a", &l, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_str_eq(f.text, "/al:1: with `a` there are more than 2 "
	                         "recipients: make the list shorter");
	address_list_release(&l);
	aliases_free(&a);
}
END_TEST

START_TEST(too_many_faults)
{
	struct aliases *a = repeat("a#: |#\n", ALIASES_FAULTS);
	struct fault f;

	is_fault(a, "b", "-");
	aliases_free(&a);
	a = repeat("a#: |#\n", ALIASES_FAULTS + 1);
	is_fault(a, "b", "/al: more is wrong than can be told");
	ck_assert(aliases_fault(a, ALIASES_FAULTS, &f));
	ck_assert(!aliases_fault(a, ALIASES_FAULTS + 1, &f));
	aliases_free(&a);
}
END_TEST

START_TEST(too_large)
{
	char *bytes = malloc(ALIASES_FILE_LIMIT + 1);
	struct aliases *a;

	memset(bytes, '\n', ALIASES_FILE_LIMIT + 1);
	a = read_text(bytes, ALIASES_FILE_LIMIT);
	is_fault(a, "a", "-");
	aliases_free(&a);
	a = read_text(bytes, ALIASES_FILE_LIMIT + 1);
	is_fault(a, "a", "/al: it is larger than can be read");
	aliases_free(&a);
	memset(bytes, ',', ALIASES_FILE_LIMIT);
	memcpy(bytes, "a:", 2);
	a = read_text(bytes, ALIASES_FILE_LIMIT);
	is_fault(a, "a", "nobody is behind");
	aliases_free(&a);
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aliases");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, who_is_meant, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(all, what_is_wrong, 0, (int)COUNT_OF(files));
	tcase_add_test(all, a_nul_is_no_text);
	tcase_add_test(all, a_file_that_cannot_be_read);
	tcase_add_test(all, how_that_came_about);
	tcase_add_test(all, a_long_chain);
	tcase_add_test(all, many_ways);
	tcase_add_test(all, too_many_members);
	tcase_add_test(all, too_many_recipients);
	tcase_add_test(all, too_many_faults);
	tcase_add_test(all, too_large);
	return fixture_run(suite);
}
