/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes through a stream, plain and encrypted: in crumbs, in bulk, in both
 * directions at once, and what the end of a connection looks like. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "tls_peer.h"

#define BULK (4 << 20) /* bytes in each direction */

/* The stream under test and its far end, plain or TLS (_i != 0). */
struct pair {
	bool is_tls;
	struct peer peer;
	int fd; /* the far end */
	struct stream *stream;
	struct fault fault;
	struct tls_settings client;
};

static void open_pair(struct pair *p, bool is_tls)
{
	struct peer_settings server = { .certificate = "good" };
	int fds[2];

	memset(p, 0, sizeof(*p));
	peer_sockets(fds);
	p->is_tls = is_tls;
	p->fd = fds[1];
	p->stream = stream_create(fds[0]);
	if (!is_tls)
		return;
	p->client.ca_file = peer_path("ca.pem");
	peer_open(&p->peer, fds[1], &server);
	ck_assert_int_eq(
		stream_start_tls(p->stream, &p->client, "localhost", &p->fault),
		0);
	ck_assert_int_eq(peer_shake(&p->peer, p->stream, &p->fault),
	                 STREAM_DONE);
	/* Tickets, if any: nothing to read. */
	ck_assert_int_eq(stream_fill(p->stream, &p->fault), STREAM_WANT_READ);
}

static void close_pair(struct pair *p)
{
	stream_free(&p->stream);
	if (p->is_tls)
		peer_close(&p->peer);
	else if (p->fd >= 0)
		close(p->fd);
}

/* The far end: bytes moved, 0 if it would block, -1 at the end. */
static ssize_t far_send(struct pair *p, const void *bytes, size_t n)
{
	ssize_t k = p->is_tls ? gnutls_record_send(p->peer.session, bytes, n)
	                      : send(p->fd, bytes, n, MSG_NOSIGNAL);

	if (p->is_tls)
		return k == GNUTLS_E_AGAIN ? 0 : k;
	return k < 0 ? 0 : k;
}

static ssize_t far_receive(struct pair *p, void *bytes, size_t n)
{
	ssize_t k = p->is_tls ? gnutls_record_recv(p->peer.session, bytes, n)
	                      : recv(p->fd, bytes, n, 0);

	if (k == 0)
		return -1;
	return k < 0 ? 0 : k;
}

/* The byte at position `at` of an endless text without a short period. */
static char text_at(size_t at)
{
	return (char)(at * 2654435761U >> 13);
}

static void make_text(char *to, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = text_at(at + i);
}

static void check_text(const char *bytes, size_t at, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] == text_at(at + i))
		i++;
	ck_assert_uint_eq(i, n);
}

START_TEST(a_line_goes_and_a_line_comes)
{
	char got[64] = "";
	const char *in;
	struct pair p;
	size_t n;

	open_pair(&p, _i != 0);
	ck_assert(stream_is_encrypted(p.stream) == (_i != 0));
	if (_i == 0)
		ck_assert_str_eq(stream_cipher(p.stream), "none");
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_WANT_READ);
	ck_assert_int_eq(stream_events(p.stream), POLLIN);
	ck_assert_uint_eq(stream_room(p.stream), STREAM_OUTPUT_LIMIT);
	stream_put(p.stream, "EHLO ", 5);
	stream_put(p.stream, "me\r\n", 4);
	ck_assert_uint_eq(stream_room(p.stream), STREAM_OUTPUT_LIMIT - 9);
	ck_assert_int_eq(far_receive(&p, got, sizeof(got)), 0);
	ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_DONE);
	ck_assert_uint_eq(stream_room(p.stream), STREAM_OUTPUT_LIMIT);
	/* One write: the far end gets both in one piece. */
	ck_assert_int_eq(far_receive(&p, got, sizeof(got)), 9);
	ck_assert_str_eq(got, "EHLO me\r\n");
	ck_assert_int_eq(far_send(&p, "250 you\r\n", 9), 9);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_DONE);
	in = stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 9);
	ck_assert_mem_eq(in, "250 you\r\n", 9);
	stream_consume(p.stream, 4);
	in = stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(in, "you\r\n", 5);
	stream_consume(p.stream, 100);
	stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 0);
	close_pair(&p);
}
END_TEST

START_TEST(one_byte_at_a_time)
{
	struct pair p;
	size_t n;

	open_pair(&p, _i != 0);
	for (size_t i = 0; i < 1000; i++) {
		char byte = text_at(i), got = 0;

		ck_assert_int_eq(far_send(&p, &byte, 1), 1);
		ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_DONE);
		ck_assert_int_eq(stream_fill(p.stream, &p.fault),
		                 STREAM_WANT_READ);
		stream_put(p.stream, &byte, 1);
		ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_DONE);
		ck_assert_int_eq(far_receive(&p, &got, 1), 1);
		ck_assert_int_eq(got, byte);
	}
	check_text(stream_input(p.stream, &n), 0, 1000);
	ck_assert_uint_eq(n, 1000);
	close_pair(&p);
}
END_TEST

