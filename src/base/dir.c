/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"

#define PATH_LIMIT 4096

static char *join(const struct dir *parent, const char *name)
{
	struct sbuf b;
	char *path;

	sbuf_init(&b, PATH_LIMIT);
	if (parent != NULL)
		sbuf_addf(&b, "%s/", parent->path);
	sbuf_addstr(&b, name);
	path = mem_strdup(b.data);
	sbuf_release(&b);
	return path;
}

void dir_init(struct dir *d)
{
	*d = (struct dir){ .fd = -1 };
}

void dir_release(struct dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	dir_init(d);
}

/* The owner's, and nobody else can put a file in place of another's there. */
static int check_owner(const struct dir *d, struct fault *f)
{
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return fault_set_exit(f, EX_IOERR, _("cannot examine %s: %s"),
		                      d->path, intl_error(errno));
	if (st.st_uid != d->owner)
		return fault_set_exit(
			f, EX_NOPERM,
			_("%s belongs to user %u, not to you (user %u): use "
		          "relay as that user, or take it over with chown"),
			d->path, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & S_IWOTH) != 0 ||
	    ((st.st_mode & S_IWGRP) != 0 && (st.st_mode & S_ISVTX) == 0))
		return fault_set_exit(
			f, EX_NOPERM,
			_("%s can be written by other users: chmod go-w %s"),
			d->path, d->path);
	return 0;
}

static int open_of(struct dir *d, const struct dir *parent, const char *name,
                   bool *missing, struct fault *f)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int at = parent != NULL ? parent->fd : AT_FDCWD;

	d->path = join(parent, name);
	d->fd = openat(at, name, O_RDONLY | flags);
	if (d->fd < 0 && errno == EACCES && d->owner != geteuid())
		d->fd = openat(at, name, O_PATH | flags);
	if (missing != NULL)
		*missing = d->fd < 0 && errno == ENOENT;
	if (d->fd < 0)
		fault_set_exit(f, EX_CANTCREAT, _("cannot open %s: %s"),
		               d->path, intl_error(errno));
	else if (check_owner(d, f) == 0)
		return 0;
	dir_release(d);
	return -1;
}

int dir_open(struct dir *d, const struct dir *parent, const char *name,
             bool *missing, struct fault *f)
{
	d->owner = parent != NULL ? parent->owner : geteuid();
	return open_of(d, parent, name, missing, f);
}

int dir_open_of(struct dir *d, const char *path, uid_t owner, bool *missing,
                struct fault *f)
{
	d->owner = owner;
	return open_of(d, NULL, path, missing, f);
}

int dir_create(const struct dir *parent, const char *name, struct fault *f)
{
	if (mkdirat(parent->fd, name, 0700) != 0 && errno != EEXIST)
		return fault_set_exit(f, EX_CANTCREAT,
		                      _("cannot create %s/%s: %s"),
		                      parent->path, name, intl_error(errno));
	return dir_sync(parent, f);
}

/* mkdir one part of a path and fsync the directory that holds its name. */
static int create_part(char *path, char *slash, struct fault *f)
{
	int fd, saved;

	if (mkdir(path, 0700) != 0) {
		if (errno == EEXIST)
			return 0;
		return fault_set_exit(f, EX_CANTCREAT,
		                      _("cannot create %s: %s"), path,
		                      intl_error(errno));
	}
	*slash = '\0';
	fd = open(path[0] != '\0' ? path : "/",
	          O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	saved = fd >= 0 && fsync(fd) == 0 ? 0 : errno;
	if (fd >= 0)
		close(fd);
	*slash = '/';
	if (saved != 0 && saved != EINVAL && saved != EACCES)
		return fault_set_exit(f, EX_IOERR, _("cannot sync %s: %s"),
		                      path, intl_error(saved));
	return 0;
}

int dir_create_path(const char *path, struct fault *f)
{
	char *copy = mem_strdup(path);
	char *end = copy + strlen(copy);
	int result = 0;

	for (char *p = copy + 1; p <= end && result == 0; p++) {
		char kept = *p, *slash = p - 1;

		if (kept != '/' && kept != '\0')
			continue;
		while (slash > copy && *slash != '/')
			slash--;
		*p = '\0';
		result = create_part(copy, slash, f);
		*p = kept;
	}
	free(copy);
	return result;
}

/* EINVAL: a file system that cannot sync directories (some FUSE ones). */
int dir_sync(const struct dir *d, struct fault *f)
{
	if (fsync(d->fd) == 0 || errno == EINVAL)
		return 0;
	return fault_set_exit(f, EX_IOERR, _("cannot sync %s: %s"), d->path,
	                      intl_error(errno));
}

static int each_name(DIR *stream, const struct dir *d,
                     int (*see)(void *arg, const char *name), void *arg,
                     struct fault *f)
{
	for (;;) {
		struct dirent *e;
		int result;

		errno = 0;
		e = readdir(stream);
		if (e == NULL && errno == 0)
			return 0;
		if (e == NULL)
			return fault_set_exit(f, EX_IOERR,
			                      _("cannot list %s: %s"), d->path,
			                      intl_error(errno));
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		result = see(arg, e->d_name);
		if (result != 0)
			return result;
	}
}

int dir_each(const struct dir *d, int (*see)(void *arg, const char *name),
             void *arg, struct fault *f)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	int result;

	if (stream == NULL) {
		fault_set_exit(f, EX_IOERR, _("cannot list %s: %s"), d->path,
		               intl_error(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	result = each_name(stream, d, see, arg, f);
	closedir(stream);
	return result;
}
