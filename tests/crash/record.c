/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIECE = 65536 };

typedef void recorder(const struct record *r, const struct tracee *t,
                      long result);

static bool follows(const struct record *r, const char *path)
{
	return r->follows(r->arg, path);
}

static void hex(const struct record *r, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		fprintf(r->file, "%02x", b[i]);
}

static void end_with(const struct record *r, const char *path)
{
	fputc(' ', r->file);
	if (path[0] == '\0')
		fputc('-', r->file);
	hex(r, path, strlen(path));
	fputc('\n', r->file);
}

static void start(const struct record *r, const char *word,
                  const struct tracee *t, unsigned long long inode)
{
	fprintf(r->file, "%s %ld %llu", word, t->index, inode);
}

/* --- contents ----------------------------------------------------------- */

/* What was just written is read back from the file itself. */
static void put_content(const struct record *r, const struct tracee *t, int fd,
                        long long offset, long n)
{
	struct stat st;
	int from = tracee_fd_open(t, fd);

	start(r, "write", t, tracee_fd_stat(t, fd, &st));
	fprintf(r->file, " %lld ", offset);
	while (from >= 0 && n > 0) {
		unsigned char bytes[PIECE];
		ssize_t k =
			pread(from, bytes,
		              n > PIECE ? (size_t)PIECE : (size_t)n, offset);

		if (k <= 0)
			break;
		hex(r, bytes, (size_t)k);
		offset += k;
		n -= k;
	}
	if (from >= 0)
		close(from);
	fputc('\n', r->file);
}

static void put_memory(const struct record *r, const char *word,
                       const struct tracee *t, uint64_t address, long n)
{
	fprintf(r->file, "%s %ld ", word, t->index);
	while (n > 0) {
		unsigned char bytes[PIECE];
		size_t k = tracee_peek(t, address, bytes,
		                       n > PIECE ? (size_t)PIECE : (size_t)n);

		if (k == 0)
			break;
		hex(r, bytes, k);
		address += k;
		n -= (long)k;
	}
	fputc('\n', r->file);
}

/* write, writev and the like, which move the position.  How far it had been
 * is seen afterwards, because of O_APPEND. */
static void on_write(const struct record *r, const struct tracee *t,
                     long result)
{
	int fd = (int)tracee_argument(t, t->call->where);

	if (result <= 0)
		return;
	if (follows(r, t->path[0]))
		put_content(r, t, fd, tracee_fd_position(t, fd) - result,
		            result);
	else if (t->call->number == SYS_write || t->call->number == SYS_sendto)
		put_memory(r, "out", t, tracee_argument(t, 1), result);
}

static void on_write_at(const struct record *r, const struct tracee *t,
                        long result)
{
	if (result > 0 && follows(r, t->path[0]))
		put_content(r, t, (int)tracee_argument(t, 0),
		            (long long)tracee_argument(t, 3), result);
}

static void on_read(const struct record *r, const struct tracee *t, long result)
{
	if (result > 0 && strncmp(t->path[0], "socket:", 7) == 0)
		put_memory(r, "in", t, tracee_argument(t, 1), result);
}

static void put_attributes(const struct record *r, const struct tracee *t,
                           const struct stat *st)
{
	start(r, "attr", t, (unsigned long long)st->st_ino);
	fprintf(r->file, " %o %u %u\n", st->st_mode & 07777U, st->st_uid,
	        st->st_gid);
}

static void on_resize(const struct record *r, const struct tracee *t,
                      long result)
{
	struct stat st;

	(void)result;
	if (!follows(r, t->path[0]))
		return;
	start(r, "trunc", t,
	      tracee_fd_stat(t, (int)tracee_argument(t, 0), &st));
	fprintf(r->file, " %lld\n", (long long)st.st_size);
}

static void on_map(const struct record *r, const struct tracee *t, long result)
{
	char path[PATH_SIZE];

	(void)result;
	if ((tracee_argument(t, 3) & MAP_SHARED) == 0 ||
	    (tracee_argument(t, 2) & PROT_WRITE) == 0 ||
	    (int)tracee_argument(t, 4) < 0)
		return;
	tracee_fd_path(t, (int)tracee_argument(t, 4), path);
	if (follows(r, path))
		fprintf(r->file, "unsupported %ld shared-mmap\n", t->index);
}

/* --- names -------------------------------------------------------------- */

static uint64_t open_flags(const struct tracee *t)
{
	uint64_t flags = 0;

	switch (t->call->number) {
	case SYS_open: return tracee_argument(t, 1);
	case SYS_openat: return tracee_argument(t, 2);
	case SYS_creat: return O_CREAT | O_TRUNC | O_WRONLY;
	default: tracee_peek(t, tracee_argument(t, 2), &flags, sizeof(flags));
	}
	return flags;
}

static void on_open(const struct record *r, const struct tracee *t, long result)
{
	uint64_t flags = open_flags(t);
	char path[PATH_SIZE];
	unsigned long long inode;
	struct stat st;
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	bool made = (flags & O_CREAT) != 0 && !t->existed;

	tracee_fd_path(t, (int)result, path);
	if (!follows(r, path))
		return;
	inode = tracee_fd_stat(t, (int)result, &st);
	if (unnamed || made) {
		start(r, "inode", t, inode);
		fputc('\n', r->file);
		put_attributes(r, t, &st);
	}
	if (made && !unnamed) {
		start(r, "add", t, inode);
		end_with(r, path);
	} else if ((flags & O_TRUNC) != 0 && S_ISREG(st.st_mode)) {
		start(r, "trunc", t, inode);
		fputs(" 0\n", r->file);
	}
}

