/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/hint.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "queue/pause.h"

static int open_hint(const struct dir *d, const char *prefix,
                     const char *smarthost, int flags)
{
	char name[PAUSE_NAME];

	pause_name(name, sizeof(name), prefix, smarthost);
	return openat(d->fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	              0600);
}

bool hint_read(const struct dir *d, const char *prefix, const char *smarthost,
               char *text)
{
	int fd = open_hint(d, prefix, smarthost, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = fdio_pread(fd, text, HINT_LIMIT, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strchr(text, '\n') != NULL;
}

void hint_write(const struct dir *d, const char *prefix, const char *smarthost,
                const char *text)
{
	int fd = open_hint(d, prefix, smarthost, O_WRONLY | O_CREAT | O_TRUNC);

	if (fd < 0)
		return;
	fdio_write(fd, text, strlen(text));
	close(fd);
}
