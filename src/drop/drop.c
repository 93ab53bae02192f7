/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-drop - write one entry into the machine's queue, for any user
 *
 *     relay-drop            set-gid relaydrop: the entry is on stdin
 *     relay-drop --serve    root: stdin is a socket, the submitter its peer
 *     relay-drop --listen   root, without systemd: --serve each connection
 *     relay-drop --list     what waits in drop/ (queue/arrivals.h)
 *
 * Answers one line: "OK ID", the entry survives a power cut, or "NO STATUS
 * ERRNO TEXT" (sysexits.h), and nothing is left of it.  Always a process with
 * the submitter's uid and the group of drop/, without environment, locale and
 * most system calls; so the file's owner is the submitter, by the kernel's
 * word, and what the entry says (U) is replaced.  Each wait ends (doc/QUEUE).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/port.h"
#include "base/seccomp.h"
#include "queue/entry.h"
#include "queue/id.h"
#include "queue/share.h"
#include "queue/strict.h"

#define N_(text) text /* the front end translates */
#define WHO N_("cannot find out who submits a message")
#define PLACE N_("cannot open the queue of this machine")
#define LOST N_("the message did not arrive whole")
#define CHUNK 65536
#define SILENCE 5000  /* milliseconds without a byte */
#define LONGEST 60000 /* milliseconds for all of it */

/* All it may ask of the kernel, once it is who it is to be. */
/* clang-format off */
static const int calls[] = {
	SYS_read, SYS_write, SYS_openat, SYS_close, SYS_fsync, SYS_renameat2,
	SYS_linkat, SYS_unlinkat, SYS_getdents64, SYS_getrandom, SYS_brk,
	SYS_munmap, SYS_exit_group, SYS_restart_syscall, SECCOMP_MMAP,
	SECCOMP_FSTAT, SECCOMP_FSTATAT, SECCOMP_FSTATFS, SECCOMP_FCNTL,
	SECCOMP_POLL, SECCOMP_PPOLL, SECCOMP_CLOCK_GETTIME,
};
/* clang-format on */

struct drop {
	int spool, dir, file, writes;
	uid_t uid;
	int64_t end;                        /* microseconds, monotonic */
	char name[2 + ENTRY_ID_LENGTH + 1]; /* "t.ID", at the end "m.ID" */
	struct strict strict;
	size_t out_len;
	char in[CHUNK], out[CHUNK];
	int status, error; /* why not */
	const char *text;
};

static bool no(struct drop *d, int status, int error, const char *text)
{
	d->status = status;
	d->error = error;
	d->text = text;
	return false;
}

/* One user's mail must not fill the disk for all others; root's is let in. */
static bool has_room(struct drop *d, bool is_counted)
{
	if (d->uid != 0 && !share_has_room(d->dir))
		return no(d, EX_IOERR, ENOSPC,
		          N_("the queue of this machine is full"));
	return is_counted || share_may_grow(d->dir, d->uid) ||
	       no(d, EX_IOERR, EDQUOT,
	          N_("you have too much mail in the queue of this machine"));
}

/* Others of the user write, too: each MiB all of it is counted again. */
static bool write_out(struct drop *d)
{
	size_t n = d->out_len;

	d->out_len = 0;
	return has_room(d, ++d->writes % 16 != 0) &&
	       (fdio_write(d->file, d->out, n) == 0 ||
	        no(d, EX_IOERR, errno,
	           N_("cannot write the message to the queue")));
}

static bool put(void *arg, const char *bytes, size_t n)
{
	struct drop *d = arg;

	for (size_t k; n > 0; bytes += k, n -= k) {
		k = n < CHUNK - d->out_len ? n : CHUNK - d->out_len;
		memcpy(d->out + d->out_len, bytes, k);
		d->out_len += k;
		if (d->out_len == CHUNK && !write_out(d))
			return false;
	}
	return true;
}

static int64_t now(clockid_t clock) /* microseconds */
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static ssize_t take(struct drop *d)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left = (d->end - now(CLOCK_MONOTONIC)) / 1000;
	ssize_t k = -1;

	errno = ETIMEDOUT;
	if (left > 0 && poll(&in, 1, left < SILENCE ? (int)left : SILENCE) > 0)
		k = fdio_read(STDIN_FILENO, d->in, CHUNK);
	if (k < 0)
		no(d, EX_NOINPUT, errno, LOST);
	return k;
}

static bool copy(struct drop *d)
{
	enum strict_result result = STRICT_OK;
	ssize_t k;

	while (result == STRICT_OK && (k = take(d)) != 0) {
		if (k < 0)
			return false;
		result = strict_take(&d->strict, d->in, (size_t)k);
	}
	if (result == STRICT_OK)
		result = strict_end(&d->strict);
	if (result == STRICT_DAMAGED)
		return no(d, EX_DATAERR, 0,
		          N_("the queue refuses a damaged message"));
	if (result == STRICT_TOO_LARGE)
		return no(d, EX_DATAERR, EFBIG,
		          N_("the message is larger than this queue takes"));
	return result == STRICT_OK && write_out(d);
}

