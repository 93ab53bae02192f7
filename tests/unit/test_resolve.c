/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_resolve - whom a recipient stands for, rule by rule */
#include "message/resolve.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "message/address.h"

static const char file[] = "root: ann, \\ops\n"
			   "ops: bob@y.test\n"
			   "staff: root, daemon, cy@z.test\n"
			   "pipe: |/bin/sh\n"
			   "umlaut: a@b\303\274cher.test\n";

/* What is set of the rules. */
enum { ALIASES = 1, MASTER = 2, HERE = 4 };

/* clang-format off */
static const struct {
	int set;
	const char *recipient;
	const char *result;	/* "address=rule", blanks between them */
} cases[] = {
	{ 0, "root", "root@x.test=domain" },
	{ 0, "root@localhost", "root@x.test=domain" },
	{ 0, "ann@y.test", "ann@y.test=as-is" },
	{ 0, "root@h.y.test", "root@h.y.test=as-is" },
	{ 0, "\"a b\"", "\"a b\"@x.test=domain" },
	{ 0, "a@b\303\274cher.test", "a@xn--bcher-kva.test=as-is" },
	{ 0, "j\303\266rg@b\303\274cher.test", "j\303\266rg@xn--bcher-kva.test=as-is" },
	{ ALIASES, "root", "ann@x.test=alias ops@x.test=alias" },
	{ ALIASES, "ROOT@localhost", "ann@x.test=alias ops@x.test=alias" },
	{ ALIASES, "root@h.y.test", "ann@x.test=alias ops@x.test=alias" },
	{ ALIASES, "root@y.test", "root@y.test=as-is" },
	{ ALIASES, "other", "other@x.test=domain" },
	{ ALIASES, "other@h.y.test", "other@h.y.test=as-is" },
	{ ALIASES, "umlaut", "a@xn--bcher-kva.test=alias" },
	{ MASTER, "root", "me@w.test=postmaster" },
	{ MASTER, "Daemon", "me@w.test=postmaster" },
	{ MASTER, "daemon@h.y.test", "me@w.test=postmaster" },
	{ MASTER, "daemon@y.test", "daemon@y.test=as-is" },
	{ MASTER, "ann", "ann@x.test=domain" },
	{ ALIASES | MASTER, "root", "ann@x.test=alias ops@x.test=alias" },
	{ ALIASES | MASTER, "staff",
	  "ann@x.test=alias ops@x.test=alias me@w.test=postmaster cy@z.test=alias" },
	{ HERE, "root", "root=local" },
	{ HERE, "root@localhost", "root=local" },
	{ HERE, "root@h.y.test", "root@h.y.test=as-is" },
	{ HERE | MASTER, "root", "root=local" },
	{ HERE | ALIASES, "ops", "bob@y.test=alias" },
	{ HERE | ALIASES, "root", "ann=local ops=local" },
	/* what cannot be: FAULT_CONFIG or FAULT_PERM */
	{ ALIASES, "pipe", "config" },
	{ 0, "a@\303\274..test", "perm" },
};
/* clang-format on */

static const struct rewrite_rules names = { .domain = "x.test",
	                                    .host = "h.y.test" };

static bool is_system(const void *arg, const char *name)
{
	(void)arg;
	return strcasecmp(name, "root") == 0 || strcasecmp(name, "daemon") == 0;
}

static int give(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	static const char *const word[] = { "as-is", "domain", "alias",
		                            "postmaster", "local" };
	struct sbuf *out = arg;

	(void)f;
	sbuf_addf(out, "%s%s=%s", out->len > 0 ? " " : "", address, word[rule]);
	return 0;
}

START_TEST(resolve)
{
	struct aliases *aliases = aliases_create("aliases");
	struct resolve_rules rules = { .names = &names,
		                       .is_system = is_system };
	struct sbuf out;
	struct fault f = { 0 };
	int result;

	aliases_add(aliases, file, sizeof(file) - 1);
	aliases_finish(aliases);
	if ((cases[_i].set & ALIASES) != 0)
		rules.aliases = aliases;
	if ((cases[_i].set & MASTER) != 0)
		rules.postmaster = "me@w.test";
	rules.delivers_here = (cases[_i].set & HERE) != 0;
	sbuf_init(&out, 1000);
	result = resolve_recipient(&rules, cases[_i].recipient, give, &out, &f);
	if (result != 0)
		sbuf_addstr(&out, f.kind == FAULT_CONFIG ? "config" : "perm");
	ck_assert_str_eq(out.data, cases[_i].result);
	sbuf_release(&out);
	aliases_free(&aliases);
}
END_TEST

/* A word of the taker ends it. */
static int stop(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	(void)address, (void)rule, (void)f;
	return ++*(int *)arg == 2 ? 7 : 0;
}

static int is_long(void *arg, const char *address, enum resolve_rule rule,
                   struct fault *f)
{
	(void)rule;
	(void)f;
	return strncmp(address, arg, strlen(arg)) == 0 ? 7 : 8;
}

/* The queue's own limit is 8192 bytes; who sends it will refuse it. */
START_TEST(long_stays_itself)
{
	struct resolve_rules rules = { .names = &names,
		                       .is_system = is_system };
	char given[8193];
	struct fault f;

	memset(given, 'x', sizeof(given) - 1);
	given[sizeof(given) - 1] = '\0';
	ck_assert_int_eq(resolve_recipient(&rules, given, is_long, given, &f),
	                 7);
	memcpy(given + 1000, "@y.test", sizeof("@y.test"));
	ck_assert_int_eq(resolve_recipient(&rules, given, is_long, given, &f),
	                 7);
}
END_TEST

START_TEST(taker_says_enough)
{
	struct aliases *aliases = aliases_create("aliases");
	struct resolve_rules rules = { .names = &names,
		                       .is_system = is_system,
		                       .aliases = aliases };
	struct fault f;
	int count = 0;

	aliases_add(aliases, "a: b, c, d\n", 11);
	aliases_finish(aliases);
	ck_assert_int_eq(resolve_recipient(&rules, "a", stop, &count, &f), 7);
	ck_assert_int_eq(count, 2);
	aliases_free(&aliases);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, resolve, 0, COUNT_OF(cases));
	tcase_add_test(all, long_stays_itself);
	tcase_add_test(all, taker_says_enough);
	return fixture_run(suite);
}
