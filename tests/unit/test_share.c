/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_share - who has how much of the queue
 *
 * fstatvfs() below is found before libc's: the disk is as full as a case says.
 */
#include "queue/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

static struct statvfs disk;
static int disk_error;

int fstatvfs(int fd, struct statvfs *st)
{
	(void)fd;
	*st = disk;
	errno = disk_error;
	return disk_error != 0 ? -1 : 0;
}

/* --- counting --------------------------------------------------------------
 */

START_TEST(adds)
{
	static const struct {
		uid_t uid;
		uint64_t bytes, before;
	} rows[] = {
		{ 7, 10, 0 }, { 7, 10, 1 }, { 8, 5, 0 },         { 0, 1, 0 },
		{ 7, 0, 2 },  { 0, 1, 1 },  { (uid_t)-2, 3, 0 }, { 8, 5, 1 },
	};
	struct shares s = { 0 };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ck_assert_uint_eq(shares_add(&s, rows[i].uid, rows[i].bytes),
		                  rows[i].before);
	ck_assert_uint_eq(s.count, 4);
	ck_assert_uint_eq(s.list[0].bytes, 20);
	ck_assert_uint_eq(s.list[0].count, 3);
	shares_release(&s);
	ck_assert_uint_eq(s.count, 0);
	shares_release(&s);
}
END_TEST

START_TEST(many_users)
{
	struct shares s = { 0 };

	for (int round = 0; round < 2; round++)
		for (uid_t uid = 0; uid < 1000; uid++)
			ck_assert_int_eq((int)shares_add(&s, uid, uid), round);
	ck_assert_uint_eq(s.count, 1000);
	shares_release(&s);
}
END_TEST

