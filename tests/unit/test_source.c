/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_source - where passwords come from, and what is refused on the way */
#include "config/source.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/trust.h"
#include "fixture.h"

#define WORDS_MAX 4

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test_source.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	unlink("secret");
	unlink("link");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
}

static void write_file(const char *bytes, size_t n, mode_t mode)
{
	FILE *file = fopen("secret", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod("secret", mode), 0);
}

/* --- words ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *words[WORDS_MAX];
	const char *described; /* NULL: refused */
	const char *fault;
} parses[] = {
	{ { "hunter2" },                 "inline", NULL },
	{ { "inline", "hunter2" },       "inline", NULL },
	{ { "inline", "file" },          "inline", NULL },
	{ { "file", "/x y" },            "file /x y", NULL },
	{ { "env", "MAIL" },             "env MAIL", NULL },
	{ { "command", "pass", "show", "hunter2" }, "command pass", NULL },
	{ { "" },                        NULL, "the password is empty" },
	{ { "inline", "" },              NULL, "the password is empty" },
	{ { "my", "hunter2" },           NULL, "`password` starts with none of keyring, file, credential, netrc, env, command, helper, ses-key and inline; a password with blanks goes in quotes: password inline \"...\"" },
	{ { "file" },                    NULL, "`password file` lacks the word after `file`; if that is the password itself, write `password inline file`" },
	{ { "env", "A", "hunter2" },     NULL, "`password env` takes one more word: put it in quotes if it holds blanks" },
	{ { "inline", "a", "hunter2" },  NULL, "`password inline` takes one more word: put it in quotes if it holds blanks" },
	{ { "env", "" },                 NULL, "the word after `password env` is empty" },
	{ { "file", "secret" },          NULL, "`secret` is no full path: start it with / or ~/" },
	{ { "keyring" },                 "keyring", NULL },
	{ { "keyring", "hunter2" },      NULL, "`password keyring` stands alone: remove the other words" },
	{ { "helper", "/x/y", "hunter2" }, "helper /x/y", NULL },
	{ { "helper", "mine", "hunter2" }, "helper mine", NULL },
	{ { "helper" },                  NULL, "`password helper` lacks the word after `helper`; if that is the password itself, write `password inline helper`" },
	{ { "helper", "x/y" },           NULL, "`x/y` is no full path: start it with / or ~/" },
	{ { "netrc", "/x/netrc" },       "netrc /x/netrc", NULL },
	{ { "netrc", "netrc" },          NULL, "`netrc` is no full path: start it with / or ~/" },
	{ { "netrc", "/x", "hunter2" },  NULL, "`password netrc` takes one more word: put it in quotes if it holds blanks" },
	{ { "ses-key", "file", "/x" },   "ses-key file /x", NULL },
	{ { "ses-key", "keyring" },      "ses-key keyring", NULL },
	{ { "ses-key", "hunter2" },      "ses-key inline", NULL },
	{ { "ses-key" },                 NULL, "`password ses-key` lacks the word after `ses-key`; if that is the password itself, write `password inline ses-key`" },
	{ { "ses-key", "ses-key", "hunter2" }, NULL, "`password ses-key` stands there twice" },
	{ { "ses-key", "my", "hunter2" }, NULL, "`password ses-key` starts with none of keyring, file, credential, netrc, env, command, helper, ses-key and inline; a password with blanks goes in quotes: password ses-key inline \"...\"" },
	{ { "ses-key", "file" },         NULL, "`password ses-key file` lacks the word after `file`; if that is the password itself, write `password ses-key inline file`" },
	{ { "credential", "mail" },      "credential mail", NULL },
	{ { "credential" },              NULL, "`password credential` lacks the word after `credential`; if that is the password itself, write `password inline credential`" },
	{ { "credential", "" },          NULL, "the word after `password credential` is empty" },
	{ { "credential", "../hunter2" }, NULL, "a credential has a name, not a path: write the one that LoadCredential= gives it, or `password file PATH`" },
	{ { "credential", "/hunter2" },  NULL, "a credential has a name, not a path: write the one that LoadCredential= gives it, or `password file PATH`" },
	{ { "credential", "." },         NULL, "a credential has a name, not a path: write the one that LoadCredential= gives it, or `password file PATH`" },
};
/* clang-format on */

