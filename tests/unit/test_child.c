/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_child - a helper is asked, and cannot hang, flood or see too much */
#include "base/child.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "fixture.h"

#define LIMIT 1000

/* What a shell is told, and what comes back. */
/* clang-format off */
static const struct {
	const char     *script;
	const char     *input;
	const char     *answer;
	int             status;
	enum fault_kind kind; /* then `answer` is the fault's text */
} runs[] = {
	{ "echo hello",              NULL,   "hello\n", 0, FAULT_NONE },
	{ "printf 'a\\nb'; exit 7",  NULL,   "a\nb",    7, FAULT_NONE },
	{ "exit 255",                NULL,   "",      255, FAULT_NONE },
	{ "cat",                     "text", "text",    0, FAULT_NONE },
	{ "cat",                     NULL,   "",        0, FAULT_NONE },
	{ "exit 3",                  "text", "",        3, FAULT_NONE },
	{ "exec <&-; echo ok",       "text", "ok\n",    0, FAULT_NONE },
	{ "exec >&-; exit 4",        NULL,   "",        4, FAULT_NONE },
	{ "echo ok; exec >&-; exit 5", NULL, "ok\n",    5, FAULT_NONE },
	{ "kill -9 $$",              NULL,   "sh was killed by signal 9",  0, FAULT_TEMP },
	{ "kill -15 $$",             NULL,   "sh was killed by signal 15", 0, FAULT_TEMP },
	{ "while :; do echo flood; done", NULL, "sh printed more than 1000 bytes", 0, FAULT_TEMP },
	{ "sleep 100",               NULL,   "sh did not finish within 1 seconds", 0, FAULT_TEMP },
	{ "trap '' TERM HUP INT; sleep 100", NULL, "sh did not finish within 1 seconds", 0, FAULT_TEMP },
	{ "exec >&-; sleep 100",     NULL,   "sh did not finish within 1 seconds", 0, FAULT_TEMP },
	{ "sleep 100 & echo early",  NULL,   "sh did not finish within 1 seconds", 0, FAULT_TEMP },
};
/* clang-format on */

/* Run `sh -c script`. */
static int shell(const char *script, const char *input, struct sbuf *answer,
                 int *status, struct fault *f)
{
	char sh[] = "sh", c[] = "-c";
	char *copy = strdup(script);
	char *const argv[] = { sh, c, copy, NULL };
	struct child_question q = { .argv = argv,
		                    .input = input,
		                    .input_len =
		                            input != NULL ? strlen(input) : 0,
		                    .deadline = 1 };
	int result = child_run(&q, answer, status, f);

	free(copy);
	return result;
}

START_TEST(run)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf answer;
	int64_t start = clock_ticks();
	int status = -1, result;

	sbuf_init(&answer, LIMIT);
	result = shell(runs[_i].script, runs[_i].input, &answer, &status, &f);
	ck_assert_int_eq(f.kind, runs[_i].kind);
	if (runs[_i].kind == FAULT_NONE) {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(answer.data, runs[_i].answer);
		ck_assert_int_eq(status, runs[_i].status);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_str_eq(f.text, runs[_i].answer);
	}
	ck_assert_int_lt(clock_ticks() - start, 3000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
	ck_assert_int_eq(errno, ECHILD);
	sbuf_release(&answer);
}
END_TEST

/* More than a pipe holds, both ways at once. */
START_TEST(large_input)
{
	size_t n = 1000000;
	char *input = malloc(n + 1);
	char cat[] = "cat";
	char *const argv[] = { cat, NULL };
	struct child_question q = {
		.argv = argv, .input = input, .input_len = n, .deadline = 10
	};
	struct fault f;
	struct sbuf answer;
	int status;

	memset(input, 'x', n);
	input[n] = '\0';
	sbuf_init(&answer, n);
	ck_assert_int_eq(child_run(&q, &answer, &status, &f), 0);
	ck_assert_uint_eq(answer.len, n);
	ck_assert_mem_eq(answer.data, input, n);
	sbuf_release(&answer);
	free(input);
}
END_TEST

