/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pickup - what becomes of everything that may be in drop/ */
#include "flush/pickup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "fixture.h"
#include "queue/share.h"
#include "sample.h"

#define OTHER_ID "0629C5C4F43F6AFFFFFFFF"
#define LARGEST ((off_t)SHARE_SIZE + 4096)

static struct spool spool;

static void setup(void)
{
	fixture_setup();
	sample_open_shared(&spool);
	log_open("test", LOG_LEVEL_WARN, false);
}

static void teardown(void)
{
	spool_release(&spool);
	fixture_teardown();
}

static const char *in(const char *place, const char *name)
{
	static char paths[4][600];
	static size_t turn;
	char *path = paths[turn++ % COUNT_OF(paths)];

	snprintf(path, sizeof(paths[0]), "q/%s/%s", place, name);
	return path;
}

/* Lines that went to the log. */
static int said(const struct spool *s)
{
	int kept = dup(2), to = open("said", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct fault f = { 0 };
	char bytes[16384];
	int count = 0;
	size_t n;

	ck_assert_int_eq(dup2(to, 2), 2);
	ck_assert_msg(pickup_run(s, &f) == 0, "%s", f.text);
	ck_assert_int_eq(dup2(kept, 2), 2);
	close(kept);
	close(to);
	n = fixture_read("said", bytes, sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		count += bytes[i] == '\n' ? 1 : 0;
	return count;
}

/* --- one thing alone -------------------------------------------------------
 */

static void put_entry(const char *path)
{
	fixture_write(path, "x", 1);
	ck_assert_int_eq(chmod(path, 0640), 0);
}

static void put_largest(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(truncate(path, LARGEST), 0);
}

static void put_too_large(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(truncate(path, LARGEST + 1), 0);
}

static void put_sparse(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(truncate(path, (off_t)1 << 42), 0);
}

static void put_link(const char *path)
{
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
}

static void put_dangling(const char *path)
{
	ck_assert_int_eq(symlink("nowhere", path), 0);
}

static void put_fifo(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0640), 0);
}

static void put_directory(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0750), 0);
}

static void put_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
	                 0);
	close(fd);
}

static void put_device(const char *path)
{
	ck_assert_int_eq(mknod(path, S_IFCHR | 0640, makedev(1, 5)), 0);
}

static void put_group(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(chown(path, (uid_t)-1, 4711), 0);
}

static void put_owner(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(chown(path, 4711, (gid_t)-1), 0);
}

static void put_second_name(const char *path)
{
	put_entry("q/tmp/first");
	ck_assert_int_eq(link("q/tmp/first", path), 0);
}

static void put_open(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(chmod(path, 0644), 0);
}

static void put_set_id(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(chmod(path, 04640), 0);
}

static void put_closed(const char *path)
{
	put_entry(path);
	ck_assert_int_eq(chmod(path, 0), 0);
}

static void put_old(const char *path)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - 3700 },
		                     { .tv_sec = time(NULL) - 3700 } };

	put_entry(path);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define M "m." SAMPLE_ID
#define W "w." SAMPLE_ID
#define T "t." SAMPLE_ID

enum where { TO_NEW, TO_BAD, STAYS, GOES };

