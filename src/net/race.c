/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/race.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/pollset.h"

void race_init(struct race *r, const struct lookup_answer *addresses, int set,
               int64_t end)
{
	*r = (struct race){ .addresses = addresses, .set = set, .end = end };
	for (unsigned i = 0; i < LOOKUP_ADDRESSES; i++)
		r->attempts[i].fd = -1;
}

static void leave(const struct race *r, struct race_attempt *a)
{
	if (a->fd < 0)
		return;
	pollset_remove(r->set, a->fd);
	close(a->fd);
	a->fd = -1;
}

void race_release(struct race *r)
{
	for (unsigned i = 0; i < r->next; i++)
		leave(r, &r->attempts[i]);
}

/* The next address need not wait for its time. */
static void give_up(struct race *r, struct race_attempt *a, int error)
{
	a->error = error;
	leave(r, a);
	r->next_at = 0;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                      : sizeof(struct sockaddr_in);
}

static void call_next(struct race *r)
{
	const struct sockaddr_storage *to = &r->addresses->address[r->next];
	struct race_attempt *a = &r->attempts[r->next++];
	int64_t now = clock_ticks();

	r->next_at = now + RACE_STAGGER;
	a->deadline = now + (int64_t)RACE_ADDRESS_TIME * 1000;
	if (a->deadline > r->end)
		a->deadline = r->end;
	a->fd = socket(to->ss_family,
	               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0 ||
	    (connect(a->fd, (const struct sockaddr *)to, size_of(to)) != 0 &&
	     errno != EINPROGRESS) ||
	    pollset_add(r->set, a->fd, POLLOUT) != 0)
		give_up(r, a, errno);
}

/* True: it is connected. */
static bool look_at(struct race *r, struct race_attempt *a)
{
	struct pollfd p = { .fd = a->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int code = 0;

	if (poll(&p, 1, 0) <= 0) {
		if (clock_ticks() >= a->deadline)
			give_up(r, a, RACE_SILENT);
		return false;
	}
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
		code = errno;
	if (code != 0)
		give_up(r, a, code);
	return code == 0;
}

/* Of several that answered, the one that was called first. */
static bool find_winner(struct race *r, int *fd, unsigned *which)
{
	for (unsigned i = 0; i < r->next; i++) {
		struct race_attempt *a = &r->attempts[i];

		if (a->fd < 0 || !look_at(r, a))
			continue;
		pollset_remove(r->set, a->fd);
		*fd = a->fd;
		*which = i;
		a->fd = -1;
		return true;
	}
	return false;
}

static bool is_running(const struct race *r)
{
	for (unsigned i = 0; i < r->next; i++)
		if (r->attempts[i].fd >= 0)
			return true;
	return false;
}

/* One that has not answered yet does not keep the next one back for long. */
static bool is_time_for_next(const struct race *r)
{
	int64_t now = clock_ticks();

	return r->next < r->addresses->count && now < r->end &&
	       (now >= r->next_at || !is_running(r));
}

enum stream_result race_advance(struct race *r, int *fd, unsigned *which)
{
	bool is_won = find_winner(r, fd, which);

	while (!is_won && is_time_for_next(r)) {
		call_next(r);
		is_won = find_winner(r, fd, which);
	}
	if (is_won) {
		race_release(r);
		return STREAM_DONE;
	}
	return is_running(r) ? STREAM_WANT_READ : STREAM_FAILED;
}

int64_t race_deadline(const struct race *r)
{
	int64_t first = r->end;

	if (r->next < r->addresses->count && r->next_at < first)
		first = r->next_at;
	for (unsigned i = 0; i < r->next; i++)
		if (r->attempts[i].fd >= 0 && r->attempts[i].deadline < first)
			first = r->attempts[i].deadline;
	return first;
}

unsigned race_port(const struct lookup_answer *addresses, unsigned which)
{
	const struct sockaddr_storage *address = &addresses->address[which];

	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

void race_name(const struct lookup_answer *addresses, unsigned which,
               char text[RACE_ADDRESS_SIZE])
{
	const struct sockaddr_storage *address = &addresses->address[which];

	if (getnameinfo((const struct sockaddr *)address, size_of(address),
	                text, RACE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(text, RACE_ADDRESS_SIZE, "?");
}

void race_reasons(const struct race *r, struct sbuf *reasons)
{
	char text[RACE_ADDRESS_SIZE];

	for (unsigned i = 0; i < r->next; i++) {
		int error = r->attempts[i].error;

		if (error == 0)
			continue;
		race_name(r->addresses, i, text);
		sbuf_addf(reasons, "%s%s: %s", reasons->len > 0 ? "; " : "",
		          text,
		          error == RACE_SILENT ? _("no answer")
		                               : intl_error(error));
	}
}
