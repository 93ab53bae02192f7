/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pollset.h"

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>

int pollset_open(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int pollset_add(int set, int fd, short events)
{
	struct epoll_event event = { .data = { .fd = fd } };

	event.events = ((events & POLLIN) != 0 ? (uint32_t)EPOLLIN : 0) |
	               ((events & POLLOUT) != 0 ? (uint32_t)EPOLLOUT : 0);
	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

/* Closing alone is not enough: a child may have the same file open. */
void pollset_remove(int set, int fd)
{
	struct epoll_event unused = { 0 };

	epoll_ctl(set, EPOLL_CTL_DEL, fd, &unused);
}