static void on_sync(const struct record *r, const struct tracee *t, long result)
{
	unsigned long long inode;
	struct stat st;
	const char *word;

	(void)result;
	if (t->call->number == SYS_sync) {
		fprintf(r->file, "syncall %ld 0 -\n", t->index);
		return;
	}
	if (!follows(r, t->path[0]))
		return;
	inode = tracee_fd_stat(t, (int)tracee_argument(t, 0), &st);
	word = S_ISDIR(st.st_mode) ? "syncdir" : "syncfile";
	start(r, t->call->number == SYS_syncfs ? "syncall" : word, t, inode);
	end_with(r, t->path[0]);
}

static void on_rename(const struct record *r, const struct tracee *t,
                      long result)
{
	(void)result;
	if (!follows(r, t->path[0]) && !follows(r, t->path[1]))
		return;
	start(r, "rename", t, t->inode);
	fputc(' ', r->file);
	hex(r, t->path[0], strlen(t->path[0]));
	end_with(r, t->path[1]);
}

static void on_link(const struct record *r, const struct tracee *t, long result)
{
	struct stat st;

	(void)result;
	if (!follows(r, t->path[1]) || lstat(t->path[1], &st) != 0)
		return;
	start(r, "add", t, (unsigned long long)st.st_ino);
	end_with(r, t->path[1]);
}

static void on_symlink(const struct record *r, const struct tracee *t,
                       long result)
{
	char target[PATH_SIZE];
	struct stat st;
	ssize_t k;

	(void)result;
	if (!follows(r, t->path[0]) || lstat(t->path[0], &st) != 0)
		return;
	k = readlink(t->path[0], target, sizeof(target) - 1);
	target[k > 0 ? k : 0] = '\0';
	start(r, "symlink", t, (unsigned long long)st.st_ino);
	fputc(' ', r->file);
	hex(r, t->path[0], strlen(t->path[0]));
	end_with(r, target);
}

static void on_unlink(const struct record *r, const struct tracee *t,
                      long result)
{
	(void)result;
	if (!follows(r, t->path[0]))
		return;
	start(r, t->was_directory ? "rmdir" : "del", t, t->inode);
	end_with(r, t->path[0]);
}

static void on_mkdir(const struct record *r, const struct tracee *t,
                     long result)
{
	struct stat st;

	(void)result;
	if (!follows(r, t->path[0]) || lstat(t->path[0], &st) != 0)
		return;
	start(r, "mkdir", t, (unsigned long long)st.st_ino);
	fputc(' ', r->file);
	hex(r, t->path[0], strlen(t->path[0]));
	fprintf(r->file, " %o\n", st.st_mode & 07777U);
}

static void on_attributes(const struct record *r, const struct tracee *t,
                          long result)
{
	struct stat st;

	(void)result;
	if (!follows(r, t->path[0]))
		return;
	if (t->call->naming == BY_FD)
		tracee_fd_stat(t, (int)tracee_argument(t, 0), &st);
	else if (stat(t->path[0], &st) != 0)
		return;
	put_attributes(r, t, &st);
}

/* clang-format off */
static const struct { long number; recorder *put; } recorders[] = {
	{ SYS_open, on_open }, { SYS_openat, on_open },
	{ SYS_openat2, on_open }, { SYS_creat, on_open },
	{ SYS_write, on_write }, { SYS_writev, on_write },
	{ SYS_sendfile, on_write }, { SYS_sendto, on_write },
	{ SYS_copy_file_range, on_write }, { SYS_splice, on_write },
	{ SYS_pwrite64, on_write_at }, { SYS_pwritev, on_write_at },
	{ SYS_read, on_read }, { SYS_recvfrom, on_read },
	{ SYS_ftruncate, on_resize }, { SYS_fallocate, on_resize },
	{ SYS_fsync, on_sync }, { SYS_fdatasync, on_sync },
	{ SYS_syncfs, on_sync }, { SYS_sync, on_sync },
	{ SYS_rename, on_rename }, { SYS_renameat, on_rename },
	{ SYS_renameat2, on_rename },
	{ SYS_link, on_link }, { SYS_linkat, on_link },
	{ SYS_symlink, on_symlink }, { SYS_symlinkat, on_symlink },
	{ SYS_unlink, on_unlink }, { SYS_unlinkat, on_unlink },
	{ SYS_rmdir, on_unlink },
	{ SYS_mkdir, on_mkdir }, { SYS_mkdirat, on_mkdir },
	{ SYS_fchmod, on_attributes }, { SYS_fchown, on_attributes },
	{ SYS_chmod, on_attributes }, { SYS_fchmodat, on_attributes },
	{ SYS_mmap, on_map },
};
/* clang-format on */

void record_call(const struct record *r, const struct tracee *t, long result)
{
	for (size_t i = 0; i < sizeof(recorders) / sizeof(recorders[0]); i++)
		if (recorders[i].number == t->call->number)
			recorders[i].put(r, t, result);
	fflush(r->file);
}

void record_exit(const struct record *r, long index, int status)
{
	fprintf(r->file, "exit %ld %d\n", index, status);
	fflush(r->file);
}
