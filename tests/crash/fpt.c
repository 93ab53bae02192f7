/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fpt - run a command and let something happen at its Nth system call
 *
 *     fpt [options] -- COMMAND [ARGUMENT]...
 *
 *     -s CALLS   which calls count, separated by commas
 *     -p DIR     those on files below DIR (up to 16 of them)
 *     -N         those on sockets and pipes, too
 *     -l FILE    list the calls that count: number, process, name, path,
 *                second path, and "*" for each time that -m was found; tabs
 *                between them
 *     -m TEXT    look for TEXT in what is written to sockets
 *     -n N       let the action happen at call N: "f3" is the third on a file,
 *                "n3" the third on a socket or pipe
 *     -r         and at every later one
 *     -a ACTION  kill        kill the command before the call
 *                after       the same, after it
 *                err:ENAME   the call is not made, and fails so; a
 *                            connection is over then (but for EINTR)
 *                short       it is made for half of the bytes
 *                sig:NUMBER  this signal comes during it
 *     -T FILE    write a record for powercut.py of all changes below DIR
 *
 * The command is the whole tree of processes that it starts, and their calls
 * are numbered together: those on files, and apart from them those on sockets
 * and pipes, of which there may be more or fewer from one run to the next.
 * "kill" kills all processes at once.
 *
 * Exit status: the command's own; 128 and the number of the signal that ended
 * it; 125 when fpt itself failed, and 124 when call N was never reached.
 */
#include "calls.h"
#include "record.h"
#include "tracee.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NOT_REACHED = 124,
	OWN_FAILURE = 125,
	NO_COMMAND = 127,
	PREFIXES_MAX = 16,
	MARK_LOOK = 1 << 20, /* bytes searched for the mark */
};

enum action { NOTHING, KILL, AFTER, FAIL, SHORT, SIGNAL };

struct options {
	bool counted[CALLS_MAX];
	char *prefix[PREFIXES_MAX];
	size_t prefixes;
	bool net;
	const char *mark;
	long at; /* 0: never */
	bool at_net;
	bool sticky;
	enum action action;
	int number; /* errno or signal */
	FILE *list;
	FILE *trace;
};

struct fpt {
	struct options options;
	struct record record;
	struct tracees tracees;
	pid_t root;
	long counter;     /* of all calls */
	long counters[2]; /* of those on files, and of the others */
	bool fired;
	bool killing; /* who is born now dies, too */
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "fpt: %s: %s\n", what, strerror(errno));
	exit(OWN_FAILURE);
}

static void __attribute__((noreturn)) wrong_use(const char *what)
{
	fprintf(stderr, "fpt: %s: see the head of fpt.c\n", what);
	exit(OWN_FAILURE);
}

/* --- which calls -------------------------------------------------------- */

static bool is_below(const void *arg, const char *path)
{
	const struct options *o = arg;

	for (size_t i = 0; i < o->prefixes; i++) {
		size_t n = strlen(o->prefix[i]);

		if (strncmp(path, o->prefix[i], n) == 0 &&
		    strchr("/ ", path[n]) != NULL)
			return true;
	}
	return false;
}

static bool is_net(const char *path)
{
	return strncmp(path, "socket:", 7) == 0 ||
	       strncmp(path, "pipe:", 5) == 0;
}

static bool on_net(const struct tracee *t)
{
	return t->call->naming == BY_NOTHING || is_net(t->path[0]);
}

static bool counts(const struct options *o, const struct tracee *t)
{
	if (!o->counted[calls_find(t->call->number)])
		return false;
	if (t->call->naming == BY_NOTHING)
		return true;
	return is_below(o, t->path[0]) || is_below(o, t->path[1]) ||
	       (o->net && is_net(t->path[0]));
}

static void list_marks(const struct options *o, const char *bytes, size_t n)
{
	const char *end = bytes + n, *at = bytes;

	while ((at = memmem(at, (size_t)(end - at), o->mark,
	                    strlen(o->mark))) != NULL) {
		fputc('*', o->list);
		at++;
	}
}

