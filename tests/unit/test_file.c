/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_file - bytes of a configuration: what is taken, and every sentence that
 * says why something is not */
#include "config/file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define TEXT(s) s, sizeof(s) - 1
#define A "smarthost a\n host h\n"
#define OAUTH                                                 \
	" oauth_client c\n oauth_token_url https://h.test/\n" \
	" oauth_auth_url https://h.test/\n oauth_scope s\n"

/* --- what is wrong -------------------------------------------------------- */

/* A file, and all of its errors in lines. */
/* clang-format off */
static const struct {
	const char *file;
	size_t      n;
	const char *errors;
} wrong[] = {
	/* keys */
	{ TEXT(A " hots x\n"), "rc:3: unknown key `hots`: did you mean `host`?\n" },
	{ TEXT("smarthos b\n" A), "rc:1: unknown key `smarthos`: did you mean `smarthost`?\n" },
	{ TEXT("relayhost b\n" A), "rc:1: unknown key `relayhost`: `relay check --options` lists them\n" },
	{ TEXT(A " password=hunter2\n"), "rc:3: write a blank between the key `password` and its value, not `=`\n" },
	{ TEXT(A " user: me\n"), "rc:3: write a blank between the key `user` and its value, not `:`\n" },
	{ TEXT(A " Hunter2!\n"), "rc:3: this line starts with no key: `relay check --options` lists them\n" },
	{ TEXT(A "\"\" x\n"), "rc:3: unknown key ``: `relay check --options` lists them\n" },
	{ TEXT("host h\n" A), "rc:1: `host` belongs inside a smarthost block: indent it below `smarthost NAME`\n" },
	{ TEXT(" host h\n" A), "rc:1: `host` is indented, but no smarthost is above it: write `smarthost NAME` first\n" },
	{ TEXT(A "log none\n port 25\n"), "rc:4: `port` is indented, but line 3 ended the block above it: move it up, below `smarthost NAME`\n" },
	{ TEXT(A "\tdomain x\n"), "rc:3: `domain` belongs to the file as a whole: remove the blanks before it\n" },
	{ TEXT(" smarthost b\n" A), "rc:1: `smarthost` belongs to the file as a whole: remove the blanks before it\n" },
	{ TEXT(A " port\n"), "rc:3: `port` has no value: write it behind the key\n" },
	{ TEXT(A " port # 25\n"), "rc:3: `port` has no value: write it behind the key\n" },
	{ TEXT(A " port 25 26\n"), "rc:3: `port` takes one word: put it in quotes if it holds blanks; a comment starts with #\n" },
	{ TEXT(A " port 0\n"), "rc:3: `port` cannot be `0`: write a number from 1 to 65535\n" },
	{ TEXT("log none\nlog none\n" A), "rc:2: `log` is there twice, first in line 1: remove one\n" },
	{ TEXT(A " host i\n"), "rc:3: `host` is there twice, first in line 2: remove one\n" },
	/* blocks */
	{ TEXT(""), "rc:1: there is no smarthost: add `smarthost NAME` and, indented below it, `host mail.example.org`\n" },
	{ TEXT("# x\n\nlog none\n"), "rc:3: there is no smarthost: add `smarthost NAME` and, indented below it, `host mail.example.org`\n" },
	{ TEXT("smarthost\n host h\n"), "rc:1: this smarthost has no name: write `smarthost NAME`, any name will do\n" },
	{ TEXT("smarthost a b\n host h\n"), "rc:1: the name of a smarthost is one word of letters, digits, dots and hyphens, 64 at most\n" },
	{ TEXT("smarthost a/b\n host h\n"), "rc:1: the name of a smarthost is one word of letters, digits, dots and hyphens, 64 at most\n" },
	{ TEXT("smarthost aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n host h\n"), "rc:1: the name of a smarthost is one word of letters, digits, dots and hyphens, 64 at most\n" },
	{ TEXT(A A), "rc:3: smarthost `a` is there twice, first in line 1: give this one another name\n" },
	{ TEXT("smarthost a\n port 25\n"), "rc:1: this smarthost has no host: add `host mail.example.org` or `provider NAME` below it\n" },
	/* what keys mean together */
	{ TEXT(A " user me\n"), "rc:3: `user` needs a password: add `password file PATH`, or `login none`\n" },
	{ TEXT(A " password hunter2\n"), "rc:3: `password` needs a name to log in with: add `user NAME`\n" },
	{ TEXT(A " login plain login\n"), "rc:3: `login plain login` needs a name and a password: add `user NAME` and `password file PATH`\n" },
	{ TEXT(A " login xoauth2 oauthbearer\n"), "rc:3: `login xoauth2 oauthbearer` needs a name and a token: add `user NAME`, and `password command PROGRAM`, which prints it\n" },
	{ TEXT(A " login xoauth2\n user me\n"), "rc:4: `user` needs a password: add `password file PATH`, or `login none`\n" },
	{ TEXT(A " login xoauth2 plain\n user me\n password command p\n"), "rc:3: `login xoauth2 plain` mixes ways that send a token with ways that send a password: remove the ones or the others\n" },
	{ TEXT(A " login external oauthbearer\n user me\n password command p\n tls_cert /c\n tls_key /k\n"), "rc:3: `login external oauthbearer` mixes ways that send a token with ways that send a password: remove the ones or the others\n" },
	{ TEXT(A " login oauth\n" OAUTH), "rc:3: `login oauth` needs a name to log in with: add `user NAME`\n" },
	{ TEXT(A " login oauth\n user me\n password command p\n" OAUTH), "rc:5: `login oauth` has its token from `relay login`: remove `password`, or write `login xoauth2` if it gives the token\n" },
	{ TEXT(A " login oauth\n user me\n tls none\n" OAUTH), "rc:3: `login oauth` sends a token, and `tls none` nothing secret: remove one of them\n" },
	{ TEXT(A " login external\n"), "rc:3: `login external` logs in with a certificate: add `tls_cert` and `tls_key`\n" },
	{ TEXT(A " tls_cert /c\n"), "rc:3: `tls_cert` needs its key: add `tls_key PATH`\n" },
	{ TEXT(A " tls_key /k\n"), "rc:3: `tls_key` needs its certificate: add `tls_cert PATH`\n" },
	{ TEXT(A " user me\n tls none\n password hunter2\n"), "rc:4: `tls none` sends nothing secret: remove it, or remove `password`\n" },
	{ TEXT(A " tls none\n tls_ca /c\n"), "rc:3: `tls none` makes no use of `tls_ca`: remove one of them\n" },
	/* bytes and words */
	{ TEXT(A " user a\0b\n"), "rc:3: there is a NUL byte: remove it\n" },
	{ TEXT(A " # a\033b\n"), "rc:3: there is a control character: remove it\n" },
	{ TEXT(A " # a\rb\n"), "rc:3: there is a control character: remove it\n" },
	{ TEXT(A " # a\x7F""b\n"), "rc:3: there is a control character: remove it\n" },
	{ TEXT(A " # a\xC2\x85""b\n"), "rc:3: there is a control character: remove it\n" },
	{ TEXT(A " # \xFF\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \x80\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xC0\xAF\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xE0\x80\xAF\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xED\xA0\x80\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xF4\x90\x80\x80\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xF0\x8F\xBF\xBF\n"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " # \xC3"), "rc:3: this is not valid UTF-8: save it as UTF-8\n" },
	{ TEXT(A " helo \"h\n"), "rc:3: a quote is not closed: close it on the same line\n" },
	{ TEXT(A " helo 'h\"\n"), "rc:3: a quote is not closed: close it on the same line\n" },
	{ TEXT(A " helo \"h\\\n"), "rc:3: a \\ in double quotes stands before \" or \\ only: write \\\\ for one, or use single quotes\n" },
	{ TEXT(A " helo \"h\\n\"\n"), "rc:3: a \\ in double quotes stands before \" or \\ only: write \\\\ for one, or use single quotes\n" },
	{ TEXT(A " helo \"h\"i\n"), "rc:3: a blank is missing behind a closing quote\n" },
	{ TEXT(A " helo h\"i\"\n"), "rc:3: there is a quote inside a word: put the whole word in quotes\n" },
	{ TEXT(A " helo it's\n"), "rc:3: there is a quote inside a word: put the whole word in quotes\n" },
	/* all of them, in the order of the lines */
	{ TEXT("smarthost a\n user me\n prot 25\nlog no\n"),
	  "rc:1: this smarthost has no host: add `host mail.example.org` or `provider NAME` below it\n"
	  "rc:2: `user` needs a password: add `password file PATH`, or `login none`\n"
	  "rc:3: unknown key `prot`: did you mean `port`?\n"
	  "rc:4: `log` cannot be `no`: write one of syslog none\n" },
};
/* clang-format on */

