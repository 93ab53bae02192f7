/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_config - a configuration loaded from a file or from the environment */
#include "config/config.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

#define A "smarthost a\n host h\n"

/* --- the file itself ------------------------------------------------------ */

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	unlink("rc");
	unlink("link");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
	FILE *file = fopen("rc", "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod("rc", mode), 0);
}

static const struct {
	const char *text;
	mode_t mode;
	const char *fault; /* "": none */
} modes[] = {
	{ A, 0600, "" },
	{ A, 0400, "" },
	{ A, 0644, "" },
	{ A, 0664, "rc can be changed by other users: chmod go-w rc" },
	{ A, 0602, "rc can be changed by other users: chmod go-w rc" },
	{ A " user b\n password hunter2\n", 0600, "" },
	{ A " user b\n password hunter2\n", 0640,
	  "rc:4: the password can be read by other users: chmod 600 rc" },
	{ A " user b\n password ses-key inline hunter2\n", 0604,
	  "rc:4: the password can be read by other users: chmod 600 rc" },
	{ A " user b\n password inline hunter2\n", 0604,
	  "rc:4: the password can be read by other users: chmod 600 rc" },
	{ A " from_force a@x.test\n from_allow *@x.test\n", 0600, "" },
	{ A " from_allow *@x.test\n", 0600,
	  "rc:3: `from_allow` needs `from_force ADDRESS`, which replaces the "
	  "senders that may not stay: add it, or remove this" },
	{ A " from_scope header\n", 0600,
	  "rc:3: `from_scope` needs `from_force ADDRESS`, which replaces the "
	  "senders that may not stay: add it, or remove this" },
	{ "smarthost a\n host srv:example.org\n tls starttls\n", 0600, "" },
	{ "smarthost a\n host srv:example.org\n port 465\n", 0600,
	  "rc:3: `host srv:DOMAIN` has its ports from the DNS: remove `port`" },
	{ "smarthost a\n host srv:example.org\n tls none\n", 0600,
	  "rc:3: `host srv:DOMAIN` goes with TLS only: write the name of the "
	  "server, or remove `tls none`" },
	{ A " user b\n password file /x\n", 0644, "" },
	{ A " user b\n password command x\n", 0644, "" },
	{ "x\n" A " user b\n password hunter2\n", 0644,
	  "rc:1: this line starts with no key: `relay check --options` lists "
	  "them" },
};

START_TEST(mode)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config;

	write_file(modes[_i].text, modes[_i].mode);
	config = config_load("rc", NULL, &f);
	ck_assert_str_eq(f.text, modes[_i].fault);
	ck_assert_int_eq(config == NULL, modes[_i].fault[0] != '\0');
	config_free(&config);
}
END_TEST

static void cannot_load(const char *path, const char *text)
{
	struct config_errors errors;
	struct fault f;

	ck_assert_ptr_null(config_load(path, &errors, &f));
	ck_assert_str_eq(f.text, text);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_uint_eq(errors.list[0].line, 0);
}

