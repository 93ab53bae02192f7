/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_server - commands and replies
 *
 * Each session comes in pieces of several sizes; where nobody talks ahead of a
 * reply that must come to the same.
 */
#include "smtp/server.h"

#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "server_play.h"

static const size_t pieces[] = { 0, 1, 2, 7 };

#define CODES_SIZE 4096
#define MAIL "MAIL FROM:<a@b>\r\n"
#define RCPT "RCPT TO:<c@d>\r\n"
#define BEGIN MAIL RCPT "DATA\r\n"

/* A program: lines end as they like. */
static const struct {
	const char *bytes, *codes;
} programs[] = {
	{ "", "220" },
	{ "HELO x\r\nQUIT\r\n", "220 250 221" },
	{ "helo\nquit\n", "220 250 221" },
	{ "EHLO\nEHLO \nEHLO [127.0.0.1]\n", "220 250 250 250" },
	{ "HELO x\r\n" BEGIN "text\r\n.\r\nQUIT\r\n",
	  "220 250 250 250 354 250 221" },
	{ "ehlo x\nmail from:<a@b>\nrcpt to:<c@d>\ndata\ntext\n.\nquit\n",
	  "220 250 250 250 354 250 221" },
	{ BEGIN ".\r\n" BEGIN ".\r\n", "220 250 250 354 250 250 250 354 250" },
	{ "QUIT\r\nNOOP\r\n", "220 221" },
	{ "QUIT", "220" },
	/* anywhere */
	{ "NOOP\nRSET\nVRFY a\nHELP\nHELP MAIL\n", "220 250 250 252 214 214" },
	{ MAIL "NOOP\nVRFY a\nHELP\n" RCPT "NOOP\nDATA\n.\n",
	  "220 250 250 252 214 250 250 354 250" },
	/* one line, and never a hang */
	{ "EXPN a\nVERB\nONEX\nETRN x\nBDAT 3 LAST\nAUTH PLAIN\nSTARTTLS\n",
	  "220 502 502 502 502 502 502 502" },
	{ "FOO\n\n \nMAILX\nMAI\nHELOx\n", "220 500 500 500 500 500 500" },
	{ "GET / HTTP/1.1\nHost: x\n", "220 500 500" },
	/* where they may not stand */
	{ RCPT "DATA\n" MAIL "DATA\n" MAIL RCPT MAIL "DATA\n.\n",
	  "220 503 503 250 503 503 250 503 354 250" },
	{ MAIL RCPT "RSET\nDATA\n" RCPT MAIL RCPT "DATA\n.\n",
	  "220 250 250 250 503 503 250 250 354 250" },
	{ MAIL RCPT "EHLO x\nDATA\n", "220 250 250 250 503" },
	{ MAIL RCPT "HELO x\nDATA\n", "220 250 250 250 503" },
	/* words */
	{ "MAIL\nMAIL FROM\nMAIL FROM:\nMAIL <a@b>\nMAIL TO:<a@b>\n",
	  "220 501 501 501 501 501" },
	{ "MAIL FROM:a@b\nRCPT TO: c@d\nRCPT TO:\nRCPT <a>\n",
	  "220 250 250 501 501" },
	{ "MAIL\tFROM:<a@b>\n", "220 250" },
	{ "MAIL FROM:<a@b> X=1\nMAIL FROM:<a@b> BODY=9BIT\n", "220 555 501" },
	{ MAIL "RCPT TO:<c@d> SIZE=1\nRCPT TO:<c@d> NOTIFY=x\n",
	  "220 250 555 501" },
	{ MAIL RCPT "DATA x\nDATA \n.\n", "220 250 250 501 354 250" },
	{ "MAIL FROM:<\xc3\xa9@b>\nMAIL FROM:<\xc3\xa9@b> SMTPUTF8\n"
	  "RCPT TO:<\xc3\xa9@b>\n",
	  "220 553 250 250" },
	{ MAIL "RCPT TO:<\xc3\xa9@b>\n", "220 250 553" },
	{ "MAIL FROM:<bad>\n" MAIL "RCPT TO:<bad>\nRCPT TO:<>\nDATA\n",
	  "220 553 250 553 553 503" },
	{ "MAIL FROM:<a\rb@c>\nMAIL FROM:<a\x01@c>\nNOOP\r\r\r\n",
	  "220 500 500 250" },
	/* too many, too large */
	{ MAIL RCPT RCPT RCPT RCPT "DATA\n.\n" MAIL RCPT,
	  "220 250 250 250 250 452 354 250 250 250" },
	{ "MAIL FROM:<a@b> SIZE=100\nRSET\nMAIL FROM:<a@b> SIZE=101\n",
	  "220 250 250 552" },
	/* the queue */
	{ "MAIL FROM:<" PLAY_CLOSED ">\n" RCPT "DATA\nNOOP\n" BEGIN ".\n",
	  "220 250 250 451 250 250 250 354 250" },
	{ BEGIN PLAY_FULL "\n\n.\n" BEGIN ".\n",
	  "220 250 250 354 452 250 250 354 250" },
	{ BEGIN PLAY_LOST "\n.\n" BEGIN ".\n",
	  "220 250 250 354 554 250 250 354 250" },
};