static void list_written(const struct options *o, const struct tracee *t)
{
	uint64_t count = tracee_argument(t, 2);
	char *bytes;
	size_t n;

	if (o->mark == NULL || strncmp(t->path[0], "socket:", 7) != 0 ||
	    (t->call->number != SYS_write && t->call->number != SYS_sendto))
		return;
	n = count < MARK_LOOK ? (size_t)count : (size_t)MARK_LOOK;
	bytes = malloc(n + 1);
	if (bytes == NULL)
		give_up("memory");
	n = tracee_peek(t, tracee_argument(t, 1), bytes, n);
	list_marks(o, bytes, n);
	free(bytes);
}

static void list(const struct fpt *f, const struct tracee *t)
{
	fprintf(f->options.list, "%c%ld\t%d\t%s\t%s\t%s\t",
	        on_net(t) ? 'n' : 'f', f->counters[on_net(t)], (int)t->pid,
	        t->call->name, t->path[0], t->path[1]);
	list_written(&f->options, t);
	fputc('\n', f->options.list);
	fflush(f->options.list);
}

/* --- what happens at them ----------------------------------------------- */

static void kill_all(struct fpt *f)
{
	f->killing = true;
	tracees_kill(&f->tracees);
}

/* A file is closed although close() failed, and a connection does not go on
 * after an error. */
static void fail(struct tracee *t, int error)
{
	t->forced = error;
	if (t->call->number == SYS_close)
		return;
	tracee_skip_call(t);
	if (error != EINTR && t->call->naming == BY_FD)
		tracee_break_socket(t, (int)tracee_argument(t, t->call->where));
}

static void act(struct fpt *f, struct tracee *t)
{
	f->fired = true;
	switch (f->options.action) {
	case KILL: kill_all(f); break;
	case AFTER: t->kill_after = true; break;
	case FAIL: fail(t, f->options.number); break;
	case SHORT: tracee_halve(t); break;
	case SIGNAL: kill(t->pid, f->options.number); break;
	case NOTHING: break;
	}
}

static void on_entry(struct fpt *f, struct tracee *t)
{
	const struct options *o = &f->options;
	long number;

	tracee_enter(t);
	if (t->call == NULL || !counts(o, t))
		return;
	t->index = ++f->counter;
	number = ++f->counters[on_net(t)];
	if (o->list != NULL)
		list(f, t);
	if (o->at > 0 && o->at_net == on_net(t) &&
	    (number == o->at || (o->sticky && number > o->at)))
		act(f, t);
}

static void on_exit_of_call(struct fpt *f, struct tracee *t, long result)
{
	if (t->call == NULL)
		return;
	if (t->forced != 0)
		tracee_set_result(t, -(long)t->forced);
	else if (f->options.trace != NULL && result >= 0)
		record_call(&f->record, t, result);
	if (t->kill_after)
		kill_all(f);
	t->call = NULL;
}

static void on_call(struct fpt *f, struct tracee *t)
{
	struct __ptrace_syscall_info in;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(in), &in) <= 0)
		return;
	if (in.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->in = in;
		on_entry(f, t);
	} else if (in.op == PTRACE_SYSCALL_INFO_EXIT) {
		on_exit_of_call(f, t, (long)in.exit.rval);
	}
}

/* --- the processes ------------------------------------------------------ */

static void start(struct fpt *f, char **command)
{
	const long wanted = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
	                    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	                    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	f->root = fork();
	if (f->root < 0)
		give_up("fork");
	if (f->root == 0) {
		raise(SIGSTOP);
		execvp(command[0], command);
		fprintf(stderr, "fpt: %s: %s\n", command[0], strerror(errno));
		_exit(NO_COMMAND);
	}
	if (waitpid(f->root, &status, WUNTRACED) != f->root)
		give_up("waitpid");
	if (ptrace(PTRACE_SEIZE, f->root, 0, wanted) != 0)
		give_up("ptrace");
	if (tracees_get(&f->tracees, f->root) == NULL)
		give_up("memory");
	kill(f->root, SIGCONT);
}

