/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_tokens - the store holds what was written last, or nothing is believed
 */
#include "helper/tokens.h"

#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/crc.h"
#include "fixture.h"

#define STORE "tokens/work"

static void begin(struct tokens *t)
{
	struct fault f;

	ck_assert_msg(tokens_open(t, fixture_path(STORE), &f) == 0, "%s",
	              f.text);
	ck_assert_int_eq(tokens_lock(t, 0, &f), 0);
}

static void put(struct tokens *t, const char *key, const char *value)
{
	struct fault f;

	ck_assert_int_eq(pairs_put(&t->lines, key, value, &f), 0);
}

/* A store with these lines and the right checksum. */
static void store(const char *lines)
{
	char text[4000];
	int n = snprintf(text, sizeof(text), "%scheck=%08" PRIX32 "\n", lines,
	                 crc_add(0, lines, strlen(lines)));

	if (!fixture_exists("tokens"))
		ck_assert_int_eq(mkdir(fixture_path("tokens"), 0700), 0);
	fixture_write(STORE, text, (size_t)n);
}

/* What reading it gives, with the lock; the fault's text must have `words`. */
static int read_it(const char *words)
{
	struct fault f = { .kind = FAULT_NONE };
	struct tokens t;
	int result;

	begin(&t);
	result = tokens_read(&t, &f);
	if (result < 0) {
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(f.text, words) != NULL, "%s", f.text);
		ck_assert_ptr_null(strstr(f.text, "s3same"));
	}
	tokens_release(&t);
	return result;
}

