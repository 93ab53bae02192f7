/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reaching a host: the resolver and the clock are ours here, so that names with
 * several addresses, dead resolvers and deadlines need no network and no time.
 */
#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "fixture.h"
#include "net/connect.h"
#include "net/lookup.h"
#include "net/race.h"

/* Seconds by which the monotonic clock is ahead. */
static time_t ahead;

int clock_gettime(clockid_t id, struct timespec *t)
{
	int result = (int)syscall(SYS_clock_gettime, id, t);

	if (id == CLOCK_MONOTONIC)
		t->tv_sec += ahead;
	return result;
}

/* What our resolver knows. */
static const struct {
	const char *name;
	int code;
	unsigned seconds; /* it takes */
	const char *addresses;
} names[] = {
	{ "good.test", 0, 0, "127.0.0.1" },
	{ "dual.test", 0, 0, "127.0.0.2 ::1 127.0.0.1" },
	{ "refused.test", 0, 0, "127.0.0.2 127.0.0.3" },
	{ "deaf.test", 0, 0, "127.0.0.2" },
	{ "halfdeaf.test", 0, 0, "127.0.0.2 127.0.0.3 127.0.0.1" },
	{ "first.test", 0, 0, "127.0.0.1 127.0.0.2" },
	{ "turns.test", 0, 0, "::1 ::2 127.0.0.2 127.0.0.3 127.0.0.4" },
	{ "strange.test", 0, 0, "255.255.255.255 127.0.0.2" },
	{ "missing.test", EAI_NONAME, 0, "" },
	{ "later.test", EAI_AGAIN, 0, "" },
	{ "broken.test", EAI_FAIL, 0, "" },
	{ "slow.test", 0, 1000, "127.0.0.1" },
};

static struct addrinfo *make_address(const char *text, struct addrinfo *next)
{
	struct addrinfo *a =
		calloc(1, sizeof(*a) + sizeof(struct sockaddr_in6));
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	a->ai_addr = (struct sockaddr *)(void *)(a + 1);
	a->ai_next = next;
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		a->ai_family = AF_INET;
		a->ai_addrlen = sizeof(v4);
		memcpy(a->ai_addr, &v4, sizeof(v4));
	} else {
		inet_pton(AF_INET6, text, &v6.sin6_addr);
		a->ai_family = AF_INET6;
		a->ai_addrlen = sizeof(v6);
		memcpy(a->ai_addr, &v6, sizeof(v6));
	}
	return a;
}

/* The last word first: the list is built from its end. */
static struct addrinfo *make_list(const char *addresses)
{
	struct addrinfo *list = NULL;
	char *copy = strdup(addresses), *word;

	while ((word = strrchr(copy, ' ')) != NULL) {
		list = make_address(word + 1, list);
		*word = '\0';
	}
	list = make_address(copy, list);
	free(copy);
	return list;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **list)
{
	unsigned char address[16];

	(void)service;
	*list = NULL;
	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1) {
		*list = make_list(name);
		return 0;
	}
	if ((hints->ai_flags & AI_NUMERICHOST) != 0)
		return EAI_NONAME;
	if (strcmp(name, "many.test") == 0) {
		for (int i = 0; i < 100; i++)
			*list = make_address("127.0.0.2", *list);
		return 0;
	}
	if (strcmp(name, "crash.test") == 0)
		_exit(3);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		sleep(names[i].seconds);
		if (names[i].code == 0)
			*list = make_list(names[i].addresses);
		return names[i].code;
	}
	return EAI_NONAME;
}

/* Records of "_submissions._tcp" or "_submission._tcp" and a domain: at the
 * same port all of them. */
static unsigned service_port;

static const struct {
	const char *name;
	const char *targets; /* "": there is none; by priority */
} services[] = {
	{ "_submissions._tcp.good.test", "good.test" },
	{ "_submission._tcp.good.test", "dual.test" },
	{ "_submissions._tcp.second.test",
	  "missing.test refused.test good.test" },
	{ "_submissions._tcp.dead.test", "missing.test" },
	{ "_submissions._tcp.refusing.test", "refused.test" },
	{ "_submissions._tcp.none.test", "" },
};

static size_t put_name(unsigned char *at, const char *name, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length;) {
		size_t n = strcspn(name + i, ". ");

		at[used++] = (unsigned char)n;
		memcpy(at + used, name + i, n);
		used += n;
		i += n + 1;
	}
	at[used++] = 0;
	return used;
}