START_TEST(a_program)
{
	char codes[CODES_SIZE];
	struct play p;

	play_init(&p, false);
	p.size_limit = 100;
	p.recipient_limit = 3;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		play(&p, programs[_i].bytes, strlen(programs[_i].bytes),
		     pieces[i]);
		ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
		                 programs[_i].codes);
		ck_assert(p.is_over == (strstr(codes, "221") != NULL));
	}
	play_release(&p);
}
END_TEST

/* A socket: one command at a time, as clients do until they know EHLO's reply.
 */
#define HELLO "EHLO x\r\n"
static const struct {
	const char *bytes, *codes;
	bool is_over;
} sockets[] = {
	{ HELLO "NOOP\r\n", "220 250 250", false },
	{ "NOOP\r\nQUIT\r\n", "220 250 221", true },
	{ MAIL RCPT "DATA\r\n" HELLO MAIL RCPT "DATA\r\n.\r\n",
	  "220 503 503 503 250 250 250 354 250", false },
	{ "HELO x\r\n" BEGIN "a\r\n..\r\n.\r\n", "220 250 250 250 354 250",
	  false },
	/* what a browser says */
	{ "GET / HTTP/1.1\r\nHost: x\r\n", "220 421", true },
	{ "POST / HTTP/1.1\r\n\r\n" HELLO, "220 421", true },
	{ "put x\r\n", "220 421", true },
	{ "HEAD x\r\n", "220 421", true },
	{ "OPTIONS x\r\n", "220 421", true },
	{ "CONNECT x\r\n", "220 421", true },
	{ HELLO "Host: x\r\n", "220 250 421", true },
	{ HELLO "Cookie:a\r\n", "220 250 421", true },
	{ HELLO ":\r\n", "220 250 421", true },
	{ HELLO MAIL "GET\r\n", "220 250 250 421", true },
	/* line ends */
	{ "EHLO x\n", "220 521", true },
	{ "EHLO\rx\r\n", "220 521", true },
	{ "EHLO x\r\r\n", "220 521", true },
	{ HELLO "\n", "220 250 521", true },
	{ HELLO "NOOP\r", "220 250", false },
	{ HELLO BEGIN "a\n.\r\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN "a\r\n.\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN "a\r.\r\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN "a\n.\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN "a\r\r\n.\r\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN ".\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN ".\r.\r\n", "220 250 250 250 354 521", true },
	{ HELLO BEGIN "\n.\r\nMAIL FROM:<x@y>\r\n", "220 250 250 250 354 521",
	  true },
	{ HELLO BEGIN "\r.\r\nMAIL FROM:<x@y>\r\n", "220 250 250 250 354 521",
	  true },
	/* mistakes */
	{ HELLO "X\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\n"
	        "X\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\n",
	  "220 250 500 500 500 500 500 500 500 500 500 500 500 500 500 500 500 "
	  "500 500 500 500 500 421",
	  true },
};

START_TEST(a_socket)
{
	char codes[CODES_SIZE];
	struct play p;

	play_init(&p, true);
	play(&p, sockets[_i].bytes, strlen(sockets[_i].bytes), 1);
	ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
	                 sockets[_i].codes);
	ck_assert(p.is_over == sockets[_i].is_over);
	if (strstr(codes, "521") != NULL)
		ck_assert_uint_eq(p.messages, 0);
	play_release(&p);
}
END_TEST

