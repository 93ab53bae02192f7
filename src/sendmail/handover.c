/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intl.h"

#define SOCKET_PATH RUNSTATEDIR "/relay/drop.sock"
#define PROGRAM PKGLIBEXECDIR "/relay-drop"
#define IN_MEMORY (1U << 20) /* bytes */
#define READY_TIME 1500      /* milliseconds, where the program may be run */
#define ONLY_TIME 10000      /* where it may not: no_new_privs */
#define SEND_TIME 30000      /* without a byte taken */
#define ANSWER_TIME 120000   /* a slow disk, at the worst */
#define LINE_SIZE 512

/* How one way to relay-drop went. */
enum way {
	STORED,
	REFUSED, /* or lost after the last byte: the fault says it */
	CLOSED,  /* nothing was queued this way: another may do */
};

int handover_open(struct fault *f)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd >= 0)
		return fd;
	return fault_set_exit(f, EX_OSERR,
	                      _("no memory to collect the message: %s"),
	                      intl_error(errno));
}

static int open_unnamed(void)
{
	static const char *const places[] = { "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; i < COUNT_OF(places) && fd < 0; i++)
		fd = open(places[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd;
}

/* Where no file can be had it stays in memory. */
void handover_spill(int fd, uint64_t length, bool *is_decided)
{
	off_t from = 0;
	ssize_t k = 1;
	int file;

	if (length < IN_MEMORY || *is_decided)
		return;
	*is_decided = true;
	file = open_unnamed();
	while (file >= 0 && k > 0)
		k = sendfile(file, fd, &from, IN_MEMORY);
	if (file >= 0 && k == 0)
		dup3(file, fd, O_CLOEXEC);
	if (file >= 0)
		close(file);
}

/* --- what relay-drop says ------------------------------------------------- */

static bool wait_for(int fd, short events, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n = -1;

	while (n < 0 && (left = end - clock_ticks()) > 0) {
		n = poll(&p, 1, (int)left);
		if (n < 0 && errno != EINTR)
			return false;
	}
	return n > 0;
}

/* One line without its LF; false: none came in time. */
static bool read_line(int fd, char line[LINE_SIZE], int64_t milliseconds)
{
	int64_t end = clock_ticks() + milliseconds;
	size_t n = 0;
	ssize_t k = 1;

	while (k > 0 && n < LINE_SIZE - 1 && wait_for(fd, POLLIN, end)) {
		k = read(fd, line + n, 1);
		if (k > 0 && line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
		n += k > 0 ? 1 : 0;
	}
	return false;
}

/* Those that relay-drop has. */
static bool is_status(long status)
{
	static const int known[] = { EX_USAGE,    EX_DATAERR, EX_NOINPUT,
		                     EX_OSERR,    EX_IOERR,   EX_NOPERM,
		                     EX_CANTCREAT };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (status == known[i])
			return true;
	return false;
}

/* "OK ID" or "NO STATUS ERRNO TEXT". */
static enum way take_answer(const char *line, char id[ENTRY_ID_LENGTH + 1],
                            struct fault *f)
{
	char *rest = NULL;
	long status, code;

	if (strncmp(line, "OK ", 3) == 0) {
		if (entry_is_id(line + 3))
			memcpy(id, line + 3, ENTRY_ID_LENGTH + 1);
		return STORED;
	}
	status = strncmp(line, "NO ", 3) == 0 ? strtol(line + 3, &rest, 10) : 0;
	code = rest != NULL ? strtol(rest, &rest, 10) : 0;
	if (!is_status(status) || *rest != ' ') {
		fault_set_exit(f, EX_IOERR,
		               _("relay-drop answers \"%s\": is it of another "
		                 "version?"),
		               line);
		return REFUSED;
	}
	if (code > 0)
		fault_set_exit(f, (int)status, "%s: %s", intl_text(rest + 1),
		               intl_error((int)code));
	else
		fault_set_exit(f, (int)status, "%s", intl_text(rest + 1));
	fault_code_of(f, (int)code);
	return status == EX_NOPERM && code == EACCES ? CLOSED : REFUSED;
}

static enum way no_answer(struct fault *f)
{
	fault_set_exit(f, EX_IOERR,
	               _("relay-drop did not answer: the message may be "
	                 "queued, or not"));
	return REFUSED;
}

/* --- by socket ------------------------------------------------------------ */

static int connect_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		                       .sun_path = SOCKET_PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* All of it?  A server that refuses early stops taking. */
static bool send_entry(int to, int fd)
{
	off_t from = 0;
	ssize_t k = 1;

	while (k != 0) {
		k = sendfile(to, fd, &from, IN_MEMORY);
		if (k < 0 && errno == EAGAIN &&
		    wait_for(to, POLLOUT, clock_ticks() + SEND_TIME))
			continue;
		if (k < 0 && errno != EINTR)
			return false;
	}
	return shutdown(to, SHUT_WR) == 0;
}

static enum way by_socket(int fd, char id[ENTRY_ID_LENGTH + 1], struct fault *f)
{
	bool is_only = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	char line[LINE_SIZE];
	int to = connect_socket();
	enum way way = CLOSED;
	bool is_sent;

	if (to < 0)
		return CLOSED;
	if (read_line(to, line, is_only ? ONLY_TIME : READY_TIME) &&
	    strcmp(line, "READY") == 0) {
		is_sent = send_entry(to, fd);
		if (read_line(to, line, ANSWER_TIME))
			way = take_answer(line, id, f);
		else if (is_sent)
			way = no_answer(f);
	}
	close(to);
	return way;
}

/* --- by program ----------------------------------------------------------- */

static int spawn(int fd, int out, pid_t *pid)
{
	char name[] = "relay-drop";
	char *const argv[] = { name, NULL };
	char *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code != 0)
		return code;
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	code = posix_spawn(pid, PROGRAM, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static enum way by_program(int fd, char id[ENTRY_ID_LENGTH + 1],
                           struct fault *f)
{
	int ends[2], code;
	char line[LINE_SIZE];
	enum way way;
	pid_t pid;

	if (lseek(fd, 0, SEEK_SET) != 0 || pipe2(ends, O_CLOEXEC) != 0)
		return CLOSED;
	code = spawn(fd, ends[1], &pid);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		return CLOSED;
	}
	way = read_line(ends[0], line, ANSWER_TIME) ? take_answer(line, id, f)
	                                            : no_answer(f);
	close(ends[0]);
	if (way != STORED)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return way;
}

int handover_give(int fd, char id[ENTRY_ID_LENGTH + 1], struct fault *f)
{
	enum way way = by_socket(fd, id, f);

	if (way == CLOSED)
		way = by_program(fd, id, f);
	if (way == CLOSED)
		return fault_set_exit(
			f, EX_CANTCREAT,
			_("cannot reach the queue of this machine: nobody "
		          "serves %s (start relay-drop.socket, or `relay-drop "
		          "--listen`), and %s has no right to it here"),
			SOCKET_PATH, PROGRAM);
	return way == STORED ? 0 : -1;
}
