/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bare - what any durable submission must cost, and nothing else
 *
 * Reads standard input, creates a file in DIR/tmp, writes, fsyncs, renames it
 * into DIR/new and fsyncs that: the yardstick of tests/bench/run.  No check, no
 * header, no cleaning up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	static char bytes[65536];
	char from[512], to[512];
	size_t n = 0;
	ssize_t k;
	int fd, dir;

	if (argc != 2)
		return 64;
	while (n < sizeof(bytes) &&
	       (k = read(0, bytes + n, sizeof(bytes) - n)) > 0)
		n += (size_t)k;
	snprintf(from, sizeof(from), "%s/tmp/%d", argv[1], (int)getpid());
	snprintf(to, sizeof(to), "%s/new/%d", argv[1], (int)getpid());
	fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || fsync(fd) != 0 ||
	    close(fd) != 0 || rename(from, to) != 0)
		return 74;
	snprintf(to, sizeof(to), "%s/new", argv[1]);
	dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || fsync(dir) != 0 ? 74 : 0;
}
