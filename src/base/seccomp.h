/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seccomp - give up system calls for good, in this process and its children
 *
 *     static const int calls[] = { SYS_read, SYS_write, SECCOMP_FSTATAT,
 *                                  SYS_exit_group };
 *
 *     seccomp_allow_only(calls, COUNT_OF(calls));
 *
 * Numbers are those of the C library's SYS_..., or one of the names below for a
 * call that is called otherwise on some machine; a name this machine does not
 * have is -1 and skipped.  Calls by another way into the kernel (32-bit ones of
 * a 64-bit process, x32) are always refused.  Both functions set no_new_privs.
 *
 * False: the kernel, or we on this machine, cannot; nothing has changed then
 * but no_new_privs.  That is no failure: whoever calls goes on without.  So
 * it is in sanitizer builds, whose own calls nobody can list.
 */
#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

#define SECCOMP_CALLS 160 /* in one list, at most; more: false */

/* Any other call ends the process with SIGSYS. */
bool seccomp_allow_only(const int *calls, size_t count);

/* These calls answer EPERM, and so do new namespaces by clone() and writing
 * into the input of a terminal (ioctl TIOCSTI, TIOCLINUX); clone3() answers
 * ENOSYS, so that libraries use clone(). */
bool seccomp_deny(const int *calls, size_t count);

/* The same for all that would give a process more than it has, or hand it to
 * another: running programs, becoming another user, other processes' memory,
 * mounts, namespaces, the kernel's insides. */
bool seccomp_deny_powers(void);

/* What 32-bit machines call otherwise.  The C library chooses; where it may use
 * either, allow both. */
#ifdef SYS_fstat64
#define SECCOMP_FSTAT SYS_fstat64
#elif defined(SYS_fstat)
#define SECCOMP_FSTAT SYS_fstat
#else
#define SECCOMP_FSTAT (-1)
#endif
#ifdef SYS_newfstatat
#define SECCOMP_FSTATAT SYS_newfstatat
#elif defined(SYS_fstatat64)
#define SECCOMP_FSTATAT SYS_fstatat64
#else
#define SECCOMP_FSTATAT (-1)
#endif
#ifdef SYS_fstatfs64
#define SECCOMP_FSTATFS SYS_fstatfs64
#else
#define SECCOMP_FSTATFS SYS_fstatfs
#endif
#ifdef SYS_statfs64
#define SECCOMP_STATFS SYS_statfs64
#else
#define SECCOMP_STATFS SYS_statfs
#endif
#ifdef SYS_fcntl64
#define SECCOMP_FCNTL SYS_fcntl64
#else
#define SECCOMP_FCNTL SYS_fcntl
#endif
#ifdef SYS_mmap2
#define SECCOMP_MMAP SYS_mmap2
#else
#define SECCOMP_MMAP SYS_mmap
#endif
#ifdef SYS__llseek
#define SECCOMP_LSEEK SYS__llseek
#else
#define SECCOMP_LSEEK SYS_lseek
#endif
#ifdef SYS_ftruncate64
#define SECCOMP_FTRUNCATE SYS_ftruncate64
#else
#define SECCOMP_FTRUNCATE SYS_ftruncate
#endif
#ifdef SYS_clock_gettime
#define SECCOMP_CLOCK_GETTIME SYS_clock_gettime
#else
#define SECCOMP_CLOCK_GETTIME (-1)
#endif
#ifdef SYS_clock_gettime64
#define SECCOMP_CLOCK_GETTIME64 SYS_clock_gettime64
#else
#define SECCOMP_CLOCK_GETTIME64 (-1)
#endif
#ifdef SYS_poll
#define SECCOMP_POLL SYS_poll
#else
#define SECCOMP_POLL (-1)
#endif
#ifdef SYS_ppoll
#define SECCOMP_PPOLL SYS_ppoll
#else
#define SECCOMP_PPOLL (-1)
#endif
#ifdef SYS_ppoll_time64
#define SECCOMP_PPOLL64 SYS_ppoll_time64
#else
#define SECCOMP_PPOLL64 (-1)
#endif
#ifdef SYS_alarm
#define SECCOMP_ALARM SYS_alarm
#else
#define SECCOMP_ALARM (-1)
#endif
#ifdef SYS_open
#define SECCOMP_OPEN SYS_open
#else
#define SECCOMP_OPEN (-1)
#endif
#ifdef SYS_rename
#define SECCOMP_RENAME SYS_rename
#else
#define SECCOMP_RENAME (-1)
#endif
#ifdef SYS_renameat
#define SECCOMP_RENAMEAT SYS_renameat
#else
#define SECCOMP_RENAMEAT (-1)
#endif
#ifdef SYS_unlink
#define SECCOMP_UNLINK SYS_unlink
#else
#define SECCOMP_UNLINK (-1)
#endif
#ifdef SYS_sigreturn
#define SECCOMP_SIGRETURN SYS_sigreturn
#else
#define SECCOMP_SIGRETURN (-1)
#endif
#ifdef SYS_getuid32
#define SECCOMP_GETUID SYS_getuid32
#define SECCOMP_GETEUID SYS_geteuid32
#define SECCOMP_GETGID SYS_getgid32
#define SECCOMP_GETEGID SYS_getegid32
#else
#define SECCOMP_GETUID SYS_getuid
#define SECCOMP_GETEUID SYS_geteuid
#define SECCOMP_GETGID SYS_getgid
#define SECCOMP_GETEGID SYS_getegid
#endif

#endif