/* A process has stopped: look, and let it go on. */
static void on_stop(struct fpt *f, pid_t pid, int status)
{
	struct tracee *t = tracees_get(&f->tracees, pid);
	int event = status >> 16, deliver = 0;

	if (t == NULL)
		give_up("memory");
	if (f->killing)
		kill(pid, SIGKILL);
	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		on_call(f, t);
	else if (event == 0)
		deliver = WSTOPSIG(status);
	ptrace(PTRACE_SYSCALL, pid, 0, deliver);
}

/* Until all of them are gone; the status of the first. */
static int follow(struct fpt *f)
{
	int result = OWN_FAILURE, status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		if (WIFSTOPPED(status)) {
			on_stop(f, pid, status);
			continue;
		}
		tracees_drop(&f->tracees, pid);
		if (pid != f->root)
			continue;
		result = WIFEXITED(status) ? WEXITSTATUS(status)
		                           : 128 + WTERMSIG(status);
		if (f->options.trace != NULL)
			record_exit(&f->record, f->counter, result);
	}
}

/* --- the command line --------------------------------------------------- */

static void set_calls(struct options *o, const char *names)
{
	while (*names != '\0') {
		size_t n = strcspn(names, ",");
		int i = calls_find_name(names, n);

		if (i < 0)
			wrong_use(names);
		o->counted[i] = true;
		names += n;
		names += *names == ',' ? 1 : 0;
	}
}

static void set_number(struct options *o, const char *word)
{
	o->at_net = word[0] == 'n';
	if (word[0] == 'n' || word[0] == 'f')
		o->at = strtol(word + 1, NULL, 10);
	if (o->at <= 0)
		wrong_use(word);
}

static void set_action(struct options *o, const char *word)
{
	if (strcmp(word, "kill") == 0) {
		o->action = KILL;
	} else if (strcmp(word, "after") == 0) {
		o->action = AFTER;
	} else if (strcmp(word, "short") == 0) {
		o->action = SHORT;
	} else if (strncmp(word, "sig:", 4) == 0) {
		o->action = SIGNAL;
		o->number = (int)strtol(word + 4, NULL, 10);
	} else if (strncmp(word, "err:", 4) == 0) {
		o->action = FAIL;
		o->number = calls_errno(word + 4);
	}
	if (o->action == NOTHING ||
	    ((o->action == FAIL || o->action == SIGNAL) && o->number == 0))
		wrong_use(word);
}

static void add_prefix(struct options *o, const char *path)
{
	if (o->prefixes == PREFIXES_MAX)
		wrong_use(path);
	o->prefix[o->prefixes] = realpath(path, NULL);
	if (o->prefix[o->prefixes++] == NULL)
		give_up(path);
}

static FILE *open_for_writing(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		give_up(path);
	return file;
}

static void parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+s:p:Nl:m:n:ra:T:")) != -1)
		switch (c) {
		case 's': set_calls(o, optarg); break;
		case 'p': add_prefix(o, optarg); break;
		case 'N': o->net = true; break;
		case 'l': o->list = open_for_writing(optarg); break;
		case 'm': o->mark = optarg; break;
		case 'n': set_number(o, optarg); break;
		case 'r': o->sticky = true; break;
		case 'a': set_action(o, optarg); break;
		case 'T': o->trace = open_for_writing(optarg); break;
		default: wrong_use("options");
		}
	if (optind >= argc)
		wrong_use("no command");
}

static void close_files(struct options *o)
{
	if (o->list != NULL && fclose(o->list) != 0)
		give_up("the list");
	if (o->trace != NULL && fclose(o->trace) != 0)
		give_up("the record");
	for (size_t i = 0; i < o->prefixes; i++)
		free(o->prefix[i]);
}

int main(int argc, char **argv)
{
	struct fpt f = { .counter = 0 };
	int result;

	parse(&f.options, argc, argv);
	f.record = (struct record){ .file = f.options.trace,
		                    .follows = is_below,
		                    .arg = &f.options };
	start(&f, argv + optind);
	result = follow(&f);
	close_files(&f.options);
	return f.options.at > 0 && !f.fired ? NOT_REACHED : result;
}
