/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

/* clang-format off */
static const struct call calls[] = {
	{ SYS_open,            "open",            BY_PATH,    0, -1, -1 },
	{ SYS_creat,           "creat",           BY_PATH,    0, -1, -1 },
	{ SYS_openat,          "openat",          BY_AT,      0, -1, -1 },
	{ SYS_openat2,         "openat2",         BY_AT,      0, -1, -1 },
	{ SYS_read,            "read",            BY_FD,      0, -1,  2 },
	{ SYS_pread64,         "pread64",         BY_FD,      0, -1,  2 },
	{ SYS_readv,           "readv",           BY_FD,      0, -1, -1 },
	{ SYS_write,           "write",           BY_FD,      0, -1,  2 },
	{ SYS_pwrite64,        "pwrite64",        BY_FD,      0, -1,  2 },
	{ SYS_writev,          "writev",          BY_FD,      0, -1, -1 },
	{ SYS_pwritev,         "pwritev",         BY_FD,      0, -1, -1 },
	{ SYS_sendfile,        "sendfile",        BY_FD,      0, -1,  3 },
	{ SYS_copy_file_range, "copy_file_range", BY_FD,      2, -1,  4 },
	{ SYS_splice,          "splice",          BY_FD,      2, -1,  4 },
	{ SYS_fsync,           "fsync",           BY_FD,      0, -1, -1 },
	{ SYS_fdatasync,       "fdatasync",       BY_FD,      0, -1, -1 },
	{ SYS_sync_file_range, "sync_file_range", BY_FD,      0, -1, -1 },
	{ SYS_syncfs,          "syncfs",          BY_FD,      0, -1, -1 },
	{ SYS_sync,            "sync",            BY_NOTHING, 0, -1, -1 },
	{ SYS_close,           "close",           BY_FD,      0, -1, -1 },
	{ SYS_rename,          "rename",          BY_PATH,    0,  1, -1 },
	{ SYS_renameat,        "renameat",        BY_AT,      0,  2, -1 },
	{ SYS_renameat2,       "renameat2",       BY_AT,      0,  2, -1 },
	{ SYS_link,            "link",            BY_PATH,    0,  1, -1 },
	{ SYS_linkat,          "linkat",          BY_AT,      0,  2, -1 },
	{ SYS_symlink,         "symlink",         BY_PATH,    1, -1, -1 },
	{ SYS_symlinkat,       "symlinkat",       BY_AT,      1, -1, -1 },
	{ SYS_unlink,          "unlink",          BY_PATH,    0, -1, -1 },
	{ SYS_unlinkat,        "unlinkat",        BY_AT,      0, -1, -1 },
	{ SYS_mkdir,           "mkdir",           BY_PATH,    0, -1, -1 },
	{ SYS_mkdirat,         "mkdirat",         BY_AT,      0, -1, -1 },
	{ SYS_rmdir,           "rmdir",           BY_PATH,    0, -1, -1 },
	{ SYS_mknodat,         "mknodat",         BY_AT,      0, -1, -1 },
	{ SYS_truncate,        "truncate",        BY_PATH,    0, -1, -1 },
	{ SYS_ftruncate,       "ftruncate",       BY_FD,      0, -1, -1 },
	{ SYS_fallocate,       "fallocate",       BY_FD,      0, -1, -1 },
	{ SYS_chmod,           "chmod",           BY_PATH,    0, -1, -1 },
	{ SYS_fchmod,          "fchmod",          BY_FD,      0, -1, -1 },
	{ SYS_fchmodat,        "fchmodat",        BY_AT,      0, -1, -1 },
	{ SYS_fchown,          "fchown",          BY_FD,      0, -1, -1 },
	{ SYS_flock,           "flock",           BY_FD,      0, -1, -1 },
	{ SYS_stat,            "stat",            BY_PATH,    0, -1, -1 },
	{ SYS_lstat,           "lstat",           BY_PATH,    0, -1, -1 },
	{ SYS_fstat,           "fstat",           BY_FD,      0, -1, -1 },
	{ SYS_newfstatat,      "newfstatat",      BY_AT,      0, -1, -1 },
	{ SYS_statx,           "statx",           BY_AT,      0, -1, -1 },
	{ SYS_statfs,          "statfs",          BY_PATH,    0, -1, -1 },
	{ SYS_fstatfs,         "fstatfs",         BY_FD,      0, -1, -1 },
	{ SYS_access,          "access",          BY_PATH,    0, -1, -1 },
	{ SYS_faccessat,       "faccessat",       BY_AT,      0, -1, -1 },
	{ SYS_faccessat2,      "faccessat2",      BY_AT,      0, -1, -1 },
	{ SYS_getdents64,      "getdents64",      BY_FD,      0, -1, -1 },
	{ SYS_utimensat,       "utimensat",       BY_AT,      0, -1, -1 },
	{ SYS_lseek,           "lseek",           BY_FD,      0, -1, -1 },
	{ SYS_mmap,            "mmap",            BY_NOTHING, 0, -1, -1 },
	{ SYS_socket,          "socket",          BY_NOTHING, 0, -1, -1 },
	{ SYS_connect,         "connect",         BY_FD,      0, -1, -1 },
	{ SYS_sendto,          "sendto",          BY_FD,      0, -1,  2 },
	{ SYS_sendmsg,         "sendmsg",         BY_FD,      0, -1, -1 },
	{ SYS_recvfrom,        "recvfrom",        BY_FD,      0, -1,  2 },
	{ SYS_recvmsg,         "recvmsg",         BY_FD,      0, -1, -1 },
	{ SYS_getsockopt,      "getsockopt",      BY_FD,      0, -1, -1 },
	{ SYS_setsockopt,      "setsockopt",      BY_FD,      0, -1, -1 },
	{ SYS_shutdown,        "shutdown",        BY_FD,      0, -1, -1 },
	{ SYS_ioctl,           "ioctl",           BY_FD,      0, -1, -1 },
	{ SYS_fcntl,           "fcntl",           BY_FD,      0, -1, -1 },
};

