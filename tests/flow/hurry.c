/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hurry - a preload library: monotonic time that runs faster, and a look back
 *
 * HURRY=N: clock_gettime(CLOCK_MONOTONIC) runs N times as fast, and poll(),
 * ppoll() and alarm() wait an Nth of the time, so a program that waits five
 * minutes for an answer is done in seconds and its own deadline still is what
 * ends it.  Wall time stays.  HURRY_PEAK=FILE: when the program exits, its
 * VmHWM line goes there; the rusage that its parent gets would count the parent
 * before exec(), too.
 *
 *     cc -shared -fPIC -o hurry.so hurry.c -ldl
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static int factor(void)
{
	const char *text = getenv("HURRY");
	int n = text != NULL ? atoi(text) : 1;

	return n > 0 ? n : 1;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int (*real)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT,
	                                                     "clock_gettime");
	int result = real(clock, t);
	long long ns;

	if (result != 0 || clock != CLOCK_MONOTONIC)
		return result;
	/* A machine that is up for ten years still fits, at N = 29. */
	ns = ((long long)t->tv_sec * 1000000000 + t->tv_nsec) * factor();
	t->tv_sec = (time_t)(ns / 1000000000);
	t->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int (*real)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");

	if (timeout > 0)
		timeout = (timeout + factor() - 1) / factor();
	return real(fds, n, timeout);
}

unsigned alarm(unsigned seconds)
{
	struct itimerval before, timer = { 0 };
	long long us = (long long)seconds * 1000000 / factor();

	timer.it_value.tv_sec = (time_t)(us / 1000000);
	timer.it_value.tv_usec = (suseconds_t)(us % 1000000);
	if (setitimer(ITIMER_REAL, &timer, &before) != 0)
		return 0;
	return (unsigned)before.it_value.tv_sec * (unsigned)factor();
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
          const sigset_t *mask)
{
	int (*real)(struct pollfd *, nfds_t, const struct timespec *,
	            const sigset_t *) =
		(int (*)(struct pollfd *, nfds_t, const struct timespec *,
	                 const sigset_t *))dlsym(RTLD_NEXT, "ppoll");
	struct timespec t = { 0, 0 };
	long long ns;

	if (timeout == NULL)
		return real(fds, n, NULL, mask);
	ns = (long long)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
	ns = (ns + factor() - 1) / factor();
	t.tv_sec = (time_t)(ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	return real(fds, n, &t, mask);
}

/* The same under _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	(void)size;
	return poll(fds, n, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, n, timeout, mask);
}

__attribute__((destructor)) static void tell_peak(void)
{
	const char *path = getenv("HURRY_PEAK");
	FILE *status = path != NULL ? fopen("/proc/self/status", "re") : NULL;
	FILE *out = path != NULL ? fopen(path, "we") : NULL;
	char line[256];

	while (status != NULL && out != NULL &&
	       fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			fputs(line, out);
	if (status != NULL)
		fclose(status);
	if (out != NULL)
		fclose(out);
}
