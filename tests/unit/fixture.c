/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define PATH_SIZE 4096

static char directory[PATH_SIZE];

void fixture_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	umask(077);
	snprintf(directory, sizeof(directory), "%s/relay-test-XXXXXX",
	         tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

/* A directory that a test locked must be opened before it can be emptied. */
static int unlock_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
	(void)st, (void)where;
	return kind == FTW_D || kind == FTW_DNR ? chmod(path, 0700) : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

void fixture_teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	nftw(directory, unlock_one, 16, FTW_PHYS);
	ck_assert_int_eq(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS),
	                 0);
}

const char *fixture_path(const char *name)
{
	static char path[2 * PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

void fixture_write(const char *name, const void *bytes, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_msg(fd >= 0, "cannot create %s", name);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

size_t fixture_read(const char *name, char *bytes, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd >= 0, "cannot open %s", name);
	n = read(fd, bytes, size);
	ck_assert_int_ge(n, 0);
	close(fd);
	return (size_t)n;
}

bool fixture_exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

int fixture_count(const char *name)
{
	DIR *stream = opendir(name);
	int count = 0;

	ck_assert_msg(stream != NULL, "cannot list %s", name);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count - 2; /* . and .. */
}

static int run_child(int (*part)(void *arg), void *arg, bool as_nobody)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (as_nobody) {
			ck_assert_int_eq(setgroups(0, NULL), 0);
			ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
			ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
		}
		exit(part(arg));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed by signal %d",
	              WTERMSIG(status));
	return WEXITSTATUS(status);
}

int fixture_child(int (*part)(void *arg), void *arg)
{
	return run_child(part, arg, false);
}

static int give_away(const char *path, const struct stat *st, int kind,
                     struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return lchown(path, NOBODY, NOBODY);
}

int fixture_as_nobody(int (*part)(void *arg), void *arg)
{
	if (geteuid() != 0)
		return run_child(part, arg, false);
	ck_assert_int_eq(nftw(directory, give_away, 16, FTW_PHYS), 0);
	return run_child(part, arg, true);
}

int fixture_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