static const struct {
	const char *name;
	void (*put)(const char *path);
	enum where where;
	bool is_roots; /* who may do everything can make it */
} things[] = {
	{ M, put_entry, TO_NEW, false },
	{ W, put_entry, TO_NEW, false },
	{ M, put_owner, TO_NEW, true },
	{ M, put_largest, TO_NEW, false },
	{ T, put_entry, STAYS, false },
	{ T, put_old, GOES, false },
	{ T, put_closed, STAYS, false },
	{ T, put_second_name, STAYS, false },
	{ M, put_too_large, TO_BAD, false },
	{ M, put_sparse, TO_BAD, false },
	{ M, put_link, TO_BAD, false },
	{ M, put_dangling, TO_BAD, false },
	{ M, put_fifo, TO_BAD, false },
	{ M, put_socket, TO_BAD, false },
	{ M, put_directory, TO_BAD, false },
	{ M, put_device, TO_BAD, true },
	{ M, put_second_name, TO_BAD, false },
	{ M, put_group, TO_BAD, true },
	{ M, put_open, TO_BAD, false },
	{ M, put_set_id, TO_BAD, false },
	{ M, put_closed, TO_BAD, false },
	{ W, put_link, TO_BAD, false },
	{ W, put_fifo, TO_BAD, false },
	{ T, put_link, TO_BAD, false },
	{ T, put_fifo, TO_BAD, false },
	{ T, put_directory, TO_BAD, false },
	{ "m.", put_entry, TO_BAD, false },
	{ "m", put_entry, TO_BAD, false },
	{ "M." SAMPLE_ID, put_entry, TO_BAD, false },
	{ "n." SAMPLE_ID, put_entry, TO_BAD, false },
	{ "m." SAMPLE_ID "0", put_entry, TO_BAD, false },
	{ "m." SAMPLE_ID ".x", put_entry, TO_BAD, false },
	{ "m.0629c5c4f43f6a1a2b3c4d", put_entry, TO_BAD, false },
	{ SAMPLE_ID, put_entry, TO_BAD, false },
	{ ".hidden", put_entry, TO_BAD, false },
	{ "-rf", put_entry, TO_BAD, false },
	{ "a\nb\x1b[2J\xff", put_entry, TO_BAD, false },
	{ "%n%s", put_entry, TO_BAD, false },
	{ "x." SAMPLE_ID, put_entry, STAYS, false }, /* was said before */
	{ "x.", put_directory, STAYS, false },
};

static void expect_count(const char *place, int count)
{
	char path[64];

	snprintf(path, sizeof(path), "q/%s", place);
	ck_assert_int_eq(fixture_count(path), count);
}

START_TEST(thing)
{
	const enum where where = things[_i].where;

	if (things[_i].is_roots && geteuid() != 0)
		return;
	things[_i].put(in("drop", things[_i].name));
	ck_assert_int_eq(said(&spool), where == TO_BAD ? 1 : 0);
	expect_count("new", where == TO_NEW ? 1 : 0);
	expect_count("bad", where == TO_BAD ? 1 : 0);
	expect_count("drop", where == STAYS ? 1 : 0);
	if (where == TO_NEW)
		ck_assert(fixture_exists(in("new", SAMPLE_ID)));
	if (where == STAYS)
		ck_assert(fixture_exists(in("drop", things[_i].name)));
	/* said once */
	ck_assert_int_eq(said(&spool), 0);
	ck_assert(fixture_exists("/etc/passwd"));
}
END_TEST

START_TEST(longest_name)
{
	char name[256];

	memset(name, 'A', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put_entry(in("drop", name));
	ck_assert_int_eq(said(&spool), 1);
	expect_count("drop", 0);
	expect_count("bad", 1);
	ck_assert_int_eq(said(&spool), 0);
}
END_TEST

/* --- several ---------------------------------------------------------------
 */

START_TEST(all_go_on)
{
	put_link(in("drop", M));
	put_entry(in("drop", "m." OTHER_ID));
	put_entry(in("drop", "core"));
	ck_assert_int_eq(said(&spool), 2);
	ck_assert(fixture_exists(in("new", OTHER_ID)));
	expect_count("bad", 2);
	expect_count("drop", 0);
}
END_TEST

/* One that has the name already is not touched. */
START_TEST(name_is_taken)
{
	char bytes[8];

	fixture_write(in("new", SAMPLE_ID), "first", 5);
	put_entry(in("drop", M));
	ck_assert_int_eq(said(&spool), 1);
	ck_assert_uint_eq(fixture_read(in("new", SAMPLE_ID), bytes, 8), 5);
	expect_count("bad", 1);
	expect_count("drop", 0);
}
END_TEST

START_TEST(name_is_taken_in_bad_too)
{
	put_entry(in("bad", SAMPLE_ID));
	put_link(in("drop", M));
	put_fifo(in("drop", W));
	ck_assert_int_eq(said(&spool), 2);
	expect_count("bad", 3);
	expect_count("drop", 0);
}
END_TEST

/* A power cut in the middle of an earlier pickup. */
START_TEST(half_moved)
{
	static const char *const names[] = { M, W };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct stat st;

		put_entry(in("new", SAMPLE_ID));
		ck_assert_int_eq(
			link(in("new", SAMPLE_ID), in("drop", names[i])), 0);
		ck_assert_int_eq(said(&spool), 0);
		expect_count("drop", 0);
		expect_count("bad", 0);
		ck_assert_int_eq(stat(in("new", SAMPLE_ID), &st), 0);
		ck_assert_uint_eq(st.st_nlink, 1);
	}
	/* of another name it is none */
	ck_assert_int_eq(link(in("new", SAMPLE_ID), in("drop", "m." OTHER_ID)),
	                 0);
	ck_assert_int_eq(said(&spool), 1);
	expect_count("bad", 1);
}
END_TEST

