/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_sandbox - what is left to relay-flush is what it needs
 *
 * Each case is a child.  What the kernel (or a sanitizer build) does not know
 * is not looked for.
 */
#include "flush/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/sbuf.h"
#include "fixture.h"

static char queue_path[4096], config_path[4096], ca_path[4096];

/* The version of Landlock that is to be expected. */
static unsigned landlock;

static void set_up(void)
{
	struct landlock l;

	landlock_init(&l, false);
	landlock = l.fd >= 0 ? l.version : 0;
	landlock_release(&l);
	fixture_setup();
	ck_assert_int_eq(mkdir("queue", 0700), 0);
	ck_assert_int_eq(mkdir("etc", 0700), 0);
	snprintf(queue_path, sizeof(queue_path), "%s", fixture_path("queue"));
	snprintf(ca_path, sizeof(ca_path), "%s", fixture_path("etc/ca"));
	snprintf(config_path, sizeof(config_path), "%s",
	         fixture_path("etc/relayrc"));
	fixture_write("etc/ca", "x", 1);
	fixture_write("etc/password", "x", 1);
	fixture_write("queue/file", "x", 1);
}

#define RC                                                         \
	"smarthost one\n host localhost\n port 2525\n tls_ca %s\n" \
	" user me\n password file %s\n"

/* A configuration on disk, loaded, and the site of it. */
static struct config *load(struct site *site, const char *password)
{
	struct fault f = { 0 };
	struct config *config;
	struct sbuf b;

	sbuf_init(&b, 20000);
	sbuf_addf(&b, RC, ca_path, password);
	fixture_write("etc/relayrc", b.data, b.len);
	ck_assert_int_eq(chmod("etc/relayrc", 0600), 0);
	*site = (struct site){ .is_system = true,
		               .queue = queue_path,
		               .config = config_path };
	config = config_load(site->config, NULL, &f);
	ck_assert_msg(config != NULL, "%s", f.text);
	sbuf_release(&b);
	return config;
}

static void enter(struct sandbox *s, struct site *site, bool is_watching)
{
	struct config *config = load(site, fixture_path("etc/password"));

	memset(s, 0, sizeof(*s));
	sandbox_enter(s, site, config, is_watching);
	ck_assert(s->is_entered);
	config_free(&config);
}