START_TEST(kinds)
{
	char *large = malloc(CONFIG_FILE_LIMIT + 2);
	struct fault f = { .kind = FAULT_NONE };
	struct config *config;

	cannot_load("rc", "rc: there is no such file: write one, `relay "
	                  "--help` shows how");
	cannot_load("rc/x", "rc/x: there is no such file: write one, `relay "
	                    "--help` shows how");
	cannot_load(".", ". is not a regular file");
	cannot_load("/dev/zero", "/dev/zero is not a regular file");
	ck_assert_int_eq(mkfifo("rc", 0600), 0);
	cannot_load("rc", "rc is not a regular file"); /* at once */
	unlink("rc");
	ck_assert_int_eq(symlink("link", "link"), 0);
	cannot_load("link",
	            "cannot open link: Too many levels of symbolic links");
	unlink("link");
	ck_assert_int_eq(symlink("rc", "link"), 0);
	write_file(A, 0600);
	config = config_load("link", NULL, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_str_eq(config->path, "link");
	config_free(&config);
	memset(large, '\n', CONFIG_FILE_LIMIT + 1);
	large[CONFIG_FILE_LIMIT + 1] = '\0';
	write_file(large, 0600);
	cannot_load("rc", "rc is larger than 262144 bytes");
	free(large);
}
END_TEST

/* --- the environment ------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *variables[6]; /* NAME=VALUE */
	const char *fault;        /* "": none */
} environments[] = {
	{ { "HOST=h", "USER=me", "PASSWORD=hunter2" }, "" },
	{ { "HOST=h" }, "" },
	{ { "HOST=h", "PORT=", "USER=", "TLS=", "DOMAIN=", "PASSWORD=" }, "" },
	{ { "HOST=h", "TLS=none", "DOMAIN=example.org" }, "" },
	{ { "HOST=h", "ALIASES=/etc/aliases", "POSTMASTER=me@example.org" }, "" },
	{ { "HOST=h", "ALIASES=aliases" }, "RELAY_ALIASES: `aliases`: `aliases` is no full path: start it with / or ~/" },
	{ { "HOST=h", "POSTMASTER=me" }, "RELAY_POSTMASTER: `postmaster` wants an address such as me@example.org, not \"me\"" },
	{ { "HOST=" }, "RELAY_HOST: this is empty: set it to the name of the server" },
	{ { "PORT=25" }, "RELAY_HOST: this is empty: set it to the name of the server" },
	{ { "HOST= a.example  192.0.2.1 " }, "" },
	{ { "HOST=a b c d e f g h i" }, "RELAY_HOST: `host` has more than 8 names: remove some" },
	{ { "HOST=srv:example.org" }, "" },
	{ { "HOST=srv:example.org", "PORT=25" }, "RELAY_PORT: `host srv:DOMAIN` has its ports from the DNS: remove `port`" },
	{ { "HOST=srv:example.org", "TLS=none" }, "RELAY_TLS: `host srv:DOMAIN` goes with TLS only: write the name of the server, or remove `tls none`" },
	{ { "HOST=a/b" }, "RELAY_HOST: `host` is a name alone, such as mail.example.org: no smtp://, no user, no path" },
	{ { "HOST=h", "PORT=x" }, "RELAY_PORT: `port` cannot be `x`: write a number from 1 to 65535" },
	{ { "HOST=h", "TLS=yes" }, "RELAY_TLS: `tls` cannot be `yes`: write one of starttls implicit none" },
	{ { "HOST=h", "DOMAIN=a b" }, "RELAY_DOMAIN: `domain` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ { "HOST=h", "USER=a\nb", "PASSWORD=x" }, "RELAY_USER: there is a control character: remove it" },
	{ { "HOST=h", "USER=\xFF", "PASSWORD=x" }, "RELAY_USER: this is not valid UTF-8: save it as UTF-8" },
	{ { "HOST=h", "USER=me" }, "RELAY_PASSWORD: RELAY_USER needs a password: set this too" },
	{ { "HOST=h", "PASSWORD=hunter2" }, "RELAY_USER: RELAY_PASSWORD needs a name to log in with: set this too" },
	{ { "HOST=h", "USER=me", "PASSWORD=hunter2", "TLS=none" }, "RELAY_TLS: `none` sends nothing secret: remove it, or remove RELAY_PASSWORD" },
	{ { "HOST=h", "USER=me", "PASSWORD_FILE=/x" }, "" },
	{ { "HOST=h", "USER=me", "PASSWORD_FILE=x" }, "RELAY_PASSWORD_FILE: `x` is no full path: start it with / or ~/" },
	{ { "HOST=h", "USER=me", "PASSWORD=hunter2", "PASSWORD_FILE=/x" }, "RELAY_PASSWORD_FILE: RELAY_PASSWORD is set, too, and says the same: remove one of them" },
	{ { "HOST=h", "FROM_FORCE=me@example.org", "FROM_ALLOW=*@a.test *@b.test" }, "" },
	{ { "HOST=h", "FROM_ALLOW=*@a.test" }, "RELAY_FROM_ALLOW: `from_allow` needs `from_force ADDRESS`, which replaces the senders that may not stay: add it, or remove this" },
	{ { "HOST=h", "TLS_CA=ca" }, "RELAY_TLS_CA: `tls_ca`: `ca` is no full path: start it with / or ~/" },
	{ { "HOST=h", "LOGIN=plain login", "USER=me", "PASSWORD=x" }, "" },
	/* what many programs call the same */
	{ { "SMTP_HOST=h", "SMTP_PORT=465", "SMTP_USER=me", "SMTP_PASSWORD=hunter2" }, "" },
	{ { "SMTP_HOST=h", "SMTP_USERNAME=me", "SMTP_PASSWORD_FILE=/x" }, "" },
	{ { "SMTP_HOST=h", "SMTP_PORT=x" }, "SMTP_PORT: `port` cannot be `x`: write a number from 1 to 65535" },
	{ { "SMTP_HOST=h", "SMTP_USER=me" }, "SMTP_PASSWORD: SMTP_USER needs a password: set this too" },
	{ { "SMTP_HOST=h", "SMTP_USERNAME=me" }, "SMTP_PASSWORD: SMTP_USERNAME needs a password: set this too" },
	{ { "SMTP_HOST=h", "SMTP_PASSWORD_FILE=/x" }, "SMTP_USER: SMTP_PASSWORD_FILE needs a name to log in with: set this too" },
	{ { "SMTP_HOST=h", "SMTP_TLS=yes" }, "" },
	{ { "SMTP_HOST=h", "SMTP_TLS=False" }, "SMTP_TLS: `tls` cannot be `False`: write one of starttls implicit none" },
	{ { "SMTP_HOST=h", "SMTP_TLS=none", "SMTP_USER=me", "SMTP_PASSWORD=hunter2" }, "SMTP_TLS: `none` sends nothing secret: remove it, or remove SMTP_PASSWORD" },
	{ { "SMTP_HOST=h", "TLS=none", "SMTP_TLS=ssl" }, "" },
	{ { "SMTP_HOST=h", "SMTP_USER=me", "PASSWORD=hunter2", "SMTP_PASSWORD_FILE=x" }, "" },
	{ { "SMTP_HOST=h", "SMTP_USER=me", "SMTP_PASSWORD=hunter2", "SMTP_PASSWORD_FILE=/x" }, "SMTP_PASSWORD_FILE: SMTP_PASSWORD is set, too, and says the same: remove one of them" },
	/* of another server */
	{ { "PROVIDER=sendgrid", "PASSWORD=hunter2", "SMTP_HOST=a/b", "SMTP_PORT=x" }, "" },
	{ { "PROVIDER=sendgrid", "SMTP_PASSWORD=hunter2" }, "RELAY_PASSWORD: RELAY_USER needs a password: set this too" },
	{ { "PROVIDER=ses", "REGION=eu-west-1", "USER=AKIA", "PASSWORD=x" }, "" },
	{ { "HOST=h", "SMTP_HOST=a/b", "SMTP_PORT=x", "SMTP_USER=me", "SMTP_TLS=x" }, "" },
	{ { "HOST=h", "USER=me", "SMTP_PASSWORD=hunter2" }, "RELAY_PASSWORD: RELAY_USER needs a password: set this too" },
	{ { "SMTP_USER=me", "SMTP_PASSWORD=hunter2" }, "RELAY_HOST: this is empty: set it to the name of the server" },
};
/* clang-format on */

extern char **environ;

/* RELAY_ stands before what does not begin with SMTP_. */
static void set_variables(const char *const variables[6])
{
	for (size_t i = 0; environ[i] != NULL;) {
		char *name = strndup(environ[i], strcspn(environ[i], "="));

		if (strncmp(name, "RELAY_", 6) == 0 ||
		    strncmp(name, "SMTP_", 5) == 0)
			unsetenv(name);
		else
			i++;
		free(name);
	}
	for (size_t i = 0; i < 6 && variables[i] != NULL; i++) {
		size_t n = strcspn(variables[i], "=");
		char name[40];

		snprintf(name, sizeof(name), "%s%.*s",
		         strncmp(variables[i], "SMTP_", 5) == 0 ? "" : "RELAY_",
		         (int)n, variables[i]);
		setenv(name, variables[i] + n + 1, 1);
	}
}

START_TEST(environment)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config;

	set_variables(environments[_i].variables);
	config = config_load(NULL, NULL, &f);
	ck_assert_str_eq(f.text, environments[_i].fault);
	ck_assert_int_eq(config == NULL, environments[_i].fault[0] != '\0');
	config_free(&config);
}
END_TEST