/* Take what the stream received; check and drop it. */
static size_t take_input(struct pair *p, size_t at)
{
	const char *in;
	size_t n;

	in = stream_input(p->stream, &n);
	check_text(in, at, n);
	stream_consume(p->stream, n);
	return n;
}

/* A far end that reads only after it has sent everything: two simple writers,
 * each with full sockets, must not wait for each other. */
START_TEST(both_write_at_once)
{
	size_t put = 0, sent = 0, received = 0, far_received = 0;
	size_t blocked = 0;
	char piece[10000];
	struct pair p;

	open_pair(&p, _i != 0);
	while (far_received < BULK || received < BULK) {
		size_t n = stream_room(p.stream);
		ssize_t k = 0;

		n = n < BULK - put ? n : BULK - put;
		n = n < sizeof(piece) ? n : sizeof(piece);
		make_text(piece, put, n);
		stream_put(p.stream, piece, n);
		put += n;
		if (stream_flush(p.stream, &p.fault) == STREAM_WANT_WRITE) {
			blocked++;
			ck_assert(stream_events(p.stream) & POLLOUT);
			stream_fill(p.stream, &p.fault);
			ck_assert(stream_events(p.stream) & POLLOUT);
		} else {
			stream_fill(p.stream, &p.fault);
		}
		received += take_input(&p, received);
		if (sent < BULK) {
			make_text(piece, sent, sizeof(piece));
			n = sizeof(piece) < BULK - sent ? sizeof(piece)
			                                : BULK - sent;
			k = far_send(&p, piece, n);
			ck_assert_int_ge(k, 0);
			sent += (size_t)k;
		} else {
			k = far_receive(&p, piece, sizeof(piece));
			ck_assert_int_ge(k, 0);
			check_text(piece, far_received, (size_t)k);
			far_received += (size_t)k;
		}
	}
	ck_assert_uint_gt(blocked, 0);
	close_pair(&p);
}
END_TEST

/* Nobody takes our bytes, nobody consumes the input: it stops at its limit and
 * is no longer polled for. */
START_TEST(input_is_bounded)
{
	char piece[10000];
	enum stream_result result;
	struct pair p;
	size_t n;

	open_pair(&p, _i != 0);
	make_text(piece, 0, sizeof(piece));
	for (int i = 0; i < 100; i++) {
		ck_assert_int_ge(far_send(&p, piece, sizeof(piece)), 0);
		n = stream_room(p.stream);
		stream_put(p.stream, piece,
		           n < sizeof(piece) ? n : sizeof(piece));
		result = stream_flush(p.stream, &p.fault);
	}
	ck_assert_int_eq(result, STREAM_WANT_WRITE);
	ck_assert_int_eq(stream_events(p.stream), POLLOUT);
	stream_input(p.stream, &n);
	ck_assert_uint_eq(n, STREAM_INPUT_LIMIT);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_FAILED);
	ck_assert_int_eq(p.fault.kind, FAULT_TEMP);
	ck_assert_str_eq(p.fault.text,
	                 "the server sends more than 65536 bytes at once");
	/* More than the room is not put at all. */
	n = stream_room(p.stream);
	stream_put(p.stream, piece, n + 1);
	ck_assert_uint_eq(stream_room(p.stream), n);
	close_pair(&p);
}
END_TEST

/* A FIN without a farewell: all bytes first, then the end, again and again. */
START_TEST(the_last_words_are_delivered)
{
	struct pair p;
	size_t n;

	open_pair(&p, _i != 0);
	ck_assert_int_eq(far_send(&p, "421 bye\r\n", 9), 9);
	shutdown(p.fd, SHUT_RDWR);
	stream_put(p.stream, "NOOP\r\n", 6);
	ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_CLOSED);
	stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 9);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_CLOSED);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_CLOSED);
	ck_assert_int_eq(p.fault.kind, FAULT_NONE);
	close_pair(&p);
}
END_TEST

START_TEST(a_farewell_ends_it_too)
{
	struct pair p;
	size_t n;

	open_pair(&p, true);
	ck_assert_int_eq(far_send(&p, "221 bye\r\n", 9), 9);
	gnutls_bye(p.peer.session, GNUTLS_SHUT_WR);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_DONE);
	stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 9);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_CLOSED);
	stream_goodbye(p.stream);
	ck_assert_int_eq(gnutls_record_recv(p.peer.session, &n, 1), 0);
	close_pair(&p);
}
END_TEST

/* A record that nobody encrypted, in the middle of TLS. */
START_TEST(forged_bytes_are_refused)
{
	struct pair p;
	size_t n;

	open_pair(&p, true);
	ck_assert_int_eq(write(p.fd,
	                       "\x17\x03\x03\x00\x14"
	                       "250 forged, not true",
	                       25),
	                 25);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_FAILED);
	ck_assert_int_eq(p.fault.kind, FAULT_TEMP);
	ck_assert_ptr_nonnull(
		strstr(p.fault.text, "TLS with localhost failed: "));
	stream_input(p.stream, &n);
	ck_assert_uint_eq(n, 0);
	memset(&p.fault, 0, sizeof(p.fault));
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_FAILED);
	ck_assert_int_eq(p.fault.kind, FAULT_TEMP);
	close_pair(&p);
}
END_TEST

