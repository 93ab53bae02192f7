/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/port.h"
#include "base/sbuf.h"
#include "queue/entry.h"

#define NAME_LIMIT 255 /* of a file */
#define OPEN_DIRECTORY (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum part { TMP, NEW, CUR, PARTS };

static const char *const part_names[PARTS] = { "tmp", "new", "cur" };

struct maildir {
	const char *path;
	int part[PARTS];
	char name[NAME_LIMIT + 1];      /* in new/ */
	char temporary[NAME_LIMIT + 1]; /* in tmp/ */
};

/* What is full or away now may not be so later; what is not allowed or not as
 * it should be stays so until a person acts. */
static int cannot(const char *what, const char *path, int code, struct fault *f)
{
	switch (code) {
	case EACCES:
	case EPERM:
	case EROFS:
		return fault_set(f, FAULT_CONFIG, "4.2.0",
		                 _("%s %s: %s: user %u must be able to write "
		                   "there, see `local` in relayrc(5)"),
		                 what, path, intl_error(code),
		                 (unsigned)geteuid());
	case ELOOP:
	case ENOTDIR:
		return fault_set(f, FAULT_CONFIG, "4.2.0",
		                 _("%s %s: a part of it is a symbolic link, or "
		                   "no directory: write the real path in "
		                   "`local`"),
		                 what, path);
	default:
		return fault_set(f, FAULT_TEMP, "4.2.0", "%s %s: %s", what,
		                 path, intl_error(code));
	}
}

/* --- directories ---------------------------------------------------------- */

/* Open `name`, made if it is missing and may be: a descriptor, or -1. */
static int enter(int at, const char *name, bool may_make)
{
	int fd = openat(at, name, O_RDONLY | OPEN_DIRECTORY);

	if (fd < 0 && errno == EACCES) /* we may only pass through */
		fd = openat(at, name, O_PATH | OPEN_DIRECTORY);
	if (fd >= 0 || errno != ENOENT || !may_make)
		return fd;
	if (mkdirat(at, name, 0750) != 0 && errno != EEXIST)
		return -1;
	if (fsync(at) != 0 && errno != EINVAL && errno != EBADF)
		return -1;
	return openat(at, name, O_RDONLY | OPEN_DIRECTORY);
}

/* Open a path, part by part; the last one is made. */
static int enter_path(const char *path)
{
	int at = open("/", O_RDONLY | OPEN_DIRECTORY);
	char name[NAME_LIMIT + 1];

	while (at >= 0) {
		int next, saved;
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			break;
		if (n > NAME_LIMIT) {
			close(at);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		next = enter(at, name, path[strspn(path, "/")] == '\0');
		saved = errno;
		close(at);
		errno = saved;
		at = next;
	}
	return at;
}

static int open_parts(struct maildir *m, struct fault *f)
{
	int at = enter_path(m->path);

	if (at < 0)
		return cannot(_("cannot open the Maildir"), m->path, errno, f);
	for (size_t i = 0; i < PARTS; i++) {
		m->part[i] = enter(at, part_names[i], true);
		if (m->part[i] < 0) {
			cannot(_("cannot open the Maildir"), m->path, errno, f);
			close(at);
			return -1;
		}
	}
	close(at);
	return 0;
}

/* --- names ---------------------------------------------------------------- */

/* A host name as maildir(5) wants it: no / and no : in it. */
static void add_host(struct sbuf *name)
{
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		snprintf(host, sizeof(host), "localhost");
	for (const char *c = host; *c != '\0'; c++) {
		if (*c == '/')
			sbuf_addstr(name, "\\057");
		else if (*c == ':')
			sbuf_addstr(name, "\\072");
		else
			sbuf_add(name, c, 1);
	}
}

static void make_names(struct maildir *m, const struct local_message *message)
{
	struct sbuf name;

	sbuf_init(&name, NAME_LIMIT);
	sbuf_addf(&name, "%lld.R%s_%s.", (long long)entry_time(message->id),
	          message->id, message->recipient);
	add_host(&name);
	snprintf(m->name, sizeof(m->name), "%s", name.data);
	/* Somebody may be at work on the same one. */
	snprintf(m->temporary, sizeof(m->temporary), "%lld.R%sP%ld",
	         (long long)entry_time(message->id), message->id,
	         (long)getpid());
	sbuf_release(&name);
}

/* The name alone, or with the flags of somebody who has read it. */
static bool is_ours(const char *name, const char *ours)
{
	size_t n = strlen(ours);

	return strncmp(name, ours, n) == 0 &&
	       (name[n] == '\0' || name[n] == ':');
}

/* A directory that we may not list tells nothing. */
static bool is_in(int directory, const char *ours)
{
	int fd = openat(directory, ".", O_RDONLY | OPEN_DIRECTORY);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e = NULL;

	if (stream == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	do
		e = readdir(stream);
	while (e != NULL && !is_ours(e->d_name, ours));
	closedir(stream);
	return e != NULL;
}

/* --- the message ---------------------------------------------------------- */

static int sync_new(const struct maildir *m, struct fault *f)
{
	if (fsync(m->part[NEW]) == 0 || errno == EINVAL || errno == EBADF)
		return 0;
	return cannot(_("cannot sync the Maildir"), m->path, errno, f);
}

static int write_file(const struct maildir *m,
                      const struct local_message *message, struct fault *f)
{
	int fd = openat(m->part[TMP], m->temporary,
	                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                0640);
	int result;

	if (fd < 0)
		return cannot(_("cannot write into the Maildir"), m->path,
		              errno, f);
	result = deliver_write(message, fd, m->path, f);
	if (result == 0 && fsync(fd) != 0)
		result = cannot(_("cannot sync a file in the Maildir"), m->path,
		                errno, f);
	if (close(fd) != 0 && result == 0)
		result = cannot(_("cannot write into the Maildir"), m->path,
		                errno, f);
	return result;
}

static int put(const struct maildir *m, const struct local_message *message,
               struct fault *f)
{
	int result = write_file(m, message, f);

	if (result == 0 && port_rename_new(m->part[TMP], m->temporary,
	                                   m->part[NEW], m->name) != 0) {
		if (errno == EEXIST)
			unlinkat(m->part[TMP], m->temporary, 0);
		else
			result = cannot(_("cannot write into the Maildir"),
			                m->path, errno, f);
	}
	if (result == 0)
		return sync_new(m, f);
	unlinkat(m->part[TMP], m->temporary, 0);
	return -1;
}

int maildir_deliver(const char *path, const struct local_message *message,
                    struct fault *f)
{
	struct maildir m = { .path = path, .part = { -1, -1, -1 } };
	int result;

	make_names(&m, message);
	result = open_parts(&m, f);
	if (result == 0) {
		if (is_in(m.part[NEW], m.name) || is_in(m.part[CUR], m.name))
			result = sync_new(&m, f);
		else
			result = put(&m, message, f);
	}
	for (size_t i = 0; i < PARTS; i++)
		if (m.part[i] >= 0)
			close(m.part[i]);
	return result;
}