/* A helper that does not read does not kill us with SIGPIPE. */
START_TEST(input_nobody_reads)
{
	size_t n = 1000000;
	char *input = malloc(n + 1);
	struct fault f;
	struct sbuf answer;
	int status;

	memset(input, 'x', n);
	input[n] = '\0';
	sbuf_init(&answer, LIMIT);
	ck_assert_int_eq(shell("exec <&-; exit 9", input, &answer, &status, &f),
	                 0);
	ck_assert_int_eq(status, 9);
	sbuf_release(&answer);
	free(input);
}
END_TEST

START_TEST(no_such_program)
{
	char name[] = "/nonexistent/helper";
	char *const argv[] = { name, NULL };
	struct child_question q = { .argv = argv, .deadline = 1 };
	struct fault f;
	struct sbuf answer;
	int status;

	sbuf_init(&answer, LIMIT);
	ck_assert_int_eq(child_run(&q, &answer, &status, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
	ck_assert_str_eq(f.text, "cannot run /nonexistent/helper: No such file "
	                         "or directory");
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	sbuf_release(&answer);
}
END_TEST

START_TEST(environment_is_clean)
{
	struct fault f;
	struct sbuf answer;
	int status;

	setenv("RELAY_PASSWORD", "hunter2", 1);
	setenv("LD_PRELOAD_OF_RELAY", "x", 1);
	setenv("PASSWORD_STORE_DIR", "/tmp/store", 1);
	setenv("GNUPGHOME", "/tmp/gnupg", 1);
	sbuf_init(&answer, 100000);
	ck_assert_int_eq(shell("env", NULL, &answer, &status, &f), 0);
	ck_assert_ptr_null(strstr(answer.data, "hunter2"));
	ck_assert_ptr_null(strstr(answer.data, "LD_PRELOAD_OF_RELAY"));
	ck_assert_ptr_nonnull(strstr(answer.data, "PASSWORD_STORE_DIR="));
	ck_assert_ptr_nonnull(strstr(answer.data, "GNUPGHOME="));
	ck_assert_ptr_nonnull(strstr(answer.data, "PATH="));
	sbuf_release(&answer);
}
END_TEST

START_TEST(no_descriptor_leaks)
{
	int fd = open("/dev/null", O_RDONLY); /* not close-on-exec */
	struct fault f;
	struct sbuf answer;
	int status;

	ck_assert_int_ge(fd, 3);
	sbuf_init(&answer, LIMIT);
	ck_assert_int_eq(shell("for fd in 3 4 5 6 7 8 9; do "
	                       "if (: <&$fd) 2>/dev/null; then echo $fd; fi; "
	                       "done",
	                       NULL, &answer, &status, &f),
	                 0);
	ck_assert_str_eq(answer.data, "");
	sbuf_release(&answer);
	close(fd);
}
END_TEST

/* Our parent may ignore SIGCHLD and block signals; neither may matter. */
START_TEST(odd_signals)
{
	struct fault f;
	struct sbuf answer;
	sigset_t all;
	int status;

	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sbuf_init(&answer, LIMIT);
	ck_assert_int_eq(
		shell("kill -TERM $$; exit 6", NULL, &answer, &status, &f), -1);
	ck_assert_str_eq(f.text, "sh was killed by signal 15");
	ck_assert_int_eq(shell("exit 6", NULL, &answer, &status, &f), 0);
	ck_assert_int_eq(status, 6);
	ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	sbuf_release(&answer);
}
END_TEST

/* The group that is killed at the deadline is the helper's, grandchildren
 * included: the pipe it holds closes. */
START_TEST(grandchildren_die)
{
	int pipe_ends[2];
	struct fault f;
	struct sbuf answer;
	char path[64], script[200], byte;
	int status, fd;

	ck_assert_int_eq(pipe(pipe_ends), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
	         pipe_ends[1]);
	snprintf(script, sizeof(script), "(sleep 100) 9>%s & sleep 100", path);
	fd = pipe_ends[0];
	sbuf_init(&answer, LIMIT);
	ck_assert_int_eq(shell(script, NULL, &answer, &status, &f), -1);
	close(pipe_ends[1]);
	ck_assert_int_eq(read(fd, &byte, 1), 0); /* or the test's time is up */
	close(fd);
	sbuf_release(&answer);
}
END_TEST

/* What the helper does with the question and what the person types, who is at
 * the other end of our stdin and stays there. */
/* clang-format off */
static const struct {
	const char *script;
	const char *typed;
	bool        hangs_up; /* behind it */
	const char *answer;
} talks[] = {
	{ "read q; read t; echo \"$q $t\"", "typed\n", false, "asked typed\n" },
	{ "read q; cat",                    "a\nb\n",  true,  "a\nb\n" },
	{ "read q; echo $q",                "",        false, "asked\n" },
	{ "exec <&-; sleep 1; echo ok",     "lost\n",  false, "ok\n" },
	{ "read q; cat | wc -c",            "",        true,  "0\n" },
};
/* clang-format on */

START_TEST(talk)
{
	char sh[] = "/bin/sh", c[] = "-c";
	char *script = strdup(talks[_i].script);
	char *const argv[] = { sh, c, script, NULL };
	struct child_question q = { .argv = argv,
		                    .input = "asked\n",
		                    .input_len = 6,
		                    .is_interactive = true,
		                    .deadline = 20 };
	size_t n = strlen(talks[_i].typed);
	struct sbuf answer;
	int ends[2], status;
	struct fault f;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], talks[_i].typed, n), (ssize_t)n);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	if (talks[_i].hangs_up)
		close(ends[1]);
	sbuf_init(&answer, LIMIT);
	ck_assert_msg(child_run(&q, &answer, &status, &f) == 0, "%s", f.text);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(answer.data, talks[_i].answer);
	sbuf_release(&answer);
	free(script);
}
END_TEST