static int parse(struct source *s, const char *const words[WORDS_MAX],
                 struct fault *f)
{
	char *copies[WORDS_MAX];
	size_t n = 0;
	int result;

	for (; n < WORDS_MAX && words[n] != NULL; n++)
		copies[n] = strdup(words[n]);
	result = source_parse(s, "password", copies, n, f);
	while (n > 0)
		free(copies[--n]);
	return result;
}

START_TEST(words)
{
	struct source s = { .kind = SOURCE_NONE };
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf b;
	int result = parse(&s, parses[_i].words, &f);

	if (parses[_i].described == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_str_eq(f.text, parses[_i].fault);
	} else {
		sbuf_init(&b, 1000);
		ck_assert_int_eq(result, 0);
		source_describe(&s, &b);
		ck_assert_str_eq(b.data, parses[_i].described);
		sbuf_release(&b);
	}
	ck_assert_ptr_null(strstr(f.text, "hunter2"));
	source_release(&s);
	ck_assert_int_eq(s.kind, SOURCE_NONE);
}
END_TEST

/* --- secrets -------------------------------------------------------------- */

#define TEXT(s) s, sizeof(s) - 1

/* What is in the file, and what is its secret or fault (%s: its path). */
/* clang-format off */
static const struct {
	const char *bytes;
	size_t      n;
	mode_t      mode;
	const char *secret; /* NULL: refused */
	const char *fault;
} files[] = {
	{ TEXT("hunter2\n"),       0600, "hunter2", NULL },
	{ TEXT("hunter2"),         0400, "hunter2", NULL },
	{ TEXT("hunter2\r\n"),     0600, "hunter2", NULL },
	{ TEXT(" hunter2 \n"),     0600, " hunter2 ", NULL },
	{ TEXT("\xC3\xA9 ok\n"),   0600, "\xC3\xA9 ok", NULL },
	{ TEXT(""),                0600, NULL, "%s gives an empty password" },
	{ TEXT("\n"),              0600, NULL, "%s gives an empty password" },
	{ TEXT("hunter2\n\n"),     0600, NULL, "%s gives more than one line: a password is exactly one" },
	{ TEXT("hunter2\nb\n"),    0600, NULL, "%s gives more than one line: a password is exactly one" },
	{ TEXT("hunter2\0b\n"),    0600, NULL, "%s gives a password with a NUL byte or a control character" },
	{ TEXT("hunter2\033[m\n"), 0600, NULL, "%s gives a password with a NUL byte or a control character" },
	{ TEXT("hunter2\x7F\n"),   0600, NULL, "%s gives a password with a NUL byte or a control character" },
	{ TEXT("hunter2\n"),       0640, NULL, "%s can be read by other users: chmod 600 %s" },
	{ TEXT("hunter2\n"),       0604, NULL, "%s can be read by other users: chmod 600 %s" },
	{ TEXT("hunter2\n"),       0620, NULL, "%s can be changed by other users: chmod go-w %s" },
};
/* clang-format on */

/* `text` with `path` for each %s. */
static void expect(const char *text, const char *path, char expected[600])
{
	expected[0] = '\0';
	while (*text != '\0') {
		size_t n = strlen(expected);

		if (strncmp(text, "%s", 2) == 0) {
			snprintf(expected + n, 600 - n, "%s", path);
			text += 2;
		} else {
			snprintf(expected + n, 600 - n, "%c", *text++);
		}
	}
}

/* The secret of a source that is read, which must be `secret` or `fault`. */
static void fetch(const struct source *s, const char *secret, const char *fault)
{
	struct fault f = { .kind = FAULT_NONE };
	struct source_query query = { .host = "h.example" };
	struct secret *got = source_fetch(s, &query, &f);

	if (secret != NULL) {
		ck_assert_str_eq(f.text, "");
		ck_assert_uint_eq(secret_length(got), strlen(secret));
		ck_assert_str_eq(secret_reveal(got), secret);
	} else {
		ck_assert_ptr_null(got);
		ck_assert_int_ne(f.kind, FAULT_NONE);
		ck_assert_str_eq(f.text, fault);
	}
	ck_assert_ptr_null(strstr(f.text, "hunter2"));
	secret_free(&got);
}

