/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/port.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 3.15.  By number: musl 1.2.3 has no wrapper. */
#ifdef SYS_renameat2
static int rename_flags(int from_dir, const char *from, int to_dir,
                        const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}
#else
static int rename_flags(int from_dir, const char *from, int to_dir,
                        const char *to, unsigned flags)
{
	(void)from_dir, (void)from, (void)to_dir, (void)to, (void)flags;
	errno = ENOSYS;
	return -1;
}
#endif

/* Not atomic.  renameat() comes last, as relay-drop has given it up. */
static int rename_after_look(int from_dir, const char *from, int to_dir,
                             const char *to)
{
	struct stat st;

	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	if (errno != ENOENT)
		return -1;
	if (rename_flags(from_dir, from, to_dir, to, 0) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL)
		return -1;
	return renameat(from_dir, from, to_dir, to);
}

int port_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	int saved;

	if (rename_flags(from_dir, from, to_dir, to, 1) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL)
		return -1;
	if (linkat(from_dir, from, to_dir, to, 0) != 0)
		return errno == EPERM
		               ? rename_after_look(from_dir, from, to_dir, to)
		               : -1;
	if (unlinkat(from_dir, from, 0) == 0)
		return 0;
	saved = errno;
	unlinkat(to_dir, to, 0);
	errno = saved;
	return -1;
}

#ifdef SYS_close_range
static int close_range_from(int first)
{
	return (int)syscall(SYS_close_range, (unsigned)first, ~0U, 0U);
}
#else
static int close_range_from(int first)
{
	(void)first;
	return -1;
}
#endif

void port_close_from(int first)
{
	struct rlimit limit;
	int last = 1 << 20;

	if (close_range_from(first) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < (rlim_t)last)
		last = (int)limit.rlim_cur;
	for (int fd = first; fd < last; fd++)
		close(fd);
}

#ifdef RELAY_SANITIZE
void port_forbid_dumps(void)
{
}
#else
void port_forbid_dumps(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
#endif

size_t port_block_size(void *block)
{
	return malloc_usable_size(block);
}

int port_random(void *bytes, size_t n)
{
	ssize_t k;

	do
		k = getrandom(bytes, n, 0);
	while (k < 0 && errno == EINTR);
	return k == (ssize_t)n ? 0 : -1;
}

#ifdef SYNC_FILE_RANGE_WRITE
void port_hasten(int fd, uint64_t from, uint64_t n)
{
	(void)sync_file_range(fd, (off_t)from, (off_t)n, SYNC_FILE_RANGE_WRITE);
}
#else
void port_hasten(int fd, uint64_t from, uint64_t n)
{
	(void)fd, (void)from, (void)n;
}
#endif

/* x86 has had one for this polynomial since 2008. */
/* The C library moves the border up with the first large block that is freed,
 * unless it was told one. */
#ifdef __GLIBC__

void port_return_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 65536);
	mallopt(M_TRIM_THRESHOLD, 65536);
}
#else
void port_return_memory(void)
{
}
#endif

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc_by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = ~crc;

	for (; n >= sizeof(c); n -= sizeof(c), p += sizeof(c)) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		c = __builtin_ia32_crc32di(c, word);
	}
	for (; n > 0; n--, p++)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p);
	return ~(uint32_t)c;
}

bool port_crc(uint32_t *crc, const void *bytes, size_t n)
{
	if (!__builtin_cpu_supports("sse4.2"))
		return false;
	*crc = crc_by_instruction(*crc, bytes, n);
	return true;
}
#else
bool port_crc(uint32_t *crc, const void *bytes, size_t n)
{
	(void)crc, (void)bytes, (void)n;
	return false;
}
#endif