/* --- shares ----------------------------------------------------------------
 */

static const char *number(int i)
{
	static char id[ENTRY_ID_LENGTH + 1];

	snprintf(id, sizeof(id), "0629C5C4F43F6A%08X", (unsigned)i);
	return id;
}

/* `count` entries that are in the queue already. */
static void fill(int count)
{
	static const char *const places[] = { "new", "hold", "failed" };

	for (int i = 0; i < count; i++)
		put_entry(in(places[i % 3], number(i)));
}

/* Both users: root has no limit, so the first is another. */
static void give(const char *path)
{
	if (geteuid() == 0)
		ck_assert_int_eq(lchown(path, 4711, (gid_t)-1), 0);
}

START_TEST(share_is_used_up)
{
	fill(SHARE_COUNT - 1);
	if (geteuid() == 0)
		for (int i = 0; i < SHARE_COUNT - 1; i++) {
			static const char *const places[] = { "new", "hold",
				                              "failed" };

			give(in(places[i % 3], number(i)));
		}
	for (int i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "m.%s", number(9000 + i));
		put_entry(in("drop", name));
		give(in("drop", name));
	}
	ck_assert(pickup_has_more(&spool));
	ck_assert_int_eq(said(&spool), 1);
	/* the oldest one is in, the others wait in sight of relay-drop */
	ck_assert(fixture_exists(in("new", number(9000))));
	expect_count("drop", 2);
	ck_assert(!pickup_has_more(&spool));
	if (geteuid() == 0) { /* another user's is not held up */
		put_entry(in("drop", "m." OTHER_ID));
		ck_assert(pickup_has_more(&spool));
		ck_assert_int_eq(said(&spool), 0);
		ck_assert(fixture_exists(in("new", OTHER_ID)));
	}
	/* there is room again, for one */
	ck_assert_int_eq(unlink(in("new", number(9000))), 0);
	ck_assert_int_eq(said(&spool), 0);
	ck_assert(fixture_exists(in("new", number(9001))));
	expect_count("drop", 1);
}
END_TEST

/* --- trouble ---------------------------------------------------------------
 */

START_TEST(not_shared)
{
	struct fault f = { 0 };

	put_entry(in("drop", M));
	spool.is_shared = false;
	ck_assert_int_eq(pickup_run(&spool, &f), 0);
	ck_assert(!pickup_has_more(&spool));
	expect_count("drop", 1);
}
END_TEST

static int meet_locked_new(void *arg)
{
	struct fault f = { 0 };
	struct spool s;

	(void)arg;
	sample_open_shared(&s);
	put_entry(in("drop", M));
	ck_assert_int_eq(chmod("q/new", 0500), 0);
	ck_assert_int_eq(pickup_run(&s, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "/q/new: "));
	ck_assert(fixture_exists(in("drop", M)));
	ck_assert_int_eq(chmod("q/new", 0700), 0);
	spool_release(&s);
	return 0;
}

START_TEST(new_is_locked)
{
	ck_assert_int_eq(fixture_as_nobody(meet_locked_new, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pickup");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, thing, 0, COUNT_OF(things));
	tcase_add_test(all, longest_name);
	tcase_add_test(all, all_go_on);
	tcase_add_test(all, name_is_taken);
	tcase_add_test(all, name_is_taken_in_bad_too);
	tcase_add_test(all, half_moved);
	tcase_add_test(all, share_is_used_up);
	tcase_add_test(all, not_shared);
	tcase_add_test(all, new_is_locked);
	return fixture_run(suite);
}