static int open_directory(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Whatever has a name there counts for its owner: links are not followed. */
START_TEST(counts_a_directory)
{
	struct shares s = { 0 };
	int fd;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	fixture_write("d/m.1", "12345", 5);
	fixture_write("d/t.2", "123", 3);
	fixture_write("d/.hidden", "1234567", 7);
	fixture_write("large", "1234567890", 10);
	ck_assert_int_eq(symlink("../large", "d/link"), 0);
	ck_assert_int_eq(truncate("d/t.2", 1000), 0);
	fd = open_directory("d");
	for (uint64_t times = 1; times <= 2; times++) {
		ck_assert(shares_count(&s, fd));
		ck_assert_uint_eq(s.count, 1);
		ck_assert_uint_eq(s.list[0].uid, geteuid());
		ck_assert_uint_eq(s.list[0].count, 3 * times);
		ck_assert_uint_eq(s.list[0].bytes, (5 + 1000 + 8) * times);
	}
	shares_release(&s);
	close(fd);
}
END_TEST

START_TEST(counts_each_owner)
{
	struct shares s = { 0 };
	int fd;

	if (geteuid() != 0)
		return; /* nobody else can own anything here */
	ck_assert_int_eq(mkdir("d", 0700), 0);
	for (int i = 0; i < 6; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d/%d", i);
		fixture_write(name, "12", 2);
		ck_assert_int_eq(chown(name, (uid_t)(i % 3), 0), 0);
	}
	fd = open_directory("d");
	ck_assert(shares_count(&s, fd));
	ck_assert_uint_eq(s.count, 3);
	for (size_t i = 0; i < s.count; i++) {
		ck_assert_uint_eq(s.list[i].count, 2);
		ck_assert_uint_eq(s.list[i].bytes, 4);
	}
	shares_release(&s);
	close(fd);
}
END_TEST

START_TEST(cannot_count)
{
	struct shares s = { 0 };

	ck_assert(!shares_count(&s, -1));
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(s.count, 0);
}
END_TEST

/* --- what one may have -----------------------------------------------------
 */

static const struct {
	uid_t uid;
	uint64_t count, bytes, more;
	bool may;
} limits[] = {
	{ 7, 0, 0, 0, true },
	{ 7, SHARE_COUNT - 1, 0, 0, true },
	{ 7, SHARE_COUNT, 0, 0, false },
	{ 7, SHARE_COUNT + 1, 0, 0, false },
	{ 7, 0, 0, SHARE_BYTES, true },
	{ 7, 0, 0, SHARE_BYTES + 1, false },
	{ 7, 0, 0, UINT64_MAX, false },
	{ 7, 1, SHARE_BYTES - 1, 1, true },
	{ 7, 1, SHARE_BYTES - 1, 2, false },
	{ 7, 1, SHARE_BYTES - 1, UINT64_MAX, false },
	{ 7, 1, SHARE_BYTES - 1, 0, true },
	{ 7, 1, SHARE_BYTES, 0, false },
	{ 7, 1, SHARE_BYTES + 1, 0, false },
	{ 0, SHARE_COUNT, SHARE_BYTES, SHARE_BYTES, true },
	{ 0, SHARE_COUNT * 1000, UINT64_MAX / 2, 0, true },
};

START_TEST(limit)
{
	struct share one = { limits[_i].uid, limits[_i].count,
		             limits[_i].bytes };
	struct shares s = { 0 };

	shares_add(&s, 8, 1);
	shares_add(&s, one.uid, one.bytes);
	s.list[1].count = one.count;
	ck_assert_int_eq(shares_take(&s, one.uid, limits[_i].more),
	                 limits[_i].may);
	/* it counts, or nothing has changed */
	ck_assert_uint_eq(s.list[1].count - one.count, limits[_i].may ? 1 : 0);
	ck_assert_uint_eq(s.list[1].bytes - one.bytes,
	                  limits[_i].may ? limits[_i].more : 0);
	ck_assert(shares_take(&s, 8, 1));
	shares_release(&s);
}
END_TEST

START_TEST(until_it_is_used_up)
{
	struct shares s = { 0 };
	int count = 0;

	while (shares_take(&s, 7, 10))
		count++;
	ck_assert_int_eq(count, SHARE_COUNT);
	ck_assert(shares_take(&s, 8, 10));
	shares_release(&s);
}
END_TEST

/* --- the disk --------------------------------------------------------------
 */

#define BLOCKS(bytes) ((fsblkcnt_t)((bytes) / (4 * KIB)))

static const struct {
	fsblkcnt_t available;
	fsfilcnt_t inodes, inodes_available;
	int error;
	bool has_room;
} disks[] = {
	{ BLOCKS(1024 * MIB), 100000, 90000, 0, true },
	{ BLOCKS(SHARE_FLOOR), 100000, SHARE_FLOOR_INODES, 0, true },
	{ BLOCKS(SHARE_FLOOR) - 1, 100000, 90000, 0, false },
	{ BLOCKS(1024 * MIB), 100000, SHARE_FLOOR_INODES - 1, 0, false },
	{ 0, 100000, 0, 0, false },
	{ BLOCKS(1024 * MIB), 0, 0, 0, true }, /* it has none, as btrfs */
	{ 0, 0, 0, 0, false },
	{ (fsblkcnt_t)1 << 52, 100000, 90000, 0, true },
	{ 0, 100000, 0, EIO, true }, /* not known: writing will tell */
};

START_TEST(room)
{
	disk = (struct statvfs){ .f_frsize = 4096,
		                 .f_bsize = 65536,
		                 .f_bfree = (fsblkcnt_t)1 << 40,
		                 .f_bavail = disks[_i].available,
		                 .f_files = disks[_i].inodes,
		                 .f_ffree = 90000,
		                 .f_favail = disks[_i].inodes_available };
	disk_error = disks[_i].error;
	ck_assert_int_eq(share_has_room(0), disks[_i].has_room);
}
END_TEST

/* --- what relay-drop asks --------------------------------------------------
 */

#define OTHER 12345 /* some user that we are not */

/* A user who is not root, and owns the files that we make. */
static uid_t submitter(void)
{
	return getuid() != 0 ? getuid() : 54321;
}

static void make(unsigned number, uint64_t size)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "m.%u", number);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0); /* sparse */
	ck_assert(getuid() != 0 || fchown(fd, submitter(), 0) == 0);
	close(fd);
}

START_TEST(count_and_bytes_have_a_limit)
{
	static const struct {
		unsigned count;
		uint64_t size; /* of each */
		bool may;
	} cases[] = {
		{ 0, 0, true },
		{ SHARE_COUNT - 1, 1, true },
		{ SHARE_COUNT, 0, false },
		{ 7, SHARE_SIZE, true },
		{ 8, SHARE_SIZE, false },
		{ 9, SHARE_SIZE, false },
	};
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < cases[_i].count; i++)
		make(i, cases[_i].size);
	ck_assert(share_may_grow(here, submitter()) == cases[_i].may);
	ck_assert(share_may_grow(here, OTHER));
	ck_assert(share_may_grow(here, 0));
	close(here);
}
END_TEST

START_TEST(what_cannot_be_listed_is_no_place)
{
	ck_assert(!share_may_grow(-1, submitter()));
	ck_assert(share_may_grow(-1, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, adds);
	tcase_add_test(all, many_users);
	tcase_add_test(all, counts_a_directory);
	tcase_add_test(all, counts_each_owner);
	tcase_add_test(all, cannot_count);
	tcase_add_loop_test(all, limit, 0, COUNT_OF(limits));
	tcase_add_test(all, until_it_is_used_up);
	tcase_add_loop_test(all, room, 0, COUNT_OF(disks));
	tcase_add_loop_test(all, count_and_bytes_have_a_limit, 0, 6);
	tcase_add_test(all, what_cannot_be_listed_is_no_place);
	return fixture_run(suite);
}