static void fetch_path(const char *path, const char *secret, const char *fault)
{
	struct source s = { .kind = SOURCE_NONE };
	const char *const word[WORDS_MAX] = { "file", path };
	char expected[600] = "";
	struct fault f;

	ck_assert_int_eq(parse(&s, word, &f), 0);
	if (fault != NULL)
		expect(fault, path, expected);
	fetch(&s, secret, expected);
	source_release(&s);
}

START_TEST(file)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/secret", folder);
	write_file(files[_i].bytes, files[_i].n, files[_i].mode);
	fetch_path(path, files[_i].secret, files[_i].fault);
}
END_TEST

START_TEST(file_kinds)
{
	char path[100], target[100];
	char *large = malloc(70000);

	fetch_path(folder, NULL, "%s is not a regular file");
	fetch_path("/dev/null", NULL, "%s is not a regular file");
	snprintf(path, sizeof(path), "%s/none", folder);
	fetch_path(path, NULL, "cannot open %s: No such file or directory");
	snprintf(path, sizeof(path), "%s/secret", folder);
	ck_assert_int_eq(mkfifo("secret", 0600), 0);
	fetch_path(path, NULL, "%s is not a regular file"); /* at once */
	unlink("secret");
	write_file(TEXT("hunter2\n"), 0600);
	snprintf(target, sizeof(target), "%s/link", folder);
	ck_assert_int_eq(symlink(path, target), 0);
	fetch_path(target, "hunter2", NULL);
	memset(large, 'x', 70000);
	write_file(large, 70000, 0600);
	fetch_path(path, NULL, "%s is larger than 65536 bytes");
	free(large);
}
END_TEST

/* In the folder, which systemd is said to have made. */
static const struct {
	const char *directory; /* NULL: the folder, "": not set */
	mode_t mode;           /* 0: no such file */
	const char *secret;
	const char *fault;
} credentials[] = {
	{ NULL, 0400, "hunter2", NULL },
	{ NULL, 0440, "hunter2", NULL }, /* an access list */
	{ NULL, 0444, NULL, "%s can be read by other users: chmod 600 %s" },
	{ NULL, 0460, NULL, "%s can be changed by other users: chmod go-w %s" },
	{ NULL, 0, NULL,
	  "systemd gave us no credential `secret`: set "
	  "LoadCredential=secret:PATH in relay-flush.service" },
	{ "", 0400, NULL,
	  "there is no credential `secret`, because systemd did not start us "
	  "($CREDENTIALS_DIRECTORY is not set): set LoadCredential=secret:PATH "
	  "in relay-flush.service and start that" },
	{ "here", 0400, NULL,
	  "there is no credential `secret`, because systemd did not start us "
	  "($CREDENTIALS_DIRECTORY is not set): set LoadCredential=secret:PATH "
	  "in relay-flush.service and start that" },
};

START_TEST(credential)
{
	static const char *const word[WORDS_MAX] = { "credential", "secret" };
	const char *directory = credentials[_i].directory;
	struct source s = { .kind = SOURCE_NONE };
	char path[100], expected[600] = "";
	struct fault f;

	snprintf(path, sizeof(path), "%s/secret", folder);
	if (credentials[_i].mode != 0)
		write_file(TEXT("hunter2"), credentials[_i].mode);
	if (directory != NULL && directory[0] == '\0')
		unsetenv("CREDENTIALS_DIRECTORY");
	else
		setenv("CREDENTIALS_DIRECTORY",
		       directory != NULL ? directory : folder, 1);
	ck_assert_int_eq(parse(&s, word, &f), 0);
	if (credentials[_i].fault != NULL)
		expect(credentials[_i].fault, path, expected);
	fetch(&s, credentials[_i].secret, expected);
	source_release(&s);
}
END_TEST

static const struct {
	const char *value; /* NULL: not set */
	const char *secret;
	const char *fault;
} variables[] = {
	{ "hunter2", "hunter2", NULL },
	{ " a b ", " a b ", NULL },
	{ NULL, NULL,
	  "the environment variable TEST_SECRET is not set: set it, or name "
	  "another in `password`" },
	{ "", NULL,
	  "the environment variable TEST_SECRET gives an empty password" },
	{ "hunter2\nb", NULL,
	  "the environment variable TEST_SECRET gives more than one line: a "
	  "password is exactly one" },
	{ "hunter2\tb", NULL,
	  "the environment variable TEST_SECRET gives a password with a NUL "
	  "byte or a control character" },
};

