/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/port.h"
#include "net/service.h"

static void close_pipe(struct lookup *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void end_child(struct lookup *l)
{
	if (l->child <= 0)
		return;
	kill(l->child, SIGKILL);
	while (waitpid(l->child, NULL, 0) < 0 && errno == EINTR)
		;
	l->child = 0;
}

void lookup_release(struct lookup *l)
{
	end_child(l);
	close_pipe(l);
}

/* --- addresses ------------------------------------------------------------ */

static void add(struct lookup_answer *answer, const struct addrinfo *a,
                unsigned port)
{
	struct sockaddr_storage *to = &answer->address[answer->count];

	if (answer->count == LOOKUP_ADDRESSES || a->ai_addrlen > sizeof(*to))
		return;
	memcpy(to, a->ai_addr, a->ai_addrlen);
	if (to->ss_family == AF_INET6)
		((struct sockaddr_in6 *)to)->sin6_port = htons((uint16_t)port);
	else if (to->ss_family == AF_INET)
		((struct sockaddr_in *)to)->sin_port = htons((uint16_t)port);
	else
		return;
	answer->count++;
}

/* The next of the list, from `a` on, of this family or not of it. */
static const struct addrinfo *find(const struct addrinfo *a, int family,
                                   bool is_it)
{
	while (a != NULL && (a->ai_family == family) != is_it)
		a = a->ai_next;
	return a;
}

/* The family of the first comes first, then they take turns. */
static void add_in_turn(struct lookup_answer *answer,
                        const struct addrinfo *list, unsigned port)
{
	int family = list->ai_family;
	const struct addrinfo *first = list;
	const struct addrinfo *other = find(list, family, false);

	while (first != NULL || other != NULL) {
		if (first != NULL) {
			add(answer, first, port);
			first = find(first->ai_next, family, true);
		}
		if (other != NULL) {
			add(answer, other, port);
			other = find(other->ai_next, family, false);
		}
	}
}

/* Adds to what is there. */
static void look_up(const char *host, unsigned port, int flags,
                    struct lookup_answer *answer)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                  .ai_socktype = SOCK_STREAM,
		                  .ai_flags = flags };
	struct addrinfo *list = NULL;

	answer->code = getaddrinfo(host, NULL, &hints, &list);
	answer->system = errno;
	if (answer->code != 0)
		return;
	if (list != NULL)
		add_in_turn(answer, list, port);
	freeaddrinfo(list);
}

/* A server that cannot be found is one that does not answer. */
static void look_up_servers(const char *domain, const char *service,
                            struct lookup_answer *answer)
{
	struct service s;

	answer->service = (int)service_find(domain, service, &s);
	if (answer->service != SERVICE_FOUND)
		return;
	for (size_t i = 0; i < s.count; i++)
		look_up(s.servers[i].name, s.servers[i].port, AI_ADDRCONFIG,
		        answer);
	if (answer->count > 0)
		answer->code = 0;
}

/* --- the child ------------------------------------------------------------ */

/* No descriptor of ours but the pipe, so that it holds no lock and no
 * connection should it outlive us; and it will not for long. */
static NORETURN void resolve(const struct lookup *l, int out)
{
	struct lookup_answer answer = { 0 };
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(LOOKUP_TIME + 5);
	if (out != 3 && dup2(out, 3) != 3)
		_exit(1);
	port_close_from(4);
	if (l->service != NULL)
		look_up_servers(l->host, l->service, &answer);
	else
		look_up(l->host, l->port, AI_ADDRCONFIG, &answer);
	_exit(fdio_write(3, &answer, sizeof(answer)) == 0 ? 0 : 1);
}

static int cannot_begin(const struct lookup *l, struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0", _("cannot look up %.200s: %s"),
	                 l->host, intl_error(errno));
}

static int start_child(struct lookup *l, struct fault *f)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return cannot_begin(l, f);
	l->fd = ends[0];
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
	l->child = fork();
	if (l->child == 0)
		resolve(l, ends[1]);
	close(ends[1]);
	return l->child < 0 ? cannot_begin(l, f) : 0;
}

int lookup_start(struct lookup *l, const char *host, const char *service,
                 unsigned port, int64_t end, struct fault *f)
{
	int64_t now = clock_ticks();

	*l = (struct lookup){
		.host = host, .service = service, .port = port, .fd = -1
	};
	l->deadline = now + (int64_t)LOOKUP_TIME * 1000;
	if (l->deadline > end)
		l->deadline = end;
	l->seconds = (int)((l->deadline - now + 999) / 1000);
	if (service != NULL)
		return start_child(l, f);
	look_up(host, port, AI_NUMERICHOST, &l->answer);
	l->is_done = l->answer.code == 0;
	return l->is_done ? 0 : start_child(l, f);
}

/* --- the answer ----------------------------------------------------------- */

static int explain(const struct lookup *l, struct fault *f)
{
	const struct lookup_answer *a = &l->answer;

	if (a->code == EAI_NONAME)
		return fault_set(f, FAULT_TEMP, "4.4.4",
		                 _("no such host: %.200s: check `host`"),
		                 l->host);
	if (a->code == EAI_AGAIN)
		return service_fault(SERVICE_LATER, l->host, NULL, f);
	return fault_set(f, FAULT_TEMP, "4.4.3", _("cannot look up %.200s: %s"),
	                 l->host,
	                 a->code == EAI_SYSTEM ? intl_error(a->system)
	                                       : gai_strerror(a->code));
}

static bool is_whole(const struct lookup *l)
{
	const struct lookup_answer *a = &l->answer;

	if (l->received != sizeof(*a) || a->count > LOOKUP_ADDRESSES ||
	    (a->service == SERVICE_FOUND && a->code == 0 && a->count == 0))
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (a->address[i].ss_family != AF_INET &&
		    a->address[i].ss_family != AF_INET6)
			return false;
	return true;
}

/* The pipe has ended: whole answer or none. */
static int take_answer(struct lookup *l, struct fault *f)
{
	if (!is_whole(l))
		return fault_set(f, FAULT_TEMP, "4.4.3",
		                 _("cannot look up %.200s: the resolver ended "
		                   "without an answer"),
		                 l->host);
	if (l->answer.service != SERVICE_FOUND)
		return service_fault((enum service_result)l->answer.service,
		                     l->host, l->service, f);
	if (l->answer.code != 0)
		return explain(l, f);
	l->is_done = true;
	return 0;
}

enum stream_result lookup_advance(struct lookup *l, struct fault *f)
{
	char *to = (char *)&l->answer;
	ssize_t k = 1;

	if (l->is_done)
		return STREAM_DONE;
	while (k > 0 && l->received < sizeof(l->answer)) {
		k = fdio_read(l->fd, to + l->received,
		              sizeof(l->answer) - l->received);
		l->received += k > 0 ? (size_t)k : 0;
	}
	if (k >= 0 || errno != EAGAIN)
		return take_answer(l, f) == 0 ? STREAM_DONE : STREAM_FAILED;
	if (clock_ticks() < l->deadline)
		return STREAM_WANT_READ;
	fault_set(f, FAULT_TEMP, "4.4.3",
	          _("cannot look up %.200s: no answer within %d seconds"),
	          l->host, l->seconds);
	return STREAM_FAILED;
}
