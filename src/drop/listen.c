/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-listen - the socket of relay-drop, where systemd does not hold it
 *
 * Root.  Accepts on RUNSTATEDIR/relay/drop.sock and becomes `relay-drop
 * --serve` in a process of its own for each connection, so a bad client ends
 * only its own.  Never reads a byte of a client.  SIGTERM ends it; connections
 * go on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"

#define PLACE RUNSTATEDIR "/relay"
#define DROP PKGLIBEXECDIR "/relay-drop"
#define CONNECTIONS 512 /* at a time, of all users */
#define OF_ONE 64       /* of one uid; root's are not counted */

struct client {
	pid_t pid; /* 0: free */
	uid_t uid;
};

static int fail(const char *what)
{
	fprintf(stderr, "relay-listen: %s: %s\n", what, strerror(errno));
	return EX_CANTCREAT;
}

static int open_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		                       .sun_path = PLACE "/drop.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	umask(022);
	if (mkdir(PLACE, 0755) != 0 && errno != EEXIST)
		return -1;
	unlink(address.sun_path);
	umask(0111); /* 0666: everybody may connect */
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, CONNECTIONS) != 0)
		return -1;
	umask(022);
	return fd;
}

static void reap(struct client *clients)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < CONNECTIONS; i++)
			if (clients[i].pid == pid)
				clients[i].pid = 0;
}

/* A place for one more of this user, or NULL: too many already. */
static struct client *find_place(struct client *clients, uid_t uid)
{
	struct client *place = NULL;
	size_t same = 0;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (clients[i].pid == 0)
			place = &clients[i];
		else
			same += clients[i].uid == uid;
	}
	return uid != 0 && same >= OF_ONE ? NULL : place;
}

static NORETURN void serve(int fd)
{
	char name[] = "relay-drop", how[] = "--serve";
	char *const argv[] = { name, how, NULL };
	char *const environment[] = { NULL };

	if (dup2(fd, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(fd, STDOUT_FILENO) == STDOUT_FILENO)
		execve(DROP, argv, environment);
	_exit(EX_OSERR);
}

static void take(struct client *clients, int fd)
{
	struct client *place;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	reap(clients);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return;
	place = find_place(clients, peer.uid);
	if (place == NULL)
		return;
	place->uid = peer.uid;
	place->pid = fork();
	if (place->pid == 0)
		serve(fd);
	if (place->pid < 0)
		place->pid = 0;
}

int main(void)
{
	static struct client clients[CONNECTIONS];
	int listener;

	fdio_repair_standard();
	fdio_close_rest();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	listener = open_socket();
	if (listener < 0)
		return fail(PLACE "/drop.sock");
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			take(clients, fd);
			close(fd);
		} else if (errno != EINTR && errno != ECONNABORTED) {
			poll(NULL, 0, 100); /* no descriptor, no memory: wait */
		}
	}
}