START_TEST(variable)
{
	static const char *const word[WORDS_MAX] = { "env", "TEST_SECRET" };
	struct source s = { .kind = SOURCE_NONE };
	struct fault f;

	ck_assert_int_eq(parse(&s, word, &f), 0);
	unsetenv("TEST_SECRET");
	if (variables[_i].value != NULL)
		setenv("TEST_SECRET", variables[_i].value, 1);
	fetch(&s, variables[_i].secret, variables[_i].fault);
	source_release(&s);
}
END_TEST

START_TEST(a_hidden_variable)
{
	static const char *const word[WORDS_MAX] = { "env", "TEST_SECRET" };
	struct source s = { .kind = SOURCE_NONE };
	const char *value;
	struct fault f;

	setenv("TEST_SECRET", "hunter2", 1);
	value = getenv("TEST_SECRET");
	ck_assert_int_eq(parse(&s, word, &f), 0);
	source_hide(&s);
	ck_assert_str_eq(value, "*******"); /* in its place */
	unsetenv("TEST_SECRET");
	source_hide(&s);
	source_forget(&s);
	source_hide(&s);
	source_release(&s);
}
END_TEST

START_TEST(variable_too_long)
{
	static const char *const word[WORDS_MAX] = { "env", "TEST_SECRET" };
	struct source s = { .kind = SOURCE_NONE };
	char *large = malloc(65538);
	struct fault f;

	memset(large, 'x', 65537);
	large[65537] = '\0';
	setenv("TEST_SECRET", large, 1);
	ck_assert_int_eq(parse(&s, word, &f), 0);
	fetch(&s, NULL,
	      "the environment variable TEST_SECRET is longer than 65536 "
	      "bytes");
	source_release(&s);
	free(large);
}
END_TEST

/* clang-format off */
static const struct {
	const char     *script; /* of sh -c, or the program itself */
	const char     *secret;
	const char     *fault;
	enum fault_kind kind;
} commands[] = {
	{ "echo hunter2",          "hunter2", NULL, FAULT_NONE },
	{ "printf hunter2",        "hunter2", NULL, FAULT_NONE },
	{ "echo hunter2; exit 1",  NULL, "the password command `sh` ended with status 1", FAULT_TEMP },
	{ "exit 0",                NULL, "the password command `sh` gives an empty password", FAULT_TEMP },
	{ "echo hunter2; echo b",  NULL, "the password command `sh` gives more than one line: a password is exactly one", FAULT_TEMP },
	{ "printf 'hunter2\\000'", NULL, "the password command `sh` gives a password with a NUL byte or a control character", FAULT_TEMP },
	{ "while :; do echo hunter2; done", NULL, "sh printed more than 65536 bytes", FAULT_TEMP },
	{ "/nonexistent/hunter",   NULL, "cannot run /nonexistent/hunter: No such file or directory", FAULT_CONFIG },
};
/* clang-format on */

START_TEST(command)
{
	const char *script = commands[_i].script;
	const char *const in_shell[WORDS_MAX] = { "command", "sh", "-c",
		                                  script };
	const char *const alone[WORDS_MAX] = { "command", script };
	struct source s = { .kind = SOURCE_NONE };
	struct source_query query = { .host = "h.example" };
	struct fault f = { .kind = FAULT_NONE };
	struct secret *secret;

	ck_assert_int_eq(parse(&s, script[0] == '/' ? alone : in_shell, &f), 0);
	fetch(&s, commands[_i].secret, commands[_i].fault);
	secret = source_fetch(&s, &query, &f);
	ck_assert_int_eq(f.kind, commands[_i].kind);
	secret_free(&secret);
	source_release(&s);
}
END_TEST

START_TEST(no_shell)
{
	static const char *const word[WORDS_MAX] = { "command", "echo",
		                                     "$HOME;", "* | `id`" };
	struct source s = { .kind = SOURCE_NONE };
	struct fault f;

	ck_assert_int_eq(parse(&s, word, &f), 0);
	fetch(&s, "$HOME; * | `id`", NULL);
	source_release(&s);
}
END_TEST

START_TEST(inline_and_none)
{
	static const char *const word[WORDS_MAX] = { "hunter 2" };
	struct source s = { .kind = SOURCE_NONE };
	struct sbuf b;
	struct fault f;

	fetch(&s, NULL, "there is no `password` for this smarthost");
	sbuf_init(&b, 100);
	source_describe(&s, &b);
	ck_assert_str_eq(b.data, "");
	sbuf_release(&b);
	ck_assert_int_eq(parse(&s, word, &f), 0);
	fetch(&s, "hunter 2", NULL);
	source_release(&s);
}
END_TEST

