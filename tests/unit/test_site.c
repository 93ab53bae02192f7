/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_site - personal or system, and whose home
 *
 * The password file is ours: getpwuid() below is found before libc's.  Who may
 * have a system queue depends on the uid, so all is done as root, too, where
 * the test runs as root.
 */
#include "queue/site.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

enum person { NOBODY_KNOWN, SOMEBODY, NO_HOME };

static enum person person;

struct passwd *getpwuid(uid_t uid)
{
	static char name[] = "somebody", nothing[] = "x";
	static char gecos[] = "Some & Body,Room 5,,", relative[] = "home";
	static char home[4096];
	static struct passwd pw = { .pw_name = name,
		                    .pw_passwd = nothing,
		                    .pw_gecos = gecos,
		                    .pw_shell = nothing };

	snprintf(home, sizeof(home), "%s", fixture_path("home"));
	pw.pw_uid = uid;
	pw.pw_dir = person == NO_HOME ? relative : home;
	return person == NOBODY_KNOWN ? NULL : &pw;
}

/* In the table @ stands for the fixture's directory. */
#define SYSTEM "system"
#define NONE "none"

static const struct {
	enum person person;
	bool has_rc; /* home/.relayrc is there */
	const char *environment[4];
	const char *queue;  /* SYSTEM: where one may have it, else personal */
	const char *config; /* NONE: from the environment */
} cases[] = {
	/* The password file's home, whatever sudo made of HOME. */
	{ SOMEBODY,
	  true,
	  { "HOME=/elsewhere" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { NULL },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { "XDG_STATE_HOME=@/state" },
	  "@/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY, true, { "XDG_STATE_HOME=/" }, "/relay", "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { "XDG_STATE_HOME=state" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { "XDG_STATE_HOME=" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { "RELAY_QUEUE=@/q", "XDG_STATE_HOME=@/state" },
	  "@/q",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  true,
	  { "RELAY_QUEUE=q" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	/* Containers and tests. */
	{ SOMEBODY,
	  false,
	  { "RELAY_HOST=mx" },
	  "@/home/.local/state/relay",
	  NONE },
	{ SOMEBODY,
	  true,
	  { "RELAY_HOST=mx" },
	  "@/home/.local/state/relay",
	  NONE },
	{ SOMEBODY,
	  true,
	  { "RELAY_PROVIDER=gmail" },
	  "@/home/.local/state/relay",
	  NONE },
	{ SOMEBODY,
	  true,
	  { "RELAY_PROVIDER=" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ SOMEBODY,
	  false,
	  { "RELAY_CONFIG=@/rc" },
	  "@/home/.local/state/relay",
	  "@/rc" },
	{ SOMEBODY,
	  false,
	  { "RELAY_CONFIG=@/rc", "RELAY_HOST=mx" },
	  "@/home/.local/state/relay",
	  "@/rc" },
	{ SOMEBODY,
	  false,
	  { "RELAY_CONFIG=@/rc", "RELAY_QUEUE=@/q" },
	  "@/q",
	  "@/rc" },
	{ NOBODY_KNOWN,
	  false,
	  { "RELAY_HOST=mx", "RELAY_QUEUE=@/q" },
	  "@/q",
	  NONE },
	/* Without an entry in the password file HOME is all there is. */
	{ NOBODY_KNOWN,
	  true,
	  { "HOME=@/home" },
	  "@/home/.local/state/relay",
	  "@/home/.relayrc" },
	{ NOBODY_KNOWN,
	  false,
	  { "HOME=/", "RELAY_HOST=mx" },
	  "/.local/state/relay",
	  NONE },
	{ NOBODY_KNOWN,
	  true,
	  { "HOME=@/home", "RELAY_HOST=mx" },
	  "@/home/.local/state/relay",
	  NONE },
	{ NOBODY_KNOWN, false, { "HOME=home", "RELAY_HOST=mx" }, NULL, NULL },
	{ NOBODY_KNOWN, false, { "RELAY_HOST=mx" }, NULL, NULL },
	{ NO_HOME, true, { "HOME=@/home", "RELAY_HOST=mx" }, NULL, NULL },
	{ NO_HOME, true, { "RELAY_CONFIG=@/rc" }, NULL, NULL },
	{ NO_HOME,
	  true,
	  { "RELAY_CONFIG=@/rc", "XDG_STATE_HOME=@/s" },
	  "@/s/relay",
	  "@/rc" },
	/* No configuration of their own. */
	{ SOMEBODY, false, { NULL }, SYSTEM, "@/home/.relayrc" },
	{ SOMEBODY,
	  false,
	  { "XDG_STATE_HOME=@/state" },
	  SYSTEM,
	  "@/home/.relayrc" },
	{ NOBODY_KNOWN, false, { "HOME=@/home" }, SYSTEM, "@/home/.relayrc" },
};

static char *expand(const char *text)
{
	const char *at = strchr(text, '@');
	static char expanded[8192];

	if (at == NULL)
		return strdup(text);
	snprintf(expanded, sizeof(expanded), "%.*s%s", (int)(at - text), text,
	         fixture_path(at[1] == '/' ? at + 2 : ""));
	return strdup(expanded);
}

static void set_environment(const char *const *assignments)
{
	clearenv();
	for (size_t i = 0; i < 4 && assignments[i] != NULL; i++) {
		char *text = expand(assignments[i]);
		char *value = strchr(text, '=');

		*value++ = '\0';
		setenv(text, value, 1);
		free(text);
	}
}

static void expect_path(const char *got, const char *expected)
{
	char *path = expand(expected);

	ck_assert_str_eq(got, path);
	free(path);
}

/* The queue of the whole machine where there is one; root has its place for
 * itself where there is none. */
static bool has_system(void)
{
	return access(SPOOLDIR "/drop", F_OK) == 0;
}

static void expect_system(const struct site *site, const char *config)
{
	ck_assert_int_eq(site->is_system, has_system());
	if (site->is_system || getuid() == 0) {
		ck_assert_str_eq(site->queue, SPOOLDIR);
		ck_assert_str_eq(site->config, SYSCONFDIR "/relayrc");
	} else {
		expect_path(site->config, config);
	}
}

static int run_case(void *arg)
{
	const int i = *(const int *)arg;
	struct fault f = { 0 };
	struct site site;
	char number[24];
	int result;

	person = cases[i].person;
	set_environment(cases[i].environment);
	result = site_find(&site, &f);
	if (cases[i].queue == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(fault_exit_status(&f), EX_OSFILE);
		ck_assert_ptr_nonnull(strstr(f.text, "RELAY_QUEUE"));
		ck_assert_ptr_null(site.queue);
		site_release(&site);
		return 0;
	}
	ck_assert_int_eq(result, 0);
	if (strcmp(cases[i].queue, SYSTEM) == 0) {
		expect_system(&site, cases[i].config);
	} else {
		ck_assert(!site.is_system);
		expect_path(site.queue, cases[i].queue);
		if (strcmp(cases[i].config, NONE) == 0)
			ck_assert_ptr_null(site.config);
		else
			expect_path(site.config, cases[i].config);
	}
	snprintf(number, sizeof(number), "uid%u", (unsigned)getuid());
	ck_assert_str_eq(site.login,
	                 person == NOBODY_KNOWN ? number : "somebody");
	ck_assert_str_eq(site.name,
	                 person == NOBODY_KNOWN ? "" : "Some & Body");
	site_release(&site);
	return 0;
}

START_TEST(where_the_queue_is)
{
	int which = _i;

	ck_assert_int_eq(mkdir("home", 0700), 0);
	if (cases[_i].has_rc)
		fixture_write("home/.relayrc", "not a configuration {{{", 23);
	ck_assert_int_eq(fixture_child(run_case, &which), 0);
	ck_assert_int_eq(fixture_as_nobody(run_case, &which), 0);
	ck_assert(!fixture_exists("home/.local"));
}
END_TEST

static int find_system_queue(void *arg)
{
	static const char *const environment[4] = { "RELAY_QUEUE=@/q" };
	struct fault f = { 0 };
	struct site site;

	(void)arg;
	person = SOMEBODY;
	set_environment(environment);
	ck_assert_int_eq(site_find(&site, &f), 0);
	ck_assert(!site.is_system);
	ck_assert(site_is_ours(&site));
	expect_path(site.queue, "@/q");
	site_release(&site);
	return 0;
}

START_TEST(a_queue_that_is_named)
{
	ck_assert_int_eq(fixture_child(find_system_queue, NULL), 0);
	ck_assert_int_eq(fixture_as_nobody(find_system_queue, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, where_the_queue_is, 0, COUNT_OF(cases));
	tcase_add_test(all, a_queue_that_is_named);
	return fixture_run(suite);
}
