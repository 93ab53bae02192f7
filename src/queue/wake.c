/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/wake.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"

#define FIFO_NAME "wake"

/* A plain file in its place (a copied queue has one) would swallow every ring
 * and keep poll() awake for ever. */
static int open_fifo(const struct dir *root, int mode)
{
	int fd = openat(root->fd, FIFO_NAME,
	                mode | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

/* Read-write, so that the FIFO stays open when a submitter closes its end and
 * poll() does not report a hang-up for ever. */
static int open_or_make(const struct dir *root)
{
	int fd = open_fifo(root, O_RDWR);

	if (fd >= 0)
		return fd;
	unlinkat(root->fd, FIFO_NAME, 0);
	if (mkfifoat(root->fd, FIFO_NAME, 0600) != 0)
		return -1;
	return open_fifo(root, O_RDWR);
}

/* In a shared queue relay-drop, which has the group of drop/, may ring. */
int wake_listen(const struct dir *root)
{
	int fd = open_or_make(root);
	struct stat drop;

	if (fd >= 0 &&
	    fstatat(root->fd, "drop", &drop, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fchown(fd, (uid_t)-1, drop.st_gid) == 0)
		fchmod(fd, 0620);
	return fd;
}

void wake_drain(int fd)
{
	char bytes[256];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

const char *wake_flusher_path(void)
{
	const char *path = secure_getenv("RELAY_FLUSH");

	return path != NULL ? path : PKGLIBEXECDIR "/relay-flush";
}

/* --auto: started by nobody in particular; quiet, and content to find another
 * flusher at work. */
static void start_flusher(void)
{
	char name[] = "relay-flush", option[] = "--auto";
	char *const argv[] = { name, option, NULL };

	child_detach(wake_flusher_path(), argv);
}

bool wake_is_heard(const struct dir *root)
{
	int fd = open_fifo(root, O_WRONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void wake_ring(const struct dir *root)
{
	int fd = open_fifo(root, O_WRONLY);
	bool heard;

	if (fd < 0) {
		start_flusher();
		return;
	}
	heard = write(fd, "", 1) == 1;
	close(fd);
	/* Full: it has been rung often enough.  EPIPE: it is about to look. */
	(void)heard;
}
