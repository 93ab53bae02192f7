/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A filter is a program of the classic packet filter over struct seccomp_data;
 * what it answers is in <linux/seccomp.h>.  A list is searched from its start:
 * since Linux 5.11 the kernel keeps the answers that depend on the number only.
 * Also part of relay-drop: nothing here allocates, translates or logs. */
#include "base/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "base/attr.h"

/* The way into the kernel that this program is compiled for; 0: not known, and
 * then nothing is filtered. */
#if defined(__x86_64__) && defined(__LP64__)
#define OUR_WAY AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define OUR_WAY AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define OUR_WAY AUDIT_ARCH_AARCH64
#elif defined(__ARM_EABI__) && defined(__ARMEL__)
#define OUR_WAY AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64 && defined(AUDIT_ARCH_RISCV64)
#define OUR_WAY AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define OUR_WAY AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define OUR_WAY AUDIT_ARCH_S390X
#elif defined(__loongarch_lp64) && defined(AUDIT_ARCH_LOONGARCH64)
#define OUR_WAY AUDIT_ARCH_LOONGARCH64
#else
#define OUR_WAY 0
#endif

/* Where the low half of an argument is, and which of them has clone()'s flags.
 */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF(i) (offsetof(struct seccomp_data, args[i]) + 4)
#else
#define LOW_HALF(i) offsetof(struct seccomp_data, args[i])
#endif
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define NAMESPACES                                                      \
	(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#ifndef SECCOMP_RET_KILL_PROCESS /* Linux 4.14; an older kernel reads KILL */
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

#define X32_BIT 0x40000000U
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)
#define NUMBER offsetof(struct seccomp_data, nr)

/* Numbers above 423 are the same on all machines that we know. */
static const int powers[] = {
	/* running programs */
	SYS_execve, SYS_execveat,
	/* other processes */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
	438 /* pidfd_getfd */, 440 /* process_madvise */,
	448 /* process_mrelease */,
	/* becoming another */
	SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid,
	SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid, SYS_capset,
#ifdef SYS_setuid32
	SYS_setuid32, SYS_setgid32, SYS_setreuid32, SYS_setregid32,
	SYS_setresuid32, SYS_setresgid32, SYS_setgroups32, SYS_setfsuid32,
	SYS_setfsgid32,
#endif
	/* the tree of files */
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl,
	428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */,
	431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
	442 /* mount_setattr */, 443 /* quotactl_fd */,
	/* namespaces; see also add_clone() */
	SYS_unshare, SYS_setns,
	/* the kernel: where its holes have been, and what only root may */
	SYS_bpf, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_perf_event_open,
	SYS_userfaultfd, 425 /* io_uring_setup */, 426 /* io_uring_enter */,
	427 /* io_uring_register */, SYS_init_module, SYS_finit_module,
	SYS_delete_module, SYS_kexec_load,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_modify_ldt
	SYS_modify_ldt, SYS_iopl, SYS_ioperm,
#endif
	SYS_acct, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_syslog,
	SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_adjtime,
	SYS_adjtimex, SYS_personality, SYS_vhangup
};

struct filter {
	struct sock_filter rules[2 * SECCOMP_CALLS + 32];
	unsigned short count;
};

static void add(struct filter *f, unsigned code, unsigned value, unsigned yes,
                unsigned no)
{
	f->rules[f->count++] = (struct sock_filter){
		.code = (unsigned short)code,
		.k = value,
		.jt = (unsigned char)yes,
		.jf = (unsigned char)no,
	};
}

static void add_load(struct filter *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void add_answer(struct filter *f, unsigned answer)
{
	add(f, BPF_RET | BPF_K, answer, 0, 0);
}

/* Is what was loaded `value`?  Then `answer`. */
static void add_case(struct filter *f, unsigned value, unsigned answer)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	add_answer(f, answer);
}

/* Only our own way into the kernel; its numbers are loaded afterwards. */
static void begin(struct filter *f, unsigned other)
{
	f->count = 0;
	add_load(f, offsetof(struct seccomp_data, arch));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, OUR_WAY, 1, 0);
	add_answer(f, other);
	add_load(f, NUMBER);
#ifdef __x86_64__
	add(f, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	add_answer(f, other);
#endif
}

static void add_calls(struct filter *f, const int *calls, size_t count,
                      unsigned answer)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] >= 0)
			add_case(f, (unsigned)calls[i], answer);
}

/* What depends on an argument. */
static void add_clone(struct filter *f)
{
#ifdef SYS_clone3
	add_case(f, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	add_load(f, LOW_HALF(CLONE_FLAGS));
	add(f, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	add_answer(f, REFUSE);
	add_answer(f, SECCOMP_RET_ALLOW);
}

static void add_ioctl(struct filter *f)
{
	add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 6);
	add_load(f, LOW_HALF(1));
	add_case(f, TIOCSTI, REFUSE);
	add_case(f, TIOCLINUX, REFUSE);
	add_answer(f, SECCOMP_RET_ALLOW);
}

#ifdef RELAY_SANITIZE
static bool install(struct filter *f)
{
	(void)f;
	return false;
}
#else
static bool install(struct filter *f)
{
	struct sock_fprog program = { f->count, f->rules };

	return OUR_WAY != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#endif

bool seccomp_allow_only(const int *calls, size_t count)
{
	struct filter f;

	if (count > SECCOMP_CALLS)
		return false;
	begin(&f, SECCOMP_RET_KILL_PROCESS);
	add_calls(&f, calls, count, SECCOMP_RET_ALLOW);
	add_answer(&f, SECCOMP_RET_KILL_PROCESS);
	return install(&f);
}

bool seccomp_deny(const int *calls, size_t count)
{
	struct filter f;

	if (count > SECCOMP_CALLS)
		return false;
	begin(&f, REFUSE);
	add_calls(&f, calls, count, REFUSE);
	add_clone(&f);
	add_ioctl(&f);
	add_answer(&f, SECCOMP_RET_ALLOW);
	return install(&f);
}

bool seccomp_deny_powers(void)
{
	return seccomp_deny(powers, COUNT_OF(powers));
}
