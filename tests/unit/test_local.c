/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_local - mail for names of this machine, by way of a keeper
 *
 * A keeper over a configuration in the fixture's directory, an entry that is a
 * file there, and what becomes of it.
 */
#include "flush/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/landlock.h"
#include "base/sbuf.h"
#include "base/seccomp.h"
#include "fixture.h"

#define ID "0006440A9C4D3CA1B2C3D4"
#define OTHER "0006440A9C4D3C00000000"
#define HEAD "Received: by x\r\nSubject: s\r\n\r\n"
#define ENTRY "envelope\r\nbody\r\n.\r\nlast\r\ntrailer"
#define BEGIN 10
#define END (sizeof(ENTRY) - 1 - 7)
#define ARRIVES                                          \
	"Return-Path: <ann@x.test>\nDelivered-To: bob\n" \
	"Received: by x\nSubject: s\n\nbody\n.\nlast\n"

static struct keeper keeper;
static char config_path[4096];
static int entry;

/* `local` as it says; `place` is in the fixture's directory. */
static void write_config(const char *before, const char *place,
                         const char *after)
{
	struct sbuf b;

	sbuf_init(&b, 10000);
	sbuf_addf(&b, "local %s%s%s\nsmarthost a\n host h\n", before,
	          place[0] != '\0' ? fixture_path(place) : "", after);
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
}

static void set_up(void)
{
	fixture_setup();
	fixture_write("entry", ENTRY, sizeof(ENTRY) - 1);
	entry = open("entry", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(entry, 0);
	write_config("maildir:", "Mail", "");
	start();
}

static void tear_down(void)
{
	keeper_end(&keeper);
	close(entry);
	fixture_teardown();
}

static int ask(const char *recipient, const char *id, struct fault *f)
{
	struct local_request r = { .recipient = recipient,
		                   .sender = "ann@x.test",
		                   .id = id,
		                   .head = HEAD,
		                   .head_len = strlen(HEAD),
		                   .fd = entry,
		                   .body = BEGIN,
		                   .body_end = END };

	return local_ask(&keeper, &r, f);
}

static enum keeper_state wait_for(int fd, struct fault *f)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	enum keeper_state state;

	ck_assert_msg(fd >= 0, "%s", f->text);
	while ((state = local_look(fd, f)) == KEEPER_WAITING)
		ck_assert_int_eq(poll(&p, 1, 20000), 1);
	close(fd);
	return state;
}

static void is_delivered(const char *recipient, const char *id)
{
	struct fault f = { 0 };

	ck_assert_msg(wait_for(ask(recipient, id, &f), &f) == KEEPER_READY,
	              "%s", f.text);
}

static void is_refused(const char *recipient, enum fault_kind kind,
                       const char *words)
{
	struct fault f = { 0 };

	ck_assert_int_eq(wait_for(ask(recipient, ID, &f), &f), KEEPER_FAILED);
	ck_assert_msg(strstr(f.text, words) != NULL, "%s", f.text);
	ck_assert_msg(f.kind == kind, "%s", f.text);
}

static void holds(const char *name, const char *text)
{
	char bytes[4096];
	size_t n = fixture_read(name, bytes, sizeof(bytes) - 1);

	bytes[n] = '\0';
	ck_assert_str_eq(bytes, text);
}

/* The only file of a directory. */
static void only_name(const char *directory, char *path, size_t size)
{
	DIR *d = opendir(directory);
	const struct dirent *e;

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(fixture_count(directory), 1);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			snprintf(path, size, "%s/%s", directory, e->d_name);
	closedir(d);
}

/* --- a Maildir ------------------------------------------------------------ */

