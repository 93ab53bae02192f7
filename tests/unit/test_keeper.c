/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_keeper - a password for who asks for it in the right words
 *
 * A keeper over a file in the fixture's directory, as relay-flush has one.
 */
#include "flush/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

static struct keeper keeper;
static char config_path[4096];

/* One smarthost `mine`, whose password is what `password` says. */
static void write_config(const char *host, const char *password)
{
	struct sbuf b;

	sbuf_init(&b, 100000);
	sbuf_addf(&b,
	          "domain example.org\nsmarthost other\n host other\n"
	          "smarthost mine\n host %s\n user me\n password %s\n",
	          host, password);
	fixture_write("relayrc", b.data, b.len);
	ck_assert_int_eq(chmod("relayrc", 0600), 0);
	sbuf_release(&b);
}

static void start(void)
{
	struct fault f = { 0 };

	snprintf(config_path, sizeof(config_path), "%s",
	         fixture_path("relayrc"));
	ck_assert_int_eq(
		keeper_start(&keeper, config_path, fixture_path("queue"), &f),
		0);
	ck_assert_int_gt(keeper.pid, 0);
}

static void set_up(void)
{
	fixture_setup();
	write_config("here", "inline sesame");
	start();
}

static void tear_down(void)
{
	keeper_end(&keeper);
	ck_assert_int_eq(keeper.fd, -1);
	fixture_teardown();
}

static struct smarthost asked_for = { .name = (char *)(uintptr_t) "mine",
	                              .host = (char *)(uintptr_t) "here",
	                              .user = (char *)(uintptr_t) "me",
	                              .port = 587 };

/* Ask, wait and take: the secret, or NULL with the fault. */
static struct secret *fetch(const struct smarthost *h, struct fault *f)
{
	int fd = keeper_ask(&keeper, h, 0, f);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	enum keeper_state state;
	struct secret *secret = NULL;

	if (fd < 0)
		return NULL;
	while ((state = keeper_look(fd, f)) == KEEPER_WAITING)
		ck_assert_int_eq(poll(&p, 1, 10000), 1);
	if (state == KEEPER_READY)
		secret = keeper_take(fd, f);
	close(fd);
	return secret;
}

static void is_given(const char *text)
{
	struct fault f = { 0 };
	struct secret *secret = fetch(&asked_for, &f);

	ck_assert_msg(secret != NULL, "%s", f.text);
	ck_assert_str_eq(secret_reveal(secret), text);
	ck_assert_uint_eq(secret_length(secret), strlen(text));
	secret_free(&secret);
}

static void is_refused(const struct smarthost *h, enum fault_kind kind,
                       const char *words)
{
	struct fault f = { 0 };
	struct secret *secret = fetch(h, &f);

	ck_assert_ptr_null(secret);
	ck_assert_int_eq(f.kind, kind);
	ck_assert_msg(strstr(f.text, words) != NULL, "%s", f.text);
}

/* --- answers -------------------------------------------------------------- */

START_TEST(each_kind_of_source)
{
	is_given("sesame");
	write_config("here", "inline \"other words\"");
	is_given("other words");
	write_config("here", "command echo open");
	is_given("open");
}
END_TEST

START_TEST(from_a_file)
{
	struct sbuf b;

	sbuf_init(&b, 5000);
	sbuf_addf(&b, "file %s", fixture_path("word"));
	fixture_write("word", "from a file\n", 12);
	ck_assert_int_eq(chmod("word", 0600), 0);
	write_config("here", b.data);
	sbuf_release(&b);
	is_given("from a file");
	ck_assert_int_eq(chmod("word", 0644), 0);
	is_refused(&asked_for, FAULT_CONFIG, "can be read by other users");
}
END_TEST

START_TEST(the_longest)
{
	static char longest[65536 + 1], more[65536 + 3];
	struct sbuf b;

	memset(longest, 'a', 65536);
	fixture_write("word", longest, 65536);
	ck_assert_int_eq(chmod("word", 0600), 0);
	sbuf_init(&b, 5000);
	sbuf_addf(&b, "file %s", fixture_path("word"));
	write_config("here", b.data);
	is_given(longest);
	memset(more, 'a', sizeof(more) - 1);
	fixture_write("word", more, sizeof(more) - 1);
	is_refused(&asked_for, FAULT_CONFIG, "is larger than");
	sbuf_release(&b);
}
END_TEST