START_TEST(environment_is_a_smarthost)
{
	static const char *const variables[6] = { "HOST=mail.example.org",
		                                  "PORT=465", "USER=me",
		                                  "PASSWORD=hunter2",
		                                  "DOMAIN=example.org" };
	struct fault f = { .kind = FAULT_NONE };
	struct source_query query;
	struct config *c;
	struct secret *secret;

	set_variables(variables);
	c = config_load(NULL, NULL, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_ptr_null(c->path);
	ck_assert_str_eq(c->domain, "example.org");
	ck_assert_uint_eq(c->count, 1);
	ck_assert_str_eq(c->smarthosts[0].name, "environment");
	ck_assert_str_eq(c->smarthosts[0].host, "mail.example.org");
	ck_assert_int_eq(c->smarthosts[0].tls, CONFIG_TLS_IMPLICIT);
	ck_assert(smarthost_has_login(&c->smarthosts[0]));
	smarthost_query(&c->smarthosts[0], SOURCE_PASSWORD, &query);
	ck_assert_str_eq(query.account, "environment");
	ck_assert_str_eq(query.host, "mail.example.org");
	ck_assert_str_eq(query.user, "me");
	secret = source_fetch(&c->smarthosts[0].password, &query, &f);
	ck_assert_str_eq(secret_reveal(secret), "hunter2");
	secret_free(&secret);
	config_free(&c);
}
END_TEST

START_TEST(strangers_variables)
{
	static const char *const variables[6] = { "SMTP_HOST=mail.example.org",
		                                  "SMTP_PORT=465",
		                                  "SMTP_TLS=true",
		                                  "SMTP_USERNAME=them",
		                                  "USER=me",
		                                  "PASSWORD=hunter2" };
	struct fault f = { .kind = FAULT_NONE };
	struct config *c;
	char *value;

	set_variables(variables);
	c = config_load(NULL, NULL, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_str_eq(c->smarthosts[0].host, "mail.example.org");
	ck_assert_str_eq(c->smarthosts[0].user, "me");
	ck_assert_int_eq(c->smarthosts[0].tls, CONFIG_TLS_IMPLICIT);
	value = getenv("RELAY_PASSWORD");
	config_hide_secrets(c);
	ck_assert_str_eq(value, "*******");
	config_free(&c);
	c = config_load(NULL, NULL, &f); /* it is there still */
	ck_assert_str_eq(f.text, "");
	config_free(&c);
}
END_TEST

START_TEST(whose_secret)
{
	struct smarthost h = { .name = (char *)(uintptr_t) "a" };
	struct source_query query;

	h.host = (char *)(uintptr_t) "one.example two.example";
	smarthost_query(&h, SOURCE_CLIENT_SECRET, &query);
	ck_assert_str_eq(query.host, "one.example");
	ck_assert_str_eq(query.kind, "client-secret");
	ck_assert_ptr_null(query.user);
	h.host = (char *)(uintptr_t) "srv:example.org";
	smarthost_query(&h, SOURCE_PASSWORD, &query);
	ck_assert_str_eq(query.host, "example.org");
}
END_TEST

START_TEST(environment_too_long)
{
	char large[CONFIG_LINE_LIMIT + 20];
	static const char *const variables[6] = { "HOST=h", "PASSWORD=x" };
	struct fault f;

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	set_variables(variables);
	setenv("RELAY_USER", large, 1);
	ck_assert_ptr_null(config_load(NULL, NULL, &f));
	ck_assert_str_eq(f.text, "RELAY_USER: this is too long: shorten it");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, make_folder, remove_folder);
	tcase_add_loop_test(all, mode, 0, COUNT_OF(modes));
	tcase_add_test(all, kinds);
	tcase_add_loop_test(all, environment, 0, COUNT_OF(environments));
	tcase_add_test(all, environment_is_a_smarthost);
	tcase_add_test(all, strangers_variables);
	tcase_add_test(all, whose_secret);
	tcase_add_test(all, environment_too_long);
	return fixture_run(suite);
}
