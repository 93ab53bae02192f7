/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fallback - who takes over for whom, and chains that never end */
#include "config/fallback.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* Smarthosts a, b, ... of which each names its fallback, or - for none. */
static struct config *parse(const char *fallbacks, struct config_errors *errors,
                            struct fault *f)
{
	char text[4096] = "", word[100];
	int used;

	for (char name = 'a'; sscanf(fallbacks, "%99s%n", word, &used) == 1;
	     name++, fallbacks += used) {
		size_t n = strlen(text);

		n += (size_t)snprintf(text + n, sizeof(text) - n,
		                      "smarthost %cc\n host h\n", name);
		if (strcmp(word, "-") != 0)
			snprintf(text + n, sizeof(text) - n, " fallback %s\n",
			         word);
	}
	return config_parse("rc", text, strlen(text), errors, f);
}

static const struct {
	const char *fallbacks, *described; /* of the first */
} chains[] = {
	{ "-", "" },
	{ "bc -", "bc" },
	{ "bc cc -", "bc, cc" },
	{ "dc - bc cc", "dc, cc, bc" },
	{ "- ac ac", "" },
};

START_TEST(who_takes_over)
{
	struct fault f = { 0 };
	struct config *config = parse(chains[_i].fallbacks, NULL, &f);
	struct sbuf names;

	ck_assert_msg(config != NULL, "%s", f.text);
	sbuf_init(&names, 100);
	fallback_describe(config, config->smarthosts, &names);
	ck_assert_str_eq(names.data, chains[_i].described);
	sbuf_release(&names);
	config_free(&config);
}
END_TEST

static const struct {
	const char *fallbacks, *faults[3];
} wrong[] = {
	{ "ac",
	  { "rc:3: `fallback ac` leads back to where it began: ac -> ac; "
	    "remove one of them" } },
	{ "bc ac",
	  { "rc:3: `fallback bc` leads back to where it began: ac -> bc -> ac; "
	    "remove one of them" } },
	/* Who leads into a loop is not part of it. */
	{ "bc cc bc",
	  { "rc:6: `fallback cc` leads back to where it began: bc -> cc -> bc; "
	    "remove one of them" } },
	{ "bc ac dc cc",
	  { "rc:3: `fallback bc` leads back to where it began: ac -> bc -> ac; "
	    "remove one of them",
	    "rc:9: `fallback dc` leads back to where it began: cc -> dc -> cc; "
	    "remove one of them" } },
	{ "b -",
	  { "rc:3: `fallback b`: there is no such smarthost; did you mean "
	    "`bc`?" } },
	{ "nobody -",
	  { "rc:3: `fallback nobody`: there is no such smarthost; write the "
	    "name of another one of this file" } },
	{ "bc- ax",
	  { "rc:3: `fallback bc-`: there is no such smarthost; did you mean "
	    "`bc`?",
	    "rc:6: `fallback ax`: there is no such smarthost; did you mean "
	    "`ac`?" } },
};

START_TEST(what_is_wrong)
{
	struct config_errors errors;
	struct fault f;
	size_t i;

	ck_assert_ptr_null(parse(wrong[_i].fallbacks, &errors, &f));
	for (i = 0; i < 3 && wrong[_i].faults[i] != NULL; i++) {
		ck_assert_uint_gt(errors.count, i);
		ck_assert_str_eq(errors.list[i].fault.text,
		                 wrong[_i].faults[i]);
	}
	ck_assert_uint_eq(errors.count, i);
}
END_TEST

/* A loop of all that may be there is found, and told within bounds. */
START_TEST(a_long_loop)
{
	struct config_errors errors;
	struct sbuf text;
	struct fault f;

	sbuf_init(&text, 100000);
	for (int i = 0; i < CONFIG_SMARTHOSTS; i++)
		sbuf_addf(&text, "smarthost s%d\n host h\n fallback s%d\n", i,
		          (i + 1) % CONFIG_SMARTHOSTS);
	ck_assert_ptr_null(
		config_parse("rc", text.data, text.len, &errors, &f));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(f.text, "rc:3: `fallback s1` leads back"));
	ck_assert_ptr_nonnull(strstr(f.text, "remove one"));
	sbuf_release(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fallback");
	TCase *t = tcase_create("fallback");

	tcase_add_loop_test(t, who_takes_over, 0, COUNT_OF(chains));
	tcase_add_loop_test(t, what_is_wrong, 0, COUNT_OF(wrong));
	tcase_add_test(t, a_long_loop);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