static const struct { const char *name; int value; } errors[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT },
	{ "EROFS", EROFS }, { "EINTR", EINTR }, { "ENOMEM", ENOMEM },
	{ "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "EACCES", EACCES },
	{ "EPERM", EPERM }, { "EAGAIN", EAGAIN }, { "EFBIG", EFBIG },
	{ "ENOENT", ENOENT }, { "EEXIST", EEXIST }, { "EPIPE", EPIPE },
	{ "ECONNRESET", ECONNRESET }, { "ETIMEDOUT", ETIMEDOUT },
	{ "ECONNREFUSED", ECONNREFUSED }, { "EINVAL", EINVAL },
	{ "ELOOP", ELOOP }, { "EXDEV", EXDEV }, { "ESTALE", ESTALE },
};
/* clang-format on */

enum {
	CALL_COUNT = sizeof(calls) / sizeof(calls[0]),
	ERROR_COUNT = sizeof(errors) / sizeof(errors[0]),
};

_Static_assert((int)CALL_COUNT <= (int)CALLS_MAX, "CALLS_MAX is too small");

size_t calls_count(void)
{
	return CALL_COUNT;
}

const struct call *calls_at(size_t i)
{
	return &calls[i];
}

int calls_find(long number)
{
	for (int i = 0; i < CALL_COUNT; i++)
		if (calls[i].number == number)
			return i;
	return -1;
}

int calls_find_name(const char *name, size_t length)
{
	for (int i = 0; i < CALL_COUNT; i++)
		if (strlen(calls[i].name) == length &&
		    memcmp(calls[i].name, name, length) == 0)
			return i;
	return -1;
}

int calls_errno(const char *name)
{
	for (int i = 0; i < ERROR_COUNT; i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	return 0;
}
