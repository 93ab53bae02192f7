/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_address - lists as callers write them, to bare addresses */
#include "message/address.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"

/* Every address passes the check, is there once and can be found. */
static void sane(struct address_list *l)
{
	struct fault f = { .kind = FAULT_NONE };
	size_t bytes = 0, count = l->count;

	for (size_t i = 0; i < l->count; i++) {
		ck_assert_int_eq(address_check(l->item[i], &f), 0);
		ck_assert_int_eq(address_list_add_unique(l, l->item[i], &f), 0);
		ck_assert_uint_eq(l->count, count);
		bytes += strlen(l->item[i]);
	}
	ck_assert_uint_eq(l->bytes, bytes);
}

static void join(const struct address_list *l, struct sbuf *out)
{
	for (size_t i = 0; i < l->count; i++)
		sbuf_addf(out, "%s%s", i > 0 ? " | " : "", l->item[i]);
}

/* clang-format off */
static const struct {
	const char *text;
	const char *addresses;	/* with " | " between them */
} lists[] = {
	{ "a@x.test", "a@x.test" },
	{ "", "" },
	{ " \t ", "" },
	{ "root", "root" },
	{ "root,\tadmin@x.test", "root | admin@x.test" },
	{ "a@x.test,b@y.test", "a@x.test | b@y.test" },
	{ ",a@x.test,, b@y.test , ,", "a@x.test | b@y.test" },
	{ "-f@x.test", "-f@x.test" },
	/* names and angles */
	{ "<a@x.test>", "a@x.test" },
	{ "<root>", "root" },
	{ "word word <a@x.test>", "a@x.test" },
	{ "r@x.test, S <s@y.test>", "r@x.test | s@y.test" },
	{ "j@x.test <j@x.test>", "j@x.test" },
	{ "J. Q. Doe <j@x.test>", "j@x.test" },
	{ "\"Doe, J.\" <j@x.test>", "j@x.test" },
	{ "\"a \\\" <no@x.test>, \\\\\" <j@x.test>", "j@x.test" },
	{ "M\xfcller <m@x.test>", "m@x.test" },
	{ "[list] Bob <b@x.test>", "b@x.test" },
	{ "it's <b@x.test>", "b@x.test" },
	{ "< a@x.test >", "a@x.test" },
	/* comments */
	{ "root (Cron Daemon)", "root" },
	{ "D <d@z.test> (note, x)", "d@z.test" },
	{ "(a (b, (c)) d@x) e@y.test (f)", "e@y.test" },
	{ "e@y.test (a \\) b)", "e@y.test" },
	{ "e (a) @ (b) y (c) . (d) test", "e@y.test" },
	{ "()", "" },
	/* groups */
	{ "undisclosed-recipients:;", "" },
	{ "Undisclosed recipients:", "" },
	{ "undisclosed-recipients: ; , a@x.test", "a@x.test" },
	{ "Team: a@x.test, \"b, c\"@y.test;, D <d@z.test> (note, x)",
	  "a@x.test | \"b, c\"@y.test | d@z.test" },
	{ "\"My: team\": a@x.test ;", "a@x.test" },
	{ "A: a@x.test;, B: b@x.test;", "a@x.test | b@x.test" },
	{ "A: a@x.test; b@x.test", "a@x.test | b@x.test" },
	/* encoded words */
	{ "=?UTF-8?Q?M=C3=BCller=2C_A?= <a@x.test>,\r\n\t\"Doe, J.\" "
	  "<j@y.test>,", "a@x.test | j@y.test" },
	{ "=?utf-8?q?M,_a@b?= <a@x.test>", "a@x.test" },
	{ "=?utf-8?q?(?= =?utf-8?b?Ig==?= <a@x.test>", "a@x.test" },
	{ "=?=x@x.test", "=?=x@x.test" },
	{ "=?a?q?b?=c@x.test", "=?a?q?b?=c@x.test" },
	/* folding */
	{ "a@x.test,\n b@y.test", "a@x.test | b@y.test" },
	{ "A\r\n <a@x.test>", "a@x.test" },
	{ "\"a\r\n b\"@x.test", "\"a b\"@x.test" },
	/* local parts */
	{ "\"a b\"@x.test", "\"a b\"@x.test" },
	{ "\"a@b\"@x.test", "\"a@b\"@x.test" },
	{ "\"a\\\"<>\"@x.test", "\"a\\\"<>\"@x.test" },
	{ "\"\"@x.test", "\"\"@x.test" },
	{ "a.\"b c\".d@x.test", "a.\"b c\".d@x.test" },
	{ "o'brien@x.test", "o'brien@x.test" },
	{ "host!user", "host!user" },
	{ "a%b@x.test", "a%b@x.test" },
	{ "a+b=c#!$&*/?^_`{|}~@x.test", "a+b=c#!$&*/?^_`{|}~@x.test" },
	{ "a..b.@x.test", "a..b.@x.test" },
	/* domains */
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]" },
	{ "a@localhost", "a@localhost" },
	{ "j\xc3\xb6rg@b\xc3\xbc.test", "j\xc3\xb6rg@b\xc3\xbc.test" },
	{ "<@a.test,@b.test:c@d.test>", "c@d.test" },
	{ "<@a.test:c@d.test>", "c@d.test" },
	{ "C < @a.test (x:y) , @b.test : c@d.test >", "c@d.test" },
	/* each once */
	{ "a@x.test, A <a@X.Test>, A@x.test, a@x.test",
	  "a@x.test | A@x.test" },
	{ "root, ROOT, root", "root | ROOT" },
};

