/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_site_system - the machine's queue, and who works on it
 *
 * site.c is compiled for this with "queue" in the fixture's directory as its
 * place.  The password file is ours: getpwuid() below is found before libc's.
 */
#include "queue/site.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

enum { OWNER = 4711, GROUP = 4712, DROP_GROUP = 4713, NEW_GROUP = 4714 };

struct passwd *getpwuid(uid_t uid)
{
	static char name[] = "somebody", nothing[] = "x", home[4096];
	static struct passwd pw = { .pw_name = name,
		                    .pw_passwd = nothing,
		                    .pw_gecos = nothing,
		                    .pw_shell = nothing };

	snprintf(home, sizeof(home), "%s", fixture_path("home"));
	pw.pw_uid = uid;
	pw.pw_dir = home;
	return &pw;
}

static void setup(void)
{
	fixture_setup();
	clearenv();
}

static void make_spool(void)
{
	ck_assert_int_eq(mkdir("queue", 0711), 0);
	ck_assert_int_eq(mkdir("queue/drop", 0770), 0);
	ck_assert_int_eq(mkdir("queue/new", 0770), 0);
}

static void find(struct site *site)
{
	struct fault f = { 0 };

	ck_assert_msg(site_find(site, &f) == 0, "%s", f.text);
}

/* --- which -----------------------------------------------------------------
 */

static const struct {
	bool has_drop, has_rc;
	const char *variable; /* is set to /elsewhere, or NULL */
	bool is_system;
} cases[] = {
	{ true, false, NULL, true },
	{ true, true, NULL, false },
	{ true, false, "RELAY_QUEUE", false },
	{ true, false, "RELAY_CONFIG", false },
	{ true, false, "RELAY_HOST", false },
	{ true, false, "XDG_STATE_HOME", true },
	{ true, false, "HOME", true },
	{ false, false, NULL, false },
	{ false, true, NULL, false },
};

START_TEST(which)
{
	struct site site;

	if (cases[_i].has_drop)
		make_spool();
	ck_assert_int_eq(mkdir("home", 0700), 0);
	if (cases[_i].has_rc)
		fixture_write("home/.relayrc", "", 0);
	if (cases[_i].variable != NULL)
		setenv(cases[_i].variable, "/elsewhere", 1);
	find(&site);
	ck_assert_int_eq(site.is_system, cases[_i].is_system);
	ck_assert_uint_eq(site.owner, geteuid());
	ck_assert(site_is_ours(&site));
	if (cases[_i].is_system) {
		ck_assert_str_eq(site.queue, SPOOLDIR);
		ck_assert_str_eq(site.config, SYSCONFDIR "/relayrc");
	}
	site_release(&site);
}
END_TEST

/* SMTP_HOST counts where nothing else says where mail goes. */
static const struct {
	bool has_drop, has_socket, has_rc, has_common_rc;
	const char *host;
	bool is_environment;
} strangers[] = {
	{ false, false, false, false, "mx", true },
	{ false, false, false, false, "", false },
	{ true, false, false, false, "mx", false },
	{ false, true, false, false, "mx", false },
	{ false, false, true, false, "mx", false },
	{ false, false, false, true, "mx", false },
};

START_TEST(a_stray_smtp_host)
{
	struct site site;

	if (strangers[_i].has_drop)
		make_spool();
	if (strangers[_i].has_socket) {
		ck_assert_int_eq(mkdir("run", 0755), 0);
		ck_assert_int_eq(mkdir("run/relay", 0755), 0);
		fixture_write("run/relay/drop.sock", "", 0);
	}
	ck_assert_int_eq(mkdir("home", 0700), 0);
	if (strangers[_i].has_rc)
		fixture_write("home/.relayrc", "", 0);
	if (strangers[_i].has_common_rc)
		fixture_write("relayrc", "", 0);
	setenv("SMTP_HOST", strangers[_i].host, 1);
	find(&site);
	ck_assert_int_eq(site.config == NULL, strangers[_i].is_environment);
	ck_assert(!site.is_system || !strangers[_i].is_environment);
	site_release(&site);
}
END_TEST

/* The owner is whose spool it is, whoever has drop/. */
/* A container that is given the socket alone. */
START_TEST(the_socket_is_enough)
{
	struct fault f = { 0 };
	struct site site;
	struct spool spool;
	bool missing;

	ck_assert_int_eq(mkdir("run", 0755), 0);
	ck_assert_int_eq(mkdir("run/relay", 0755), 0);
	fixture_write("run/relay/drop.sock", "", 0);
	ck_assert_int_eq(mkdir("home", 0700), 0);
	find(&site);
	ck_assert(site.is_system);
	ck_assert(!site_is_ours(&site));
	ck_assert_int_eq(site_open(&site, &spool, &missing, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, SPOOLDIR));
	spool_release(&spool);
	site_release(&site);
}
END_TEST

