/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd - run a command many times, each with a message of its own
 *
 *     crowd [-r ROOT] [-n COUNT] [-c AT-ONCE] [-s SIZE] [-f FIRST] COMMAND...
 *         ->   for each, as they end: seconds user system
 *              at last: FAILED SECONDS-OF-ALL
 *
 * The messages come from memory, and are to FIRST@dest.test and so on: the
 * smarthost of the tests tells them apart by that.  A time is from the fork to
 * the exit; what the command leaves in the background is not waited for.  -r:
 * in that root.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, WIDTH = 72 };

struct settings {
	const char *root; /* NULL: ours */
	long count, at_once, size, first;
	char **command;
};

struct run {
	pid_t pid; /* 0: free */
	double begin;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void die(const char *what)
{
	perror(what);
	exit(71);
}

static void write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, bytes, n);

		if (k <= 0)
			die("crowd: message");
		bytes += k;
		n -= (size_t)k;
	}
}

/* As long as `size`, or as its header. */
static int make_message(long number, long size)
{
	char line[WIDTH], head[256];
	int fd = memfd_create("message", MFD_CLOEXEC);
	int n = snprintf(head, sizeof(head),
	                 "From: bench@bench.test\n"
	                 "To: %ld@dest.test\n"
	                 "Subject: number %ld\n"
	                 "\n",
	                 number, number);

	if (fd < 0)
		die("crowd: memfd_create");
	write_all(fd, head, (size_t)n);
	memset(line, 'x', sizeof(line));
	line[WIDTH - 1] = '\n';
	for (long left = size - n; left > 0; left -= WIDTH)
		write_all(fd, left < WIDTH ? line + WIDTH - left : line,
		          (size_t)(left < WIDTH ? left : WIDTH));
	if (lseek(fd, 0, SEEK_SET) != 0)
		die("crowd: lseek");
	return fd;
}

static void begin(const struct settings *s, struct run *run, int message)
{
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	run->begin = now();
	run->pid = vfork();
	if (run->pid == 0) {
		if ((s->root == NULL ||
		     (chroot(s->root) == 0 && chdir("/") == 0)) &&
		    dup2(message, 0) == 0 && dup2(out, 1) == 1)
			execv(s->command[0], s->command);
		_exit(127);
	}
	if (run->pid < 0)
		die("crowd: fork");
	close(out);
}

static struct run *find(struct run *runs, pid_t pid)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (runs[i].pid == pid)
			return &runs[i];
	return NULL;
}

/* One of them ends.  True: it failed. */
static bool end(struct run *runs)
{
	struct rusage usage;
	struct run *run;
	int status;
	pid_t pid = wait4(-1, &status, 0, &usage);
	double at = now();

	if (pid <= 0)
		die("crowd: wait");
	run = find(runs, pid);
	if (run == NULL)
		return false;
	printf("%.6f %.6f %.6f\n", at - run->begin, seconds(&usage.ru_utime),
	       seconds(&usage.ru_stime));
	run->pid = 0;
	return status != 0;
}

static void run_all(const struct settings *s)
{
	struct run runs[AT_ONCE] = { 0 };
	long failed = 0, started = 0, ended = 0;
	double start = now();

	while (ended < s->count) {
		while (started < s->count && started - ended < s->at_once) {
			int message = make_message(s->first + started, s->size);

			begin(s, find(runs, 0), message);
			close(message);
			started++;
		}
		failed += end(runs) ? 1 : 0;
		ended++;
	}
	printf("%ld %.6f\n", failed, now() - start);
}

int main(int argc, char *argv[])
{
	struct settings s = {
		.count = 1, .at_once = 1, .size = 4096, .first = 1
	};
	int c;

	while ((c = getopt(argc, argv, "+r:n:c:s:f:")) != -1) {
		switch (c) {
		case 'r': s.root = optarg; break;
		case 'n': s.count = strtol(optarg, NULL, 10); break;
		case 'c': s.at_once = strtol(optarg, NULL, 10); break;
		case 's': s.size = strtol(optarg, NULL, 10); break;
		case 'f': s.first = strtol(optarg, NULL, 10); break;
		default: return 64;
		}
	}
	if (optind == argc || s.at_once < 1 || s.at_once > AT_ONCE)
		return 64;
	s.command = argv + optind;
	run_all(&s);
	return 0;
}
