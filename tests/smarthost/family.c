/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family - see family.h
 *
 * Only the parent writes the stats file, after each child's end: so no older
 * state can replace a newer one.
 */

#include "family.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILDREN_MAX = 512,
	GRACE = 10, /* seconds after the deadline until SIGALRM kills */
};

struct family {
	pid_t children[CHILDREN_MAX];
	size_t count;
	unsigned long born;
};

static void forget(struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->children[i] == pid) {
			f->children[i] = f->children[--f->count];
			return;
		}
}

/* Bury the dead: all there are, or with `wait` all that will be. */
static void reap(struct family *f, struct smarthost *host, bool wait)
{
	pid_t pid;
	int status;

	while (f->count > 0) {
		pid = waitpid(-1, &status, wait ? 0 : WNOHANG);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			break;
		forget(f, pid);
		if (!WIFSIGNALED(status))
			continue;
		store_forget(&host->store, pid);
		if (WTERMSIG(status) != SIGTERM)
			complain("a child died of signal %d", WTERMSIG(status));
	}
	record_stats(&host->record);
}

static int watch_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* True: time to go. */
static bool read_signals(struct family *f, struct smarthost *host, int fd)
{
	struct signalfd_siginfo what;
	bool go = false, dead = false;

	while (read(fd, &what, sizeof(what)) == (ssize_t)sizeof(what)) {
		if (what.ssi_signo == SIGCHLD)
			dead = true;
		else
			go = true;
	}
	if (dead)
		reap(f, host, false);
	return go;
}

static enum who bear(struct family *f, struct smarthost *host, int fd,
                     bool implicit, const sigset_t *mask)
{
	pid_t parent = getpid(), pid = fork();

	if (pid > 0) {
		f->children[f->count++] = pid;
		close(fd);
		return PARENT;
	}
	if (pid < 0) {
		complain("fork: %s", strerror(errno));
		close(fd);
		return PARENT;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, mask, NULL);
	alarm((unsigned)host->options.deadline + GRACE);
	if (getppid() == parent)
		server_run(host, fd, f->born, implicit);
	else
		close(fd);
	return CHILD;
}

enum who family_run(struct smarthost *host, struct listener *l)
{
	struct family f = { .count = 0 };
	enum who who = PARENT;
	sigset_t old;
	bool implicit = false;
	int signals = watch_signals(&old), fd;

	if (signals < 0) {
		complain("signalfd: %s", strerror(errno));
		return PARENT;
	}
	while (who == PARENT && !read_signals(&f, host, signals)) {
		fd = listener_accept(l, signals, f.count == CHILDREN_MAX, -1,
		                     &implicit);
		if (fd < 0)
			continue;
		f.born++;
		who = bear(&f, host, fd, implicit, &old);
	}
	close(signals);
	if (who == CHILD)
		return CHILD;
	for (size_t i = 0; i < f.count; i++)
		kill(f.children[i], SIGTERM);
	reap(&f, host, true);
	return PARENT;
}