static const struct {
	const char *bytes, *codes;
} early[] = {
	{ "EHLO x\r\nMAIL FROM:<a@b>\r\n", "220 421" },
	{ "HELO x\r\nN", "220 421" },
	{ "NOOP\r\nEHLO x\r\n", "220 250 250" },
};

START_TEST(who_talks_ahead)
{
	char codes[CODES_SIZE];
	struct play p;

	play_init(&p, true);
	play(&p, early[_i].bytes, strlen(early[_i].bytes), 0);
	ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)), early[_i].codes);
	play_release(&p);
}
END_TEST

/* In pieces of 8 bytes DATA stands at the start of one: alone, or not. */
static const struct {
	const char *bytes, *codes;
	bool was_cut;
} before_354[] = {
	{ HELLO BEGIN, "220 250 250 250 354", true },
	{ HELLO BEGIN ".\r\n", "220 250 250 250 421", false },
	{ HELLO BEGIN "N", "220 250 250 250 421", false },
};

START_TEST(who_sends_before_354)
{
	char codes[CODES_SIZE];
	struct play p;

	ck_assert_uint_eq(strlen(HELLO) % 8, 0);
	ck_assert_uint_eq((strlen(HELLO) + strlen(MAIL) + strlen(RCPT)) % 8, 0);
	play_init(&p, true);
	play(&p, before_354[_i].bytes, strlen(before_354[_i].bytes), 8);
	ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
	                 before_354[_i].codes);
	ck_assert(p.was_cut == before_354[_i].was_cut);
	ck_assert_uint_eq(p.messages, 0);
	play_release(&p);
}
END_TEST

/* --- words ---------------------------------------------------------------- */

static const struct {
	const char *bytes, *replies;
} texts[] = {
	{ "HELO x\n" BEGIN ".\n",
	  "220 host.test ESMTP relay\r\n250 host.test\r\n250 Ok\r\n250 Ok\r\n"
	  "354 end the message with a dot alone on a line\r\n"
	  "250 Ok: queued as ID1\r\n" },
	{ "EHLO x\n" BEGIN ".\nQUIT\n",
	  "220 host.test ESMTP relay\r\n250-host.test\r\n250-PIPELINING\r\n"
	  "250-SIZE\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
	  "250 ENHANCEDSTATUSCODES\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
	  "354 end the message with a dot alone on a line\r\n"
	  "250 2.0.0 Ok: queued as ID1\r\n221 2.0.0 goodbye\r\n" },
	/* what a fault says is one line of ASCII */
	{ "EHLO x\nHELO y\n" MAIL "RCPT TO:<bad>\n",
	  "220 host.test ESMTP relay\r\n250-host.test\r\n250-PIPELINING\r\n"
	  "250-SIZE\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
	  "250 ENHANCEDSTATUSCODES\r\n250 host.test\r\n250 Ok\r\n"
	  "553 bad ??\\x0D\\x0A<bad>\r\n" },
};

START_TEST(text_of_replies)
{
	struct play p;

	play_init(&p, false);
	play(&p, texts[_i].bytes, strlen(texts[_i].bytes), 0);
	ck_assert_str_eq(p.replies.data, texts[_i].replies);
	play_release(&p);
}
END_TEST

START_TEST(size_is_offered)
{
	struct play p;

	play_init(&p, false);
	p.size_limit = 134217728;
	play(&p, "EHLO x\n", 7, 0);
	ck_assert_ptr_nonnull(strstr(p.replies.data, "250-SIZE 134217728\r\n"));
	play_release(&p);
}
END_TEST

static const struct {
	const char *bytes, *queue;
} events[] = {
	{ BEGIN "a\r\n.\r\n", "mail <a@b> - - -\nrcpt <c@d> - -\nopen\na\r\n"
	                      "commit\ndrop\n" },
	{ "MAIL FROM:<> BODY=8BITMIME RET=full ENVID=x SMTPUTF8\n"
	  "RCPT TO:<c> NOTIFY=FAILURE ORCPT=rfc822;c\nRSET\n",
	  "mail <> 8BITMIME FULL x utf8\nrcpt <c> FAILURE rfc822;c\ndrop\n" },
	{ MAIL RCPT RCPT "QUIT\n",
	  "mail <a@b> - - -\nrcpt <c@d> - -\nrcpt <c@d> - -\ndrop\n" },
	{ MAIL, "mail <a@b> - - -\ndrop\n" },
	{ BEGIN "a\n", "mail <a@b> - - -\nrcpt <c@d> - -\nopen\ndrop\n" },
	{ "MAIL FROM:<bad>\n", "mail <bad> - - -\ndrop\n" },
	{ BEGIN PLAY_FULL "\nmore\n.\n",
	  "mail <a@b> - - -\nrcpt <c@d> - -\nopen\ndrop\n" },
};