/* --- trust ---------------------------------------------------------------- */

/* The file that was opened, seen by user 1000. */
static const struct {
	mode_t mode;
	uid_t owner;
	mode_t unfit;
	const char *fault;
} owners[] = {
	{ S_IFREG | 0600, 1000, 0066, NULL },
	{ S_IFREG | 0600, 0, 0066, NULL },
	{ S_IFREG | 0644, 1000, TRUST_WRITABLE, NULL },
	{ S_IFREG | 0711, 1000, 0066, NULL },
	{ S_IFREG | 0600, 1001, TRUST_WRITABLE,
	  "/f belongs to user 1001, not to user 1000 who reads it: chown 1000 "
	  "/f" },
	{ S_IFREG | 0620, 1000, TRUST_WRITABLE,
	  "/f can be changed by other users: chmod go-w /f" },
	{ S_IFREG | 0602, 0, TRUST_WRITABLE,
	  "/f can be changed by other users: chmod go-w /f" },
	{ S_IFREG | 0640, 1000, TRUST_READABLE,
	  "/f can be read by other users: chmod 600 /f" },
	{ S_IFREG | 0604, 1000, TRUST_READABLE,
	  "/f can be read by other users: chmod 600 /f" },
	{ S_IFIFO | 0600, 1000, 0066, "/f is not a regular file" },
	{ S_IFDIR | 0700, 1000, 0066, "/f is not a regular file" },
	{ S_IFCHR | 0600, 1000, 0066, "/f is not a regular file" },
};

START_TEST(trust)
{
	struct stat st = { .st_mode = owners[_i].mode,
		           .st_uid = owners[_i].owner,
		           .st_gid = getegid() };
	struct fault f = { .kind = FAULT_NONE };
	int result = trust_check("/f", &st, 1000, owners[_i].unfit, &f);

	ck_assert_int_eq(result, owners[_i].fault != NULL ? -1 : 0);
	ck_assert_str_eq(f.text,
	                 owners[_i].fault != NULL ? owners[_i].fault : "");
}
END_TEST

/* root:relay 0640, as the packages make /etc/relayrc. */
static const struct {
	mode_t mode;
	uid_t owner;
	bool is_our_group;
	uid_t me;
	bool is_fit;
} groups[] = {
	{ 0640, 0, true, 1000, true },
	{ 0440, 0, true, 1000, true },
	{ 0640, 0, false, 1000, false }, /* of others */
	{ 0640, 1000, true, 1000, false },
	{ 0640, 0, true, 0, false }, /* root needs no group */
	{ 0660, 0, true, 1000, false },
	{ 0644, 0, true, 1000, false },
	{ 0604, 0, true, 1000, false },
};

START_TEST(a_group_that_root_gave_it)
{
	struct stat st = { .st_mode = S_IFREG | groups[_i].mode,
		           .st_uid = groups[_i].owner,
		           .st_gid = getegid() +
		                     (groups[_i].is_our_group ? 0 : 1) };
	struct fault f = { .kind = FAULT_NONE };
	int result = trust_check("/f", &st, groups[_i].me,
	                         TRUST_READABLE | TRUST_WRITABLE, &f);

	ck_assert_int_eq(result, groups[_i].is_fit ? 0 : -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, make_folder, remove_folder);
	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, words, 0, COUNT_OF(parses));
	tcase_add_loop_test(all, file, 0, COUNT_OF(files));
	tcase_add_test(all, file_kinds);
	tcase_add_loop_test(all, credential, 0, COUNT_OF(credentials));
	tcase_add_loop_test(all, variable, 0, COUNT_OF(variables));
	tcase_add_test(all, a_hidden_variable);
	tcase_add_test(all, variable_too_long);
	tcase_add_loop_test(all, command, 0, COUNT_OF(commands));
	tcase_add_test(all, no_shell);
	tcase_add_test(all, inline_and_none);
	tcase_add_loop_test(all, trust, 0, COUNT_OF(owners));
	tcase_add_loop_test(all, a_group_that_root_gave_it, 0,
	                    COUNT_OF(groups));
	return fixture_run(suite);
}
