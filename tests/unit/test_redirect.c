/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_redirect - who comes back with the right state is heard, and nobody
 * else; and forms, both ways
 */
#include "token/redirect.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "token/form.h"

/* --- forms ---------------------------------------------------------------- */

START_TEST(adding)
{
	struct sbuf b;

	sbuf_init(&b, 1000);
	form_add(&b, "a", "x y/&=\xc3\xa9");
	form_add(&b, "none", NULL);
	form_add(&b, "empty", "");
	form_add(&b, "b", "-._~");
	ck_assert_str_eq(b.data, "a=x%20y%2F%26%3D%C3%A9&b=-._~");
	sbuf_release(&b);
}
END_TEST

static const struct {
	const char *form, *value; /* of `key`; NULL: none */
} forms[] = {
	{ "key=v", "v" },        { "a=1&key=v&b=2", "v" },
	{ "akey=1&key=v", "v" }, { "key=a+b%20c%2B", "a b c+" },
	{ "key=%", "%" },        { "key=%4", "%4" },
	{ "key=%zz", "%zz" },    { "key=", "" },
	{ "key", NULL },         { "", NULL },
	{ "&&&", NULL },         { "key=a%0Ab", NULL },
	{ "key=a%00b", NULL },
};

START_TEST(getting)
{
	struct sbuf b;

	sbuf_init(&b, 100);
	if (forms[_i].value != NULL) {
		ck_assert(form_get(forms[_i].form, "key", &b));
		ck_assert_str_eq(b.data, forms[_i].value);
	} else {
		ck_assert(!form_get(forms[_i].form, "key", &b));
	}
	sbuf_release(&b);
}
END_TEST

/* --- who comes back ------------------------------------------------------- */

/* Say `words` to the port, and expect `status`. */
static void call(unsigned port, const char *words, const char *status)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons((uint16_t)port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[100] = "";

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    write(fd, words, strlen(words)) < 0 ||
	    read(fd, answer, sizeof(answer) - 1) <= 0 ||
	    strstr(answer, status) == NULL)
		_exit(1);
	close(fd);
}

static pid_t browser(unsigned port)
{
	static const char *const wrong[] = {
		"GET /favicon.ico HTTP/1.1\r\n\r\n",
		"GET /?code=evil&state=guess HTTP/1.1\r\n\r\n",
		"GET /?code=evil HTTP/1.1\r\n\r\n",
		"POST /?code=evil&state=s1 HTTP/1.1\r\n\r\n",
		"GET /?code=evil&state=s1x HTTP/1.1\r\n\r\n",
		"GET /?code=evil&state=s HTTP/1.1\r\n\r\n",
	};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		call(port, wrong[i], "HTTP/1.1 400 ");
	call(port,
	     "GET /?state=s1&code=a%2Fb HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	     "HTTP/1.1 200 ");
	_exit(0);
}

START_TEST(by_browser)
{
	struct redirect r;
	struct sbuf query;
	struct fault f;
	int status;
	pid_t pid;

	sbuf_init(&query, 1000);
	ck_assert_int_eq(redirect_open(&r, 0, true, &f), 0);
	r.is_open = false;
	pid = browser(r.port);
	ck_assert_int_eq(redirect_wait(&r, "s1", 20, &query, &f), 0);
	ck_assert_str_eq(query.data, "state=s1&code=a%2Fb");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	redirect_close(&r);
	sbuf_release(&query);
}
END_TEST

static void paste(const char *lines)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], lines, strlen(lines)),
	                 (ssize_t)strlen(lines));
	close(ends[1]);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
}

/* clang-format off */
static const struct {
	const char *lines;
	const char *query; /* NULL: nothing of it is taken */
} pasted[] = {
	{ "http://127.0.0.1:1/?code=c&state=s1\n",            "code=c&state=s1" },
	{ "http://127.0.0.1:1/?code=c&state=s1",              "code=c&state=s1" },
	{ "http://127.0.0.1:1/?code=c&state=s1#frag\r\n",     "code=c&state=s1" },
	{ "\n\nwhat?\nhttp://localhost:1?state=s1&error=x\n", "state=s1&error=x" },
	{ "code=c&state=s1\n",                                "code=c&state=s1" },
	{ "http://127.0.0.1:1/?code=c&state=s2\n",            NULL },
	{ "c0de\n",                                           NULL },
	{ "",                                                 NULL },
};
/* clang-format on */

START_TEST(by_hand)
{
	struct redirect r;
	struct sbuf query;
	struct fault f;
	int result;

	sbuf_init(&query, 1000);
	paste(pasted[_i].lines);
	ck_assert_int_eq(redirect_open(&r, 0, false, &f), 0);
	result = redirect_wait(&r, "s1", 5, &query, &f);
	if (pasted[_i].query != NULL) {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(query.data, pasted[_i].query);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_str_eq(f.text, "nothing was pasted");
	}
	redirect_close(&r);
	sbuf_release(&query);
}
END_TEST

START_TEST(nobody_comes)
{
	struct redirect r;
	struct sbuf query;
	struct fault f;

	sbuf_init(&query, 1000);
	ck_assert_int_eq(redirect_open(&r, 0, true, &f), 0);
	r.is_open = false;
	ck_assert_int_eq(redirect_wait(&r, "s1", 1, &query, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "in time"));
	redirect_close(&r);
	sbuf_release(&query);
}
END_TEST

START_TEST(the_port_is_taken)
{
	struct redirect r, other;
	struct fault f;

	ck_assert_int_eq(redirect_open(&r, 0, true, &f), 0);
	ck_assert_int_eq(redirect_open(&other, r.port, true, &f), -1);
	ck_assert_ptr_nonnull(strstr(f.text, "cannot listen on port"));
	redirect_close(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redirect");
	TCase *tests = tcase_create("redirect");

	tcase_add_test(tests, adding);
	tcase_add_loop_test(tests, getting, 0, (int)COUNT_OF(forms));
	tcase_add_test(tests, by_browser);
	tcase_add_loop_test(tests, by_hand, 0, (int)COUNT_OF(pasted));
	tcase_add_test(tests, nobody_comes);
	tcase_add_test(tests, the_port_is_taken);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
