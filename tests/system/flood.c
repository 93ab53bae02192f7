/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flood - relay-drop, given a great many entries that are none
 *
 *     flood inside COUNT SEED     drop.c itself, in this process, from its
 *                                 first look at the queue to its rename
 *     flood program COUNT SEED    the set-gid program, run once for each
 *     flood socket COUNT SEED     whoever serves the socket, the same
 *
 * As the submitter; "inside" with the group of drop/, too.  What is accepted
 * must be what the rules (strict.h) accept, and "inside" looks at what was
 * written: a whole entry for readers that know nothing of relay-drop.  Prints
 * how many were accepted.  Anything else is one line, and exit status 1. */
#include <spawn.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <sys/wait.h>

int drop_main(int argc, char *argv[]);
#define main drop_main
#include "drop/drop.c"
#undef main

#include "input.h"

#define FAILED 1
#define USAGE 2
#define BATCH 20000 /* inputs of one process that filters its calls */

static char input[INPUT_SIZE], wanted[INPUT_SIZE + 64];
static struct drop drop;

static NORETURN void fail(const char *what, unsigned long number)
{
	fprintf(stderr, "flood: input %lu: %s (%s)\n", number, what,
	        strerror(errno));
	_exit(FAILED);
}

/* A file without a name that holds the input, from its start. */
static void put_input(int fd, size_t n)
{
	if (ftruncate(fd, 0) != 0 || pwrite(fd, input, n, 0) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) != 0)
		fail("cannot give it", 0);
}

/* --- inside --------------------------------------------------------------- */