START_TEST(faults_come_as_they_are)
{
	write_config("here", "file /none");
	is_refused(&asked_for, FAULT_CONFIG, "cannot open /none");
	write_config("here", "command false");
	is_refused(&asked_for, FAULT_TEMP, "ended with status 1");
	write_config("here", "command /none");
	is_refused(&asked_for, FAULT_CONFIG, "cannot run /none");
	write_config("here", "one two");
	is_refused(&asked_for, FAULT_CONFIG, "relayrc:7: ");
	ck_assert_int_eq(unlink("relayrc"), 0);
	is_refused(&asked_for, FAULT_CONFIG, "no such file");
}
END_TEST

/* One that is to be sent in a field. */
static void write_token_config(const char *password)
{
	struct sbuf b;

	sbuf_init(&b, 100000);
	sbuf_addf(&b,
	          "smarthost mine\n host here\n user me\n login xoauth2\n"
	          " password %s\n",
	          password);
	fixture_write("relayrc", b.data, b.len);
	ck_assert_int_eq(chmod("relayrc", 0600), 0);
	sbuf_release(&b);
}

START_TEST(a_token_is_looked_at)
{
	write_token_config("command echo ya29.token");
	is_given("ya29.token");
	write_token_config("command echo Bearer ya29.token");
	is_refused(&asked_for, FAULT_TEMP, "this is no access token");
	write_token_config("inline \"two words\"");
	is_refused(&asked_for, FAULT_CONFIG,
	           "relayrc:5: this is no access token");
}
END_TEST

/* Whoever asks once more gets what there is now. */
START_TEST(asked_once_more)
{
	struct fault f = { 0 };
	struct secret *secret;
	struct pollfd p = { .events = POLLIN };

	write_token_config("inline first");
	is_given("first");
	write_token_config("inline second");
	p.fd = keeper_ask(&keeper, &asked_for, 1767225600, &f);
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(keeper_look(p.fd, &f), KEEPER_READY);
	secret = keeper_take(p.fd, &f);
	ck_assert_str_eq(secret_reveal(secret), "second");
	secret_free(&secret);
	close(p.fd);
}
END_TEST

/* The old server must not get the new password. */
START_TEST(another_smarthost_of_that_name)
{
	struct smarthost h = asked_for;

	write_config("there", "inline sesame");
	is_refused(&asked_for, FAULT_TEMP, "the configuration has changed");
	write_config("here", "inline sesame");
	is_given("sesame");
	h.port = 465;
	is_refused(&h, FAULT_TEMP, "`mine` is not what it was");
	h.port = 587;
	h.user = NULL;
	is_refused(&h, FAULT_TEMP, "`mine` is not what it was");
	h.name = h.host;
	is_refused(&h, FAULT_TEMP, "`here` is not what it was");
}
END_TEST

START_TEST(a_look_takes_nothing)
{
	struct fault f = { 0 };
	struct secret *secret;
	int fd = keeper_ask(&keeper, &asked_for, 0, &f);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(keeper_look(fd, &f), KEEPER_READY);
	secret = keeper_take(fd, &f);
	ck_assert_str_eq(secret_reveal(secret), "sesame");
	secret_free(&secret);
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(keeper_look(fd, &f), KEEPER_FAILED);
	ck_assert_ptr_null(keeper_take(fd, &f));
	close(fd);
}
END_TEST

/* One that nobody waits for any more spoils nothing. */
START_TEST(questions_at_the_same_time)
{
	struct fault f = { 0 };
	int fd[3];

	write_config("here", "command sh -c \"sleep 0.2; echo late\"");
	for (int i = 0; i < 3; i++) {
		fd[i] = keeper_ask(&keeper, &asked_for, 0, &f);
		ck_assert_int_ge(fd[i], 0);
		ck_assert_int_eq(keeper_look(fd[i], &f), KEEPER_WAITING);
	}
	close(fd[0]);
	is_given("late");
	for (int i = 1; i < 3; i++) {
		ck_assert_int_eq(keeper_look(fd[i], &f), KEEPER_READY);
		close(fd[i]);
	}
}
END_TEST

