/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"

#define TYPED_LIMIT 65536

extern char **environ;

/* One running helper and our ends of its pipes. */
struct child {
	const struct child_question *q;
	pid_t pid;
	int in;            /* its stdin, or -1 */
	int out;           /* its stdout, or -1 */
	size_t written;    /* of the input */
	struct sbuf typed; /* by the person, and not yet given */
	bool is_typed;     /* nothing more will come */
	int64_t end;       /* clock_ticks() of the deadline */
};

static bool is_passed_on(const char *variable)
{
	static const char *const exact[] = {
		"PATH=", "HOME=",   "USER=",           "LOGNAME=",
		"LANG=", "LC_ALL=", "XDG_RUNTIME_DIR="
	};
	static const char *const prefix[] = { "GNUPGHOME", "DBUS_", "SSH_",
		                              "PASSWORD_STORE_" };

	for (size_t i = 0; i < COUNT_OF(exact); i++)
		if (strncmp(variable, exact[i], strlen(exact[i])) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(prefix); i++)
		if (strncmp(variable, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

static size_t count_of(char *const *variables)
{
	size_t count = 0;

	while (variables != NULL && variables[count] != NULL)
		count++;
	return count;
}

/* Pointers into `environ` and `more`; the caller frees the array only. */
static char **clean_environment(char *const *more)
{
	size_t count = count_of(environ), added = count_of(more), kept = 0;
	char **clean = mem_array(count + added + 1, sizeof(*clean));

	for (size_t i = 0; i < count; i++)
		if (is_passed_on(environ[i]))
			clean[kept++] = environ[i];
	for (size_t i = 0; i < added; i++)
		clean[kept++] = more[i];
	return clean;
}

/* After fork: only async-signal-safe calls. */
static NORETURN void become(const struct child_question *q, char **environment,
                            int in, int out, int report)
{
	int saved;
	sigset_t none;

	if (!q->is_interactive)
		setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (chdir("/") == 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
	    (!q->takes_errors || dup2(out, 2) == 2) && dup2(report, 3) == 3) {
		fcntl(3, F_SETFD, FD_CLOEXEC);
		port_close_from(4);
		environ = environment;
		execvp(q->argv[0], q->argv);
	}
	saved = errno;
	if (write(3, &saved, sizeof(saved)) < 0)
		_exit(126);
	_exit(127);
}

/* Descriptors above 3, so that dup2() onto 0, 1 and 3 overwrites none of them.
 */
static int raise_fd(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);

	close(fd);
	return high;
}

static int make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	ends[0] = raise_fd(ends[0]);
	ends[1] = raise_fd(ends[1]);
	return ends[0] >= 0 && ends[1] >= 0 ? 0 : -1;
}

static void close_pipe(const int ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

/* A pipe, or the file, which has no end of ours. */
static int open_input(const struct child_question *q, int in[2])
{
	if (q->input_file <= 0)
		return make_pipe(in);
	if (lseek(q->input_file, 0, SEEK_SET) < 0)
		return -1;
	in[0] = fcntl(q->input_file, F_DUPFD_CLOEXEC, 10);
	return in[0] >= 0 ? 0 : -1;
}

/* The errno of a failed exec, 0 when it succeeded (the pipe just closes). */
static int exec_error(int report)
{
	int code = 0;
	ssize_t k;

	do
		k = read(report, &code, sizeof(code));
	while (k < 0 && errno == EINTR);
	close(report);
	return k == (ssize_t)sizeof(code) ? code : 0;
}

static int cannot_run(const struct child_question *q, int code, struct fault *f)
{
	enum fault_kind kind = code == ENOENT || code == EACCES ||
	                                       code == ENOEXEC ||
	                                       code == ENOTDIR
	                               ? FAULT_CONFIG
	                               : FAULT_TEMP;

	return fault_set(f, kind, "4.3.0", _("cannot run %s: %s"), q->argv[0],
	                 intl_error(code));
}

static int start(struct child *c, struct fault *f)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, report[2] = { -1, -1 };
	char **environment = clean_environment(c->q->variables);
	int code;

	if (open_input(c->q, in) != 0 || make_pipe(out) != 0 ||
	    make_pipe(report) != 0) {
		code = errno;
		free(environment);
		close_pipe(in);
		close_pipe(out);
		close_pipe(report);
		return cannot_run(c->q, code, f);
	}
	c->pid = fork();
	if (c->pid == 0)
		become(c->q, environment, in[0], out[1], report[1]);
	code = c->pid < 0 ? errno : 0;
	free(environment);
	close(in[0]);
	close(out[1]);
	close(report[1]);
	c->in = in[1]; /* -1 for a file */
	c->out = out[0];
	if (code == 0)
		code = exec_error(report[0]);
	else
		close(report[0]);
	if (c->in >= 0)
		fcntl(c->in, F_SETFL, O_NONBLOCK);
	return code == 0 ? 0 : cannot_run(c->q, code, f);
}

static void finish_input(struct child *c)
{
	if (c->in >= 0)
		close(c->in);
	c->in = -1;
}

static bool has_input(const struct child *c)
{
	return c->written < c->q->input_len || c->typed.len > 0;
}

/* Nothing is left, and nothing will come. */
static void finish_if_given(struct child *c)
{
	if (!has_input(c) && (!c->q->is_interactive || c->is_typed))
		finish_input(c);
}

/* A helper that does not read its input is no fault of ours: EPIPE ends it. */
static void give(struct child *c)
{
	size_t left = c->q->input_len - c->written;
	const char *from = left > 0 ? c->q->input + c->written : c->typed.data;
	ssize_t k = write(c->in, from, left > 0 ? left : c->typed.len);

	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k < 0) {
		finish_input(c);
		return;
	}
	if (left > 0)
		c->written += (size_t)k;
	else
		sbuf_drop(&c->typed, (size_t)k);
	finish_if_given(c);
}

