/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_aliases_file - what is read, and what is not trusted */
#include "config/aliases_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "fixture.h"

static char path[4096];

static void write_aliases(const char *members)
{
	struct sbuf b;

	sbuf_init(&b, 10000);
	sbuf_addf(&b, "root: ann@x.test\nstaff: :include:%s\n",
	          fixture_path("members"));
	fixture_write("aliases", b.data, b.len);
	fixture_write("members", members, strlen(members));
	sbuf_release(&b);
}

static void set_up(void)
{
	fixture_setup();
	snprintf(path, sizeof(path), "%s", fixture_path("aliases"));
	write_aliases("bob@x.test\n");
}

/* The number of recipients, or -1. */
static int count_of(const struct aliases *a, const char *name)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	int count;

	address_list_init(&l, 100, 10000);
	count = aliases_expand(a, name, &l, &f);
	if (count > 0)
		count = (int)l.count;
	address_list_release(&l);
	return count;
}

/* Load: what comes of both names, and the words of the first fault. */
static void loads(int root, int staff, const char *words)
{
	struct fault first;
	struct aliases *a = aliases_load(path, &first);

	ck_assert_int_eq(count_of(a, "root"), root);
	ck_assert_int_eq(count_of(a, "staff"), staff);
	ck_assert_int_eq(count_of(a, "x@x.test"), 0);
	if (words == NULL) {
		ck_assert_int_eq(first.kind, FAULT_NONE);
	} else {
		ck_assert_int_eq(first.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(first.text, words) != NULL, "%s",
		              first.text);
	}
	aliases_free(&a);
}

START_TEST(both_are_read)
{
	loads(1, 1, NULL);
	write_aliases("bob@x.test, cy\ndee\n");
	loads(1, 3, NULL);
}
END_TEST

START_TEST(others_may_not_write)
{
	ck_assert_int_eq(chmod("members", 0664), 0);
	loads(1, -1, "members can be changed by other users: chmod go-w ");
	ck_assert_int_eq(chmod("aliases", 0602), 0);
	loads(-1, -1, "aliases can be changed by other users: chmod go-w ");
}
END_TEST

START_TEST(no_such_file)
{
	ck_assert_int_eq(unlink("members"), 0);
	loads(1, -1, "aliases:2: cannot open ");
	ck_assert_int_eq(unlink("aliases"), 0);
	loads(-1, -1, "cannot open ");
}
END_TEST

/* Nobody writes into it, and nobody is waited for. */
START_TEST(no_file_at_all)
{
	ck_assert_int_eq(unlink("members"), 0);
	ck_assert_int_eq(mkfifo("members", 0600), 0);
	loads(1, -1, "members is not a regular file");
	ck_assert_int_eq(unlink("aliases"), 0);
	ck_assert_int_eq(mkdir("aliases", 0700), 0);
	loads(-1, -1, "aliases is not a regular file");
}
END_TEST

START_TEST(too_large)
{
	ck_assert_int_eq(truncate("members", (off_t)ALIASES_FILE_LIMIT + 1), 0);
	loads(1, -1, "members is larger than 4194304 bytes");
	ck_assert_int_eq(truncate("aliases", (off_t)ALIASES_FILE_LIMIT + 1), 0);
	loads(-1, -1, "aliases is larger than 4194304 bytes");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aliases_file");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, fixture_teardown);
	tcase_add_test(all, both_are_read);
	tcase_add_test(all, others_may_not_write);
	tcase_add_test(all, no_such_file);
	tcase_add_test(all, no_file_at_all);
	tcase_add_test(all, too_large);
	return fixture_run(suite);
}
