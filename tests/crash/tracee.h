/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tracee - a process under ptrace: its memory, and the files its calls mean
 *
 * Nothing here fails: what cannot be read is empty.
 */
#ifndef CRASH_TRACEE_H
#define CRASH_TRACEE_H

#include "calls.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { PATH_SIZE = PATH_MAX + 64 };

struct tracee {
	pid_t pid;
	const struct call *call; /* the one it is in, NULL: none of ours */
	struct __ptrace_syscall_info in;
	char path[2][PATH_SIZE]; /* what the call means, at its entry */
	bool existed;            /* path[0], at its entry */
	bool was_directory;
	unsigned long long inode;
	long index; /* in the sequence of all calls, 0: not counted */
	int forced; /* errno that it will get */
	bool kill_after;
	struct tracee *next;
};

struct tracees {
	struct tracee *first;
};

/* Find it, or add it.  NULL only when memory is gone. */
struct tracee *tracees_get(struct tracees *all, pid_t pid);
void tracees_drop(struct tracees *all, pid_t pid);
void tracees_kill(const struct tracees *all);

/* Fill in call, path[], existed, was_directory and inode from `in`. */
void tracee_enter(struct tracee *t);

/* Argument `i` of the call it is in. */
uint64_t tracee_argument(const struct tracee *t, int i);

/* Up to `n` bytes of its memory; how many there were. */
size_t tracee_peek(const struct tracee *t, uint64_t address, void *to,
                   size_t n);

/* "/path", "socket:[1]", "pipe:[1]" or "". */
void tracee_fd_path(const struct tracee *t, int fd, char path[PATH_SIZE]);

/* The inode behind a descriptor, 0: none. */
unsigned long long tracee_fd_stat(const struct tracee *t, int fd,
                                  struct stat *st);
long long tracee_fd_position(const struct tracee *t, int fd);

/* A descriptor of our own for the file, for reading, or -1. */
int tracee_fd_open(const struct tracee *t, int fd);

/* End the connection, if it is one. */
void tracee_break_socket(const struct tracee *t, int fd);

/* Change registers of a process that is stopped at a call. */
void tracee_skip_call(const struct tracee *t);
void tracee_set_result(const struct tracee *t, long result);
bool tracee_halve(const struct tracee *t);

#endif
