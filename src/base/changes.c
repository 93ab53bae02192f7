/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#ifdef __linux__

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)
#define GROUPS                                                         \
	(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | \
	 RTMGRP_IPV6_ROUTE)

/* The directory: editors put a new file in the place of the old one. */
static void watch_file(struct changes *n, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash == NULL ? mem_strdup(".")
	                  : slash == path
	                          ? mem_strdup("/")
	                          : mem_strndup(path, (size_t)(slash - path));

	n->name = mem_strdup(slash != NULL ? slash + 1 : path);
	n->file = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (n->file >= 0 && inotify_add_watch(n->file, directory, EVENTS) < 0) {
		close(n->file);
		n->file = -1;
	}
	free(directory);
}

static int open_network(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
		                       .nl_groups = GROUPS };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                NETLINK_ROUTE);

	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

bool changes_of_file(const struct changes *n)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool found = false;
	ssize_t k;

	if (n->file < 0)
		return false;
	while ((k = read(n->file, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at < k;) {
			const struct inotify_event *e =
				(const void *)(bytes + at);

			found |= (e->mask & IN_Q_OVERFLOW) != 0 ||
			         (e->len > 0 && strcmp(e->name, n->name) == 0);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	return found;
}

/* Does one of the messages say that an address or a route came?  Whatever else
 * happens (one that went, a link) helps nobody. */
static bool has_news(const char *bytes, size_t n)
{
	struct nlmsghdr h;

	while (n >= sizeof(h)) {
		memcpy(&h, bytes, sizeof(h));
		if (h.nlmsg_type == RTM_NEWADDR || h.nlmsg_type == RTM_NEWROUTE)
			return true;
		if (h.nlmsg_len < sizeof(h) || NLMSG_ALIGN(h.nlmsg_len) > n)
			return false;
		bytes += NLMSG_ALIGN(h.nlmsg_len);
		n -= NLMSG_ALIGN(h.nlmsg_len);
	}
	return false;
}

/* More than the kernel could keep (ENOBUFS) is something, too. */
bool changes_of_network(const struct changes *n)
{
	char bytes[8192];
	bool found = false;
	ssize_t k;

	if (n->network < 0)
		return false;
	while ((k = recv(n->network, bytes, sizeof(bytes), 0)) > 0)
		found |= has_news(bytes, (size_t)k);
	return found || (k < 0 && errno == ENOBUFS);
}

#else

static void watch_file(struct changes *n, const char *path)
{
	(void)path;
	n->file = -1;
}

static int open_network(void)
{
	return -1;
}

bool changes_of_file(const struct changes *n)
{
	(void)n;
	return false;
}

bool changes_of_network(const struct changes *n)
{
	(void)n;
	return false;
}

#endif

void changes_open(struct changes *n, const char *path)
{
	*n = (struct changes){ .file = -1, .network = open_network() };
	if (path != NULL)
		watch_file(n, path);
}

void changes_release(struct changes *n)
{
	if (n->file >= 0)
		close(n->file);
	if (n->network >= 0)
		close(n->network);
	free(n->name);
	*n = (struct changes){ .file = -1, .network = -1 };
}
