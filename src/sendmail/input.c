/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/input.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"

#define READ_SIZE 65536
#define DRAIN_LIMIT ((size_t)64 << 20)
#define DRAIN_SILENCE 1000 /* milliseconds */

/* False with errno: not in time. */
static bool wait_for(int fd, short events, int milliseconds)
{
	const int64_t end = clock_ticks() + milliseconds;
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		int64_t left = end - clock_ticks();

		n = poll(&p, 1,
		         milliseconds < 0 ? -1
		         : left > 0       ? (int)left
		                          : 0);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

ssize_t input_read(char *bytes, size_t size, int milliseconds)
{
	ssize_t n;

	do {
		if (milliseconds >= 0 &&
		    !wait_for(STDIN_FILENO, POLLIN, milliseconds))
			return -1;
		n = fdio_read(STDIN_FILENO, bytes, size);
	} while (n < 0 && errno == EAGAIN &&
	         wait_for(STDIN_FILENO, POLLIN, milliseconds));
	return n;
}

int input_answer(const char *bytes, size_t n, int milliseconds)
{
	while (n > 0) {
		ssize_t k = -1;

		if (milliseconds < 0 ||
		    wait_for(STDOUT_FILENO, POLLOUT, milliseconds))
			k = write(STDOUT_FILENO, bytes, n);
		if (k < 0 && errno == EAGAIN &&
		    wait_for(STDOUT_FILENO, POLLOUT, milliseconds))
			continue;
		if (k < 0 && errno != EINTR)
			return -1;
		bytes += k > 0 ? k : 0;
		n -= k > 0 ? (size_t)k : 0;
	}
	return 0;
}

void input_drain(void)
{
	char piece[READ_SIZE];
	size_t total = 0;

	while (total < DRAIN_LIMIT) {
		ssize_t n;

		if (isatty(STDIN_FILENO) ||
		    !wait_for(STDIN_FILENO, POLLIN, DRAIN_SILENCE))
			return;
		n = fdio_read(STDIN_FILENO, piece, sizeof(piece));
		if (n <= 0)
			return;
		total += (size_t)n;
	}
}
