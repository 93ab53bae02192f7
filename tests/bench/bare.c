/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bare - what any durable submission must cost, and nothing else
 *
 * Copies standard input into a file in DIR/tmp as cp does, fsyncs it, renames
 * it into DIR/new and fsyncs that: the yardstick of tests/bench/run.  No check,
 * no header, no cleaning up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	static char bytes[131072]; /* what cp reads at once */
	char from[512], to[512];
	ssize_t k;
	int fd, dir;

	if (argc != 2)
		return 64;
	snprintf(from, sizeof(from), "%s/tmp/%d", argv[1], (int)getpid());
	snprintf(to, sizeof(to), "%s/new/%d", argv[1], (int)getpid());
	fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return 74;
	while ((k = read(0, bytes, sizeof(bytes))) > 0)
		if (write(fd, bytes, (size_t)k) != k)
			return 74;
	if (k < 0 || fsync(fd) != 0 || close(fd) != 0 || rename(from, to) != 0)
		return 74;
	snprintf(to, sizeof(to), "%s/new", argv[1]);
	dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || fsync(dir) != 0 ? 74 : 0;
}
