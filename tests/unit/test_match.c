/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_match - which smarthost serves which sender, and why */
#include "config/match.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static const struct {
	const char *glob;
	const char *sender;
	bool fits;
} globs[] = {
	{ "me@example.org", "me@example.org", true },
	{ "me@example.org", "me@EXAMPLE.org", true },
	{ "me@Example.ORG", "me@example.org", true },
	{ "me@example.org", "Me@example.org", false },
	{ "me@example.org", "me@example.org.uk", false },
	{ "me@example.org", "xme@example.org", false },
	{ "*@example.org", "me@example.org", true },
	{ "*@example.org", "me@sub.example.org", false },
	{ "*@*.example.org", "me@a.b.example.org", true },
	{ "*@*.example.org", "me@example.org", false },
	{ "*@example.org", "\"a@b\"@example.org", true },
	{ "*@example.org", "", false },
	{ "*@example.org", "root", false },
	{ "?@a", "b@a", true },
	{ "?@a", "bc@a", false },
	{ "?@a", "\xC3\xA9@a", true },
	{ "??@a", "\xC3\xA9@a", false },
	{ "a*b*c@d", "aXbYbZc@d", true },
	{ "a*b*c@d", "aXbYbZ@d", false },
	{ "**@**", "a@b", true },
	{ "*", "anybody@anywhere", true },
	{ "*", "", true },
	{ "*", "root", true },
	{ "root", "root", true },
	{ "root", "root@example.org", false },
	{ "*example.org", "a@Example.Org", true },
	{ "<>", "", true },
	{ "<>", "a@b", false },
	{ "me@a", "me+list@a", true },
	{ "me@a", "me+x+y@A", true },
	{ "me@a", "Me+x@a", false },
	{ "ME@A", "ME+x@a", true },
	{ "me@a", "me+@a", true },
	{ "me?@a", "me+x@a", false },
	{ "m*@a", "me+x@a", true },
	{ "*", "me+x@a", true },
	{ "me@a", "me+x@a", true },
	{ "me@a", "+x@a", false },
	{ "me+list@a", "me+list@a", true },
	{ "me+list@a", "me+other@a", false },
	{ "me+list@a", "me@a", false },
	{ "me+*@a", "me+x@a", true },
	{ "*@a", "+@a", true },
	{ "@a", "@a", true },
};

START_TEST(glob)
{
	ck_assert_msg(match_glob(globs[_i].glob, strlen(globs[_i].glob),
	                         globs[_i].sender) == globs[_i].fits,
	              "%s and %s", globs[_i].glob, globs[_i].sender);
}
END_TEST

/* Many stars and a long text: a second would be a bug. */
START_TEST(glob_takes_no_time)
{
	static const char many[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
	char text[4001];

	memset(text, 'a', sizeof(text) - 1);
	text[4000] = '\0';
	ck_assert(!match_glob(many, strlen(many), text));
}
END_TEST

#define WITH_DEFAULT                                                     \
	"smarthost first\n host a\n from boss@example.org *@first.org\n" \
	"smarthost second\n host b\n"                                    \
	"smarthost third\n host c\n from *@example.org <>\n"             \
	"smarthost fourth\n host d\n"
#define WITH_DOMAIN "domain example.org\n" WITH_DEFAULT
#define WITHOUT_DEFAULT                         \
	"smarthost first\n host a\n from *@a\n" \
	"smarthost second\n host b\n from *@b\n"

/* clang-format off */
static const struct {
	const char       *file;
	const char       *sender;
	const char       *smarthost;
	enum match_reason reason;
	const char       *glob;
} ways[] = {
	{ WITH_DEFAULT, "boss@example.org", "first",  MATCH_FROM,    "boss@example.org" },
	{ WITH_DEFAULT, "x@FIRST.org",      "first",  MATCH_FROM,    "*@first.org" },
	{ WITH_DEFAULT, "me@example.org",   "third",  MATCH_FROM,    "*@example.org" },
	{ WITH_DEFAULT, "",                 "third",  MATCH_FROM,    "<>" },
	{ WITH_DEFAULT, "me@other.org",     "second", MATCH_DEFAULT, NULL },
	{ WITH_DOMAIN, "root",              "third",  MATCH_FROM,    "*@example.org" },
	{ WITH_DOMAIN, "boss",              "first",  MATCH_FROM,    "boss@example.org" },
	{ WITH_DOMAIN, "boss+urgent",       "first",  MATCH_FROM,    "boss@example.org" },
	{ WITH_DOMAIN, "Boss",              "third",  MATCH_FROM,    "*@example.org" },
	{ WITH_DOMAIN, "root@other.org",    "second", MATCH_DEFAULT, NULL },
	{ WITH_DOMAIN, "",                  "third",  MATCH_FROM,    "<>" },
	{ WITH_DEFAULT, "root",             "second", MATCH_DEFAULT, NULL },
	{ WITHOUT_DEFAULT, "x@b",           "second", MATCH_FROM,    "*@b" },
	{ WITHOUT_DEFAULT, "x@c",           "first",  MATCH_FIRST,   NULL },
	{ WITHOUT_DEFAULT, "",              "first",  MATCH_FIRST,   NULL },
};
/* clang-format on */

START_TEST(way)
{
	struct match why;
	struct fault f = { .kind = FAULT_NONE };
	struct config *config = config_parse("rc", ways[_i].file,
	                                     strlen(ways[_i].file), NULL, &f);
	const struct smarthost *h;

	ck_assert_str_eq(f.text, "");
	h = match_smarthost(config, ways[_i].sender, &why);
	ck_assert_str_eq(h->name, ways[_i].smarthost);
	ck_assert_int_eq(why.reason, ways[_i].reason);
	if (ways[_i].glob == NULL) {
		ck_assert_ptr_null(why.glob);
	} else {
		ck_assert_uint_eq(why.glob_length, strlen(ways[_i].glob));
		ck_assert_mem_eq(why.glob, ways[_i].glob, why.glob_length);
	}
	ck_assert_ptr_eq(match_smarthost(config, ways[_i].sender, NULL), h);
	config_free(&config);
}
END_TEST

/* clang-format off */
static const struct {
	const char *globs, *sender;
	bool fits;
} lists[] = {
	{ "a@x", "a@x", true },
	{ "a@x", "a+l@X", true },
	{ "a@x", "b@x", false },
	{ "a@x *@y <>", "b@y", true },
	{ "a@x *@y <>", "", true },
	{ "a@x *@y", "", false },
	{ "a@x *@y <>", "b@z", false },
	{ "*", "b@z", true },
	{ "", "b@z", false },
	{ "", "", false },
};
/* clang-format on */

START_TEST(any)
{
	ck_assert_int_eq(match_any(lists[_i].globs, lists[_i].sender),
	                 lists[_i].fits);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, glob, 0, COUNT_OF(globs));
	tcase_add_test(all, glob_takes_no_time);
	tcase_add_loop_test(all, any, 0, COUNT_OF(lists));
	tcase_add_loop_test(all, way, 0, COUNT_OF(ways));
	return fixture_run(suite);
}
