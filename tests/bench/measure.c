/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure - run one command, print what it cost
 *
 *     measure INPUT COMMAND...   ->   seconds status kilobytes user system
 *
 * Fork to exit by the monotonic clock, exit status, peak resident memory,
 * seconds of the processor (with those of the children it waited for).  A small
 * program of its own, because a child's peak counts what it shared with the
 * process that forked it: from a script it would be the script's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double in_seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

int main(int argc, char *argv[])
{
	struct timespec begin, end;
	struct rusage usage;
	double seconds;
	int status;
	pid_t pid;

	if (argc < 3)
		return 64;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	if (pid == 0) {
		int in = open(argv[1], O_RDONLY);
		int out = open("/dev/null", O_WRONLY);

		if (dup2(in, 0) == 0 && dup2(out, 1) == 1)
			execv(argv[2], argv + 2);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		return 71;
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) +
	          (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%.6f %d %ld %.6f %.6f\n", seconds,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128, usage.ru_maxrss,
	       in_seconds(&usage.ru_utime), in_seconds(&usage.ru_stime));
	return 0;
}
