/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fresh - what is asked, what is kept, what is given, with an endpoint
 * that is a table
 */
#include "token/fresh.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "fixture.h"
#include "token/seal.h"

#define NOW 1000000
#define NEW "{\"access_token\":\"at2\",\"refresh_token\":\"rt2\"}"
#define SAME "{\"access_token\":\"at2\",\"expires_in\":100}"
#define DEAD "{\"error\":\"invalid_grant\"}"

/* What the endpoint does; `writes` is put into the store while it is asked, as
 * somebody without our lock would. */
struct turn {
	long status; /* 0: no answer */
	const char *body;
	bool is_sent;
	int64_t retry_after;
	const char *writes;
};

struct endpoint {
	const struct turn *turns;
	size_t count, asked;
	char form[2][2000];
};

static char *path;
static struct settings sealing = { .account = "work" }; /* or not */

static void store(const char *lines)
{
	struct tokens t;
	struct fault f;

	ck_assert_int_eq(tokens_open(&t, path, &f), 0);
	ck_assert_int_eq(pairs_read(&t.lines, lines, strlen(lines), &f), 0);
	ck_assert_int_eq(seal_write(&t, &sealing, &f), 0);
	tokens_release(&t);
}

static int post(struct http *http, const char *url, const struct sbuf *form,
                struct http_answer *a, struct fault *f)
{
	struct endpoint *e = http->arg;
	const struct turn *turn = &e->turns[e->asked];

	ck_assert_str_eq(url, "https://t.example/token");
	ck_assert_msg(e->asked < e->count, "asked once too often");
	snprintf(e->form[e->asked++], sizeof(e->form[0]), "%s", form->data);
	if (turn->writes != NULL)
		store(turn->writes);
	a->is_sent = turn->is_sent || turn->status != 0;
	a->retry_after = turn->retry_after;
	a->status = turn->status;
	if (turn->body != NULL)
		sbuf_addstr(&a->body, turn->body);
	return turn->status != 0
	               ? 0
	               : fault_set(f, FAULT_TEMP, "4.4.1", "no answer");
}

/* --- one question --------------------------------------------------------- */

static const char question[] =
	"account=work\nuser=me@example.org\nflow=device\nscope=mail\n"
	"token_url=https://t.example/token\nclient_id=relay\n";

#define OWNER                                                             \
	"version=1\naccount=work\nuser=me@example.org\nclient_id=relay\n" \
	"token_url=https://t.example/token\nscope=mail\nflow=device\n"
#define GOOD "access_token=at1\nobtained=999000\nexpires=1002600\n"
#define NEAR "access_token=at1\nobtained=996601\nexpires=1000201\n"
#define OVER "access_token=at1\nobtained=996000\nexpires=999600\n"
#define FUTURE "access_token=at1\nobtained=1000100\nexpires=1003700\n"
#define LOGIN "refresh_token=rt1\nrefreshed=996000\nlogin=900000\n"