static void list(const struct config_errors *errors, struct sbuf *b)
{
	for (size_t i = 0; i < errors->count; i++) {
		ck_assert_int_eq(errors->list[i].fault.kind, FAULT_CONFIG);
		ck_assert_int_eq(fault_exit_status(&errors->list[i].fault), 78);
		sbuf_addf(b, "%s\n", errors->list[i].fault.text);
	}
}

/* The flush tells one error only: the cause, not what follows from it. */
START_TEST(the_cause_is_told_first)
{
	static const char text[] = "smarthost a\n hots mail.test\n";
	struct fault f;

	ck_assert_ptr_null(
		config_parse("rc", text, sizeof(text) - 1, NULL, &f));
	ck_assert_str_eq(f.text,
	                 "rc:2: unknown key `hots`: did you mean `host`?");
}
END_TEST

START_TEST(refused)
{
	struct config_errors errors;
	struct fault f;
	struct sbuf b;

	ck_assert_ptr_null(
		config_parse("rc", wrong[_i].file, wrong[_i].n, &errors, &f));
	sbuf_init(&b, 20000);
	list(&errors, &b);
	ck_assert_str_eq(b.data, wrong[_i].errors);
	ck_assert_ptr_null(strstr(b.data, "unter2"));
	ck_assert_ptr_nonnull(strstr(b.data, f.text));
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert(!errors.more);
	sbuf_release(&b);
	ck_assert_ptr_null(
		config_parse("rc", wrong[_i].file, wrong[_i].n, NULL, &f));
}
END_TEST

