/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-listen - sockets of this machine, where systemd does not hold them
 *
 *     relay-listen          RUNSTATEDIR/relay/drop.sock; root
 *     relay-listen --smtp [ADDRESS:]PORT [--user UID:GID]
 *                           SMTP on 127.0.0.1 and ::1, or one such address
 *
 * Becomes `relay-drop --serve`, or `sendmail -bs`, in a process of its own for
 * each connection, so a bad client ends only its own.  Never reads a byte of a
 * client.  SIGTERM ends it; connections go on.  For SMTP root is needed to bind
 * port 25 and for nothing else: it becomes --user before the first connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
#define CONNECTIONS 512     /* at a time, of all users */
#define OF_ONE 64           /* of one uid; root's are not counted */
#define SMTP_CONNECTIONS 64 /* nobody knows whose */

struct client {
	pid_t pid; /* 0: free */
	uid_t uid;
};

/* What is listened on, and what a connection is given to. */
struct service {
	bool is_smtp;
	const char *program;
	char *argv[3];
	char **environment;
	struct pollfd listeners[2];
	nfds_t count;
	struct client clients[CONNECTIONS];
	size_t room; /* of `clients`, that may be used */
};

static int fail(const char *what)
{
	fprintf(stderr, "relay-listen: %s: %s\n", what, strerror(errno));
	return EX_CANTCREAT;
}

static int refuse(const char *why)
{
	fprintf(stderr, "relay-listen: %s\n", why);
	return EX_USAGE;
}

static void add_listener(struct service *s, int fd)
{
	s->listeners[s->count].fd = fd;
	s->listeners[s->count++].events = POLLIN;
}

/* --- relay-drop's socket -------------------------------------------------- */

static int open_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
		                       .sun_path = PLACE "/drop.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

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

static int prepare_drop(struct service *s)
{
	static char name[] = "relay-drop", how[] = "--serve";
	static char *nothing[] = { NULL };
	int fd = open_socket();

	if (fd < 0)
		return fail(PLACE "/drop.sock");
	add_listener(s, fd);
	s->program = PKGLIBEXECDIR "/relay-drop";
	s->argv[0] = name;
	s->argv[1] = how;
	s->environment = nothing;
	s->room = CONNECTIONS;
	return EX_OK;
}

/* --- SMTP ----------------------------------------------------------------- */

/* 1: listening, 0: there is no such protocol here, -1: errno. */
static int listen_on(struct service *s, const struct sockaddr *address,
                     socklen_t size)
{
	const int on = 1;
	int fd = socket(address->sa_family,
	                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address, size) != 0) {
		close(fd);
		return errno == EADDRNOTAVAIL ? 0 : -1;
	}
	if (listen(fd, SMTP_CONNECTIONS) != 0)
		return -1;
	add_listener(s, fd);
	return 1;
}

static bool read_number(const char *text, unsigned long limit, char end,
                        unsigned long *value)
{
	char *rest;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &rest, 10);
	return errno == 0 && *value <= limit && *rest == end;
}

/* "25", "127.0.0.1:25" or "[::1]:25", and of the network nothing. */
static int open_smtp(struct service *s, const char *where)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		                    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const char *colon = strrchr(where, ':');
	bool is_both = colon == NULL, is_in6;
	unsigned long port;
	char name[64] = "127.0.0.1";

	if (!read_number(colon != NULL ? colon + 1 : where, 65535, '\0',
	                 &port) ||
	    port == 0)
		return refuse("the port of --smtp is a number from 1 to 65535");
	if (colon != NULL)
		snprintf(name, sizeof(name), "%.*s", (int)(colon - where),
		         where);
	is_in6 = strcmp(name, "[::1]") == 0;
	if (!is_in6 && (inet_pton(AF_INET, name, &in.sin_addr) != 1 ||
	                ntohl(in.sin_addr.s_addr) >> 24 != 127))
		return refuse("--smtp is for programs of this machine: its "
		              "address is one of 127.0.0.0/8, or [::1]");
	in.sin_port = htons((uint16_t)port);
	in6.sin6_port = in.sin_port;
	if ((!is_in6 && listen_on(s, (struct sockaddr *)&in, sizeof(in)) < 0) ||
	    ((is_in6 || is_both) &&
	     listen_on(s, (struct sockaddr *)&in6, sizeof(in6)) < 0))
		return fail(where);
	return s->count > 0 ? EX_OK : fail(where);
}