/* clang-format off */
static const struct {
	const char *store; /* NULL: none */
	const char *more;  /* of the question */
	struct turn turns[2];
	size_t      count;
	const char *access; /* NULL: refused, and `kind` */
	enum fault_kind kind;
	const char *words;
	const char *refresh; /* afterwards in the store */
} gets[] = {
	/* good: nobody is asked */
	{ OWNER GOOD LOGIN, "", { { 0 } }, 0, "at1", FAULT_NONE, "", "rt1" },
	/* near its end, over, of the future: asked once */
	{ OWNER NEAR LOGIN,   "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER NEAR LOGIN,   "skew=100\n", { { 0 } }, 0, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER GOOD LOGIN,   "skew=3000\n", { { 0 } }, 0, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER OVER LOGIN,   "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER FUTURE LOGIN, "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER LOGIN,        "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	/* an omitted rotation keeps the old one */
	{ OWNER OVER LOGIN,   "", { { 200, SAME, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt1" },
	/* the server refused the one we had */
	{ OWNER GOOD LOGIN, "newer_than=999000\n", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER GOOD LOGIN, "newer_than=998999\n", { { 0 } }, 0, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER GOOD LOGIN, "newer_than=999000\n", { { 503, "", true, 0, NULL } }, 1, NULL, FAULT_TEMP, "HTTP 503", "rt1" },
	/* trouble, with one that is still good and without */
	{ OWNER NEAR LOGIN, "", { { 503, "", true, 0, NULL } }, 1, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER NEAR LOGIN, "", { { 0, NULL, true, 0, NULL } }, 1, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER NEAR LOGIN, "", { { 200, "<html>", true, 0, NULL } }, 1, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER NEAR LOGIN, "", { { 400, DEAD, true, 0, NULL } }, 1, NULL, FAULT_CONFIG, "relay login work", "rt1" },
	{ OWNER OVER LOGIN, "", { { 503, "", true, 0, NULL } }, 1, NULL, FAULT_TEMP, "HTTP 503", "rt1" },
	{ OWNER OVER LOGIN, "", { { 0, NULL, true, 0, NULL } }, 1, NULL, FAULT_TEMP, "no answer", "rt1" },
	{ OWNER OVER LOGIN, "", { { 400, DEAD, true, 0, NULL } }, 1, NULL, FAULT_CONFIG, "relay login work", "rt1" },
	/* left alone for as long as it asked for; but not where the clock jumped */
	{ OWNER OVER LOGIN "failed=999990\nfailure=HTTP 503\nwait=1000060\n", "", { { 0 } }, 0, NULL, FAULT_TEMP, "not asked again before", "rt1" },
	{ OWNER NEAR LOGIN "failed=999990\nfailure=HTTP 503\nwait=1000060\n", "", { { 0 } }, 0, "at1", FAULT_NONE, "", "rt1" },
	{ OWNER OVER LOGIN "failed=999990\nfailure=HTTP 503\nwait=1000000\n", "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER OVER LOGIN "failed=999990\nfailure=HTTP 503\nwait=1900000\n", "", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	/* invalid_grant, and somebody else had been faster */
	{ OWNER OVER LOGIN, "", { { 400, DEAD, true, 0, OWNER GOOD "refresh_token=rt9\n" } }, 1, "at1", FAULT_NONE, "", "rt9" },
	{ OWNER OVER LOGIN, "", { { 400, DEAD, true, 0, OWNER OVER "refresh_token=rt9\n" }, { 200, NEW, true, 0, NULL } }, 2, "at2", FAULT_NONE, "", "rt2" },
	{ OWNER OVER LOGIN, "", { { 400, DEAD, true, 0, OWNER OVER "refresh_token=rt9\n" }, { 400, DEAD, true, 0, NULL } }, 2, NULL, FAULT_CONFIG, "relay login work", "rt9" },
	{ OWNER OVER LOGIN, "", { { 503, "", true, 0, OWNER OVER "refresh_token=rt1\n" } }, 1, NULL, FAULT_TEMP, "HTTP 503", "rt1" },
	/* whose is it? */
	{ NULL,             "", { { 0 } }, 0, NULL, FAULT_CONFIG, "nobody is logged in for work", NULL },
	{ OWNER GOOD LOGIN, "user=you@example.org\n",             { { 0 } }, 0, NULL, FAULT_CONFIG, "another user", "rt1" },
	{ OWNER GOOD LOGIN, "client_id=other\n",                  { { 0 } }, 0, NULL, FAULT_CONFIG, "another user, client", "rt1" },
	{ OWNER GOOD LOGIN, "token_url=https://u.example/token\n", { { 0 } }, 0, NULL, FAULT_CONFIG, "provider", "rt1" },
	/* another right is another token, of the same login */
	{ OWNER GOOD LOGIN, "scope=mail more\n", { { 200, NEW, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", "rt2" },
	/* the program itself */
	{ NULL,             "flow=client\nclient_secret=s3same\n", { { 200, SAME, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", NULL },
	{ NULL,             "flow=client\nclient_secret=s3same\n", { { 401, "{\"error\":\"invalid_client\"}", true, 0, NULL } }, 1, NULL, FAULT_CONFIG, "oauth_secret", NULL },
	{ OWNER GOOD,       "flow=client\nclient_secret=s3same\n", { { 0 } }, 0, "at1", FAULT_NONE, "", NULL },
	{ OWNER GOOD,       "flow=client\nclient_secret=s3same\nclient_id=other\n", { { 200, SAME, true, 0, NULL } }, 1, "at2", FAULT_NONE, "", NULL },
	{ NULL,             "flow=client\n",                       { { 0 } }, 0, NULL, FAULT_CONFIG, "oauth_secret", NULL },
	{ NULL,             "flow=service\nkey=/nowhere\n",        { { 0 } }, 0, NULL, FAULT_CONFIG, "/nowhere", NULL },
	/* no question at all */
	{ OWNER GOOD LOGIN, "flow=magic\n",                        { { 0 } }, 0, NULL, FAULT_CONFIG, "`flow` cannot be `magic`", "rt1" },
	{ OWNER GOOD LOGIN, "skew=-1\n",                           { { 0 } }, 0, NULL, FAULT_CONFIG, "`skew`", "rt1" },
	{ OWNER GOOD LOGIN, "token_url=http://t.example/token\n",  { { 0 } }, 0, NULL, FAULT_CONFIG, "no https:// URL", "rt1" },
};
/* clang-format on */

/* The lines of `question`, and over them those of `more`. */
static void ask_for(struct pairs *q, const char *more)
{
	struct pairs over;
	const char *key, *value;
	struct fault f;

	pairs_init(q);
	pairs_init(&over);
	ck_assert_int_eq(pairs_read(q, question, strlen(question), &f), 0);
	ck_assert_int_eq(pairs_read(&over, more, strlen(more), &f), 0);
	for (size_t i = 0; (key = pairs_at(&over, i, &value)) != NULL; i++)
		ck_assert_int_eq(pairs_put(q, key, value, &f), 0);
	ck_assert_int_eq(pairs_put(q, "store", path, &f), 0);
	ck_assert_int_eq(pairs_put(q, "seal", sealing.seal, &f), 0);
	pairs_release(&over);
}

static int run(int (*verb)(const struct settings *, struct http *,
                           struct pairs *, struct fault *),
               const char *more, struct endpoint *e, struct pairs *answer,
               struct fault *f)
{
	struct http http = { .post = post, .arg = e };
	struct settings settings;
	struct pairs q;
	int result;

	ask_for(&q, more);
	pairs_init(answer);
	result = settings_take(&settings, &q, f);
	if (result == 0)
		result = verb(&settings, &http, answer, f);
	pairs_release(&q);
	return result;
}

static void expect_stored(const char *key, const char *value)
{
	struct tokens t;
	struct fault f;

	ck_assert_int_eq(tokens_open(&t, path, &f), 0);
	ck_assert_int_ge(seal_read(&t, &sealing, &f), 0);
	ck_assert_pstr_eq(pairs_get(&t.lines, key), value);
	tokens_release(&t);
}

static void expect_get(int i)
{
	struct endpoint e = { .turns = gets[i].turns, .count = gets[i].count };
	struct fault f = { .kind = FAULT_NONE };
	struct pairs answer;
	int result;

	if (gets[i].store != NULL)
		store(gets[i].store);
	result = run(fresh_get, gets[i].more, &e, &answer, &f);
	ck_assert_uint_eq(e.asked, gets[i].count);
	if (gets[i].access != NULL) {
		ck_assert_msg(result == 0, "%s", f.text);
		ck_assert_str_eq(pairs_get(&answer, "secret"), gets[i].access);
		ck_assert_ptr_nonnull(pairs_get(&answer, "expires"));
		ck_assert_ptr_nonnull(pairs_get(&answer, "obtained"));
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(f.kind, gets[i].kind);
		ck_assert_msg(strstr(f.text, gets[i].words) != NULL, "%s",
		              f.text);
		ck_assert_ptr_null(strstr(f.text, "rt1"));
	}
	if (gets[i].store != NULL || gets[i].access != NULL)
		expect_stored("refresh_token", gets[i].refresh);
	if (gets[i].access != NULL && gets[i].count > 0 &&
	    strcmp(gets[i].access, "at2") == 0)
		expect_stored("access_token", "at2");
	pairs_release(&answer);
}

START_TEST(getting)
{
	expect_get(_i);
}
END_TEST

/* The same, in a store that is encrypted; and no token is in it in clear. */
START_TEST(getting_sealed)
{
	struct tokens t;
	struct fault f;

	sealing.seal = "s3al";
	expect_get(_i);
	ck_assert_int_eq(tokens_open(&t, path, &f), 0);
	ck_assert_int_ge(tokens_read(&t, &f), 0);
	ck_assert_ptr_null(pairs_get(&t.lines, "access_token"));
	ck_assert_ptr_null(pairs_get(&t.lines, "refresh_token"));
	tokens_release(&t);
}
END_TEST

/* Not with this: nobody is asked, and nothing is lost. */
START_TEST(sealed_with_another)
{
	struct endpoint e = { .count = 0 };
	struct pairs answer;
	struct fault f;

	sealing.seal = "s3al";
	store(OWNER OVER LOGIN);
	sealing.seal = "another";
	ck_assert_int_eq(run(fresh_get, "", &e, &answer, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_msg(strstr(f.text, "cannot be decrypted") != NULL, "%s",
	              f.text);
	pairs_release(&answer);
	sealing.seal = "s3al";
	expect_stored("refresh_token", "rt1");
	expect_stored("failed", NULL);
}
END_TEST

/* --- what is said and remembered ------------------------------------------ */

START_TEST(the_form)
{
	const struct turn turn = { 200, NEW, true, 0, NULL };
	struct endpoint e = { .turns = &turn, .count = 1 };
	struct pairs answer;
	struct fault f;

	store(OWNER OVER LOGIN);
	ck_assert_int_eq(
		run(fresh_get, "client_secret=a&b=c\n", &e, &answer, &f), 0);
	ck_assert_str_eq(e.form[0], "grant_type=refresh_token&refresh_token=rt1"
	                            "&client_id=relay&client_secret=a%26b%3Dc");
	pairs_release(&answer);
}
END_TEST

/* An empty secret is none; a changed scope is asked for. */
START_TEST(the_form_without_a_secret)
{
	const struct turn turn = { 200, NEW, true, 0, NULL };
	struct endpoint e = { .turns = &turn, .count = 1 };
	struct pairs answer;
	struct fault f;

	store(OWNER OVER LOGIN);
	ck_assert_int_eq(
		run(fresh_get, "client_secret=\nscope=x y\n", &e, &answer, &f),
		0);
	ck_assert_str_eq(e.form[0], "grant_type=refresh_token&refresh_token=rt1"
	                            "&scope=x%20y&client_id=relay");
	expect_stored("scope", "x y");
	pairs_release(&answer);
}
END_TEST

/* clang-format off */
static const struct {
	const char *before; /* more of the store */
	struct turn turn;
	const char *wait, *failed, *kind;
} failures[] = {
	{ "", { 503, "", true, 7, NULL },    "1000007", "1000000", "temp" },
	{ "", { 503, "", true, 0, NULL },    "1000060", "1000000", "temp" },
	{ "", { 0, NULL, true, 0, NULL },    "1000060", "1000000", "temp" },
	{ "", { 0, NULL, false, 0, NULL },   NULL,      "1000000", "temp" },
	{ "", { 400, DEAD, true, 0, NULL },  NULL,      "1000000", "person" },
	{ "failed=999000\ntries=1\n", { 503, "", true, 0, NULL }, "1000120", "999000", "temp" },
	{ "failed=999000\ntries=9\n", { 503, "", true, 0, NULL }, "1003600", "999000", "temp" },
	{ "failed=2000000\n",         { 503, "", true, 0, NULL }, "1000060", "1000000", "temp" },
};
/* clang-format on */

START_TEST(failing)
{
	struct endpoint e = { .turns = &failures[_i].turn, .count = 1 };
	struct pairs answer;
	struct fault f;
	char text[1000];

	snprintf(text, sizeof(text), "%s%s%s", OWNER, OVER LOGIN,
	         failures[_i].before);
	store(text);
	ck_assert_int_eq(run(fresh_get, "", &e, &answer, &f), -1);
	expect_stored("wait", failures[_i].wait);
	expect_stored("failed", failures[_i].failed);
	expect_stored("failure_is", failures[_i].kind);
	expect_stored("failure", f.text);
	pairs_release(&answer);
}
END_TEST

START_TEST(all_is_well_again)
{
	const struct turn turn = { 200, NEW, true, 0, NULL };
	struct endpoint e = { .turns = &turn, .count = 1 };
	struct pairs answer;
	struct fault f;

	store(OWNER OVER LOGIN
	      "failed=1\nfailure=x\nfailure_is=person\ntries=3\n"
	      "wait=2\n");
	ck_assert_int_eq(run(fresh_get, "", &e, &answer, &f), 0);
	expect_stored("failed", NULL);
	expect_stored("failure", NULL);
	expect_stored("failure_is", NULL);
	expect_stored("tries", NULL);
	expect_stored("wait", NULL);
	expect_stored("login", "900000");
	expect_stored("refreshed", "1000000");
	expect_stored("expires", "1003600");
	pairs_release(&answer);
}
END_TEST

/* --- keep ----------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *store;
	const char *more;
	size_t      count;
	const char *refreshed; /* NULL: refused */
} keeps[] = {
	{ OWNER GOOD "refresh_token=rt1\nrefreshed=999999\n",  "",             0, "0" },
	{ OWNER OVER "refresh_token=rt1\nrefreshed=999999\n",  "",             0, "0" },
	{ OWNER GOOD "refresh_token=rt1\nrefreshed=999000\n",  "max_age=999\n", 1, "1" },
	{ OWNER GOOD "refresh_token=rt1\nrefreshed=1000001\n", "",             1, "1" },
	{ OWNER GOOD "refresh_token=rt1\n",                    "max_age=1000000\n", 1, "1" },
	{ NULL,                                                "flow=client\nclient_secret=s\n", 0, "0" },
	{ NULL,                                                "",             0, NULL },
};
/* clang-format on */

START_TEST(keeping)
{
	const struct turn turn = { 200, NEW, true, 0, NULL };
	struct endpoint e = { .turns = &turn, .count = keeps[_i].count };
	struct pairs answer;
	struct fault f;
	int result;

	if (keeps[_i].store != NULL)
		store(keeps[_i].store);
	result = run(fresh_keep, keeps[_i].more, &e, &answer, &f);
	ck_assert_int_eq(result, keeps[_i].refreshed != NULL ? 0 : -1);
	ck_assert_uint_eq(e.asked, keeps[_i].count);
	ck_assert_pstr_eq(pairs_get(&answer, "refreshed"), keeps[_i].refreshed);
	ck_assert_ptr_null(pairs_get(&answer, "secret"));
	pairs_release(&answer);
}
END_TEST

static void setup(void)
{
	fixture_setup();
	path = strdup(fixture_path("tokens/work"));
	ck_assert_int_eq(setenv("RELAY_TEST_CLOCK", "1000000", 1), 0);
}

static void teardown(void)
{
	free(path);
	fixture_teardown();
}

int main(void)
{
	Suite *suite = suite_create("fresh");
	TCase *tests = tcase_create("fresh");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, getting, 0, (int)COUNT_OF(gets));
	tcase_add_loop_test(tests, getting_sealed, 0, (int)COUNT_OF(gets));
	tcase_add_test(tests, sealed_with_another);
	tcase_add_test(tests, the_form);
	tcase_add_test(tests, the_form_without_a_secret);
	tcase_add_loop_test(tests, failing, 0, (int)COUNT_OF(failures));
	tcase_add_test(tests, all_is_well_again);
	tcase_add_loop_test(tests, keeping, 0, (int)COUNT_OF(keeps));
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