/* The fault's text must hold both. */
static const struct {
	const char *text;
	const char *named;
	const char *why;
} broken[] = {
	{ "bad@@x", "\"bad@@x\"", "more than one @" },
	{ "ok@x.test, a@b@c, d@x.test", "\"a@b@c\"", "more than one @" },
	{ "@x.test", "\"@x.test\"", "before the @" },
	{ "a@", "\"a@\"", "after the @" },
	{ "<>", "\"<>\"", "between < and >" },
	{ "A <>", "\"A <>\"", "between < and >" },
	{ "(only) < (this) >", "", "between < and >" },
	{ "a@x.test; b@y.test", "\"a@x.test; b@y.test\"", "use commas" },
	{ "a@x.test b@y.test", "a@x.test b@y.test", "several words" },
	{ "two words", "two words", "several words" },
	{ "a\"b\"@x.test", "", "several words" },
	{ "<a b@x.test>", "", "several words" },
	{ "\"a b@x.test", "", "without its closing \"" },
	{ "\"a\\", "", "without its closing \"" },
	{ "a@x.test (b (c)", "", "( without its )" },
	{ "(\\", "", "( without its )" },
	{ "A <a@x.test", "", "< without its >" },
	{ "A <a@x.test, b@x.test>", "", "< without its >" },
	{ "A <<a@x.test>>", "", "< without its >" },
	{ "a@x.test>", "", "> without its <" },
	{ "<a@x.test> b", "", "after the >" },
	{ "<a@x.test> <b@x.test>", "", "second < >" },
	{ "a@[192.0.2.1", "", "[ without its ]" },
	{ "a@[]", "", "not an IP address" },
	{ "a@[1]b", "", "several words" },
	{ "a@x..test", "", "empty part" },
	{ "a@.test", "", "empty part" },
	{ "a@x.", "", "empty part" },
	{ "a@\"x\"", "", "cannot have" },
	{ "a\\b@x.test", "", "inside quotes" },
	{ "a)b@x.test", "", "inside quotes" },
	{ "[x]@y.test", "", "inside quotes" },
	{ "A: b: c@x.test;;", "", "begins no group" },
	{ "a@x.test: b@x.test;", "", "begins no group" },
	{ ":;", "", "begins no group" },
	{ "A: a@x.test", "", "group without its ;" },
	{ "http://x.test/", "", "group without its ;" },
	{ "<@a.test>", "", "before the @" },
	{ "<@a.test:>", "", "between < and >" },
	{ "a\nb@x.test", "\"a\\x0Ab@x.test\"", "control" },
	{ "a@x.test\r\nRCPT TO:<b@x.test>", "a@x.test\\x0D\\x0ARCPT",
	  "control" },
	{ "a@x.test\n", "", "control" },
	{ "a@x.test\r", "", "control" },
	{ "a@x.test\r b@x.test", "", "control" },
	{ "a\x01@x.test", "", "control" },
	{ "a\x7f@x.test", "", "control" },
	{ "\"a\x1b[0m\" <a@x.test>", "\\x1B[0m", "control" },
	{ "\"a\tb\"@x.test", "", "control" },
	{ "m\xfcller@x.test", "\"m\\xFCller@x.test\"", "not UTF-8" },
	{ "a\xe2\x80\xae@x.test", "", "not UTF-8" },
	{ "a\xc2\x85@x.test", "", "control" },
};
/* clang-format on */

