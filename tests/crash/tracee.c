/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracee.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

enum { LINK_SIZE = 64, PAGE = 4096 };

struct tracee *tracees_get(struct tracees *all, pid_t pid)
{
	struct tracee *t;

	for (t = all->first; t != NULL; t = t->next)
		if (t->pid == pid)
			return t;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->pid = pid;
	t->next = all->first;
	all->first = t;
	return t;
}

void tracees_drop(struct tracees *all, pid_t pid)
{
	for (struct tracee **at = &all->first; *at != NULL; at = &(*at)->next) {
		struct tracee *t = *at;

		if (t->pid != pid)
			continue;
		*at = t->next;
		free(t);
		return;
	}
}

void tracees_kill(const struct tracees *all)
{
	for (const struct tracee *t = all->first; t != NULL; t = t->next)
		kill(t->pid, SIGKILL);
}

uint64_t tracee_argument(const struct tracee *t, int i)
{
	return t->in.entry.args[i];
}

/* --- its memory --------------------------------------------------------- */

size_t tracee_peek(const struct tracee *t, uint64_t address, void *to, size_t n)
{
	struct iovec here = { to, n };
	struct iovec there = { (void *)(uintptr_t)address, n };
	ssize_t k = process_vm_readv(t->pid, &here, 1, &there, 1, 0);

	return k < 0 ? 0 : (size_t)k;
}

/* Page by page: the string may end where a mapping does. */
static void peek_string(const struct tracee *t, uint64_t address,
                        char text[PATH_SIZE])
{
	size_t have = 0;

	while (have + 1 < PATH_SIZE) {
		size_t n = PAGE - ((address + have) & (PAGE - 1));
		size_t k;

		if (n > PATH_SIZE - 1 - have)
			n = PATH_SIZE - 1 - have;
		k = tracee_peek(t, address + have, text + have, n);
		if (k == 0)
			break;
		if (memchr(text + have, '\0', k) != NULL)
			return;
		have += k;
	}
	text[have] = '\0';
}

/* --- its descriptors ---------------------------------------------------- */

static void fd_link(const struct tracee *t, int fd, char link[LINK_SIZE])
{
	if (fd == AT_FDCWD)
		snprintf(link, LINK_SIZE, "/proc/%d/cwd", (int)t->pid);
	else
		snprintf(link, LINK_SIZE, "/proc/%d/fd/%d", (int)t->pid, fd);
}

void tracee_fd_path(const struct tracee *t, int fd, char path[PATH_SIZE])
{
	char link[LINK_SIZE];
	ssize_t k;

	fd_link(t, fd, link);
	k = readlink(link, path, PATH_SIZE - 1);
	path[k > 0 ? k : 0] = '\0';
}

unsigned long long tracee_fd_stat(const struct tracee *t, int fd,
                                  struct stat *st)
{
	char link[LINK_SIZE];

	memset(st, 0, sizeof(*st));
	fd_link(t, fd, link);
	return stat(link, st) == 0 ? (unsigned long long)st->st_ino : 0;
}

long long tracee_fd_position(const struct tracee *t, int fd)
{
	char link[LINK_SIZE], line[LINK_SIZE] = "";
	long long position = 0;
	FILE *file;

	snprintf(link, sizeof(link), "/proc/%d/fdinfo/%d", (int)t->pid, fd);
	file = fopen(link, "re");
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL ||
	    sscanf(line, "pos:\t%lld", &position) != 1)
		position = 0;
	fclose(file);
	return position;
}

int tracee_fd_open(const struct tracee *t, int fd)
{
	char link[LINK_SIZE];

	fd_link(t, fd, link);
	return open(link, O_RDONLY | O_CLOEXEC);
}

void tracee_break_socket(const struct tracee *t, int fd)
{
	int process, copy;

	if (strncmp(t->path[0], "socket:", 7) != 0)
		return;
	process = (int)syscall(SYS_pidfd_open, t->pid, 0);
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (copy >= 0) {
		shutdown(copy, SHUT_RDWR);
		close(copy);
	}
	if (process >= 0)
		close(process);
}

