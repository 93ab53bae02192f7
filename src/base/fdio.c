/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/port.h"

int fdio_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0) { /* not on Linux; never loop on it */
			errno = EIO;
			return -1;
		}
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

ssize_t fdio_read(int fd, void *bytes, size_t n)
{
	ssize_t k;

	do
		k = read(fd, bytes, n);
	while (k < 0 && errno == EINTR);
	return k;
}

ssize_t fdio_pread(int fd, void *bytes, size_t n, off_t at)
{
	char *p = bytes;
	size_t done = 0;

	while (done < n) {
		ssize_t k = pread(fd, p + done, n - done, at + (off_t)done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		done += (size_t)k;
	}
	return (ssize_t)done;
}

int fdio_repair_standard(void)
{
	int repaired = 0;

	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", O_RDWR) != fd)
			_exit(EX_OSERR);
		if (fd == 0)
			repaired = 1;
	}
	return repaired;
}

void fdio_close_rest(void)
{
	port_close_from(3);
}
