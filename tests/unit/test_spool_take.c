/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_spool_take - entries that are taken, and things that are refused */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "queue/spool.h"
#include "sample.h"

/* "q/new/ID": names below the queue; good until the next call but three. */
static const char *in(const char *directory, const char *id)
{
	static char names[4][400];
	static unsigned next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "q/%s/%s", directory, id);
	return name;
}

static enum spool_taken take(const struct spool *s, const char *id,
                             struct entry *e)
{
	struct fault f = { 0 };
	enum spool_taken taken = spool_take(s, SPOOL_NEW, id, e, &f);
	bool has_fault = taken == SPOOL_FOREIGN || taken == SPOOL_DAMAGED ||
	                 taken == SPOOL_UNREADABLE;

	ck_assert_int_eq(f.kind != FAULT_NONE, has_fault);
	ck_assert_int_eq(e->fd >= 0,
	                 taken == SPOOL_TAKEN || taken == SPOOL_DAMAGED);
	return taken;
}

static void expect_take(const struct spool *s, const char *id,
                        enum spool_taken expected)
{
	struct entry e;

	ck_assert_int_eq(take(s, id, &e), expected);
	entry_release(&e);
}

/* Things with a good name that are no entry. */
static void put_link(const char *name)
{
	ck_assert_int_eq(symlink("/etc/passwd", name), 0);
}

static void put_dangling_link(const char *name)
{
	ck_assert_int_eq(symlink("nowhere", name), 0);
}

static void put_fifo(const char *name)
{
	ck_assert_int_eq(mkfifo(name, 0600), 0);
}

static void put_directory(const char *name)
{
	ck_assert_int_eq(mkdir(name, 0700), 0);
}

static void put_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
	                 0);
	close(fd);
}

static void put_entry(const char *name)
{
	struct entry_envelope env;

	sample_envelope(&env, 1);
	sample_write(name, &env, "x", 1);
	entry_envelope_release(&env);
}

static void put_second_name(const char *name)
{
	put_entry(name);
	ck_assert_int_eq(link(name, "q/other"), 0);
}

static void put_newer(const char *name)
{
	fixture_write(name, "relay 2\nZ\n", 10);
}

static void put_empty(const char *name)
{
	fixture_write(name, "", 0);
}

static void put_garbage(const char *name)
{
	fixture_write(name, "From x\n", 7);
}

static const struct {
	void (*put)(const char *name);
	enum spool_taken taken;
} things[] = {
	{ put_entry, SPOOL_TAKEN },           { put_link, SPOOL_FOREIGN },
	{ put_dangling_link, SPOOL_FOREIGN }, { put_fifo, SPOOL_FOREIGN },
	{ put_directory, SPOOL_FOREIGN },     { put_socket, SPOOL_FOREIGN },
	{ put_second_name, SPOOL_FOREIGN },   { put_newer, SPOOL_FOREIGN },
	{ put_empty, SPOOL_DAMAGED },         { put_garbage, SPOOL_DAMAGED },
};

START_TEST(take_what_is_there)
{
	struct names list;
	struct fault f = { 0 };
	struct spool s;

	sample_open(&s);
	things[_i].put(in("new", SAMPLE_ID));
	expect_take(&s, SAMPLE_ID, things[_i].taken);
	ck_assert(fixture_exists(in("new", SAMPLE_ID)));
	ck_assert_int_eq(spool_list(&s, SPOOL_NEW, &list, &f), 0);
	ck_assert_uint_eq(list.count, 1);
	names_release(&list);
	spool_release(&s);
}
END_TEST

static int take_locked(void *arg)
{
	struct spool s;

	(void)arg;
	sample_open(&s);
	put_entry(in("new", SAMPLE_ID));
	ck_assert_int_eq(chmod(in("new", SAMPLE_ID), 0), 0);
	expect_take(&s, SAMPLE_ID, SPOOL_UNREADABLE);
	ck_assert(fixture_exists(in("new", SAMPLE_ID)));
	spool_release(&s);
	return 0;
}

START_TEST(take_without_permission)
{
	ck_assert_int_eq(fixture_as_nobody(take_locked, NULL), 0);
}
END_TEST