/* RFC 3207, section 6: what came in clear before the handshake is an attack,
 * consumed by nobody yet or still in the socket. */
START_TEST(injected_input_is_refused)
{
	const char *replies = "220 go ahead\r\n250 injected\r\n";
	struct pair p;

	open_pair(&p, false);
	p.client.ca_file = peer_path("ca.pem");
	ck_assert_int_eq(far_send(&p, replies, 28), 28);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_DONE);
	stream_consume(p.stream, 14);
	ck_assert_int_eq(
		stream_start_tls(p.stream, &p.client, "localhost", &p.fault),
		-1);
	ck_assert_int_eq(p.fault.kind, FAULT_TEMP);
	ck_assert_str_eq(
		p.fault.text,
		"localhost sent more in clear after it agreed to start "
		"TLS: somebody may be tampering with the connection");
	stream_consume(p.stream, 14);
	ck_assert_int_eq(far_send(&p, replies, 14), 14);
	ck_assert_int_eq(
		stream_start_tls(p.stream, &p.client, "localhost", &p.fault),
		-1);
	ck_assert(!stream_is_encrypted(p.stream));
	close_pair(&p);
}
END_TEST

/* STARTTLS as it should be: text, handshake, text; and nothing in clear while
 * the handshake is under way. */
START_TEST(a_plain_stream_becomes_encrypted)
{
	struct peer_settings server = { .certificate = "good" };
	char got[64] = "";
	struct pair p;
	size_t n;

	open_pair(&p, false);
	p.client.ca_file = peer_path("ca.pem");
	stream_put(p.stream, "STARTTLS\r\n", 10);
	ck_assert_int_eq(
		stream_start_tls(p.stream, &p.client, "localhost", &p.fault),
		-1);
	ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_DONE);
	ck_assert_int_eq(far_receive(&p, got, sizeof(got)), 10);
	ck_assert_int_eq(far_send(&p, "220 go\r\n", 8), 8);
	ck_assert_int_eq(stream_fill(p.stream, &p.fault), STREAM_DONE);
	stream_consume(p.stream, 8);
	ck_assert_int_eq(
		stream_start_tls(p.stream, &p.client, "localhost", &p.fault),
		0);
	stream_put(p.stream, "AUTH PLAIN secret\r\n", 19);
	ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_FAILED);
	ck_assert_int_eq(recv(p.fd, got, sizeof(got), 0), -1);
	peer_open(&p.peer, p.fd, &server);
	p.is_tls = true;
	ck_assert_int_eq(peer_shake(&p.peer, p.stream, &p.fault), STREAM_DONE);
	ck_assert(stream_is_encrypted(p.stream));
	ck_assert_int_eq(stream_flush(p.stream, &p.fault), STREAM_DONE);
	n = (size_t)far_receive(&p, got, sizeof(got));
	ck_assert_uint_eq(n, 19);
	ck_assert_mem_eq(got, "AUTH PLAIN secret\r\n", 19);
	close_pair(&p);
}
END_TEST

/* The server's part of the handshake, byte by byte. */
START_TEST(a_handshake_in_crumbs)
{
	struct peer_settings server = { .certificate = "good" };
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	enum stream_result result = STREAM_WANT_READ;
	struct fault f = { 0 };
	struct stream *s;
	struct peer peer;
	char flight[4096], byte;
	int near[2], far[2];
	ssize_t n;

	peer_sockets(near);
	peer_sockets(far);
	s = stream_create(near[0]);
	peer_open(&peer, far[0], &server);
	ck_assert_int_eq(stream_start_tls(s, &client, "localhost", &f), 0);
	for (int i = 0; i < 20000 && result != STREAM_DONE; i++) {
		result = stream_handshake(s, &f);
		ck_assert_msg(result != STREAM_FAILED, "%s", f.text);
		n = read(near[1], flight, sizeof(flight));
		if (n > 0)
			ck_assert_int_eq(write(far[1], flight, (size_t)n), n);
		peer_advance(&peer);
		if (read(far[1], &byte, 1) == 1)
			ck_assert_int_eq(write(near[1], &byte, 1), 1);
	}
	ck_assert_int_eq(result, STREAM_DONE);
	stream_free(&s);
	peer_close(&peer);
	close(near[1]);
	close(far[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_unchecked_fixture(t, peer_make_certificates,
	                            peer_remove_certificates);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_line_goes_and_a_line_comes, 0, 2);
	tcase_add_loop_test(t, one_byte_at_a_time, 0, 2);
	tcase_add_loop_test(t, both_write_at_once, 0, 2);
	tcase_add_loop_test(t, input_is_bounded, 0, 2);
	tcase_add_loop_test(t, the_last_words_are_delivered, 0, 2);
	tcase_add_test(t, a_farewell_ends_it_too);
	tcase_add_test(t, forged_bytes_are_refused);
	tcase_add_test(t, injected_input_is_refused);
	tcase_add_test(t, a_plain_stream_becomes_encrypted);
	tcase_add_test(t, a_handshake_in_crumbs);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
