/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"

/* The password file's home first: sudo and cron set HOME as they like. */
static const char *home(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	if (entry != NULL && entry->pw_dir[0] == '/')
		return entry->pw_dir;
	return secure_getenv("HOME");
}

char *trust_path(const char *path, struct fault *f)
{
	const char *start;
	struct sbuf whole;
	char *copy;

	if (path[0] == '/')
		return mem_strdup(path);
	if (strncmp(path, "~/", 2) != 0) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("`%s` is no full path: start it with / or ~/"),
		          path);
		return NULL;
	}
	start = home();
	if (start == NULL || start[0] != '/') {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("this user has no home directory for `%s`: write "
		            "the full path"),
		          path);
		return NULL;
	}
	sbuf_init(&whole, 16384);
	sbuf_addf(&whole, "%s/%s", start, path + 2);
	copy = mem_strdup(whole.data);
	sbuf_release(&whole);
	return copy;
}

mode_t trust_readers(const struct stat *st, uid_t me)
{
	mode_t readers = st->st_mode & TRUST_READABLE;

	if (st->st_uid == 0 && me != 0 && st->st_gid == getegid())
		readers &= ~(mode_t)S_IRGRP;
	return readers;
}

int trust_check(const char *path, const struct stat *st, uid_t me, mode_t unfit,
                struct fault *f)
{
	if (!S_ISREG(st->st_mode))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s is not a regular file"), path);
	if (st->st_uid != me && st->st_uid != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s belongs to user %u, not to user %u who "
		                   "reads it: chown %u %s"),
		                 path, st->st_uid, me, me, path);
	if ((st->st_mode & unfit & TRUST_WRITABLE) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s can be changed by other users: "
		                   "chmod go-w %s"),
		                 path, path);
	if ((trust_readers(st, me) & unfit) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s can be read by other users: "
		                   "chmod 600 %s"),
		                 path, path);
	return 0;
}

static int read_all(int fd, const char *path, struct sbuf *content,
                    struct fault *f)
{
	if (fdio_read_rest(fd, content) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("cannot read %s: %s"), path,
		                 intl_error(errno));
	if (content->overflow)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s is larger than %zu bytes"), path,
		                 content->limit);
	return 0;
}

int trust_read(const char *path, mode_t unfit, struct sbuf *content,
               struct stat *st, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("cannot open %s: %s"), path,
		                 intl_error(errno));
	if (fstat(fd, st) != 0)
		result = fault_set(f, FAULT_CONFIG, "4.3.5",
		                   _("cannot examine %s: %s"), path,
		                   intl_error(errno));
	else
		result = trust_check(path, st, geteuid(), unfit, f);
	if (result == 0)
		result = read_all(fd, path, content, f);
	close(fd);
	return result;
}