START_TEST(what_the_queue_sees)
{
	struct play p;

	play_init(&p, false);
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		play(&p, events[_i].bytes, strlen(events[_i].bytes), pieces[i]);
		ck_assert_str_eq(p.queue.data, events[_i].queue);
	}
	play_release(&p);
}
END_TEST

/* --- limits --------------------------------------------------------------- */

/* Over the limit, the next command is understood all the same. */
START_TEST(long_lines)
{
	static char bytes[100000];
	const size_t lengths[] = { SERVER_LINE_LIMIT, SERVER_LINE_LIMIT + 1,
		                   SERVER_LINE_LIMIT + 3, 70000 };
	char codes[CODES_SIZE];
	struct play p;

	play_init(&p, false);
	for (size_t i = 0; i < COUNT_OF(lengths); i++)
		for (size_t k = 0; k < COUNT_OF(pieces); k++) {
			memset(bytes, 'x', sizeof(bytes));
			memcpy(bytes, "NOOP ", 5);
			memcpy(bytes + lengths[i], "\r\nRSET\r\n", 8);
			play(&p, bytes, lengths[i] + 8, pieces[k]);
			ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
			                 i == 0 ? "220 250 250"
			                        : "220 500 250");
		}
	play_release(&p);
}
END_TEST

/* However much comes in one piece, a batch of replies is all that is kept. */
START_TEST(a_flood)
{
	static char bytes[300000];
	struct play p;
	size_t lines = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = '\n';
	play_init(&p, false);
	play(&p, bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < p.replies.len; i++)
		lines += p.replies.data[i] == '\n';
	ck_assert_uint_eq(lines, sizeof(bytes) + 1);
	play_release(&p);
}
END_TEST

/* Whoever has the clock ends the session; what has begun is dropped. */
START_TEST(it_is_closed)
{
	static const struct server_settings settings = { .host = "h",
		                                         .is_strict = true };
	static const struct server_queue queue = { 0 };
	struct server s;

	server_init(&s, &settings, &queue, NULL);
	ck_assert_str_eq(s.out.data, "220 h ESMTP relay\r\n");
	ck_assert(!server_is_over(&s));
	sbuf_reset(&s.out);
	server_close(&s, "silent for too long");
	ck_assert_str_eq(s.out.data, "421 silent for too long\r\n");
	ck_assert(server_is_over(&s));
	ck_assert_uint_eq(server_take(&s, "NOOP\r\n", 6), 0);
	ck_assert(!server_end(&s));
	server_release(&s);
}
END_TEST

/* A NUL is no end of a line. */
START_TEST(nul)
{
	static const char bytes[] = "NOOP\0\nMAIL FROM:<a\0>\nNOOP\n";
	char codes[CODES_SIZE];
	struct play p;

	play_init(&p, false);
	play(&p, bytes, sizeof(bytes) - 1, 0);
	ck_assert_str_eq(play_codes(&p, codes, sizeof(codes)),
	                 "220 500 500 250");
	play_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, a_program, 0, COUNT_OF(programs));
	tcase_add_loop_test(all, a_socket, 0, COUNT_OF(sockets));
	tcase_add_loop_test(all, who_talks_ahead, 0, COUNT_OF(early));
	tcase_add_loop_test(all, who_sends_before_354, 0, COUNT_OF(before_354));
	tcase_add_loop_test(all, text_of_replies, 0, COUNT_OF(texts));
	tcase_add_test(all, size_is_offered);
	tcase_add_loop_test(all, what_the_queue_sees, 0, COUNT_OF(events));
	tcase_add_test(all, long_lines);
	tcase_add_test(all, a_flood);
	tcase_add_test(all, it_is_closed);
	tcase_add_test(all, nul);
	return fixture_run(suite);
}