/* Header without a question, then each target with the next priority. */
static int put_answer(unsigned char *answer, const char *targets)
{
	size_t n = 12;
	unsigned char records = 0;

	memset(answer, 0, n);
	while (*targets != '\0') {
		const unsigned char head[] = { 0, 0, 33, 0, 1, 0, 0, 1, 0 };
		size_t length = strcspn(targets, " ");
		unsigned char *data = answer + n + sizeof(head) + 2;
		size_t size = 6 + put_name(data + 6, targets, length);

		memcpy(answer + n, head, sizeof(head));
		data[-2] = 0;
		data[-1] = (unsigned char)size;
		memcpy(data, "\0\0\0\0", 4);
		data[1] = records++;
		data[4] = (unsigned char)(service_port >> 8);
		data[5] = (unsigned char)service_port;
		n += sizeof(head) + 2 + size;
		targets += length + strspn(targets + length, " ");
	}
	answer[7] = records;
	return (int)n;
}

int res_query(const char *name, int class, int type, unsigned char *answer,
              int size)
{
	bool is_sane = class == 1 && type == 33 && size > 1000;

	/* A child: the library's assertions do not reach the test. */
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (is_sane && strcmp(services[i].name, name) == 0)
			return put_answer(answer, services[i].targets);
	h_errno = strstr(name, "later") != NULL ? TRY_AGAIN : HOST_NOT_FOUND;
	return -1;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

/* A socket at *port; 0: any, which goes there.  -1: somebody has it. */
static int socket_at(const char *address, unsigned *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons((uint16_t)*port) };
	socklen_t size = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	/* The end of a connection of others may still have that port here. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	inet_pton(AF_INET, address, &to.sin_addr);
	if (bind(fd, (struct sockaddr *)&to, size) != 0) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)&to, &size);
	*port = ntohs(to.sin_port);
	return fd;
}

static int listener_at(const char *address, unsigned *port)
{
	int fd = socket_at(address, port);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	return fd;
}

static bool is_free(const char *address, unsigned port)
{
	int fd = socket_at(address, &port);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* At a port that is free at the other addresses of these tests, too: many
 * servers may be running beside them. */
static int listener(const char *address, unsigned *port)
{
	static const char *const all[] = { "127.0.0.1", "127.0.0.2" };
	size_t taken;
	int fd = -1;

	do {
		if (fd >= 0)
			close(fd);
		*port = 0;
		fd = socket_at(address, port);
		ck_assert_int_ge(fd, 0);
		for (taken = 0; taken < COUNT_OF(all); taken++)
			if (strcmp(all[taken], address) != 0 &&
			    !is_free(all[taken], *port))
				break;
	} while (taken < COUNT_OF(all));
	ck_assert_int_eq(listen(fd, 5), 0);
	return fd;
}

static int count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count;
}

/* What a caller does. */
static enum stream_result go(struct connect *c, int *fd, struct fault *f)
{
	enum stream_result result;

	while ((result = connect_advance(c, fd, f)) == STREAM_WANT_READ) {
		struct pollfd p = { .fd = connect_fd(c),
			            .events = POLLIN | POLLOUT };
		int64_t left = connect_deadline(c) - clock_ticks();

		ck_assert_int_ge(p.fd, 0);
		poll(&p, 1, left > 0 ? (int)left : 0);
	}
	return result;
}