START_TEST(into_a_maildir)
{
	char path[4096];
	struct stat st;

	is_delivered("bob", ID);
	ck_assert_int_eq(fixture_count("Mail/tmp"), 0);
	ck_assert_int_eq(fixture_count("Mail/cur"), 0);
	only_name("Mail/new", path, sizeof(path));
	holds(path, ARRIVES);
	ck_assert_ptr_nonnull(strstr(path, ".R" ID "_bob."));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat("Mail/new", &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
}
END_TEST

START_TEST(a_maildir_for_each_name)
{
	write_config("maildir:", "m", ".%u");
	is_delivered("bob", ID);
	is_delivered("cy", ID);
	ck_assert_int_eq(fixture_count("m.bob/new"), 1);
	ck_assert_int_eq(fixture_count("m.cy/new"), 1);
}
END_TEST

START_TEST(once_is_enough)
{
	char path[4096], moved[8192];

	is_delivered("bob", ID);
	is_delivered("bob", ID);
	only_name("Mail/new", path, sizeof(path));
	snprintf(moved, sizeof(moved), "Mail/cur/%s:2,S",
	         strrchr(path, '/') + 1);
	ck_assert_int_eq(rename(path, moved), 0);
	is_delivered("bob", ID);
	ck_assert_int_eq(fixture_count("Mail/new"), 0);
	is_delivered("bob", OTHER);
	is_delivered("cy", ID);
	ck_assert_int_eq(fixture_count("Mail/new"), 2);
}
END_TEST

START_TEST(what_a_crash_left)
{
	ck_assert_int_eq(mkdir("Mail", 0700), 0);
	ck_assert_int_eq(mkdir("Mail/tmp", 0700), 0);
	fixture_write("Mail/tmp/1759276800.R" ID "P1", "half", 4);
	is_delivered("bob", ID);
	ck_assert_int_eq(fixture_count("Mail/new"), 1);
}
END_TEST

START_TEST(links_are_not_followed)
{
	ck_assert_int_eq(mkdir("queue", 0700), 0);
	ck_assert_int_eq(symlink("queue", "Mail"), 0);
	is_refused("bob", FAULT_CONFIG, "is a symbolic link, or no directory");
	ck_assert_int_eq(fixture_count("queue"), 0);
	write_config("maildir:", "Mail/x", "");
	is_refused("bob", FAULT_CONFIG, "is a symbolic link, or no directory");
	ck_assert_int_eq(fixture_count("queue"), 0);
	ck_assert_int_eq(unlink("Mail"), 0);
	ck_assert_int_eq(mkdir("Mail", 0700), 0);
	ck_assert_int_eq(symlink("../queue", "Mail/new"), 0);
	write_config("maildir:", "Mail", "");
	is_refused("bob", FAULT_CONFIG, "is a symbolic link, or no directory");
	ck_assert_int_eq(fixture_count("queue"), 0);
}
END_TEST

/* A home that is not mounted may be later. */
START_TEST(nothing_above_is_made)
{
	write_config("maildir:", "none/Mail", "");
	is_refused("bob", FAULT_TEMP, "none/Mail: No such file or directory");
	ck_assert(!fixture_exists("none"));
	fixture_write("Mail", "", 0);
	write_config("maildir:", "Mail", "");
	is_refused("bob", FAULT_CONFIG, "is a symbolic link, or no directory");
}
END_TEST

static int without_rights(void *arg)
{
	(void)arg;
	start();
	ck_assert_int_eq(mkdir("shut", 0555), 0);
	write_config("maildir:", "shut/Mail", "");
	is_refused("bob", FAULT_CONFIG, "must be able to write there");
	write_config("maildir:", "Mail", "");
	is_delivered("bob", ID);
	ck_assert_int_eq(chmod("Mail/tmp", 0555), 0);
	is_delivered("bob", ID);
	is_refused("cy", FAULT_CONFIG, "must be able to write there");
	keeper_end(&keeper);
	return 0;
}

START_TEST(where_we_may_not_write)
{
	keeper_end(&keeper);
	ck_assert_int_eq(fixture_as_nobody(without_rights, NULL), 0);
}
END_TEST

/* --- names ---------------------------------------------------------------- */

static const char *const unfit[] = {
	"",
	".",
	"..",
	"-x",
	".hidden",
	"a/b",
	"../../etc/x",
	"a b",
	"a\nb",
	"\xC3\xA9",
	"a;b",
	"$(id)",
	"a@x.test",
	"a%u",
	"\"a b\"",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
};

START_TEST(a_hostile_name)
{
	write_config("maildir:", "m", ".%u");
	is_refused(unfit[_i], FAULT_PERM,
	           "can be nobody's name on this machine");
	write_config("command touch ", "ran", "");
	is_refused(unfit[_i], FAULT_PERM,
	           "can be nobody's name on this machine");
	ck_assert(!fixture_exists("ran"));
}
END_TEST

/* --- a command ------------------------------------------------------------ */

START_TEST(to_a_command)
{
	write_config(
		"command sh -c \"cat >$0; echo $SENDER $RECIPIENT $1 >>$0\" ",
		"got", " a%u-%u");
	is_delivered("bob", ID);
	holds("got", ARRIVES "ann@x.test bob abob-bob\n");
}
END_TEST

/* clang-format off */
static const struct {
	const char *command;
	enum fault_kind kind;
	const char *words;
} endings[] = {
	{ "sh -c \"exit 75\"", FAULT_TEMP, "the local command `sh` ended with status 75" },
	{ "sh -c \"exit 71\"", FAULT_TEMP, "ended with status 71" },
	{ "sh -c \"exit 74\"", FAULT_TEMP, "ended with status 74" },
	{ "sh -c \"exit 1\"", FAULT_TEMP, "ended with status 1" },
	{ "sh -c \"exit 255\"", FAULT_TEMP, "ended with status 255" },
	{ "sh -c \"kill -9 $$\"", FAULT_TEMP, "sh was killed by signal 9" },
	{ "sh -c \"exit 64\"", FAULT_PERM, "ended with status 64" },
	{ "sh -c \"exit 67\"", FAULT_PERM, "ended with status 67" },
	{ "sh -c \"exit 70\"", FAULT_PERM, "ended with status 70" },
	{ "sh -c \"exit 76\"", FAULT_PERM, "ended with status 76" },
	{ "sh -c \"exit 77\"", FAULT_PERM, "ended with status 77" },
	{ "sh -c \"exit 78\"", FAULT_CONFIG, "ended with status 78" },
	{ "sh -c \"exit 127\"", FAULT_CONFIG, "ended with status 127" },
	{ "/none/program", FAULT_CONFIG, "cannot run /none/program: " },
	{ "sh -c \"echo; echo no such mailbox; echo more; exit 67\"", FAULT_PERM, "status 67: no such mailbox" },
	{ "sh -c \"echo told on stderr >&2; exit 67\"", FAULT_PERM, "status 67: told on stderr" },
	{ "sh -c \"printf 'a\\\\033[2Jb'; exit 67\"", FAULT_PERM, "status 67: a\\x1B[2Jb" },
	{ "sh -c \"yes | head -c 300000; exit 67\"", FAULT_PERM, "status 67: y" },
};
/* clang-format on */

START_TEST(how_it_ends)
{
	write_config("command ", "", endings[_i].command);
	is_refused("bob", endings[_i].kind, endings[_i].words);
}
END_TEST

/* It is delivered all the same: what is said is for a log. */
START_TEST(a_command_that_talks)
{
	write_config("command ", "", "sh -c \"yes | head -c 300000\"");
	is_delivered("bob", ID);
}
END_TEST

START_TEST(a_command_gets_nothing_of_ours)
{
	int held = open("held", O_RDWR | O_CREAT, 0600);

	keeper_end(&keeper);
	ck_assert_int_eq(dup2(held, 40), 40);
	setenv("LD_PRELOAD_NOT", "x", 1);
	start();
	write_config("command sh -c \"ls /proc/self/fd | tr -d '\\\\n' >$0; "
	             "echo ${LD_PRELOAD_NOT-none} >>$0\" ",
	             "got", "");
	is_delivered("bob", ID);
	holds("got", "0123none\n"); /* 3 is that of the directory */
	unsetenv("LD_PRELOAD_NOT");
	close(40);
	close(held);
}
END_TEST

START_TEST(a_slow_one_keeps_nobody_waiting)
{
	struct fault f = { 0 };
	int slow;

	write_config("command sleep 15", "", "");
	slow = ask("bob", ID, &f);
	ck_assert_int_eq(local_look(slow, &f), KEEPER_WAITING);
	poll(NULL, 0, 100);
	write_config("maildir:", "Mail", "");
	is_delivered("bob", ID);
	ck_assert_int_eq(local_look(slow, &f), KEEPER_WAITING);
	close(slow);
}
END_TEST

START_TEST(not_too_many)
{
	struct fault f = { 0 };
	int fd[LOCAL_DELIVERIES];

	write_config("command sh -c \"until test -e $0; do sleep 0.1; done\" ",
	             "go", "");
	for (size_t i = 0; i < LOCAL_DELIVERIES; i++)
		fd[i] = ask("bob", ID, &f);
	is_refused("bob", FAULT_TEMP, "16 local deliveries are going on");
	fixture_write("go", "", 0);
	for (size_t i = 0; i < LOCAL_DELIVERIES; i++)
		ck_assert_int_eq(wait_for(fd[i], &f), KEEPER_READY);
	poll(NULL, 0, 100);
	is_delivered("bob", ID);
}
END_TEST

/* --- accidents ------------------------------------------------------------ */

START_TEST(a_delivery_that_is_killed)
{
	struct fault f = { 0 };

	write_config("command sh -c \"kill -9 $PPID; sleep 0.2\"", "", "");
	ck_assert_int_eq(wait_for(ask("bob", ID, &f), &f), KEEPER_FAILED);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, "ended without a word"));
	write_config("maildir:", "Mail", "");
	is_delivered("bob", ID);
}
END_TEST