/* Is the file just this, and an entry?  Then it goes. */
static void look_at_file(const char *name, size_t n, unsigned long number)
{
	static char found[sizeof(wanted)];
	struct fault f = { 0 };
	struct entry e;
	int fd = openat(drop.dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t k = fd < 0 ? -1 : read(fd, found, sizeof(found));

	if (k != (ssize_t)n || memcmp(found, wanted, n) != 0)
		fail("it is not what was given", number);
	entry_init(&e);
	e.fd = fd;
	if (entry_read(&e, &f) != 0 || entry_verify(&e, NULL, NULL, &f) != 0)
		fail(f.text, number);
	if (e.envelope.uid != drop.uid)
		fail("the uid", number);
	entry_release(&e);
	if (unlinkat(drop.dir, name, 0) != 0)
		fail("cannot remove it", number);
}

static bool one_inside(uint64_t *state, unsigned long number)
{
	size_t n = input_make(state, input), n_wanted;
	bool is_entry =
		input_is_entry(input, n, (unsigned)getuid(), wanted, &n_wanted);
	struct stat st;
	bool ok;

	put_input(STDIN_FILENO, n);
	memset(&drop, 0, offsetof(struct drop, in));
	drop.uid = getuid();
	ok = submit(&drop);
	if (ok != is_entry)
		fail(ok ? "accepted" : "refused", number);
	if (ok)
		look_at_file(drop.name, n_wanted, number);
	else if (drop.status != EX_DATAERR)
		fail(drop.text, number);
	else if (fstatat(drop.dir, drop.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		fail("something is left", number);
	close(drop.file);
	close(drop.dir);
	close(drop.spool);
	return ok;
}

/* The list of calls must do for all of it; these are what we do ourselves. */
static void filter(void)
{
	static const int ours[] = { SYS_lseek,  SYS_ftruncate, SYS_pwrite64,
		                    SYS_getuid, SYS_pread64,   SYS_mremap };
	int all[COUNT_OF(calls) + COUNT_OF(ours)];

	memcpy(all, calls, sizeof(calls));
	memcpy(all + COUNT_OF(calls), ours, sizeof(ours));
	if (!seccomp_allow_only(all, COUNT_OF(all)))
		fail("no filter", 0);
}

static unsigned long batch_inside(unsigned long from, unsigned long to,
                                  uint64_t state)
{
	unsigned long accepted = 0;
	int fd = memfd_create("input", 0);

	if (fd < 0 || dup2(fd, STDIN_FILENO) != STDIN_FILENO)
		fail("no memory", from);
	close(fd);
	filter();
	for (; from < to; from++)
		accepted += one_inside(&state, from);
	return accepted;
}

/* In processes of their own, so that a crash is seen. */
static unsigned long inside(unsigned long count, uint64_t state)
{
	unsigned long *accepted =
		mmap(NULL, sizeof(*accepted), PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	for (unsigned long from = 0; from < count; from += BATCH) {
		unsigned long to = count - from < BATCH ? count : from + BATCH;
		pid_t pid = fork();

		if (pid == 0) {
			*accepted += batch_inside(from, to, state + from);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			fail("a batch that begins here has failed", from);
	}
	return *accepted;
}

/* --- outside -------------------------------------------------------------- */

/* One line; empty when there is none. */
static void read_answer(int fd, char *line, size_t size)
{
	size_t n = 0;
	ssize_t k = 1;

	while (k > 0 && n < size - 1) {
		k = fdio_read(fd, line + n, size - 1 - n);
		n += k > 0 ? (size_t)k : 0;
	}
	line[n] = '\0';
}

static bool judge(const char *line, bool is_entry, unsigned long number)
{
	size_t n = strlen(line);
	bool ok = strncmp(line, "OK ", 3) == 0;

	if (n == 0 || strchr(line, '\n') != line + n - 1 ||
	    (ok ? n != 3 + ENTRY_ID_LENGTH + 1
	        : strncmp(line, "NO 65 0 ", 8) != 0))
		fail(line, number);
	if (ok != is_entry)
		fail(ok ? "accepted" : "refused", number);
	return ok;
}

static void ask_program(int fd, char *line, size_t size, unsigned long number)
{
	char name[] = "relay-drop";
	char *const argv[] = { name, NULL }, *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		fail("no pipe", number);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (posix_spawn(&pid, PKGLIBEXECDIR "/relay-drop", &actions, NULL, argv,
	                environment) != 0)
		fail("cannot run it", number);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	read_answer(ends[0], line, size);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != (line[0] == 'O' ? 0 : EX_DATAERR))
		fail("the exit status", number);
}

static int connect_socket(unsigned long number)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = RUNSTATEDIR "/relay/drop.sock",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail("cannot connect", number);
	return fd;
}

/* It may answer before it has all, and then hears no more. */
static void ask_socket(size_t n, char *line, size_t size, unsigned long number)
{
	int fd = connect_socket(number);

	(void)!fdio_write(fd, input, n);
	shutdown(fd, SHUT_WR);
	read_answer(fd, line, size);
	close(fd);
	if (strncmp(line, "READY\n", 6) != 0)
		fail("it is not ready", number);
	memmove(line, line + 6, strlen(line + 6) + 1);
}

/* Who comes and goes, with or without a word. */
static void ask_in_vain(uint64_t *state, size_t n, unsigned long number)
{
	int fd = connect_socket(number);

	(void)!write(fd, input, n > 0 ? input_choose(state, n) : 0);
	close(fd);
}

static unsigned long outside(unsigned long count, uint64_t state,
                             bool by_socket)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	unsigned long accepted = 0;
	char line[512];

	for (unsigned long number = 0; number < count; number++) {
		size_t n = input_make(&state, input), n_wanted;
		bool is_entry = input_is_entry(input, n, 0, wanted, &n_wanted);

		if (by_socket && input_choose(&state, 8) == 0) {
			ask_in_vain(&state, n, number);
			continue;
		}
		put_input(fd, n);
		if (by_socket)
			ask_socket(n, line, sizeof(line), number);
		else
			ask_program(fd, line, sizeof(line), number);
		accepted += judge(line, is_entry, number);
	}
	close(fd);
	return accepted;
}

int main(int argc, char *argv[])
{
	unsigned long count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t state = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	unsigned long accepted;

	if (count == 0 || state == 0)
		return USAGE;
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "inside") == 0)
		accepted = inside(count, state);
	else
		accepted =
			outside(count, state, strcmp(argv[1], "socket") == 0);
	printf("%lu\n", accepted);
	return 0;
}