static void no_children_left(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(a_host_is_reached)
{
	static const struct {
		const char *host;
		const char *peer;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1[127.0.0.1]" },
		{ "[127.0.0.1]", "127.0.0.1[127.0.0.1]" },
		{ "good.test", "good.test[127.0.0.1]" },
		{ "dual.test", "dual.test[127.0.0.1]" },
	};
	struct sockaddr_in to;
	struct connect *c;
	struct fault f = { 0 };
	socklen_t size = sizeof(to);
	char peer[100];
	unsigned port;
	int server, fd = -1;

	server = listener("127.0.0.1", &port);
	c = connect_create(cases[_i].host, port);
	ck_assert_msg(go(c, &fd, &f) == STREAM_DONE, "%s", f.text);
	snprintf(peer, sizeof(peer), "%s:%u", cases[_i].peer, port);
	ck_assert_str_eq(connect_peer(c), peer);
	connect_free(&c);
	ck_assert_ptr_null(c);
	no_children_left();
	/* The socket is the caller's, and it is connected. */
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&to, &size), 0);
	ck_assert_int_eq(ntohs(to.sin_port), port);
	ck_assert_int_eq(recv(fd, peer, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
	close(server);
}
END_TEST

START_TEST(ipv6_is_reached)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		                   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	static const char *const hosts[] = { "::1", "[::1]" };
	socklen_t size = sizeof(to);
	struct fault f = { 0 };
	struct connect *c;
	int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;
	bool has_ipv6 =
		server >= 0 && bind(server, (struct sockaddr *)&to, size) == 0;

	if (has_ipv6) {
		listen(server, 5);
		getsockname(server, (struct sockaddr *)&to, &size);
	}
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		c = connect_create(hosts[i], ntohs(to.sin6_port));
		/* Without IPv6 on the machine: a fault that names it. */
		if (has_ipv6) {
			ck_assert_int_eq(go(c, &fd, &f), STREAM_DONE);
			close(fd);
		} else {
			ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
			ck_assert_ptr_nonnull(strstr(
				f.text, "cannot reach ::1 port 0: ::1: "));
		}
		connect_free(&c);
	}
	if (server >= 0)
		close(server);
}
END_TEST

START_TEST(a_failure_is_explained)
{
	static const struct {
		const char *host;
		const char *text;
	} cases[] = {
		{ "127.0.0.2", "cannot reach 127.0.0.2 port 1: 127.0.0.2: "
		               "Connection refused" },
		{ "refused.test",
		  "cannot reach refused.test port 1: 127.0.0.2: Connection "
		  "refused; 127.0.0.3: Connection refused" },
		{ "strange.test", "; 127.0.0.2: Connection refused" },
		{ "missing.test", "no such host: missing.test: check `host`" },
		{ "later.test", "cannot look up later.test now: the DNS gives "
		                "no answer; is the network up?" },
		{ "broken.test", "cannot look up broken.test: Non-recoverable "
		                 "failure in name resolution" },
		{ "crash.test", "cannot look up crash.test: the resolver ended "
		                "without an answer" },
		{ "", "no such host: : check `host`" },
	};
	struct connect *c = connect_create(cases[_i].host, 1);
	struct fault f = { 0 };
	int fd = -1;

	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_msg(strstr(f.text, cases[_i].text) != NULL, "%s", f.text);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(connect_fd(c), -1);
	connect_free(&c);
	no_children_left();
}
END_TEST

/* Of 100 addresses 32 are tried, and the text stays within its bounds. */
START_TEST(many_addresses_are_bounded)
{
	struct connect *c = connect_create("many.test", 1);
	struct fault f = { 0 };
	int fd;

	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_ptr_nonnull(
		strstr(f.text, "127.0.0.2: Connection refused; "));
	ck_assert_uint_lt(strlen(f.text), sizeof(f.text) - 1);
	connect_free(&c);
}
END_TEST

START_TEST(a_name_of_four_kilobytes)
{
	char host[4097];
	struct connect *c;
	struct fault f = { 0 };
	int fd;

	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	c = connect_create(host, 1);
	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_ptr_nonnull(strstr(f.text, "check `host`"));
	connect_free(&c);
}
END_TEST

START_TEST(a_slow_resolver_is_killed)
{
	struct connect *c = connect_create("slow.test", 25);
	int64_t start = clock_ticks();
	struct fault f = { 0 };
	int fd = -1;

	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	ck_assert_int_ge(connect_deadline(c) - start, 39000);
	ck_assert_int_le(connect_deadline(c) - start, 41000);
	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	ahead = LOOKUP_TIME + 1;
	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_FAILED);
	ck_assert_str_eq(f.text,
	                 "cannot look up slow.test: no answer within 40 "
	                 "seconds");
	no_children_left();
	connect_free(&c);
}
END_TEST

START_TEST(a_resolver_ends_with_its_owner)
{
	struct connect *c = connect_create("slow.test", 25);
	struct fault f = { 0 };
	int fd = -1;

	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	connect_free(&c);
	no_children_left();
}
END_TEST

/* A socket whose queue is full: the kernel drops what we send, as a firewall
 * does. */