/* --- the process ---------------------------------------------------------- */

START_TEST(an_end_is_noticed)
{
	struct fault f = { 0 };
	int fd;

	ck_assert(!keeper_has_ended(&keeper));
	write_config("here", "command sleep 20");
	fd = keeper_ask(&keeper, &asked_for, 0, &f);
	ck_assert_int_eq(kill(keeper.pid, SIGKILL), 0);
	while (!keeper_has_ended(&keeper))
		poll(NULL, 0, 1);
	ck_assert_int_eq(keeper_look(fd, &f), KEEPER_FAILED);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, "the keeper of passwords"));
	close(fd);
	is_refused(&asked_for, FAULT_TEMP, "the keeper of passwords has ended");
}
END_TEST

START_TEST(it_ends_with_us)
{
	pid_t pid = keeper.pid;

	keeper_end(&keeper);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(kill(pid, 0), -1);
	start();
	is_given("sesame");
}
END_TEST

START_TEST(signals_do_not_end_it)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

	is_given("sesame");
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		ck_assert_int_eq(kill(keeper.pid, numbers[i]), 0);
	is_given("sesame");
}
END_TEST

/* valgrind's own are at the far end of the table. */
static int count_open(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int count = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return -1; /* not ours to see: it is not dumpable */
	while ((entry = readdir(d)) != NULL)
		count += entry->d_name[0] != '.' &&
		         strtol(entry->d_name, NULL, 10) < 512;
	closedir(d);
	return count;
}

/* Neither it nor what it runs holds our locks. */
START_TEST(no_descriptor_of_ours)
{
	int held = open("held", O_RDWR | O_CREAT, 0600);
	int count, tries = 0;

	keeper_end(&keeper);
	ck_assert_int_eq(dup2(held, 40), 40);
	start();
	is_given("sesame");
	do /* it may still be closing what it answered to */
		count = count_open(keeper.pid);
	while (count > 4 && poll(NULL, 0, 5) == 0 && ++tries < 1000);
	ck_assert(count == 4 || count == -1);
	write_config("here",
	             "command sh -c \"ls /proc/self/fd | tr -d '\\\\n'\"");
	is_given("0123"); /* the last is that of the directory */
	close(40);
	close(held);
}
END_TEST

START_TEST(the_environment)
{
	struct fault f = { 0 };
	struct smarthost h = asked_for;
	struct secret *secret;

	keeper_end(&keeper);
	setenv("RELAY_HOST", "here", 1);
	setenv("RELAY_USER", "me", 1);
	setenv("RELAY_PASSWORD", "of the environment", 1);
	ck_assert_int_eq(keeper_start(&keeper, NULL, fixture_path("queue"), &f),
	                 0);
	unsetenv("RELAY_PASSWORD");
	h.name = (char *)(uintptr_t) "environment";
	secret = fetch(&h, &f);
	ck_assert_msg(secret != NULL, "%s", f.text);
	ck_assert_str_eq(secret_reveal(secret), "of the environment");
	secret_free(&secret);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, each_kind_of_source);
	tcase_add_test(all, from_a_file);
	tcase_add_test(all, the_longest);
	tcase_add_test(all, faults_come_as_they_are);
	tcase_add_test(all, a_token_is_looked_at);
	tcase_add_test(all, asked_once_more);
	tcase_add_test(all, another_smarthost_of_that_name);
	tcase_add_test(all, a_look_takes_nothing);
	tcase_add_test(all, questions_at_the_same_time);
	tcase_add_test(all, an_end_is_noticed);
	tcase_add_test(all, it_ends_with_us);
	tcase_add_test(all, signals_do_not_end_it);
	tcase_add_test(all, no_descriptor_of_ours);
	tcase_add_test(all, the_environment);
	return fixture_run(suite);
}