START_TEST(written_and_read)
{
	struct fault f;
	struct tokens t;
	struct stat st;

	begin(&t);
	ck_assert_int_eq(tokens_read(&t, &f), 0);
	put(&t, "version", "1");
	put(&t, "refresh_token", "s3same");
	ck_assert_int_eq(tokens_reserve(&t, &f), 0);
	ck_assert_int_eq(tokens_write(&t, &f), 0);
	tokens_release(&t);

	begin(&t);
	ck_assert_int_eq(tokens_read(&t, &f), 1);
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), "s3same");
	put(&t, "refresh_token", "other");
	ck_assert_int_eq(tokens_write(&t, &f), 0);
	ck_assert_int_eq(tokens_read(&t, &f), 1);
	ck_assert_str_eq(pairs_get(&t.lines, "refresh_token"), "other");
	tokens_release(&t);

	ck_assert_int_eq(stat(fixture_path(STORE), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(fixture_path("tokens"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(fixture_count("tokens"), 2); /* and the lock */
}
END_TEST

START_TEST(what_was_reserved_goes)
{
	struct fault f;
	struct tokens t;

	begin(&t);
	ck_assert_int_eq(tokens_reserve(&t, &f), 0);
	ck_assert(fixture_exists(STORE ".new"));
	ck_assert_int_eq(tokens_reserve(&t, &f), 0);
	tokens_release(&t);
	ck_assert(!fixture_exists(STORE ".new"));
	ck_assert(!fixture_exists(STORE));
}
END_TEST

/* A crash left it; and a stranger may have put a link there. */
START_TEST(litter_of_a_crash)
{
	struct fault f;
	struct tokens t;

	store("version=1\n");
	fixture_write("victim", "untouched", 9);
	ck_assert_int_eq(symlink(fixture_path("victim"), "tokens/work.new"), 0);
	begin(&t);
	put(&t, "version", "1");
	ck_assert_int_eq(tokens_write(&t, &f), 0);
	tokens_release(&t);
	ck_assert(!fixture_exists(STORE ".new"));
	ck_assert_int_eq(read_it(""), 1);
	{
		char bytes[20] = "";

		fixture_read("victim", bytes, sizeof(bytes));
		ck_assert_str_eq(bytes, "untouched");
	}
}
END_TEST

/* clang-format off */
static const struct {
	const char *lines;
	int         result;
	const char *words;
} stores[] = {
	{ "version=1\nrefresh_token=s3same\n",          1,  "" },
	{ "version=1\nrefresh_token=s3same\nlater=1\n", 1,  "" },
	{ "version=2\nrefresh_token=s3same\n",          -1, "newer relay" },
	{ "refresh_token=s3same\n",                     -1, "damaged" },
	{ "version=0\n",                                -1, "damaged" },
	{ "version=1\n\nrefresh_token=s3same\n",        -1, "damaged" },
	{ "version=1\r\n",                              -1, "damaged" },
	{ "version=1\ns3same\n",                        -1, "damaged" },
	{ "version=1\na=s3same\na=2\n",                 -1, "damaged" },
	{ "version=1",                                  -1, "damaged" },
	{ "",                                           -1, "damaged" },
};
/* clang-format on */

START_TEST(reading)
{
	store(stores[_i].lines);
	ck_assert_int_eq(read_it(stores[_i].words), stores[_i].result);
}
END_TEST

/* Every bit that is not as it was written is noticed. */
START_TEST(each_bit_counts)
{
	char good[200] = "", bad[200];
	size_t n;

	store("version=1\nuser=me@example.org\nrefresh_token=s3same\n");
	n = fixture_read(STORE, good, sizeof(good));
	for (size_t i = 0; i < n * 8; i++) {
		memcpy(bad, good, n);
		bad[i / 8] = (char)(bad[i / 8] ^ (1 << i % 8));
		fixture_write(STORE, bad, n);
		ck_assert_int_eq(read_it("damaged"), -1);
		ck_assert_int_eq(unlink(fixture_path(STORE ".damaged")), 0);
	}
	for (size_t i = 0; i < n; i++) {
		fixture_write(STORE, good, i);
		ck_assert_int_eq(read_it("damaged"), -1);
		ck_assert_int_eq(unlink(fixture_path(STORE ".damaged")), 0);
	}
}
END_TEST

/* Never deleted, nor one of them by the next. */
START_TEST(damaged_ones_are_kept)
{
	char bytes[40] = "";

	store("version=1\n");
	fixture_write(STORE, "s3same1", 7);
	ck_assert_int_eq(read_it("put aside as work.damaged:"), -1);
	ck_assert_int_eq(read_it(""), 0);
	fixture_write(STORE, "s3same2", 7);
	ck_assert_int_eq(read_it("put aside as work.damaged1:"), -1);
	fixture_read(STORE ".damaged", bytes, sizeof(bytes));
	ck_assert_str_eq(bytes, "s3same1");
}
END_TEST

/* Who only looks changes nothing. */
START_TEST(looking_at_a_damaged_one)
{
	struct tokens_state state;
	struct fault f;

	store("version=1\n");
	fixture_write(STORE, "s3same", 6);
	ck_assert_int_eq(tokens_look(fixture_path(STORE), &state, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "damaged"));
	ck_assert(fixture_exists(STORE));
}
END_TEST

static void open_to_others(void)
{
	ck_assert_int_eq(chmod(fixture_path(STORE), 0640), 0);
}

static void of_another(void)
{
	ck_assert_int_eq(chown(fixture_path(STORE), 12345, 12345), 0);
}

static void two_names(void)
{
	char *other = strdup(fixture_path("other"));

	ck_assert_int_eq(link(fixture_path(STORE), other), 0);
	free(other);
}

static void behind_a_link(void)
{
	char *other = strdup(fixture_path("other"));

	ck_assert_int_eq(rename(fixture_path(STORE), other), 0);
	ck_assert_int_eq(symlink(other, fixture_path(STORE)), 0);
	free(other);
}

static void a_directory(void)
{
	ck_assert_int_eq(unlink(fixture_path(STORE)), 0);
	ck_assert_int_eq(mkdir(fixture_path(STORE), 0700), 0);
}

static void a_pipe(void)
{
	ck_assert_int_eq(unlink(fixture_path(STORE)), 0);
	ck_assert_int_eq(mkfifo(fixture_path(STORE), 0600), 0);
}

/* clang-format off */
static const struct {
	void      (*spoil)(void);
	const char *words;
	bool        root;
} unfit[] = {
	{ open_to_others, "chmod 600",       false },
	{ of_another,     "belongs to user", true },
	{ two_names,      "another name",    false },
	{ behind_a_link,  "cannot open",     false },
	{ a_directory,    "no file",         false },
	{ a_pipe,         "no file",         false },
};
/* clang-format on */

START_TEST(not_from_there)
{
	store("version=1\nrefresh_token=s3same\n");
	if (unfit[_i].root && geteuid() != 0)
		return; /* only root can give files away */
	unfit[_i].spoil();
	ck_assert_int_eq(read_it(unfit[_i].words), -1);
	ck_assert(!fixture_exists(STORE ".damaged"));
}
END_TEST

static const char *const paths[] = { "tokens/work", "", "/", "/work",
	                             "/tmp/tokens/" };

START_TEST(no_path)
{
	struct fault f;
	struct tokens t;

	ck_assert_int_eq(tokens_open(&t, paths[_i], &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
}
END_TEST

static int hold(void *arg)
{
	struct fault f;
	struct tokens t;
	int result;

	(void)arg;
	if (tokens_open(&t, fixture_path(STORE), &f) != 0)
		return 1;
	result = tokens_lock(&t, 0, &f) == -1 && f.kind == FAULT_TEMP ? 0 : 2;
	tokens_release(&t);
	return result;
}

START_TEST(one_at_a_time)
{
	struct fault f;
	struct tokens t;

	begin(&t);
	ck_assert_int_eq(fixture_child(hold, NULL), 0);
	tokens_release(&t);
	ck_assert_int_eq(fixture_child(hold, NULL), 2);
	begin(&t);
	ck_assert_int_eq(tokens_erase(&t, &f), 0);
	ck_assert_int_eq(tokens_erase(&t, &f), 0);
	tokens_release(&t);
}
END_TEST

START_TEST(what_may_be_shown)
{
	struct tokens_state state;
	struct fault f;

	ck_assert_int_eq(tokens_look(fixture_path(STORE), &state, &f), 0);
	ck_assert(!fixture_exists("tokens"));
	store("version=1\nuser=me@example.org\ntoken_url=https://t.example/\n"
	      "flow=device\naccess_token=s3same\nobtained=100\nexpires=3700\n"
	      "refresh_token=s3same\nrefreshed=100\nlogin=50\nfailed=200\n"
	      "failure=no\nfailure_is=person\nwait=260\n");
	ck_assert_int_eq(tokens_look(fixture_path(STORE), &state, &f), 1);
	ck_assert_str_eq(state.user, "me@example.org");
	ck_assert_str_eq(state.flow, "device");
	ck_assert_str_eq(state.token_url, "https://t.example/");
	ck_assert(state.has_refresh);
	ck_assert_int_eq(state.login, 50);
	ck_assert_int_eq(state.obtained, 100);
	ck_assert_int_eq(state.expires, 3700);
	ck_assert_int_eq(state.refreshed, 100);
	ck_assert_int_eq(state.failed, 200);
	ck_assert_int_eq(state.wait, 260);
	ck_assert_int_eq(state.failure_is, FAULT_CONFIG);
	ck_assert_str_eq(state.failure, "no");
	/* no secret is in there, whatever is made of it later */
	ck_assert_ptr_null(
		memmem(&state, sizeof(state), "s3same", strlen("s3same")));
}
END_TEST

START_TEST(when_a_token_is_good)
{
	ck_assert(tokens_is_valid(100, 200, 150));
	ck_assert(tokens_is_valid(100, 200, 100));
	ck_assert(!tokens_is_valid(100, 200, 200));
	ck_assert(!tokens_is_valid(100, 200, 99)); /* of the future */
	ck_assert(!tokens_is_valid(0, 200, 100));
}
END_TEST

/* RLIMIT_FSIZE does what a full disk does. */
static int without_room(void *arg)
{
	struct rlimit limit = { 1000, 1000 };
	struct fault f;
	struct tokens t;
	bool good;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	if (tokens_open(&t, fixture_path(STORE), &f) != 0)
		return 1;
	good = tokens_lock(&t, 0, &f) == 0 &&
	       setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       tokens_reserve(&t, &f) == -1 && f.kind == FAULT_TEMP &&
	       strstr(f.text, "no room") != NULL;
	tokens_release(&t);
	return good ? 0 : 2;
}

/* Found out before the old token is spent. */
START_TEST(no_room)
{
	store("version=1\nrefresh_token=s3same\n");
	ck_assert_int_eq(fixture_child(without_room, NULL), 0);
	ck_assert_int_eq(read_it(""), 1);
	ck_assert(!fixture_exists(STORE ".new"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tokens");
	TCase *tests = tcase_create("tokens");

	tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
	tcase_add_test(tests, written_and_read);
	tcase_add_test(tests, what_was_reserved_goes);
	tcase_add_test(tests, litter_of_a_crash);
	tcase_add_loop_test(tests, reading, 0, (int)COUNT_OF(stores));
	tcase_add_test(tests, each_bit_counts);
	tcase_add_test(tests, damaged_ones_are_kept);
	tcase_add_test(tests, looking_at_a_damaged_one);
	tcase_add_loop_test(tests, not_from_there, 0, (int)COUNT_OF(unfit));
	tcase_add_loop_test(tests, no_path, 0, (int)COUNT_OF(paths));
	tcase_add_test(tests, one_at_a_time);
	tcase_add_test(tests, what_may_be_shown);
	tcase_add_test(tests, when_a_token_is_good);
	tcase_add_test(tests, no_room);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