#define DEAF_FILLERS 8
static int deaf_listener(const char *address, unsigned *port, int *filler)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = listener(address, port);

	listen(fd, 0);
	inet_pton(AF_INET, address, &to.sin_addr);
	to.sin_port = htons((uint16_t)*port);
	for (int i = 0; i < DEAF_FILLERS; i++) {
		filler[i] = socket(
			AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(filler[i], (struct sockaddr *)&to, sizeof(to));
	}
	return fd;
}

static void stop_deaf_listener(int server, const int *filler)
{
	for (size_t i = 0; i < DEAF_FILLERS; i++)
		close(filler[i]);
	close(server);
}

START_TEST(a_deaf_address_is_left_at_its_deadline)
{
	struct fault f = { 0 };
	struct connect *c;
	int filler[DEAF_FILLERS], fd = -1;
	unsigned port;
	int server = deaf_listener("127.0.0.2", &port, filler);

	c = connect_create("127.0.0.2", port);
	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	ck_assert_int_le(connect_deadline(c) - clock_ticks(),
	                 RACE_ADDRESS_TIME * 1000);
	ahead = RACE_ADDRESS_TIME + 1;
	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_msg(strstr(f.text, "127.0.0.2: no answer") != NULL, "%s",
	              f.text);
	connect_free(&c);
	stop_deaf_listener(server, filler);
}
END_TEST

/* Reasons are told in the order of the addresses, not of their failures. */
START_TEST(a_deaf_address_does_not_hide_the_others)
{
	struct fault f = { 0 };
	struct connect *c;
	int filler[DEAF_FILLERS], fd = -1;
	unsigned port;
	int server = deaf_listener("127.0.0.2", &port, filler);

	c = connect_create("refused.test", port);
	while (connect_advance(c, &fd, &f) == STREAM_WANT_READ &&
	       connect_deadline(c) - clock_ticks() > RACE_STAGGER)
		poll(NULL, 0, 5);
	ahead = RACE_ADDRESS_TIME + 1;
	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_msg(strstr(f.text, "127.0.0.2: no answer; 127.0.0.3: "
	                             "Connection refused") != NULL,
	              "%s", f.text);
	connect_free(&c);
	stop_deaf_listener(server, filler);
}
END_TEST

/* Two minutes are enough for everything. */
START_TEST(all_addresses_share_one_limit)
{
	struct fault f = { 0 };
	struct connect *c;
	int filler[DEAF_FILLERS], fd = -1;
	unsigned port;
	int server = deaf_listener("127.0.0.2", &port, filler);

	c = connect_create("127.0.0.2 127.0.0.3", port);
	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	ahead = CONNECT_TOTAL_TIME + 1;
	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_msg(strstr(f.text, "127.0.0.2: no answer; cannot reach "
	                             "127.0.0.3") != NULL,
	              "%s", f.text);
	ck_assert_ptr_null(strstr(f.text, "refused"));
	connect_free(&c);
	stop_deaf_listener(server, filler);
}
END_TEST

/* The one that answers wins, long before the deaf one's time is over. */
START_TEST(a_deaf_address_keeps_nobody_waiting)
{
	static const char *const hosts[] = { "halfdeaf.test", "dual.test" };
	int64_t start = clock_ticks();
	struct fault f = { 0 };
	struct connect *c;
	int filler[DEAF_FILLERS], fd = -1, before = count_descriptors();
	char peer[100];
	unsigned port;
	int server = deaf_listener("127.0.0.2", &port, filler);
	int good = listener_at("127.0.0.1", &port);

	c = connect_create(hosts[_i], port);
	ck_assert_msg(go(c, &fd, &f) == STREAM_DONE, "%s", f.text);
	snprintf(peer, sizeof(peer), "%s[127.0.0.1]:%u", hosts[_i], port);
	ck_assert_str_eq(connect_peer(c), peer);
	ck_assert_int_lt(clock_ticks() - start, RACE_ADDRESS_TIME * 1000);
	connect_free(&c);
	close(fd);
	close(good);
	stop_deaf_listener(server, filler);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* An address that answers at once is the only one to be called. */
START_TEST(nobody_else_is_called)
{
	struct fault f = { 0 };
	struct connect *c;
	struct pollfd other;
	unsigned port;
	int fd = -1, first = listener("127.0.0.1", &port);
	int second = listener_at("127.0.0.2", &port);

	c = connect_create("first.test", port);
	ck_assert_int_eq(go(c, &fd, &f), STREAM_DONE);
	other = (struct pollfd){ .fd = second, .events = POLLIN };
	ck_assert_int_eq(poll(&other, 1, 0), 0);
	connect_free(&c);
	close(fd);
	close(first);
	close(second);
}
END_TEST

/* RFC 8305, section 4: the resolver's first family first. */
START_TEST(families_take_turns)
{
	struct connect *c = connect_create("turns.test", 1);
	struct fault f = { 0 };
	const char *at = f.text;
	static const char *const order[] = { " ::1: ", "; 127.0.0.2: ",
		                             "; ::2: ", "; 127.0.0.3: ",
		                             "; 127.0.0.4: " };
	int fd = -1;

	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		at = strstr(at, order[i]);
		ck_assert_msg(at != NULL, "%s: %s", order[i], f.text);
	}
	connect_free(&c);
}
END_TEST