static bool opens(const char *path, int mode)
{
	int fd = open(path, mode | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool connects_to(unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		                  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool allowed;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	allowed = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ||
	          errno != EACCES;
	close(fd);
	return allowed;
}

/* --- once ----------------------------------------------------------------- */

static int work_once(void *arg)
{
	struct sandbox s;
	struct site site;

	(void)arg;
	enter(&s, &site, false);
	ck_assert(opens("queue/file", O_RDWR));
	ck_assert(opens("queue/new", O_RDWR | O_CREAT));
	ck_assert_int_eq(unlink("queue/file"), 0);
	ck_assert(opens("etc/ca", O_RDONLY));
	ck_assert(opens("etc/relayrc", O_RDONLY));
	ck_assert(opens("/dev/null", O_RDWR));
	ck_assert(opens("/etc/hosts", O_RDONLY));
	ck_assert(connects_to(2525) && connects_to(53));
	if (landlock == 0)
		return 0;
	ck_assert(!opens("etc/password", O_RDONLY));
	ck_assert(!opens("etc/ca", O_RDWR));
	ck_assert(!opens("etc/new", O_RDWR | O_CREAT));
	ck_assert(!opens("/etc/shadow", O_RDONLY));
	ck_assert(!opens("/proc/self/environ", O_RDONLY));
	ck_assert_int_eq(connects_to(25), landlock < 4);
	return 0;
}

START_TEST(files_and_ports_of_one_pass)
{
	ck_assert_int_eq(fixture_child(work_once, NULL), 0);
}
END_TEST

static int look_up(void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct sandbox s;
	struct site site;

	enter(&s, &site, arg != NULL);
	ck_assert_int_eq(getaddrinfo("localhost", NULL, &hints, &list), 0);
	freeaddrinfo(list);
	return 0;
}

START_TEST(names_are_still_looked_up)
{
	ck_assert_int_eq(fixture_child(look_up, NULL), 0);
	ck_assert_int_eq(fixture_child(look_up, &landlock), 0);
}
END_TEST

/* Somebody outside, who writes a new configuration when told to. */
static void write_when_told(int told, int done)
{
	char c;

	if (fork() != 0)
		return;
	if (read(told, &c, 1) == 1) {
		fixture_write("etc/other", "x", 1);
		rename("etc/other", "etc/relayrc");
	}
	_exit(write(done, &c, 1) == 1 ? 0 : 1);
}

static int notice_change(void *arg)
{
	bool is_watching = arg != NULL;
	struct sandbox s;
	struct site site;
	int tell[2], hear[2];
	char c = 'x';

	ck_assert_int_eq(pipe(tell), 0);
	ck_assert_int_eq(pipe(hear), 0);
	write_when_told(tell[0], hear[1]);
	enter(&s, &site, is_watching);
	ck_assert(!sandbox_is_stale(&s, &site));
	ck_assert_int_eq(write(tell[1], &c, 1), 1);
	ck_assert_int_eq(read(hear[0], &c, 1), 1);
	ck_assert_int_eq(sandbox_is_stale(&s, &site),
	                 landlock > 0 && !is_watching);
	ck_assert(!is_watching || opens("etc/relayrc", O_RDONLY));
	return 0;
}

START_TEST(another_configuration)
{
	ck_assert_int_eq(fixture_child(notice_change, NULL), 0);
	ck_assert_int_eq(fixture_child(notice_change, &landlock), 0);
}
END_TEST

/* --- watching ------------------------------------------------------------- */

static int work_on(void *arg)
{
	struct sandbox s;
	struct site site;

	(void)arg;
	enter(&s, &site, true);
	ck_assert(opens("queue/file", O_RDWR));
	ck_assert(opens("etc/relayrc", O_RDONLY));
	ck_assert(connects_to(25) && connects_to(2525));
	ck_assert_int_eq(opens("etc/new", O_RDWR | O_CREAT), landlock == 0);
	return 0;
}

START_TEST(watching_reads_and_calls_what_it_may)
{
	ck_assert_int_eq(fixture_child(work_on, NULL), 0);
}
END_TEST

/* --- both ----------------------------------------------------------------- */

static int run_a_program(void *arg)
{
	char *argv[] = { NULL, NULL };
	struct sandbox s;
	struct site site;

	enter(&s, &site, arg != NULL);
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2)
		return 0;
	ck_assert_int_eq(execv("/bin/true", argv), -1);
	ck_assert(errno == EPERM || errno == EACCES);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	return 0;
}

START_TEST(no_program_is_run)
{
	ck_assert_int_eq(fixture_child(run_a_program, NULL), 0);
	ck_assert_int_eq(fixture_child(run_a_program, &landlock), 0);
}
END_TEST

static int work_for_one(void *arg)
{
	struct sandbox s = { .is_entered = false };
	struct config *config;
	struct site site;

	(void)arg;
	config = load(&site, "/none");
	site.is_system = false;
	sandbox_enter(&s, &site, config, false);
	ck_assert(!s.is_entered && !sandbox_is_stale(&s, &site));
	ck_assert(opens("etc/password", O_RDONLY));
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	config_free(&config);
	return 0;
}

START_TEST(personal_mode_has_none)
{
	ck_assert_int_eq(fixture_child(work_for_one, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, fixture_teardown);
	tcase_add_test(all, files_and_ports_of_one_pass);
	tcase_add_test(all, names_are_still_looked_up);
	tcase_add_test(all, another_configuration);
	tcase_add_test(all, watching_reads_and_calls_what_it_may);
	tcase_add_test(all, no_program_is_run);
	tcase_add_test(all, personal_mode_has_none);
	return fixture_run(suite);
}