START_TEST(whose)
{
	struct site site;

	make_spool();
	if (geteuid() != 0)
		return; /* all is ours, as above */
	ck_assert_int_eq(chown("queue", OWNER, GROUP), 0);
	ck_assert_int_eq(chown("queue/drop", OWNER, DROP_GROUP), 0);
	find(&site);
	ck_assert(site.is_system);
	ck_assert_uint_eq(site.owner, OWNER);
	ck_assert(!site_is_ours(&site));
	site_release(&site);
}
END_TEST

/* --- becoming its owner ------------------------------------------------------
 */

static void give_away(void)
{
	ck_assert_int_eq(chmod(".", 0711), 0);
	ck_assert_int_eq(chown("queue", OWNER, GROUP), 0);
	ck_assert_int_eq(chown("queue/drop", OWNER, DROP_GROUP), 0);
	ck_assert_int_eq(chown("queue/new", OWNER, NEW_GROUP), 0);
}

static void expect_owner(void)
{
	gid_t groups[16];
	uid_t uids[3];
	gid_t gids[3];

	ck_assert_int_eq(getresuid(&uids[0], &uids[1], &uids[2]), 0);
	ck_assert_int_eq(getresgid(&gids[0], &gids[1], &gids[2]), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(uids[i], OWNER);
		ck_assert_uint_eq(gids[i], GROUP);
	}
	ck_assert_int_eq(getgroups(COUNT_OF(groups), groups), 2);
	ck_assert(groups[0] == DROP_GROUP || groups[1] == DROP_GROUP);
	ck_assert(groups[0] == NEW_GROUP || groups[1] == NEW_GROUP);
}

static int become(void *arg)
{
	struct fault f = { 0 };
	struct site site;

	(void)arg;
	find(&site);
	ck_assert_msg(site_become_owner(&site, &f) == 0, "%s", f.text);
	ck_assert(site_is_ours(&site));
	expect_owner();
	/* for good */
	ck_assert_int_eq(setuid(0), -1);
	ck_assert_int_eq(setgid(0), -1);
	ck_assert_int_eq(setgroups(0, NULL), -1);
	/* and once: it is done */
	ck_assert_int_eq(site_become_owner(&site, &f), 0);
	site_release(&site);
	return 0;
}

START_TEST(root_becomes_it)
{
	if (geteuid() != 0)
		return;
	make_spool();
	give_away();
	ck_assert_int_eq(fixture_child(become, NULL), 0);
}
END_TEST

/* Whoever is not root stays who he is. */
START_TEST(others_do_not)
{
	struct site site = { .is_system = true, .owner = OWNER };
	struct fault f = { 0 };

	if (geteuid() == 0)
		site.is_system = false;
	ck_assert_int_eq(site_become_owner(&site, &f), 0);
	ck_assert_int_eq(f.kind, FAULT_NONE);
}
END_TEST

static int be_refused(void *arg)
{
	const int *status = arg;
	struct fault f = { 0 };
	struct site site;

	find(&site);
	if (*status == EX_CANTCREAT)
		ck_assert_int_eq(rmdir("queue/new"), 0);
	if (*status == EX_OSERR)
		ck_assert_int_eq(chown("queue", OWNER + 1, GROUP), 0);
	ck_assert_int_eq(site_become_owner(&site, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), *status);
	if (*status == EX_NOPERM)
		ck_assert_ptr_nonnull(strstr(f.text, "setup-spool"));
	ck_assert_uint_eq(geteuid(), 0);
	site_release(&site);
	return 0;
}

/* A spool of root's; one that is not whole; one that changed its owner since it
 * was found. */
START_TEST(root_is_refused)
{
	static const int statuses[] = { EX_NOPERM, EX_CANTCREAT, EX_OSERR };
	int status = statuses[_i];

	if (geteuid() != 0)
		return;
	make_spool();
	if (status != EX_NOPERM)
		give_away();
	ck_assert_int_eq(fixture_child(be_refused, &status), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site_system");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, fixture_teardown);
	tcase_add_loop_test(all, which, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, a_stray_smtp_host, 0,
	                    (int)COUNT_OF(strangers));
	tcase_add_test(all, the_socket_is_enough);
	tcase_add_test(all, whose);
	tcase_add_test(all, root_becomes_it);
	tcase_add_test(all, others_do_not);
	tcase_add_loop_test(all, root_is_refused, 0, 3);
	return fixture_run(suite);
}
