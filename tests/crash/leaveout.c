/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leaveout - LD_PRELOAD: make a mutant by leaving one step out
 *
 * LEAVE_OUT is one letter.  A suite that does not notice what the mutant does
 * wrong is not worth its time.
 *
 *     f  no fsync of a new entry             d  no fsync of new/
 *     l  no fsync of journals and of log/    x  a failed fsync counts as done
 *     w  a short write counts as a whole     o  out of memory ends in abort()
 *     j  the journal is removed before the entry is
 *     s  an entry is removed after the next words are sent, not before
 *     e  entries are removed when the connection is made
 *     F  no fsync of any file                D  no fsync of any directory
 *     W  like w, for any file (a program that filters its calls can be asked
 *        for no more than the type)
 *
 * What is not left out is done by number, so that nothing comes back here.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

enum { LATE_MAX = 64 };

static char left_out;

/* Removals that wait for the next words; dir is new/. */
static struct {
	int dir;
	char name[NAME_MAX + 1];
} late[LATE_MAX];
static size_t late_count;

/* Early: relay-drop empties its environment. */
static void __attribute__((constructor)) look(void)
{
	const char *which = getenv("LEAVE_OUT");

	left_out = which != NULL ? which[0] : '\0';
}

static bool is_left_out(char letter)
{
	return left_out == letter;
}

static void path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Is it the directory NAME, or a file in it? */
static bool is_place(int fd, const char *name)
{
	char path[PATH_MAX];

	path_of(fd, path);
	return strcmp(last_part(path), name) == 0;
}

static bool is_in(int fd, const char *name)
{
	char path[PATH_MAX];
	char *slash;

	path_of(fd, path);
	slash = strrchr(path, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return strcmp(last_part(path), name) == 0;
}

static bool is_type(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

int fsync(int fd)
{
	int result;

	if ((is_left_out('F') && is_type(fd, S_IFREG)) ||
	    (is_left_out('D') && is_type(fd, S_IFDIR)))
		return 0;
	if ((is_left_out('f') && is_in(fd, "tmp")) ||
	    ((is_left_out('d') || is_left_out('s')) && is_place(fd, "new")) ||
	    (is_left_out('l') && (is_in(fd, "log") || is_place(fd, "log"))))
		return 0;
	result = (int)syscall(SYS_fsync, fd);
	return is_left_out('x') ? 0 : result;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t result = (ssize_t)syscall(SYS_write, fd, bytes, n);

	if (result > 0 && ((is_left_out('w') && is_in(fd, "tmp")) ||
	                   (is_left_out('W') && is_type(fd, S_IFREG))))
		return (ssize_t)n;
	return result;
}

static void remove_late(void)
{
	for (size_t i = 0; i < late_count; i++) {
		syscall(SYS_unlinkat, late[i].dir, late[i].name, 0);
		syscall(SYS_fsync, late[i].dir);
	}
	late_count = 0;
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	ssize_t result =
		(ssize_t)syscall(SYS_sendto, fd, bytes, n, flags, NULL, 0);

	remove_late();
	return result;
}

int unlinkat(int fd, const char *name, int flags)
{
	char journal[PATH_MAX];

	if (is_left_out('s') && is_place(fd, "new") && late_count < LATE_MAX) {
		late[late_count].dir = fd;
		snprintf(late[late_count].name, sizeof(late[0].name), "%s",
		         name);
		late_count++;
		return 0;
	}

	if (is_left_out('j') && is_place(fd, "new")) {
		snprintf(journal, sizeof(journal), "../log/%s", name);
		syscall(SYS_unlinkat, fd, journal, 0);
	}
	return (int)syscall(SYS_unlinkat, fd, name, flags);
}

static void empty_queue(void)
{
	const char *queue = getenv("RELAY_QUEUE");
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *new;

	snprintf(path, sizeof(path), "%s/new", queue != NULL ? queue : "");
	new = opendir(path);
	if (new == NULL)
		return;
	while ((entry = readdir(new)) != NULL)
		syscall(SYS_unlinkat, dirfd(new), entry->d_name, 0);
	closedir(new);
}

/* The header's type is a union with gcc and a pointer with clang. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	const void *to;

	memcpy(&to, &address, sizeof(to));
	if (is_left_out('e'))
		empty_queue();
	return (int)syscall(SYS_connect, fd, to, length);
}

void _exit(int status)
{
	if (is_left_out('o') && status == EX_OSERR)
		abort();
	for (;;)
		syscall(SYS_exit_group, status);
}