/* --- what a call means -------------------------------------------------- */

/* Take out "//", "/./" and, by the text alone, "/../". */
static void tidy(char *path)
{
	char *from = path, *to = path;

	while (*from != '\0') {
		size_t n;

		from += strspn(from, "/");
		n = strcspn(from, "/");
		if (n == 2 && memcmp(from, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static void resolve(const struct tracee *t, int directory, uint64_t address,
                    char path[PATH_SIZE])
{
	char name[PATH_SIZE] = "";
	size_t n;
	int fd;

	peek_string(t, address, name);
	/* as linkat() is given an O_TMPFILE */
	if (sscanf(name, "/proc/self/fd/%d", &fd) == 1) {
		tracee_fd_path(t, fd, path);
		return;
	}
	if (name[0] == '/') {
		memcpy(path, name, sizeof(name));
	} else {
		tracee_fd_path(t, directory, path);
		if (name[0] == '\0') /* AT_EMPTY_PATH, or futimens() */
			return;
		n = strlen(path);
		snprintf(path + n, PATH_SIZE - n, "/%.*s",
		         (int)(PATH_SIZE - n - 2), name);
	}
	tidy(path);
}

static void resolve_path(struct tracee *t, int which, int directory, int i)
{
	resolve(t, directory, tracee_argument(t, i), t->path[which]);
}

static void resolve_both(struct tracee *t)
{
	int where = t->call->where, second = t->call->second;

	switch (t->call->naming) {
	case BY_NOTHING: return;
	case BY_FD:
		tracee_fd_path(t, (int)tracee_argument(t, where), t->path[0]);
		return;
	case BY_PATH:
		resolve_path(t, 0, AT_FDCWD, where);
		if (second >= 0)
			resolve_path(t, 1, AT_FDCWD, second);
		return;
	case BY_AT:
		resolve_path(t, 0, (int)tracee_argument(t, where), where + 1);
		if (second >= 0)
			resolve_path(t, 1, (int)tracee_argument(t, second),
			             second + 1);
		return;
	}
}

void tracee_enter(struct tracee *t)
{
	int i = calls_find((long)t->in.entry.nr);
	struct stat st;

	t->call = i >= 0 ? calls_at((size_t)i) : NULL;
	t->index = 0;
	t->forced = 0;
	t->kill_after = false;
	if (t->call == NULL)
		return;
	t->path[0][0] = '\0';
	t->path[1][0] = '\0';
	resolve_both(t);
	t->existed = t->path[0][0] == '/' && lstat(t->path[0], &st) == 0;
	t->was_directory = t->existed && S_ISDIR(st.st_mode);
	t->inode = t->existed ? (unsigned long long)st.st_ino : 0;
}

/* --- its registers ------------------------------------------------------ */

static size_t argument_offset(int i)
{
	static const size_t at[] = {
		offsetof(struct user_regs_struct, rdi),
		offsetof(struct user_regs_struct, rsi),
		offsetof(struct user_regs_struct, rdx),
		offsetof(struct user_regs_struct, r10),
		offsetof(struct user_regs_struct, r8),
		offsetof(struct user_regs_struct, r9),
	};

	return at[i];
}

static void poke_register(const struct tracee *t, size_t at,
                          unsigned long value)
{
	ptrace(PTRACE_POKEUSER, t->pid, at, value);
}

/* Not -1: what filters its own calls may die of that.  This one does nothing,
 * and who filters must let it through. */
void tracee_skip_call(const struct tracee *t)
{
	poke_register(t, offsetof(struct user_regs_struct, orig_rax),
	              SYS_restart_syscall);
}

void tracee_set_result(const struct tracee *t, long result)
{
	poke_register(t, offsetof(struct user_regs_struct, rax),
	              (unsigned long)result);
}

bool tracee_halve(const struct tracee *t)
{
	int i = t->call->count;

	if (i < 0 || tracee_argument(t, i) < 2)
		return false;
	poke_register(t, argument_offset(i), tracee_argument(t, i) / 2);
	return true;
}
