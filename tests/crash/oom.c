/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oom - LD_PRELOAD: the Nth allocation of a process fails
 *
 *     OOM_COUNT=FILE  append how many there were, at exit
 *     OOM_AT=N        allocation N fails
 *     OOM_STICKY=1    and every later one
 *
 * Some libraries die when their own allocation fails (glibc's NSS, GnuTLS,
 * GMP). The program cannot help that, so it is told apart: when a signal comes
 * inside the very call from the program in which an allocation failed last, the
 * status is 120.  Any other death is by the signal, and the program's.
 *
 * For glibc, and for programs with one thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIBRARY_DIED = 120, FRAMES = 64 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* Globals cannot be avoided here: malloc() and handlers have no argument. */
static struct {
	long count;
	long at;
	bool sticky;
	bool is_ready;      /* allocations before that never fail */
	bool is_looking;    /* backtrace() may allocate */
	uintptr_t from, to; /* the program's own code */
	uintptr_t failed;   /* where in it the failing call returns to */
	bool in_library;    /* it was for a library other than libc */
} state;

/* --- whose fault it is -------------------------------------------------- */

static int find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		state.from = info->dlpi_addr + part->p_vaddr;
		state.to = state.from + part->p_memsz;
	}
	return 1; /* the program is the first */
}

static bool is_program(const void *frame)
{
	return (uintptr_t)frame >= state.from && (uintptr_t)frame < state.to;
}

static bool is_libc_or_ours(const void *frame)
{
	Dl_info info;

	return dladdr(frame, &info) == 0 || info.dli_fname == NULL ||
	       strstr(info.dli_fname, "libc.so") != NULL ||
	       strstr(info.dli_fname, "oom.so") != NULL;
}

/* The innermost frame that is the program's, 0: none.  Was there another
 * library on the way? */
static uintptr_t program_frame(bool *in_library)
{
	void *frames[FRAMES];
	int n, i = 0;

	*in_library = false;
	state.is_looking = true;
	n = backtrace(frames, FRAMES);
	for (i = 0; i < n && !is_program(frames[i]); i++)
		*in_library |= !is_libc_or_ours(frames[i]);
	state.is_looking = false;
	return i < n ? (uintptr_t)frames[i] : 0;
}

static void on_death(int number)
{
	bool in_library;
	uintptr_t frame = program_frame(&in_library);

	signal(number, SIG_DFL);
	/* 0: the stack cannot be followed, in the libraries' assembler */
	if (frame == state.failed || frame == 0 ||
	    (number == SIGABRT && in_library && state.in_library))
		_exit(LIBRARY_DIED);
	raise(number);
}

/* backtrace() loads a library at its first call. */
static void __attribute__((constructor)) prepare(void)
{
	const char *at = getenv("OOM_AT");
	bool in_library;

	state.at = at != NULL ? strtol(at, NULL, 10) : 0;
	state.sticky = getenv("OOM_STICKY") != NULL;
	dl_iterate_phdr(find_program, NULL);
	program_frame(&in_library);
	if (state.at > 0) {
		signal(SIGSEGV, on_death);
		signal(SIGABRT, on_death);
	}
	state.is_ready = true;
}

/* --- allocations -------------------------------------------------------- */

static bool fails(void)
{
	if (!state.is_ready || state.is_looking)
		return false;
	state.count++;
	if (state.at == 0 || state.count < state.at ||
	    (state.count > state.at && !state.sticky))
		return false;
	state.failed = program_frame(&state.in_library);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

static void __attribute__((destructor)) report(void)
{
	const char *name = getenv("OOM_COUNT");
	char text[32];
	int fd, n;

	if (name == NULL)
		return;
	n = snprintf(text, sizeof(text), "%ld\n", state.count);
	fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		_exit(125);
	close(fd);
}