/* "UID:GID".  Not root: whoever connects would submit as root. */
static int become(const char *user)
{
	unsigned long uid, gid;

	if (geteuid() != 0)
		return user == NULL ? EX_OK : refuse("--user is for root");
	if (user == NULL || !read_number(user, UINT32_MAX - 1, ':', &uid) ||
	    !read_number(strchr(user, ':') + 1, UINT32_MAX - 1, '\0', &gid) ||
	    uid == 0 || gid == 0)
		return refuse("say who submits: --user UID:GID, two numbers "
		              "that are not root's");
	if (setgroups(0, NULL) != 0 ||
	    setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) != 0 ||
	    setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) != 0)
		return fail(user);
	return EX_OK;
}

/* The environment of root's is not the submitter's. */
static int prepare_smtp(struct service *s, const char *where, const char *user)
{
	static char name[] = "sendmail", how[] = "-bs";
	static char *nothing[] = { NULL };
	int status = open_smtp(s, where);

	s->is_smtp = true;
	s->program = SBINDIR "/sendmail";
	s->argv[0] = name;
	s->argv[1] = how;
	s->environment = geteuid() == 0 ? nothing : environ;
	s->room = SMTP_CONNECTIONS;
	return status == EX_OK ? become(user) : status;
}

/* --- connections ---------------------------------------------------------- */

static void reap(struct service *s)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < s->room; i++)
			if (s->clients[i].pid == pid)
				s->clients[i].pid = 0;
}

/* A place for one more of this user, or NULL: too many already. */
static struct client *find_place(struct service *s, uid_t uid)
{
	struct client *place = NULL;
	size_t same = 0;

	for (size_t i = 0; i < s->room; i++) {
		if (s->clients[i].pid == 0)
			place = &s->clients[i];
		else
			same += s->clients[i].uid == uid;
	}
	return uid != 0 && same >= OF_ONE ? NULL : place;
}

static NORETURN void serve(const struct service *s, int fd)
{
	if (dup2(fd, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(fd, STDOUT_FILENO) == STDOUT_FILENO)
		execve(s->program, s->argv, s->environment);
	_exit(EX_OSERR);
}

/* The kernel does not say whose a TCP connection is. */
static bool find_peer(const struct service *s, int fd, uid_t *uid)
{
	struct ucred peer = { .uid = 0 };
	socklen_t size = sizeof(peer);

	if (!s->is_smtp &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*uid = peer.uid;
	return true;
}

static void take(struct service *s, int fd)
{
	static const char busy[] = "421 too many connections; come back\r\n";
	struct client *place;
	uid_t uid;

	reap(s);
	if (!find_peer(s, fd, &uid))
		return;
	place = find_place(s, uid);
	if (place == NULL && s->is_smtp)
		send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (place == NULL)
		return;
	place->uid = uid;
	place->pid = fork();
	if (place->pid == 0)
		serve(s, fd);
	if (place->pid < 0)
		place->pid = 0;
}

static void take_all(struct service *s)
{
	for (nfds_t i = 0; i < s->count; i++) {
		int fd = accept4(s->listeners[i].fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			take(s, fd);
			close(fd);
		} else if (errno != EINTR && errno != ECONNABORTED &&
		           errno != EAGAIN) {
			poll(NULL, 0, 100); /* no descriptor, no memory: wait */
		}
	}
}

static int prepare(struct service *s, int argc, char *argv[])
{
	const bool has_user = argc == 5 && strcmp(argv[3], "--user") == 0;

	if (argc <= 1)
		return prepare_drop(s);
	if (strcmp(argv[1], "--smtp") == 0 && (argc == 3 || has_user))
		return prepare_smtp(s, argv[2], has_user ? argv[4] : NULL);
	return refuse("usage: relay-listen [--smtp [ADDRESS:]PORT "
	              "[--user UID:GID]]");
}

int main(int argc, char *argv[])
{
	static struct service service; /* large, and zero */
	sigset_t none;
	int status;

	fdio_repair_standard();
	fdio_close_rest();
	sigemptyset(&none); /* whoever started us may have blocked SIGTERM */
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	status = prepare(&service, argc, argv);
	while (status == EX_OK) {
		poll(service.listeners, service.count, -1);
		take_all(&service);
	}
	return status;
}