/* What the person typed; at its end, the helper's. */
static void hear(struct child *c)
{
	char piece[1024];
	ssize_t k = read(STDIN_FILENO, piece, sizeof(piece));

	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k > 0)
		sbuf_add(&c->typed, piece, (size_t)k);
	explicit_bzero(piece, sizeof(piece));
	c->is_typed |= k <= 0 || c->typed.overflow;
	finish_if_given(c);
}

/* 1: more to come, 0: end of its output, -1: fault. */
static int take(struct child *c, struct sbuf *answer, struct fault *f)
{
	char piece[4096];
	ssize_t k = read(c->out, piece, sizeof(piece));

	if (k < 0 && errno == EINTR)
		return 1;
	if (k < 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot read the output of %s: %s"),
		                 c->q->argv[0], intl_error(errno));
	if (k == 0)
		return 0;
	if (c->q->takes_errors && (size_t)k > answer->limit - answer->len)
		k = (ssize_t)(answer->limit - answer->len);
	sbuf_add(answer, piece, (size_t)k);
	explicit_bzero(piece, sizeof(piece));
	if (answer->overflow)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("%s printed more than %zu bytes"),
		                 c->q->argv[0], answer->limit);
	return 1;
}

/* Only what can be done now is waited for: a pipe with room is always ready. */
static int wait_for(const struct child *c, struct pollfd fds[3])
{
	bool hears = c->in >= 0 && c->q->is_interactive && !c->is_typed;
	int64_t left = c->end - clock_ticks();

	fds[0] = (struct pollfd){ .fd = c->out, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = c->in,
		                  .events = has_input(c) ? POLLOUT : 0 };
	fds[2] = (struct pollfd){ .fd = hears ? STDIN_FILENO : -1,
		                  .events = POLLIN };
	return left > 0 ? poll(fds, 3, (int)left) : 0;
}

static int converse(struct child *c, struct sbuf *answer, struct fault *f)
{
	struct pollfd fds[3];
	int more = 1;

	while (more > 0) {
		int n = wait_for(c, fds);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fault_set(f, FAULT_TEMP, "4.3.0",
			                 _("%s did not finish within %u "
			                   "seconds"),
			                 c->q->argv[0], c->q->deadline);
		if (c->in >= 0 && (fds[1].revents & POLLERR) != 0)
			finish_input(c);
		else if (c->in >= 0 && fds[1].revents != 0)
			give(c);
		if (c->in >= 0 && fds[2].revents != 0)
			hear(c);
		if (fds[0].revents != 0)
			more = take(c, answer, f);
	}
	return more;
}

/* It closed its output; give it the rest of the time to end. */
static int reap(struct child *c, int *status, struct fault *f)
{
	int wait_status;

	while (waitpid(c->pid, &wait_status, WNOHANG) == 0) {
		if (clock_ticks() >= c->end)
			return fault_set(f, FAULT_TEMP, "4.3.0",
			                 _("%s did not finish within %u "
			                   "seconds"),
			                 c->q->argv[0], c->q->deadline);
		poll(NULL, 0, 5);
	}
	c->pid = -1;
	if (!WIFEXITED(wait_status))
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("%s was killed by signal %d"), c->q->argv[0],
		                 WTERMSIG(wait_status));
	*status = WEXITSTATUS(wait_status);
	return 0;
}

/* Kill what is left of its process group, children of its own included. */
static void release(struct child *c)
{
	finish_input(c);
	if (c->out >= 0)
		close(c->out);
	sbuf_release(&c->typed);
	if (c->pid <= 0)
		return;
	if (!c->q->is_interactive)
		kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

int child_run(const struct child_question *q, struct sbuf *answer, int *status,
              struct fault *f)
{
	struct child c = { .q = q, .pid = -1, .in = -1, .out = -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, pipe_before;
	struct sigaction standard = { .sa_handler = SIG_DFL }, chld_before;
	int result;

	/* An ignored SIGCHLD, inherited from a caller, would eat the status. */
	sigaction(SIGPIPE, &ignore, &pipe_before);
	sigaction(SIGCHLD, &standard, &chld_before);
	c.end = clock_ticks() + (int64_t)q->deadline * 1000;
	sbuf_init(&c.typed, TYPED_LIMIT);
	result = start(&c, f);
	if (result == 0)
		finish_if_given(&c);
	if (result == 0)
		result = converse(&c, answer, f);
	if (result == 0)
		result = reap(&c, status, f);
	release(&c);
	sigaction(SIGCHLD, &chld_before, NULL);
	sigaction(SIGPIPE, &pipe_before, NULL);
	return result;
}

/* After fork: only async-signal-safe calls. */
static NORETURN void become_detached(const char *path, char *const argv[])
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++)
		if (null < 0 || dup2(null, fd) != fd)
			_exit(126);
	if (chdir("/") != 0)
		_exit(126);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	execv(path, argv);
	_exit(127);
}

/* fork, not posix_spawn: that one waits until the new program is loaded, which
 * took a submission 1.5 ms; copying the tables of a process as small as ours
 * takes a tenth of that, and the loading goes on while we exit. */
int child_detach(const char *path, char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0)
		become_detached(path, argv);
	return pid > 0 ? 0 : -1;
}
