/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_hosts - a host that is dead is called last, and not for ever
 *
 * Nobody listens at 127.0.0.2 and 127.0.0.3; at 127.0.0.1 we do.
 */
#include "flush/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "queue/pause.h"

#define NOW 1700000000L

static char name[] = "it";
static char hosts[] = "127.0.0.2 127.0.0.1 127.0.0.3";
static const struct smarthost smarthost = { .name = name, .host = hosts };

static void set_clock(long seconds)
{
	char text[30];

	snprintf(text, sizeof(text), "%ld", seconds);
	setenv("RELAY_TEST_CLOCK", text, 1);
}

static void open_pauses(struct dir *d)
{
	struct fault f = { 0 };

	set_clock(NOW);
	mkdir("pause", 0700);
	ck_assert_msg(dir_open(d, NULL, fixture_path("pause"), NULL, &f) == 0,
	              "%s", f.text);
}

static void expect_order(const struct dir *d, const struct smarthost *h,
                         const char *order)
{
	struct sbuf list;

	sbuf_init(&list, 1000);
	hosts_order(d, h, &list);
	ck_assert_str_eq(list.data, order);
	sbuf_release(&list);
}

static int listener(unsigned *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t size = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, size), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&to, &size);
	*port = ntohs(to.sin_port);
	return fd;
}

/* Call them in the order of `list`, and learn of it. */
static void call(const struct dir *d, const char *list, unsigned port,
                 const struct fault *why)
{
	struct connect *c = connect_create(list, port);
	struct fault f;
	int fd = -1;

	while (connect_advance(c, &fd, &f) == STREAM_WANT_READ)
		poll(NULL, 0, 1);
	hosts_learn(d, &smarthost, c, why);
	connect_free(&c);
	if (fd >= 0)
		close(fd);
}

START_TEST(a_dead_host_is_last)
{
	unsigned port;
	int server = listener(&port);
	struct dir d;

	open_pauses(&d);
	expect_order(&d, &smarthost, hosts);
	call(&d, hosts, port, NULL);
	expect_order(&d, &smarthost, "127.0.0.1 127.0.0.3 127.0.0.2");
	ck_assert_int_eq(fixture_count("pause"), 1);
	ck_assert(hosts_has_healthy(&d, &smarthost));
	/* Its time is over: it is called in its place again, ... */
	set_clock(NOW + 70);
	expect_order(&d, &smarthost, hosts);
	/* ... and for longer after another failure. */
	call(&d, hosts, port, NULL);
	set_clock(NOW + 70 + 200);
	expect_order(&d, &smarthost, "127.0.0.1 127.0.0.3 127.0.0.2");
	set_clock(NOW + 70 + 400);
	expect_order(&d, &smarthost, hosts);
	close(server);
	dir_release(&d);
}
END_TEST

START_TEST(one_that_answers_is_well_again)
{
	unsigned port;
	int server = listener(&port);
	struct fault why;
	struct dir d;

	open_pauses(&d);
	fault_set(&why, FAULT_TEMP, "4.3.2", "greeting: 421 too busy");
	call(&d, "127.0.0.1", port, &why);
	expect_order(&d, &smarthost, "127.0.0.2 127.0.0.3 127.0.0.1");
	call(&d, "127.0.0.1", port, NULL);
	expect_order(&d, &smarthost, hosts);
	ck_assert_int_eq(fixture_count("pause"), 0);
	close(server);
	dir_release(&d);
}
END_TEST

START_TEST(all_are_dead)
{
	struct dir d;

	open_pauses(&d);
	call(&d, hosts, 1, NULL);
	ck_assert(!hosts_has_healthy(&d, &smarthost));
	expect_order(&d, &smarthost, hosts);
	ck_assert_int_eq(fixture_count("pause"), 3);
	dir_release(&d);
}
END_TEST

/* Of one host nothing is remembered: the smarthost itself is left alone. */
START_TEST(one_host_leaves_nothing_behind)
{
	static char one[] = "127.0.0.2";
	const struct smarthost h = { .name = name, .host = one };
	struct connect *c = connect_create(one, 1);
	struct fault f;
	struct dir d;
	int fd = -1;

	open_pauses(&d);
	while (connect_advance(c, &fd, &f) == STREAM_WANT_READ)
		poll(NULL, 0, 1);
	hosts_learn(&d, &h, c, NULL);
	connect_free(&c);
	expect_order(&d, &h, one);
	ck_assert_int_eq(fixture_count("pause"), 0);
	dir_release(&d);
}
END_TEST

/* Another smarthost, and a damaged hint, change nothing. */
START_TEST(a_hint_of_somebody_else)
{
	static char other[] = "other";
	const struct smarthost h = { .name = other, .host = hosts };
	struct dir d;

	open_pauses(&d);
	call(&d, "127.0.0.2", 1, NULL);
	expect_order(&d, &h, hosts);
	fixture_write("pause/it%40127%2E0%2E0%2E2", "torn", 4);
	expect_order(&d, &smarthost, hosts);
	dir_release(&d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hosts");
	TCase *t = tcase_create("hosts");

	tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
	tcase_add_test(t, a_dead_host_is_last);
	tcase_add_test(t, one_that_answers_is_well_again);
	tcase_add_test(t, all_are_dead);
	tcase_add_test(t, one_host_leaves_nothing_behind);
	tcase_add_test(t, a_hint_of_somebody_else);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
