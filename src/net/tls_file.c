/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/tls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/intl.h"

static int unreadable(const char *path, const char *why, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5", _("cannot read %s: %s"),
	                 path, why);
}

/* The group may read a key: that is how a daemon gets at one of root's. */
static int check(int fd, const char *path, bool is_key, struct fault *f)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return unreadable(path, intl_error(errno), f);
	if (!S_ISREG(st.st_mode))
		return unreadable(path, _("it is not a regular file"), f);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return unreadable(path, _("it belongs to another user"), f);
	if (is_key && (st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the key in %s is open to other users: "
		                   "chmod 600 %s"),
		                 path, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s can be changed by other users: "
		                   "chmod go-w %s"),
		                 path, path);
	return 0;
}

static int read_all(int fd, const char *path, struct sbuf *text,
                    struct fault *f)
{
	if (fdio_read_rest(fd, text) != 0)
		return unreadable(path, intl_error(errno), f);
	if (text->overflow)
		return unreadable(path, _("it is too large"), f);
	return 0;
}

int tls_file_read(const char *path, bool is_key, struct sbuf *text,
                  struct fault *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result = check(fd, path, is_key, f);

	if (result == 0)
		result = read_all(fd, path, text, f);
	if (fd >= 0)
		close(fd);
	return result;
}
