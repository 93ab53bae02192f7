/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"

int lock_take(const struct dir *root, bool *busy, struct fault *f)
{
	int fd = openat(root->fd, "lock",
	                O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	*busy = false;
	if (fd < 0)
		return fault_set_exit(f, EX_CANTCREAT,
		                      _("cannot open %s/lock: %s"), root->path,
		                      intl_error(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	*busy = errno == EWOULDBLOCK;
	if (!*busy)
		fault_set_exit(f, EX_IOERR, _("cannot lock %s/lock: %s"),
		               root->path, intl_error(errno));
	close(fd);
	return -1;
}