/* Whatever is done to a line with a password, it is in no error. */
static const char *const secrets[] = {
	" password hunter2 hunter2",
	" password file hunter2",
	" password hunter2 it's",
	" password 'hunter2",
	" password \"hunter2\"x",
	" password hunter2\"",
	" password inline hunter2 x",
	" password=hunter2",
	" password:hunter2",
	" passwrd hunter2",
	"password hunter2",
	" password env a hunter2",
	" password keyring hunter2",
	" password hunter2\033",
	" password hunter2\xFF",
	" host smtp://me:hunter2@h",
	" password \"hunter2\\q\"",
	" password inline 'hunter2' 'b'",
	" hunter2.",
	" user me hunter2",
};

START_TEST(no_secret_in_errors)
{
	char file[300];
	struct config_errors errors;
	struct fault f;
	struct sbuf b;

	snprintf(file, sizeof(file), "smarthost a\n host h\n user b\n%s\n",
	         secrets[_i]);
	ck_assert_ptr_null(config_parse("rc", file, strlen(file), &errors, &f));
	sbuf_init(&b, 20000);
	list(&errors, &b);
	if (strcmp(secrets[_i], " password file hunter2") != 0)
		ck_assert_ptr_null(strstr(b.data, "hunter2"));
	sbuf_release(&b);
}
END_TEST

/* --- limits --------------------------------------------------------------- */

START_TEST(long_lines)
{
	char file[6000];
	struct config_errors errors;
	struct config *config;
	struct fault f;
	int start = snprintf(file, sizeof(file), A " user ");
	size_t head = (size_t)start;
	size_t line = head - 6;

	/* 4096 bytes in all, then one more */
	memset(file + head, 'u', 4096 - 6);
	snprintf(file + line + 4096, sizeof(file) - line - 4096,
	         "\n password x\n");
	config = config_parse("rc", file, strlen(file), &errors, &f);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(strlen(config->smarthosts[0].user), 4090);
	config_free(&config);
	file[line + 4096] = 'u';
	snprintf(file + line + 4097, sizeof(file) - line - 4097,
	         "\n login none\n");
	ck_assert_ptr_null(config_parse("rc", file, strlen(file), &errors, &f));
	ck_assert_str_eq(f.text,
	                 "rc:3: this line is longer than 4096 bytes: shorten "
	                 "it");
	ck_assert_uint_eq(errors.count, 1);
}
END_TEST