/* It shares the session of the person, so that the keys that end us end it. */
START_TEST(talk_in_our_session)
{
	char sh[] = "/bin/sh", c[] = "-c", script[] = "ps -o sid= -p $$";
	char *const argv[] = { sh, c, script, NULL };
	struct child_question q = { .argv = argv, .deadline = 20 };

	for (int i = 0; i < 2; i++) {
		struct sbuf answer;
		struct fault f;
		int status;

		q.is_interactive = i == 1;
		sbuf_init(&answer, LIMIT);
		ck_assert_int_eq(child_run(&q, &answer, &status, &f), 0);
		ck_assert_int_eq(strtol(answer.data, NULL, 10) ==
		                         (long)getsid(0),
		                 i == 1);
		sbuf_release(&answer);
	}
}
END_TEST

START_TEST(detach)
{
	char folder[] = "/tmp/test_child.XXXXXX";
	char path[64], script[200], sh[] = "sh", c[] = "-c";
	char *argv[] = { sh, c, script, NULL };
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ready", folder);
	/* Nothing is done below the folder in which somebody called us. */
	snprintf(script, sizeof(script), "test $(pwd) = / && >%s", path);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(child_detach("/bin/sh", argv), 0);
	for (int i = 0; i < 500 && stat(path, &st) != 0; i++)
		poll(NULL, 0, 10);
	ck_assert_int_eq(stat(path, &st), 0);
	unlink(path);
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
	/* Nobody waits for the exec: a program that is missing is no fault. */
	ck_assert_int_eq(child_detach("/nonexistent/helper", argv), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("child");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, run, 0, COUNT_OF(runs));
	tcase_add_test(all, large_input);
	tcase_add_test(all, input_nobody_reads);
	tcase_add_test(all, no_such_program);
	tcase_add_test(all, environment_is_clean);
	tcase_add_test(all, no_descriptor_leaks);
	tcase_add_test(all, odd_signals);
	tcase_add_test(all, grandchildren_die);
	tcase_add_loop_test(all, talk, 0, COUNT_OF(talks));
	tcase_add_test(all, talk_in_our_session);
	tcase_add_test(all, detach);
	return fixture_run(suite);
}