/* --- several hosts ----------------------------------------------------------
 */

static void expect_failed(const struct connect *c, const char *hosts)
{
	char all[300] = "";
	const struct fault *why;
	const char *host;

	for (size_t i = 0; (host = connect_failed(c, i, &why)) != NULL; i++) {
		ck_assert_int_eq(why->kind, FAULT_TEMP);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
		         i > 0 ? " " : "", host);
	}
	ck_assert_str_eq(all, hosts);
}

START_TEST(the_next_host_is_tried)
{
	static const struct {
		const char *hosts, *failed, *host;
	} cases[] = {
		{ "good.test refused.test", "", "good.test" },
		{ "good.test missing.test", "", "good.test" },
		{ "missing.test good.test", "missing.test", "good.test" },
		{ "later.test  crash.test good.test", "later.test crash.test",
		  "good.test" },
		{ "strange.test [127.0.0.1]", "strange.test", "127.0.0.1" },
		{ "[127.0.0.3] refused.test good.test missing.test",
		  "[127.0.0.3] refused.test", "good.test" },
	};
	struct fault f = { 0 };
	struct connect *c;
	unsigned port;
	char peer[100];
	int fd = -1, before = count_descriptors();
	int server = listener("127.0.0.1", &port);

	c = connect_create(cases[_i].hosts, port);
	ck_assert_msg(go(c, &fd, &f) == STREAM_DONE, "%s", f.text);
	ck_assert_str_eq(connect_host(c), cases[_i].host);
	snprintf(peer, sizeof(peer), "%s[127.0.0.1]:%u", cases[_i].host, port);
	ck_assert_str_eq(connect_peer(c), peer);
	expect_failed(c, cases[_i].failed);
	connect_free(&c);
	no_children_left();
	close(fd);
	close(server);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(all_hosts_are_explained)
{
	struct connect *c = connect_create("missing.test refused.test", 1);
	struct fault f = { 0 };
	int fd = -1;

	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_str_eq(f.code, "4.4.4");
	ck_assert_str_eq(f.text,
	                 "no such host: missing.test: check `host`; cannot "
	                 "reach refused.test port 1: 127.0.0.2: Connection "
	                 "refused; 127.0.0.3: Connection refused");
	expect_failed(c, "missing.test refused.test");
	ck_assert_int_eq(connect_fd(c), -1);
	connect_free(&c);
}
END_TEST

/* Of more than eight the rest is left out, and each has its place in the text.
 */
START_TEST(many_hosts_are_bounded)
{
	struct connect *c = connect_create("127.0.0.2 127.0.0.3 127.0.0.4 "
	                                   "127.0.0.5 127.0.0.6 127.0.0.7 "
	                                   "127.0.0.8 many.test 127.0.0.9",
	                                   1);
	struct fault f = { 0 };
	int fd = -1;

	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_ptr_nonnull(strstr(f.text, "reach 127.0.0.8 "));
	ck_assert_ptr_nonnull(strstr(f.text, "reach many.test "));
	ck_assert_ptr_null(strstr(f.text, "127.0.0.9"));
	connect_free(&c);
}
END_TEST

/* A resolver that is slow for one name leaves time for the next host. */
START_TEST(a_slow_host_leaves_time_for_the_next)
{
	struct fault f = { 0 };
	struct connect *c;
	unsigned port;
	int fd = -1, server = listener("127.0.0.1", &port);

	c = connect_create("slow.test slow.test slow.test good.test", port);
	ck_assert_int_eq(connect_advance(c, &fd, &f), STREAM_WANT_READ);
	ck_assert_int_le(connect_deadline(c) - clock_ticks(),
	                 CONNECT_TOTAL_TIME * 1000 / 4);
	for (int i = 1; i <= 3; i++) {
		ahead = i * (CONNECT_TOTAL_TIME / 4 + 1);
		ck_assert_int_ne(connect_advance(c, &fd, &f), STREAM_FAILED);
	}
	ck_assert_msg(go(c, &fd, &f) == STREAM_DONE, "%s", f.text);
	ck_assert_str_eq(connect_host(c), "good.test");
	connect_free(&c);
	no_children_left();
	close(fd);
	close(server);
}
END_TEST

/* --- a domain that names its servers ----------------------------------------
 */

START_TEST(a_service_is_reached)
{
	static const struct {
		const char *host, *name;
		unsigned port;
	} cases[] = {
		{ "srv:good.test", "good.test", 465 },
		{ "srv:good.test", "good.test", 587 },
		{ "srv:second.test", "second.test", 465 },
	};
	struct fault f = { 0 };
	struct connect *c;
	char peer[100];
	int fd = -1, server = listener("127.0.0.1", &service_port);

	c = connect_create(cases[_i].host, cases[_i].port);
	snprintf(peer, sizeof(peer), "%s:%u", cases[_i].host, cases[_i].port);
	ck_assert_str_eq(connect_peer(c), peer);
	ck_assert_msg(go(c, &fd, &f) == STREAM_DONE, "%s", f.text);
	/* Whose certificate it has to be, whoever the server is. */
	ck_assert_str_eq(connect_host(c), cases[_i].name);
	ck_assert_str_eq(connect_answered(c), cases[_i].host);
	snprintf(peer, sizeof(peer), "%s[127.0.0.1]:%u", cases[_i].name,
	         service_port);
	ck_assert_str_eq(connect_peer(c), peer);
	connect_free(&c);
	no_children_left();
	close(fd);
	close(server);
}
END_TEST

START_TEST(a_service_that_is_not_reached)
{
	static const struct {
		const char *host, *text;
	} cases[] = {
		{ "srv:none.test",
		  "the DNS names no server _submissions._tcp.none.test: write "
		  "the name of one in `host`, or another `tls`" },
		{ "srv:unknown.test",
		  "the DNS names no server _submissions._tcp.unknown.test: "
		  "write the name of one in `host`, or another `tls`" },
		{ "srv:later.test", "cannot look up later.test now: the DNS "
		                    "gives no answer; is the network up?" },
		{ "srv:dead.test", "no such host: dead.test: check `host`" },
		{ "srv:refusing.test",
		  "cannot reach a server of refusing.test: 127.0.0.2: "
		  "Connection refused; 127.0.0.3: Connection refused" },
	};
	struct connect *c = connect_create(cases[_i].host, 465);
	struct fault f = { 0 };
	int fd = -1;

	service_port = 1;
	ck_assert_int_eq(go(c, &fd, &f), STREAM_FAILED);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_str_eq(f.text, cases[_i].text);
	connect_free(&c);
	no_children_left();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("connect");
	TCase *t = tcase_create("connect");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_host_is_reached, 0, 4);
	tcase_add_test(t, ipv6_is_reached);
	tcase_add_loop_test(t, a_failure_is_explained, 0, 8);
	tcase_add_test(t, many_addresses_are_bounded);
	tcase_add_test(t, a_name_of_four_kilobytes);
	tcase_add_test(t, a_slow_resolver_is_killed);
	tcase_add_test(t, a_resolver_ends_with_its_owner);
	tcase_add_test(t, a_deaf_address_is_left_at_its_deadline);
	tcase_add_test(t, a_deaf_address_does_not_hide_the_others);
	tcase_add_test(t, all_addresses_share_one_limit);
	tcase_add_loop_test(t, a_deaf_address_keeps_nobody_waiting, 0, 2);
	tcase_add_test(t, nobody_else_is_called);
	tcase_add_test(t, families_take_turns);
	tcase_add_loop_test(t, the_next_host_is_tried, 0, 6);
	tcase_add_test(t, all_hosts_are_explained);
	tcase_add_test(t, many_hosts_are_bounded);
	tcase_add_loop_test(t, a_service_is_reached, 0, 3);
	tcase_add_loop_test(t, a_service_that_is_not_reached, 0, 5);
	tcase_add_test(t, a_slow_host_leaves_time_for_the_next);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
