/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/hint.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "queue/pause.h"

/* One that was cut short does not end in a newline. */
bool hint_read_file(const struct dir *d, const char *name, char *text,
                    size_t size)
{
	int fd = openat(d->fd, name,
	                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return false;
	n = fdio_pread(fd, text, size, 0);
	close(fd);
	if (n <= 0 || (size_t)n >= size || text[n - 1] != '\n') {
		text[0] = '\0';
		return false;
	}
	text[n] = '\0';
	return true;
}

bool hint_write_file(const struct dir *d, const char *name, const char *text)
{
	int fd = openat(d->fd, name,
	                O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK |
	                        O_CLOEXEC,
	                0600);
	bool ok;

	if (fd < 0)
		return false;
	ok = fdio_write(fd, text, strlen(text)) == 0;
	return close(fd) == 0 && ok;
}

bool hint_read(const struct dir *d, const char *prefix, const char *smarthost,
               char *text)
{
	char name[PAUSE_NAME];

	pause_name(name, sizeof(name), prefix, smarthost);
	return hint_read_file(d, name, text, HINT_LIMIT + 1);
}

void hint_write(const struct dir *d, const char *prefix, const char *smarthost,
                const char *text)
{
	char name[PAUSE_NAME];

	pause_name(name, sizeof(name), prefix, smarthost);
	hint_write_file(d, name, text);
}
