/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/port.h"

int apart_run(int (*work)(const void *arg, void *answer), const void *arg,
              void *answer, size_t n)
{
	int ends[2], status = 0, code = APART_FAILED;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return work(arg, answer);
	pid = fork();
	if (pid == 0) {
		if (ends[1] != 3 && dup2(ends[1], 3) != 3)
			_exit(APART_FAILED & 0xff);
		port_close_from(4);
		code = work(arg, answer);
		if (code == 0 && fdio_write(3, answer, n) != 0)
			code = APART_FAILED;
		_exit(code & 0xff);
	}
	close(ends[1]);
	if (pid > 0 && fdio_read(ends[0], answer, n) == (ssize_t)n)
		code = 0;
	close(ends[0]);
	if (pid < 0)
		return work(arg, answer);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) < 128 &&
	    WEXITSTATUS(status) > 0)
		code = WEXITSTATUS(status);
	return code;
}
