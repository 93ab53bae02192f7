/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_way - by which route mail goes, whoever is left alone or tried
 *
 * A route is busy here when the test says so.
 */
#include "flush/way.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define ROUTES 4

static struct route routes[ROUTES];
static bool busy[ROUTES];

bool route_is_busy(const struct route *r)
{
	return busy[r - routes];
}

/* A letter for each route of the chain a -> b -> ...: o open, s stopped and
 * passed over, x stopped (its account), p tried by nobody yet, t tried just
 * now. */
static void set_up(const char *states)
{
	size_t count = strlen(states);

	memset(routes, 0, sizeof(routes));
	for (size_t i = 0; i < count; i++) {
		char c = states[i];

		routes[i].fallback = i + 1 < count ? &routes[i + 1] : NULL;
		routes[i].is_stopped = c == 's' || c == 'x';
		routes[i].falls_back = c == 's' && routes[i].fallback != NULL;
		routes[i].is_probed = c == 'p' || c == 't';
		busy[i] = c == 't';
	}
}

static const struct {
	const char *states;
	char way; /* of what is meant for a */
	bool is_open;
} cases[] = {
	{ "o", 'a', false },   { "oo", 'a', true },   { "so", 'b', true },
	{ "sso", 'c', true },  { "ss", 'b', false },  { "xo", 'a', true },
	{ "sxo", 'b', false }, { "po", 'a', true },   { "to", 'b', true },
	{ "tpo", 'b', true },  { "tto", 'c', true },  { "ts", 'a', false },
	{ "tx", 'a', false },  { "st", 'b', true },   { "sts", 'b', true },
	{ "tts", 'a', true },  { "ssso", 'd', true }, { "os", 'a', false },
	{ "sstx", 'c', true },
};

START_TEST(which_way)
{
	set_up(cases[_i].states);
	ck_assert_int_eq('a' + (int)(way_find(&routes[0]) - routes),
	                 cases[_i].way);
	ck_assert_int_eq(way_is_open(&routes[0]), cases[_i].is_open);
}
END_TEST

START_TEST(by_name)
{
	static const char text[] = "smarthost a\n host h\n fallback c\n"
				   "smarthost b\n host h\n"
				   "smarthost c\n host h\n fallback b\n";
	struct fault f = { 0 };
	struct config *config =
		config_parse("rc", text, strlen(text), NULL, &f);

	ck_assert_msg(config != NULL, "%s", f.text);
	memset(routes, 0, sizeof(routes));
	for (size_t i = 0; i < 3; i++)
		routes[i].smarthost = &config->smarthosts[i];
	way_tie(routes, config);
	ck_assert_ptr_eq(routes[0].fallback, &routes[2]);
	ck_assert_ptr_null(routes[1].fallback);
	ck_assert_ptr_eq(routes[2].fallback, &routes[1]);
	config_free(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("way");
	TCase *t = tcase_create("way");

	tcase_add_loop_test(t, which_way, 0, COUNT_OF(cases));
	tcase_add_test(t, by_name);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