START_TEST(take_another_users)
{
	struct spool s;

	sample_open(&s);
	put_entry(in("new", SAMPLE_ID));
	if (geteuid() == 0) {
		ck_assert_int_eq(lchown(in("new", SAMPLE_ID), 65534, 65534), 0);
		expect_take(&s, SAMPLE_ID, SPOOL_FOREIGN);
	} else {
		expect_take(&s, SAMPLE_ID, SPOOL_TAKEN);
	}
	spool_release(&s);
}
END_TEST

/* They are not in the list, so nobody touches them. */
START_TEST(foreign_names_are_left_alone)
{
	static const char *const names[] = { ".hidden",
		                             "-rf",
		                             "a\nb\x1b[2J",
		                             "\xff\xfe",
		                             "0629c5c4f43f6a1a2b3c4d",
		                             "0629C5C4F43F6A1A2B3C4",
		                             "0629C5C4F43F6A1A2B3C4D.tmp" };
	char longest[256];
	struct names list;
	struct fault f = { 0 };
	struct spool s;

	memset(longest, 'A', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	sample_open(&s);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		fixture_write(in("new", names[i]), "x", 1);
	fixture_write(in("new", longest), "x", 1);
	ck_assert_int_eq(spool_list(&s, SPOOL_NEW, &list, &f), 0);
	ck_assert_uint_eq(list.count, 0);
	names_release(&list);
	ck_assert_int_eq(fixture_count("q/new"), COUNT_OF(names) + 1);
	spool_release(&s);
}
END_TEST

START_TEST(one_hand_per_entry)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;
	struct entry e;

	sample_open(&s);
	sample_submit(&s, 1, id);
	ck_assert_int_eq(take(&s, id, &e), SPOOL_TAKEN);
	expect_take(&s, id, SPOOL_BUSY);
	entry_release(&e);
	expect_take(&s, id, SPOOL_TAKEN);
	ck_assert_int_eq(unlink(in("new", id)), 0);
	expect_take(&s, id, SPOOL_GONE);
	spool_release(&s);
}
END_TEST

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Each of them may be held by its user for as long as he likes. */
START_TEST(a_user_cannot_keep_the_flusher_waiting)
{
	char id[ENTRY_ID_LENGTH + 1];
	struct spool s;
	struct entry e;
	int64_t begin;

	sample_open(&s);
	sample_submit(&s, 1, id);
	spool_share(&s, geteuid());
	ck_assert_int_eq(take(&s, id, &e), SPOOL_TAKEN);
	begin = milliseconds();
	for (int i = 0; i < 10; i++)
		expect_take(&s, id, SPOOL_BUSY);
	ck_assert_int_lt(milliseconds() - begin, 500);
	entry_release(&e);
	spool_release(&s);
}
END_TEST

/* Take it, tell the parent, and remove it a moment later. */
static pid_t remove_soon(const char *id, int told)
{
	pid_t pid = fork();
	struct fault f = { 0 };
	struct spool s;
	struct entry e;

	if (pid != 0)
		return pid;
	sample_open(&s);
	ck_assert_int_eq(take(&s, id, &e), SPOOL_TAKEN);
	ck_assert_int_eq(write(told, "x", 1), 1);
	usleep(30000);
	ck_assert_int_eq(spool_remove(&s, SPOOL_NEW, &e, &f), 0);
	entry_release(&e);
	spool_release(&s);
	exit(0);
}

START_TEST(removed_while_we_wait_for_it)
{
	char id[ENTRY_ID_LENGTH + 1], byte;
	int ends[2], status;
	struct spool s;
	pid_t pid;

	sample_open(&s);
	sample_submit(&s, 1, id);
	ck_assert_int_eq(pipe(ends), 0);
	pid = remove_soon(id, ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	expect_take(&s, id, SPOOL_GONE);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	spool_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_take");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, take_what_is_there, 0, COUNT_OF(things));
	tcase_add_test(all, take_without_permission);
	tcase_add_test(all, take_another_users);
	tcase_add_test(all, foreign_names_are_left_alone);
	tcase_add_test(all, one_hand_per_entry);
	tcase_add_test(all, a_user_cannot_keep_the_flusher_waiting);
	tcase_add_test(all, removed_while_we_wait_for_it);
	return fixture_run(suite);
}