static bool open_place(struct drop *d)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	d->spool = open(SPOOLDIR, O_PATH | (flags & ~O_RDONLY));
	d->dir = d->spool < 0 ? -1 : openat(d->spool, "drop", flags);
	return d->dir >= 0 ||
	       no(d, errno == EACCES ? EX_NOPERM : EX_CANTCREAT, errno, PLACE);
}

static bool create(struct drop *d)
{
	memcpy(d->name, "t.", 2);
	if (id_make(d->name + 2, now(CLOCK_REALTIME)) != 0)
		return no(d, EX_OSERR, errno, N_("cannot name the message"));
	d->file = openat(d->dir, d->name,
	                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                 0640);
	return d->file >= 0 || no(d, EX_CANTCREAT, errno,
	                          N_("cannot create a file in the queue"));
}

/* fsync, rename, fsync of the directory: then, and not before, it is safe. */
static bool commit(struct drop *d)
{
	char name[sizeof(d->name)];

	memcpy(name, d->name, sizeof(name));
	name[0] = 'm';
	if (fsync(d->file) == 0 &&
	    port_rename_new(d->dir, d->name, d->dir, name) == 0) {
		d->name[0] = 'm';
		if (fsync(d->dir) == 0 || errno == EINVAL)
			return true;
	}
	return no(d, EX_IOERR, errno, N_("cannot make the message safe"));
}

static void ring(const struct drop *d)
{
	int fd = openat(d->spool, "wake", O_WRONLY | O_NONBLOCK | O_NOFOLLOW);

	(void)!write(fd, "", 1); /* to -1 where nobody listens */
}

/* Its user may kill it at any moment: what is left is litter in drop/ that
 * counts as the user's until the flusher removes it. */
static bool submit(struct drop *d)
{
	d->end = now(CLOCK_MONOTONIC) + LONGEST * 1000;
	strict_init(&d->strict, (unsigned)d->uid, put, d);
	if (!open_place(d) || !has_room(d, false) || !create(d))
		return false;
	if (copy(d) && commit(d))
		return true;
	unlinkat(d->dir, d->name, 0);
	return false;
}

static void answer(const struct drop *d, bool ok)
{
	char line[256];

	if (ok)
		snprintf(line, sizeof(line), "OK %s\n", d->name + 2);
	else
		snprintf(line, sizeof(line), "NO %d %d %s\n", d->status,
		         d->error, d->text);
	(void)!fdio_write(STDOUT_FILENO, line, strlen(line));
}

/* With the group of drop/ (root can take it): no other's files are sent. */
static bool become(struct drop *d, uid_t uid)
{
	struct stat st;

	d->uid = uid;
	if (stat(SPOOLDIR "/drop", &st) != 0)
		return no(d, EX_CANTCREAT, errno, PLACE);
	return (setresgid(st.st_gid, st.st_gid, st.st_gid) == 0 &&
	        setresuid(uid, uid, uid) == 0) ||
	       no(d, EX_NOPERM, EACCES, PLACE);
}

/* The peer of a socket, as the kernel knows it; -1 is none, or not of ours. */
static bool become_peer(struct drop *d)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);

	getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	if (peer.uid == (uid_t)-1 || setgroups(0, NULL) != 0)
		return no(d, EX_NOPERM, errno, WHO);
	return become(d, peer.uid) &&
	       (fdio_write(STDOUT_FILENO, "READY\n", 6) == 0 ||
	        no(d, EX_IOERR, errno, LOST));
}

/* Whatever the caller left us: descriptors, signals, limits, environment. */
static void prepare(void)
{
	struct rlimit none = { 0, 0 };

	fdio_repair_standard();
	fdio_close_rest();
	clearenv();
	umask(0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
}

static bool begin(struct drop *d, const char *how)
{
	if (how == NULL)
		return become(d, d->uid);
	if (strcmp(how, "--serve") == 0)
		return become_peer(d);
	if (strcmp(how, "--listen") == 0 && d->uid == 0)
		execl(PKGLIBEXECDIR "/relay-listen", "relay-listen", NULL);
	return no(d, EX_USAGE, 0,
	          "usage: relay-drop [--serve | --listen | --list]");
}

int main(int argc, char *argv[])
{
	static struct drop d; /* large, and zero */
	bool is_list, ok;

	prepare();
	d.uid = getuid();
	is_list = argc > 1 && strcmp(argv[1], "--list") == 0;
	ok = is_list || begin(&d, argc > 1 ? argv[1] : NULL);
	seccomp_allow_only(calls, COUNT_OF(calls));
	if (is_list)
		return !(open_place(&d) && share_show(d.dir, d.uid, 1));
	ok = ok && submit(&d);
	answer(&d, ok);
	if (ok)
		ring(&d);
	return d.status;
}
