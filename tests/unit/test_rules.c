/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_rules - what the keys of a configuration make of addresses */
#include "config/rules.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define TOP "domain x.test\n"
#define BLOCK "smarthost a\n host h.test\n"
#define FORCE " from_force m@x.test\n"

static const struct {
	const char *file;
	const char *sender, *sent;
	const char *from; /* what becomes of From: Eve <eve@z.test> */
} cases[] = {
	{ TOP BLOCK, "eve", "eve@x.test", "Eve <eve@z.test>" },
	{ TOP BLOCK, "eve@z.test", "eve@z.test", "Eve <eve@z.test>" },
	{ TOP BLOCK, "", "", "Eve <eve@z.test>" },
	/* no domain: this machine's name */
	{ BLOCK, "eve", "eve@here.y.test", "Eve <eve@z.test>" },
	/* from_force */
	{ TOP BLOCK FORCE, "eve", "m@x.test", "Eve <m@x.test>" },
	{ TOP BLOCK FORCE, "", "", "Eve <m@x.test>" },
	{ TOP BLOCK FORCE, "m@X.test", "m@X.test", "Eve <m@x.test>" },
	{ TOP BLOCK FORCE " from_scope both\n", "eve", "m@x.test",
	  "Eve <m@x.test>" },
	{ TOP BLOCK FORCE " from_scope envelope\n", "eve", "m@x.test",
	  "Eve <eve@z.test>" },
	{ TOP BLOCK FORCE " from_scope header\n", "eve", "eve@x.test",
	  "Eve <m@x.test>" },
	/* from_allow, of the address with its domain */
	{ TOP BLOCK FORCE " from_allow *@x.test\n", "eve", "eve@x.test",
	  "Eve <m@x.test>" },
	{ TOP BLOCK FORCE " from_allow eve\n", "eve", "m@x.test",
	  "Eve <m@x.test>" },
	{ TOP BLOCK FORCE " from_allow a@z.test eve@z.test\n", "eve+l@z.test",
	  "eve+l@z.test", "Eve <eve@z.test>" },
	{ TOP BLOCK FORCE " from_allow <>\n", "eve", "m@x.test",
	  "Eve <m@x.test>" },
};

struct loaded {
	struct config *config;
	struct people people;
	struct rules rules;
};

static void load(struct loaded *l, const char *file, struct fault *first)
{
	struct fault f = { 0 };

	fixture_write("rc", file, strlen(file));
	l->config = config_load(fixture_path("rc"), NULL, &f);
	ck_assert_msg(l->config != NULL, "%s", f.text);
	people_load(&l->people, l->config, first);
	rules_make(&l->rules, l->config, &l->config->smarthosts[0], &l->people,
	           "here.y.test");
}

static void unload(struct loaded *l)
{
	people_release(&l->people);
	config_free(&l->config);
}

static void expect_from(const struct rules *rules, const char *from)
{
	static const char line[] = "From: Eve <eve@z.test>";
	struct fault f;
	struct header h;
	struct sbuf value;

	header_init(&h, 4096, 10);
	sbuf_init(&value, 4096);
	header_add_line(&h, line, strlen(line));
	ck_assert_int_ge(rewrite_header(&rules->rewrite, &h, &f), 0);
	header_value(&h, header_find(&h, "From", NULL), &value);
	ck_assert_str_eq(value.data, from);
	header_release(&h);
	sbuf_release(&value);
}

START_TEST(sender)
{
	struct fault first;
	struct loaded l;
	struct sbuf sent;

	load(&l, cases[_i].file, &first);
	ck_assert_int_eq(first.kind, FAULT_NONE);
	sbuf_init(&sent, 4096);
	rewrite_sender(&l.rules.rewrite, cases[_i].sender, &sent);
	ck_assert_str_eq(sent.data, cases[_i].sent);
	expect_from(&l.rules, cases[_i].from);
	sbuf_release(&sent);
	unload(&l);
}
END_TEST

static const struct {
	const char *top;
	const char *recipient;
	const char *sent; /* each with a blank behind it */
} recipients[] = {
	{ "", "root", "root@x.test " },
	{ "postmaster p@w.test\n", "root", "p@w.test " },
	{ "postmaster p@w.test\n", "no-such-account",
	  "no-such-account@x.test " },
	{ "postmaster p@w.test\n", "Daemon@here.y.test", "p@w.test " },
	{ "aliases %s\n", "team", "ann@x.test root@x.test " },
	{ "aliases %s\npostmaster p@w.test\n", "team", "ann@x.test p@w.test " },
	{ "aliases %s\nlocal command /bin/cat\n", "team", "ann root " },
	{ "local command /bin/cat\n", "root@y.test", "root@y.test " },
};

static int take(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	(void)rule, (void)f;
	sbuf_addf(arg, "%s ", address);
	return 0;
}

START_TEST(recipient)
{
	static const char aliases[] = "team: ann, root\n";
	struct fault first, f;
	struct loaded l;
	struct sbuf file, sent;
	const char *at = strstr(recipients[_i].top, "%s");

	fixture_write("aliases", aliases, strlen(aliases));
	sbuf_init(&file, 8192);
	sbuf_init(&sent, 4096);
	sbuf_addstr(&file, TOP);
	if (at != NULL) {
		sbuf_add(&file, recipients[_i].top,
		         (size_t)(at - recipients[_i].top));
		sbuf_addstr(&file, fixture_path("aliases"));
	}
	sbuf_addstr(&file, at != NULL ? at + 2 : recipients[_i].top);
	sbuf_addstr(&file, BLOCK);
	load(&l, file.data, &first);
	ck_assert_int_eq(first.kind, FAULT_NONE);
	ck_assert_int_eq(resolve_recipient(&l.rules.resolve,
	                                   recipients[_i].recipient, take,
	                                   &sent, &f),
	                 0);
	ck_assert_str_eq(sent.data, recipients[_i].sent);
	sbuf_release(&file);
	sbuf_release(&sent);
	unload(&l);
}
END_TEST

/* Bare names wait; addresses go. */
START_TEST(aliases_that_cannot_be_read)
{
	struct fault first, f;
	struct loaded l;
	struct sbuf sent;

	load(&l, TOP "aliases /none\n" BLOCK, &first);
	sbuf_init(&sent, 4096);
	ck_assert_int_eq(first.kind, FAULT_CONFIG);
	ck_assert_int_eq(
		resolve_recipient(&l.rules.resolve, "root", take, &sent, &f),
		-1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_int_eq(resolve_recipient(&l.rules.resolve, "root@y.test",
	                                   take, &sent, &f),
	                 0);
	ck_assert_str_eq(sent.data, "root@y.test ");
	sbuf_release(&sent);
	unload(&l);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, sender, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, recipient, 0, COUNT_OF(recipients));
	tcase_add_test(all, aliases_that_cannot_be_read);
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