START_TEST(a_keeper_that_has_ended)
{
	struct fault f = { 0 };
	int fd;

	write_config("command sleep 5", "", "");
	fd = ask("bob", ID, &f);
	poll(NULL, 0, 100);
	ck_assert_int_eq(kill(keeper.pid, SIGKILL), 0);
	while (!keeper_has_ended(&keeper))
		poll(NULL, 0, 1);
	ck_assert_int_eq(local_look(fd, &f), KEEPER_WAITING); /* it goes on */
	close(fd);
	ck_assert_int_eq(ask("bob", ID, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(
		strstr(f.text, "cannot ask for a local delivery"));
}
END_TEST

/* As little room as a full disk leaves.  No assertion in between: they write
 * into a file. */
START_TEST(a_full_disk)
{
	struct rlimit before, small;
	struct fault f = { 0 };
	int failed;

	keeper_end(&keeper);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 40;
	setrlimit(RLIMIT_FSIZE, &small);
	failed = keeper_start(&keeper, config_path, fixture_path("queue"), &f);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(failed, 0);
	is_refused("bob", FAULT_TEMP, "Mail: File too large");
	ck_assert_int_eq(fixture_count("Mail/tmp"), 0);
	ck_assert_int_eq(fixture_count("Mail/new"), 0);
}
END_TEST

START_TEST(an_entry_that_is_shorter)
{
	ck_assert_int_eq(truncate("entry", 12), 0);
	is_refused("bob", FAULT_TEMP, "cannot read the message to deliver");
	ck_assert_int_eq(fixture_count("Mail/tmp"), 0);
	ck_assert_int_eq(fixture_count("Mail/new"), 0);
}
END_TEST

START_TEST(a_large_message)
{
	struct fault f = { 0 };
	struct sbuf head, body;
	struct local_request r = {
		.recipient = "bob", .sender = "", .id = ID, .body = 0
	};
	char path[4096];
	struct stat st;

	sbuf_init(&head, 1000000);
	sbuf_init(&body, 2000000);
	while (head.len < 500000)
		sbuf_addstr(&head, "X-Line: of a long header\r\n");
	while (body.len < 1500000)
		sbuf_addstr(&body, "a line of text\r\n");
	sbuf_addstr(&body, "a\rb\r\r\n");
	fixture_write("entry", body.data, body.len);
	r.head = head.data;
	r.head_len = head.len;
	r.fd = open("entry", O_RDONLY | O_CLOEXEC);
	r.body_end = (off_t)body.len;
	ck_assert_int_eq(wait_for(local_ask(&keeper, &r, &f), &f),
	                 KEEPER_READY);
	only_name("Mail/new", path, sizeof(path));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(
		st.st_size,
		(off_t)(strlen("Return-Path: <>\nDelivered-To: bob\n") +
	                head.len / 26 * 25 + (body.len - 6) / 16 * 15 + 5));
	close(r.fd);
	sbuf_release(&head);
	sbuf_release(&body);
}
END_TEST

START_TEST(not_configured)
{
	fixture_write("relayrc", "smarthost a\n host h\n", 20);
	is_refused("bob", FAULT_TEMP, "`local` is not set any more");
	ck_assert_int_eq(unlink("relayrc"), 0);
	is_refused("bob", FAULT_CONFIG, "there is no such file");
}
END_TEST

/* --- who may ask what ----------------------------------------------------- */

static int ask_confined(void *arg)
{
	struct landlock l;
	struct fault f = { 0 };

	(void)arg;
	landlock_init(&l, true);
	landlock_enforce(&l);
	landlock_release(&l);
	seccomp_deny_powers();
	return wait_for(ask("bob", ID, &f), &f) == KEEPER_READY ? 0 : 1;
}

/* The sandbox of relay-flush is none of the keeper's. */
START_TEST(from_a_sandbox)
{
	ck_assert_int_eq(fixture_child(ask_confined, NULL), 0);
	ck_assert_int_eq(fixture_count("Mail/new"), 1);
	write_config("command touch ", "ran", "");
	ck_assert_int_eq(fixture_child(ask_confined, NULL), 0);
	ck_assert(fixture_exists("ran"));
}
END_TEST

static void is_not_understood(const char *sender, const char *id, int fd)
{
	struct fault f = { 0 };
	struct local_request r = { .recipient = "bob",
		                   .sender = sender,
		                   .id = id,
		                   .head = HEAD,
		                   .head_len = strlen(HEAD),
		                   .fd = fd,
		                   .body_end = 10 };

	ck_assert_int_eq(wait_for(local_ask(&keeper, &r, &f), &f),
	                 KEEPER_FAILED);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(strstr(f.text, "in words that are not known"));
	ck_assert(!fixture_exists("Mail"));
}

START_TEST(a_flusher_that_lies)
{
	int ends[2];

	is_not_understood("ann@x.test", "../../../etc/passwd", entry);
	is_not_understood("ann@x.test\nX-Header: y", ID, entry);
	is_not_understood("", "", entry);
	ck_assert_int_eq(pipe(ends), 0);
	is_not_understood("ann@x.test", ID, ends[0]);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, into_a_maildir);
	tcase_add_test(all, a_maildir_for_each_name);
	tcase_add_test(all, once_is_enough);
	tcase_add_test(all, what_a_crash_left);
	tcase_add_test(all, links_are_not_followed);
	tcase_add_test(all, nothing_above_is_made);
	tcase_add_test(all, where_we_may_not_write);
	tcase_add_loop_test(all, a_hostile_name, 0, (int)COUNT_OF(unfit));
	tcase_add_test(all, to_a_command);
	tcase_add_loop_test(all, how_it_ends, 0, (int)COUNT_OF(endings));
	tcase_add_test(all, a_command_that_talks);
	tcase_add_test(all, a_command_gets_nothing_of_ours);
	tcase_add_test(all, a_slow_one_keeps_nobody_waiting);
	tcase_add_test(all, not_too_many);
	tcase_add_test(all, a_delivery_that_is_killed);
	tcase_add_test(all, a_keeper_that_has_ended);
	tcase_add_test(all, a_full_disk);
	tcase_add_test(all, an_entry_that_is_shorter);
	tcase_add_test(all, a_large_message);
	tcase_add_test(all, not_configured);
	tcase_add_test(all, from_a_sandbox);
	tcase_add_test(all, a_flusher_that_lies);
	return fixture_run(suite);
}