START_TEST(large_files)
{
	size_t n = CONFIG_FILE_LIMIT;
	char *file = malloc(n + 2);
	struct config_errors errors;
	struct config *config;
	struct fault f;

	memset(file, '\n', n + 2);
	memcpy(file, A, strlen(A));
	config = config_parse("rc", file, n, &errors, &f);
	ck_assert_ptr_nonnull(config);
	config_free(&config);
	ck_assert_ptr_null(config_parse("rc", file, n + 1, &errors, &f));
	ck_assert_str_eq(f.text, "rc:1: the file is larger than 262144 bytes");
	free(file);
}
END_TEST

START_TEST(many_smarthosts)
{
	struct config_errors errors;
	struct config *config;
	struct fault f;
	struct sbuf b;

	sbuf_init(&b, 100000);
	for (int i = 0; i < CONFIG_SMARTHOSTS; i++)
		sbuf_addf(&b, "smarthost s%d\n host h\n", i);
	config = config_parse("rc", b.data, b.len, &errors, &f);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->count, CONFIG_SMARTHOSTS);
	config_free(&config);
	sbuf_addstr(&b, "smarthost one-more\n");
	ck_assert_ptr_null(config_parse("rc", b.data, b.len, &errors, &f));
	ck_assert_str_eq(f.text,
	                 "rc:513: there are more than 256 smarthosts: remove "
	                 "some");
	sbuf_release(&b);
}
END_TEST

START_TEST(many_errors)
{
	char file[2000];
	struct config_errors errors;
	struct fault f;

	memset(file, 0, sizeof(file));
	for (size_t i = 0; i < 999; i++)
		memcpy(file + i * 2, "x\n", 2);
	ck_assert_ptr_null(
		config_parse("rc", file, 2 * CONFIG_ERRORS - 2, &errors, &f));
	ck_assert_uint_eq(errors.count, CONFIG_ERRORS); /* no smarthost, too */
	ck_assert(!errors.more);
	ck_assert_ptr_null(config_parse("rc", file, 1998, &errors, &f));
	ck_assert_uint_eq(errors.count, CONFIG_ERRORS);
	ck_assert(errors.more);
	ck_assert_uint_eq(errors.list[19].line, 20);
}
END_TEST

/* The end of a path says more than its beginning. */
START_TEST(long_paths)
{
	char path[3000];
	struct fault f;

	memset(path, 'p', sizeof(path));
	snprintf(path + 2980, 20, "/relayrc");
	ck_assert_ptr_null(config_parse(path, "", 0, NULL, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "pp/relayrc:1: there is no"));
	ck_assert_ptr_nonnull(strstr(f.text, "mail.example.org`"));
}
END_TEST

/* --- what is taken -------------------------------------------------------- */

static const char whole[] = "\xEF\xBB\xBF# a comment \xC3\xA9\n"
			    "domain   example.com   # added\r\n"
			    "\n"
			    "   \t\n"
			    "smarthost  first-1.2_3\t# here too\n"
			    "\thost mail.example.net\n"
			    "# not the end of the block\n"
			    "\n"
			    "  user 'api key' # 'x'\n"
			    "  password \"it's \\\"a\\\" \\\\ b#c\"\n"
			    "smarthost second\n"
			    " host mail.example.org\n"
			    " port 465\n"
			    " helo laptop.example.org#x\n"
			    "lifetime 2d\n"
			    "smarthost third\n"
			    " host other.example.org\n"
			    " tls implicit\n"
			    " login PLAIN login\n"
			    " user me\n"
			    " password env P\n"
			    "smarthost fourth\n"
			    " host 192.0.2.1\n"
			    " tls none\n"
			    " user me\n"
			    " login none\n"
			    " from a@b c@d\n"
			    " messages_per_connection 7\n"
			    "smarthost fifth\n"
			    " host h\n"
			    " login external\n"
			    " tls_cert /c\n"
			    " tls_key /k\n"
			    "log none";