START_TEST(list)
{
	struct fault f = { .kind = FAULT_NONE };
	const char *text = lists[_i].text;
	struct address_list l;
	struct sbuf all;

	address_list_init(&l, 10, 1000);
	sbuf_init(&all, 1000);
	ck_assert_msg(address_parse_list(text, strlen(text), &l, &f) == 0, "%s",
	              f.text);
	sane(&l);
	join(&l, &all);
	ck_assert_str_eq(all.data, lists[_i].addresses);
	sbuf_release(&all);
	address_list_release(&l);
}
END_TEST

START_TEST(broken_list)
{
	struct fault f = { .kind = FAULT_NONE };
	const char *text = broken[_i].text;
	struct address_list l;

	address_list_init(&l, 10, 1000);
	ck_assert_int_eq(address_parse_list(text, strlen(text), &l, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	ck_assert_ptr_nonnull(strstr(f.text, broken[_i].named));
	ck_assert_ptr_nonnull(strstr(f.text, broken[_i].why));
	sane(&l);
	address_list_release(&l);
}
END_TEST

START_TEST(nul_is_refused)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;

	address_list_init(&l, 10, 1000);
	ck_assert_int_eq(address_parse_list("a@x\0.test", 9, &l, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "\"a@x\\x00.test\""));
	ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	address_list_release(&l);
}
END_TEST

/* `n` times a text and nothing after it. */
static char *repeat(const char *text, size_t n)
{
	size_t len = strlen(text);
	char *all = mem_alloc(n * len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(all + i * len, text, len);
	return all;
}

START_TEST(length)
{
	struct fault f = { .kind = FAULT_NONE };
	char *local = repeat("x", 320);
	struct address_list l;

	address_list_init(&l, 10, 1000);
	ck_assert_int_eq(address_check(local, &f), 0);
	ck_assert_int_eq(address_parse_list(local, 320, &l, &f), 0);
	free(local);
	local = repeat("x", 321);
	ck_assert_int_eq(address_check(local, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	ck_assert_int_eq(address_parse_list(local, 321, &l, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "320"));
	ck_assert_uint_eq(l.count, 1);
	free(local);
	address_list_release(&l);
}
END_TEST

/* Long input that would be slow, or deep, if it were read in another way. */
static const struct {
	const char *part;
	const char *rest;
	int result;
} huge[] = {
	{ "(", "", -1 },      { "()", "", 0 },
	{ "=?a?q?", "", -1 }, { "=?", "", -1 },
	{ ",", "", 0 },       { "a ", "<a@x.test>", 0 },
	{ "\"", "\"", -1 },   { "\\\"", "", -1 },
	{ "<", "", -1 },      { "@", "", -1 },
	{ "a:;", "", 0 },     { "=?a?q?b,?= ", "<a@x.test>", 0 },
	{ "(\\", ")", -1 },   { "a@x.test,", "", 0 },
};

START_TEST(huge_text)
{
	struct fault f = { .kind = FAULT_NONE };
	size_t len = strlen(huge[_i].part), n = 1000001 / len | 1;
	char *text = repeat(huge[_i].part, n);
	struct address_list l;
	struct sbuf all;

	sbuf_init(&all, 2000000);
	sbuf_addstr(&all, text);
	sbuf_addstr(&all, huge[_i].rest);
	address_list_init(&l, 10, 1000);
	ck_assert_int_eq(address_parse_list(all.data, all.len, &l, &f),
	                 huge[_i].result);
	sane(&l);
	address_list_release(&l);
	sbuf_release(&all);
	free(text);
}
END_TEST

START_TEST(many_recipients_once)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	char bare[64];

	address_list_init(&l, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 100000; i++) {
			snprintf(bare, sizeof(bare), "user%d@%s.test", i,
			         round == 0 ? "example" : "EXAMPLE");
			ck_assert_int_eq(address_list_add_unique(&l, bare, &f),
			                 0);
		}
	ck_assert_uint_eq(l.count, 100000);
	ck_assert_str_eq(l.item[0], "user0@example.test");
	ck_assert_str_eq(l.item[99999], "user99999@example.test");
	sane(&l);
	ck_assert_int_eq(address_list_add_unique(&l, "more", &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	address_list_release(&l);
	ck_assert_uint_eq(l.count, 0);
	ck_assert_int_eq(address_list_add_unique(&l, "again", &f), 0);
	sane(&l);
	address_list_release(&l);
}
END_TEST

/* clang-format off */
static const struct {
	const char *bare;
	size_t place;	/* in ann@x.test, ann, "a b"@y.test; 3: it is not there */
} places_in_list[] = {
	{ "ann@x.test", 0 }, { "ann@X.TEST", 0 }, { "ann", 1 },
	{ "\"a b\"@y.test", 2 }, { "Ann@x.test", 3 }, { "Ann", 3 },
	{ "ann@x.tes", 3 }, { "ann@", 3 }, { "", 3 }, { "x.test", 3 },
};
/* clang-format on */

START_TEST(find)
{
	static const char *const held[] = { "ann@x.test", "ann",
		                            "\"a b\"@y.test" };
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;

	address_list_init(&l, 10, 1000);
	ck_assert_uint_eq(address_list_find(&l, "ann"), 0); /* of none */
	for (size_t i = 0; i < COUNT_OF(held); i++)
		ck_assert_int_eq(address_list_add_unique(&l, held[i], &f), 0);
	ck_assert_uint_eq(address_list_find(&l, places_in_list[_i].bare),
	                  places_in_list[_i].place);
	ck_assert_uint_eq(l.count, COUNT_OF(held));
	address_list_release(&l);
}
END_TEST

START_TEST(limit_of_bytes)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;

	address_list_init(&l, 10, 16);
	ck_assert_int_eq(address_parse_list("a@x.test,b@x.test", 17, &l, &f),
	                 0);
	ck_assert_int_eq(address_parse_list("a@x.test", 8, &l, &f), 0);
	ck_assert_int_eq(address_parse_list("c", 1, &l, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	sane(&l);
	address_list_release(&l);
}
END_TEST

static const struct {
	const char *text;
	const char *sender; /* NULL: refused */
} senders[] = {
	{ "", "" },
	{ "<>", "" },
	{ " <> ", "" },
	{ "  ", "" },
	{ "root", "root" },
	{ "bounce@x.test", "bounce@x.test" },
	{ "Name <a@b.test>", "a@b.test" },
	{ "<a@b.test>", "a@b.test" },
	{ "a@x.test, b@y.test", "a@x.test" },
	{ "o'brien@x.test", "o'brien@x.test" },
	{ "MAILER-DAEMON", "MAILER-DAEMON" },
	{ "a@x.test\r\nRCPT TO:<b@x.test>", NULL },
	{ "a@x.test\n", NULL },
	{ "\n", NULL },
	{ "<>\n", NULL },
	{ "a b", NULL },
	{ "Name <>", NULL },
	{ "undisclosed-recipients:;", NULL },
	{ ",", NULL },
	{ "(nobody)", NULL },
};

START_TEST(sender)
{
	struct fault f = { .kind = FAULT_NONE };
	const char *expected = senders[_i].sender;
	struct sbuf out;
	int result;

	sbuf_init(&out, ADDRESS_MAX);
	sbuf_addstr(&out, "old");
	result = address_parse_sender(senders[_i].text, &out, &f);
	ck_assert_int_eq(result, expected == NULL ? -1 : 0);
	if (expected != NULL)
		ck_assert_str_eq(out.data, expected);
	else
		ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
	sbuf_release(&out);
}
END_TEST

static const struct {
	const char *bare;
	int result;
} checks[] = {
	{ "a@x.test", 0 },        { "root", 0 },
	{ "-x@y.test", 0 },       { "\"a b\"@x.test", 0 },
	{ "\"<>\"@x.test", 0 },   { "", -1 },
	{ " a@x.test", -1 },      { "a @x.test", -1 },
	{ "a@x.test ", -1 },      { "<a@x.test>", -1 },
	{ "a>@x.test", -1 },      { "a@x.test>", -1 },
	{ "a,b@x.test", -1 },     { "a@x.test,b", -1 },
	{ "a\r@x.test", -1 },     { "a@x.test\n", -1 },
	{ "\"a\n\"@x.test", -1 }, { "\"a\"b@x.test", -1 },
	{ "\"a@x.test", -1 },     { "a@x@y.test", -1 },
	{ "@x.test", -1 },        { "a@", -1 },
	{ "a@[1.2.3.4]", 0 },     { "a@[1.2.3.4]x", -1 },
	{ "a@[1 2]", -1 },        { "a@[1]]", -1 },
	{ "a@x\xff.test", -1 },   { "a\"b\"@x.test", -1 },
};

START_TEST(bare)
{
	struct fault f = { .kind = FAULT_NONE };

	ck_assert_int_eq(address_check(checks[_i].bare, &f), checks[_i].result);
	ck_assert_int_eq(fault_exit_status(&f),
	                 checks[_i].result == 0 ? EX_OK : EX_DATAERR);
}
END_TEST

START_TEST(parts)
{
	ck_assert_str_eq(address_domain("a@x.test"), "x.test");
	ck_assert_str_eq(address_domain("\"a@b\"@x.test"), "x.test");
	ck_assert_ptr_null(address_domain("root"));
	ck_assert_ptr_null(address_domain("\"a@b\""));
	ck_assert(address_is_qualified("a@[::1]"));
	ck_assert(!address_is_qualified("\"a@b\""));
	ck_assert(address_is_ascii("a@x.test"));
	ck_assert(!address_is_ascii("\xc3\xa4@x.test"));
	ck_assert(!address_is_ascii("a@\xc3\xa4.test"));

	ck_assert(address_is_same("a@x.test", "a@X.TEST"));
	ck_assert(!address_is_same("a@x.test", "A@x.test"));
	ck_assert(!address_is_same("a@x.test", "a@x.tes"));
	ck_assert(!address_is_same("a@x.test", "b@x.test"));
	ck_assert(!address_is_same("root", "ROOT"));
	ck_assert(!address_is_same("\"a@B\"", "\"a@b\""));
	ck_assert(!address_is_same("a", ""));
	ck_assert(address_is_same("", ""));
}
END_TEST

static const struct {
	const char *login;
	const char *local;
} logins[] = {
	{ "alice", "alice" },
	{ "www-data", "www-data" },
	{ "a.b_c", "a.b_c" },
	{ "DOM\\alice", "\"DOM\\\\alice\"" },
	{ "alice smith", "\"alice smith\"" },
	{ "alice@dom", "\"alice@dom\"" },
	{ "a\"b", "\"a\\\"b\"" },
	{ "a\nb\tc", "\"a?b?c\"" },
	{ "m\xfc", "\"m?\"" },
	{ "m\xc3\xbc", "m\xc3\xbc" },
	{ "m\xc3\xbc x", "\"m\xc3\xbc x\"" },
	{ "", "\"\"" },
};

START_TEST(login)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;

	sbuf_init(&out, 1000);
	address_add_login(&out, logins[_i].login);
	ck_assert_str_eq(out.data, logins[_i].local);
	ck_assert_int_eq(address_check(out.data, &f), 0);
	ck_assert(!address_is_qualified(out.data));
	sbuf_release(&out);
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	const char *marked;	/* each address as it stands there, in [ ] */
} places[] = {
	{ "root (Cron Daemon)", "[root] (Cron Daemon)" },
	{ "\"(Cron) <x>\" <root>, b", "\"(Cron) <x>\" <[root]>, [b]" },
	{ "Team: a@x.test, B < b >;", "Team: [a@x.test], B < [b] >;" },
	{ "a (x) @ (y) x.test (z)", "[a (x) @ (y) x.test] (z)" },
	{ "<@old.test:d@z.test>", "<@old.test:[d@z.test]>" },
	{ "a,\r\n\t\"b c\"@x.test", "[a],\r\n\t[\"b c\"@x.test]" },
	{ "j@x.test <j@x.test>, j@x.test", "j@x.test <[j@x.test]>, [j@x.test]" },
	{ "(nobody)", "(nobody)" },
};
/* clang-format on */

struct marker {
	const char *text;
	size_t copied;
	struct sbuf marked;
};

static int mark_place(void *arg, const struct address_place *place,
                      struct fault *f)
{
	struct marker *m = arg;
	bool angle = place->at > 0 && strchr("< :", m->text[place->at - 1]);

	(void)f;
	if (place->in_angle)
		ck_assert(angle);
	sbuf_add(&m->marked, m->text + m->copied, place->at - m->copied);
	sbuf_add(&m->marked, "[", 1);
	sbuf_add(&m->marked, m->text + place->at, place->len);
	sbuf_add(&m->marked, "]", 1);
	m->copied = place->at + place->len;
	return 0;
}

START_TEST(walk)
{
	struct marker m = { .text = places[_i].text };
	struct fault f;

	sbuf_init(&m.marked, 1000);
	ck_assert_int_eq(
		address_walk(m.text, strlen(m.text), mark_place, &m, &f), 0);
	sbuf_addstr(&m.marked, m.text + m.copied);
	ck_assert_str_eq(m.marked.data, places[_i].marked);
	sbuf_release(&m.marked);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, list, 0, COUNT_OF(lists));
	tcase_add_loop_test(all, broken_list, 0, COUNT_OF(broken));
	tcase_add_loop_test(all, walk, 0, COUNT_OF(places));
	tcase_add_test(all, nul_is_refused);
	tcase_add_test(all, length);
	tcase_add_loop_test(all, huge_text, 0, COUNT_OF(huge));
	tcase_add_test(all, many_recipients_once);
	tcase_add_loop_test(all, find, 0, COUNT_OF(places_in_list));
	tcase_add_test(all, limit_of_bytes);
	tcase_add_loop_test(all, sender, 0, COUNT_OF(senders));
	tcase_add_loop_test(all, bare, 0, COUNT_OF(checks));
	tcase_add_test(all, parts);
	tcase_add_loop_test(all, login, 0, COUNT_OF(logins));
	return fixture_run(suite);
}