static const struct config *parse_whole(struct config **config)
{
	struct config_errors errors;
	struct fault f = { .kind = FAULT_NONE };
	char *file = strdup(whole);
	char *helo = strstr(file, "#x");

	memcpy(helo, "  ", 2);
	*config = config_parse("rc", file, sizeof(whole) - 1, &errors, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_uint_eq(errors.count, 0);
	free(file);
	return *config;
}

START_TEST(taken)
{
	struct config *config;
	const struct config *c = parse_whole(&config);
	const struct smarthost *h = c->smarthosts;
	struct source_query query;
	struct secret *secret;
	struct fault f;

	ck_assert_str_eq(c->path, "rc");
	ck_assert_str_eq(c->domain, "example.com");
	ck_assert_uint_eq(c->lifetime, 172800);
	ck_assert_int_eq(c->log, CONFIG_LOG_NONE);
	ck_assert_uint_eq(c->count, 5);
	ck_assert_str_eq(h[0].name, "first-1.2_3");
	ck_assert_uint_eq(h[0].line, 5);
	ck_assert_str_eq(h[0].host, "mail.example.net");
	ck_assert_uint_eq(smarthost_line(&h[0], "host"), 6);
	ck_assert_uint_eq(smarthost_line(&h[0], "port"), 5);
	ck_assert_uint_eq(smarthost_line(&h[0], "no such key"), 5);
	ck_assert_str_eq(h[0].user, "api key");
	ck_assert_str_eq(h[0].login, "auto");
	ck_assert_ptr_null(h[0].helo);
	ck_assert_ptr_null(h[0].from);
	ck_assert_ptr_null(h[0].tls_ca);
	ck_assert_uint_eq(h[0].messages_per_connection, 0);
	smarthost_query(&h[0], SOURCE_PASSWORD, &query);
	secret = source_fetch(&h[0].password, &query, &f);
	ck_assert_str_eq(secret_reveal(secret), "it's \"a\" \\ b#c");
	secret_free(&secret);
	ck_assert_str_eq(h[1].helo, "laptop.example.org");
	ck_assert_str_eq(h[2].login, "plain login");
	ck_assert_str_eq(h[3].from, "a@b c@d");
	ck_assert_uint_eq(h[3].messages_per_connection, 7);
	config_free(&config);
	ck_assert_ptr_null(config);
	config_free(&config);
}
END_TEST

/* Of the five above: what a port says about TLS and the other way round. */
static const struct {
	unsigned port;
	enum config_tls tls;
	bool has_login;
} settled[] = {
	{ 587, CONFIG_TLS_STARTTLS, true }, { 465, CONFIG_TLS_IMPLICIT, false },
	{ 465, CONFIG_TLS_IMPLICIT, true }, { 587, CONFIG_TLS_NONE, false },
	{ 587, CONFIG_TLS_STARTTLS, true },
};

START_TEST(defaults_that_depend)
{
	struct config *config;
	const struct config *c = parse_whole(&config);

	ck_assert_uint_eq(c->smarthosts[_i].port, settled[_i].port);
	ck_assert_int_eq(c->smarthosts[_i].tls, settled[_i].tls);
	ck_assert_int_eq(smarthost_has_login(&c->smarthosts[_i]),
	                 settled[_i].has_login);
	config_free(&config);
}
END_TEST

START_TEST(starttls_on_465_if_wanted)
{
	static const char file[] = A " port 465\n tls starttls\n";
	struct fault f;
	struct config *c = config_parse("rc", TEXT(file), NULL, &f);

	ck_assert_int_eq(c->smarthosts[0].tls, CONFIG_TLS_STARTTLS);
	ck_assert_uint_eq(c->smarthosts[0].port, 465);
	ck_assert_uint_eq(c->lifetime, 432000);
	ck_assert_int_eq(c->log, CONFIG_LOG_SYSLOG);
	ck_assert_ptr_null(c->domain);
	config_free(&c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_test(all, the_cause_is_told_first);
	tcase_add_loop_test(all, refused, 0, COUNT_OF(wrong));
	tcase_add_loop_test(all, no_secret_in_errors, 0, COUNT_OF(secrets));
	tcase_add_test(all, long_lines);
	tcase_add_test(all, large_files);
	tcase_add_test(all, many_smarthosts);
	tcase_add_test(all, many_errors);
	tcase_add_test(all, long_paths);
	tcase_add_test(all, taken);
	tcase_add_loop_test(all, defaults_that_depend, 0, COUNT_OF(settled));
	tcase_add_test(all, starttls_on_465_if_wanted);
	return fixture_run(suite);
}
