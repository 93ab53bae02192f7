/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way not to trust a server, and the words for it; pins, client keys and
 * the store.  The whole handshake runs in this process. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"
#include "tls_peer.h"

/* A client and a server at the two ends of a socket pair. */
struct pair {
	struct peer peer;
	struct stream *stream;
	struct fault fault;
	enum stream_result result;
};

static void open_pair(struct pair *p, const struct peer_settings *server)
{
	int fds[2];

	memset(p, 0, sizeof(*p));
	peer_sockets(fds);
	peer_open(&p->peer, fds[1], server);
	p->stream = stream_create(fds[0]);
}

static void close_pair(struct pair *p)
{
	stream_free(&p->stream);
	peer_close(&p->peer);
}

static void shake(struct pair *p, const struct peer_settings *server,
                  const struct tls_settings *client, const char *host)
{
	open_pair(p, server);
	p->result = STREAM_FAILED;
	if (stream_start_tls(p->stream, client, host, &p->fault) == 0)
		p->result = peer_shake(&p->peer, p->stream, &p->fault);
}

static const struct judgement {
	const char *certificate;
	const char *ca; /* file, or NULL: the system's */
	const char *host;
	const char *priority;
	const char *staple;
	const char *text; /* in the fault; NULL: trusted */
} judgements[] = {
	{ "good", "ca.pem", "localhost", NULL, NULL, NULL },
	{ "good", "ca.pem", "LocalHost.", NULL, NULL, NULL },
	{ "good", "ca.pem", "127.0.0.1", NULL, NULL, NULL },
	{ "good", "ca.pem", "[::1]", NULL, NULL, NULL },
	{ "good", "ca.pem", "::1", NULL, NULL, NULL },
	{ "good", "ca.pem", "smarthost.test", "NORMAL:-VERS-TLS1.3", NULL,
	  NULL },
	{ "good", "ca.pem", "127.0.0.2", NULL, NULL,
	  "the certificate of 127.0.0.2 is for localhost, smarthost.test, "
	  "127.0.0.1, ::1, not for 127.0.0.2: check `host`" },
	{ "wrong-name", "ca.pem", "localhost", NULL, NULL,
	  "the certificate of localhost is for other.test, not for localhost: "
	  "check `host`" },
	{ "expired", "ca.pem", "localhost", NULL, NULL,
	  "the certificate of localhost expired on 2020-01-01" },
	{ "expired", "ca.pem", "localhost", "NORMAL:-VERS-TLS1.3", NULL,
	  "the certificate of localhost expired on 2020-01-01" },
	{ "not-yet", "ca.pem", "localhost", NULL, NULL,
	  "-01-01 00:00:00: is the clock of this machine right?" },
	{ "self-signed", "ca.pem", "localhost", NULL, NULL,
	  "the certificate of localhost is self-signed: if it is the right "
	  "one, "
	  "set `tls_ca` to its file or `tls_pin` to sha256:" },
	{ "self-signed", "self-signed.pem", "localhost", NULL, NULL, NULL },
	{ "unknown-ca", "ca.pem", "localhost", NULL, NULL,
	  "the certificate of localhost is signed by `CN=relay tests\\, "
	  "another-ca`, which is not trusted here: set `tls_ca`" },
	{ "good", NULL, "localhost", NULL, NULL,
	  "which is not trusted here: set `tls_ca`" },
	{ "cn-only", "ca.pem", "localhost", NULL, NULL,
	  "it has a name only in CN, which no longer counts" },
	{ "client", "ca.pem", "client.test", NULL, NULL,
	  "it is not meant for servers" },
	{ "rsa-1024", "ca.pem", "localhost", NULL, NULL, "is too weak" },
	{ "sha1", "ca.pem", "localhost", NULL, NULL, "is too weak" },
	{ "good", "ca.pem", "localhost", NULL, "revoked.ocsp",
	  "its issuer has revoked it" },
	{ "good", "ca.pem", "localhost", "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL,
	  "localhost speaks only TLS 1.1 or older" },
	{ "good", "ca.pem", "localhost", "NORMAL:-VERS-ALL:+VERS-TLS1.0", NULL,
	  "localhost speaks only TLS 1.1 or older" },
	{ "good", "ca.pem", "localhost",
	  "NORMAL:-VERS-TLS1.3:-KX-ALL:+ANON-ECDH", NULL,
	  "has no encryption in common" },
	/* One label under a wildcard, and never a whole top-level domain. */
	{ "wildcard", "ca.pem", "smarthost.test", NULL, NULL,
	  "is for *.mail.test, *.test, not for smarthost.test" },
	{ "wildcard", "ca.pem", "a.b.mail.test", NULL, NULL,
	  "is for *.mail.test" },
	{ "wildcard", "ca.pem", "one.mail.test", NULL, NULL, NULL },
};

START_TEST(a_certificate_is_judged)
{
	const struct judgement *j = &judgements[_i];
	struct peer_settings server = { .certificate = j->certificate,
		                        .priority = j->priority,
		                        .staple = j->staple };
	struct tls_settings client = { .ca_file = j->ca != NULL
		                                          ? peer_path(j->ca)
		                                          : NULL };
	struct pair p;

	shake(&p, &server, &client, j->host);
	if (j->text == NULL) {
		ck_assert_msg(p.result == STREAM_DONE, "%s", p.fault.text);
		ck_assert_msg(strncmp(stream_cipher(p.stream), "TLS1.", 5) == 0,
		              "%s", stream_cipher(p.stream));
	} else {
		ck_assert_int_eq(p.result, STREAM_FAILED);
		ck_assert_msg(strstr(p.fault.text, j->text) != NULL, "%s",
		              p.fault.text);
		ck_assert_int_eq(p.fault.kind, FAULT_CONFIG);
		ck_assert(!stream_is_encrypted(p.stream));
		ck_assert(!p.peer.is_ready);
	}
	close_pair(&p);
}
END_TEST

START_TEST(a_session_without_a_host_is_refused)
{
	static const char *const hosts[] = { "", "." };
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	struct peer_settings server = { .certificate = "good" };
	struct pair p;

	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		shake(&p, &server, &client, hosts[i]);
		ck_assert_int_eq(p.result, STREAM_FAILED);
		ck_assert_str_eq(p.fault.text, "no name to verify the server "
		                               "by: set `host`");
		close_pair(&p);
	}
}
END_TEST

START_TEST(trust_must_be_loaded)
{
	static const struct {
		const char *file;
		const char *text;
	} cases[] = {
		{ "nowhere.pem", "cannot read " },
		{ "empty.pem", "no trusted certificates in " },
		{ "good.key", "no trusted certificates in " },
		{ ".", "it is not a regular file" },
		{ "huge.pem", "it is too large" },
	};
	struct peer_settings server = { .certificate = "good" };
	struct tls_settings client = { 0 };
	struct pair p;

	close(open(peer_path("empty.pem"), O_CREAT | O_WRONLY, 0600));
	close(open(peer_path("huge.pem"), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(truncate(peer_path("huge.pem"), 100 << 20), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		client.ca_file = peer_path(cases[i].file);
		shake(&p, &server, &client, "localhost");
		ck_assert_int_eq(p.result, STREAM_FAILED);
		ck_assert_int_eq(p.fault.kind, FAULT_CONFIG);
		ck_assert_msg(strstr(p.fault.text, cases[i].text) != NULL, "%s",
		              p.fault.text);
		close_pair(&p);
	}
	unlink(peer_path("huge.pem"));
}
END_TEST

/* The same settings read their files once, other ones their own. */
START_TEST(a_store_is_loaded_once)
{
	struct tls_store *store = tls_store_create();
	struct peer_settings server = { .certificate = "good" };
	struct tls_settings client = { .ca_file = peer_path("once.pem"),
		                       .store = store };
	struct pair p;

	ck_assert_int_eq(link(peer_path("ca.pem"), client.ca_file), 0);
	shake(&p, &server, &client, "localhost");
	ck_assert_int_eq(p.result, STREAM_DONE);
	close_pair(&p);
	unlink(client.ca_file);
	shake(&p, &server, &client, "localhost");
	ck_assert_msg(p.result == STREAM_DONE, "%s", p.fault.text);
	close_pair(&p);
	client.ca_file = peer_path("another-ca.pem");
	shake(&p, &server, &client, "localhost");
	ck_assert_int_eq(p.result, STREAM_FAILED);
	close_pair(&p);
	client.pin = "sha256:00";
	shake(&p, &server, &client, "localhost");
	ck_assert_int_eq(p.result, STREAM_FAILED);
	close_pair(&p);
	tls_store_free(&store);
	ck_assert_ptr_null(store);
}
END_TEST

static void upper_with_colons(char *to, size_t size, const char *pin)
{
	size_t n = (size_t)snprintf(to, size, "SHA256:");

	for (const char *c = pin + 7; *c != '\0'; c += 2)
		n += (size_t)snprintf(to + n, size - n, "%s%c%c",
		                      c == pin + 7 ? "" : ":",
		                      c[0] >= 'a' ? c[0] - 32 : c[0],
		                      c[1] >= 'a' ? c[1] - 32 : c[1]);
}

START_TEST(a_pin_replaces_the_chain)
{
	static const char *const names[] = { "good", "expired", "unknown-ca",
		                             "wrong-name", "self-signed" };
	struct peer_settings server = { .certificate = names[_i] };
	struct tls_settings client = { 0 };
	char file[64], pins[4][400];
	struct pair p;

	snprintf(file, sizeof(file), "%s.pem", names[_i]);
	peer_fingerprint(file, pins[0], sizeof(pins[0]));
	peer_key_fingerprint(file, pins[1], sizeof(pins[1]));
	upper_with_colons(pins[2], sizeof(pins[2]), pins[0]);
	snprintf(pins[3], sizeof(pins[3]), " sha256:%064d  %.100s ", 7,
	         pins[1]);
	for (size_t i = 0; i < COUNT_OF(pins); i++) {
		ck_assert_int_eq(tls_check_pin(pins[i], &p.fault), 0);
		client.pin = pins[i];
		shake(&p, &server, &client, "localhost");
		ck_assert_msg(p.result == STREAM_DONE, "%s: %s", pins[i],
		              p.fault.text);
		close_pair(&p);
	}
}
END_TEST

START_TEST(a_wrong_pin_shows_the_right_one)
{
	struct peer_settings server = { .certificate = "good" };
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	char other[2][128], right[2][128];
	struct pair p;

	peer_fingerprint("expired.pem", other[0], sizeof(other[0]));
	peer_key_fingerprint("expired.pem", other[1], sizeof(other[1]));
	peer_fingerprint("good.pem", right[0], sizeof(right[0]));
	peer_key_fingerprint("good.pem", right[1], sizeof(right[1]));
	for (size_t i = 0; i < COUNT_OF(other); i++) {
		client.pin = other[i];
		shake(&p, &server, &client, "localhost");
		ck_assert_int_eq(p.result, STREAM_FAILED);
		ck_assert_int_eq(p.fault.kind, FAULT_CONFIG);
		ck_assert_ptr_nonnull(
			strstr(p.fault.text, "does not match `tls_pin`"));
		ck_assert_msg(strstr(p.fault.text, right[i]) != NULL, "%s",
		              p.fault.text);
		close_pair(&p);
	}
}
END_TEST

START_TEST(the_form_of_a_pin)
{
#define HEX62 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcd"
#define B64_42 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	static const struct {
		const char *pin;
		bool good;
	} cases[] = {
		{ "sha256:" HEX62 "ef", true },
		{ "sha256:" HEX62 "e", false },
		{ "sha256:" HEX62 "eff", false },
		{ "sha256:" HEX62 "eg", false },
		{ "sha1:" HEX62 "ef", false },
		{ HEX62 "ef", false },
		{ "spki-sha256:" B64_42 "A=", true },
		{ "spki-sha256:" B64_42 "B=", false },
		{ "spki-sha256:" B64_42 "A", false },
		{ "spki-sha256:" B64_42 "AA", false },
		{ "spki-sha256:" B64_42 "-=", false },
		{ "spki-sha256:", false },
		{ "sha256:" HEX62 "ef spki-sha256:" B64_42 "A=", true },
		{ "sha256:" HEX62 "ef spki-sha256:", false },
		{ "", false },
		{ "  ", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f = { 0 };
		int result = tls_check_pin(cases[i].pin, &f);

		ck_assert_msg((result == 0) == cases[i].good, "%s",
		              cases[i].pin);
		ck_assert_int_eq(f.kind,
		                 cases[i].good ? FAULT_NONE : FAULT_CONFIG);
	}
}
END_TEST

START_TEST(a_client_certificate_is_shown)
{
	static const char *const priorities[] = { NULL, "NORMAL:-VERS-TLS1.3" };
	struct peer_settings server = { .certificate = "good",
		                        .priority = priorities[_i],
		                        .wants_certificate = true };
	struct tls_settings client = { .ca_file = peer_path("ca.pem"),
		                       .cert_file = peer_path("client.pem"),
		                       .key_file = peer_path("client.key") };
	struct pair p;
	unsigned count = 0;

	shake(&p, &server, &client, "localhost");
	ck_assert_msg(p.result == STREAM_DONE, "%s", p.fault.text);
	ck_assert(p.peer.is_ready);
	ck_assert_ptr_nonnull(
		gnutls_certificate_get_peers(p.peer.session, &count));
	close_pair(&p);
}
END_TEST

/* With TLS 1.2 the handshake fails, with TLS 1.3 the first read. */
START_TEST(a_missing_client_certificate_is_named)
{
	static const struct {
		const char *priority;
		const char *cert;
		const char *text;
	} cases[] = {
		{ NULL, NULL,
		  "localhost wants a client certificate: set `tls_cert` and "
		  "`tls_key`" },
		{ "NORMAL:-VERS-TLS1.3", NULL,
		  "localhost wants a client certificate: set `tls_cert` and "
		  "`tls_key`" },
		{ NULL, "unknown-ca",
		  "localhost refused the client certificate " },
		{ "NORMAL:-VERS-TLS1.3", "unknown-ca",
		  "localhost refused the client certificate " },
	};
	struct peer_settings server = { .certificate = "good",
		                        .priority = cases[_i].priority,
		                        .wants_certificate = true };
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	char cert[128], key[128];
	struct pair p;

	if (cases[_i].cert != NULL) {
		snprintf(cert, sizeof(cert), "%s", peer_path("unknown-ca.pem"));
		snprintf(key, sizeof(key), "%s", peer_path("unknown-ca.key"));
		client.cert_file = cert;
		client.key_file = key;
	}
	shake(&p, &server, &client, "localhost");
	ck_assert_int_ne(p.peer.failure, 0);
	if (p.result == STREAM_DONE)
		p.result = stream_fill(p.stream, &p.fault);
	ck_assert_int_eq(p.result, STREAM_FAILED);
	ck_assert_msg(strstr(p.fault.text, cases[_i].text) != NULL, "%s",
	              p.fault.text);
	ck_assert_int_eq(p.fault.kind, FAULT_CONFIG);
	close_pair(&p);
}
END_TEST

START_TEST(client_keys_that_cannot_be_used)
{
	static const struct {
		const char *cert;
		const char *key;
		mode_t mode; /* of the key */
		const char *text;
	} cases[] = {
		{ "client.pem", NULL, 0,
		  "`tls_cert` and `tls_key` go together" },
		{ NULL, "client.key", 0,
		  "`tls_cert` and `tls_key` go together" },
		{ "nowhere.pem", "client.key", 0, "nowhere.pem: No such file" },
		{ "client.pem", "nowhere.key", 0, "nowhere.key: No such file" },
		{ "client.pem", "good.key", 0,
		  "good.key does not belong to the certificate " },
		{ "client.key", "client.key", 0,
		  "cannot use the client certificate " },
		{ "client.pem", "client.key", 0604,
		  "client.key is open to other users: chmod 600 " },
		{ "client.pem", "client.key", 0620, "is open to other users" },
		{ "client.pem", "client.key", 0640, NULL },
	};
	struct peer_settings server = { .certificate = "good",
		                        .wants_certificate = true };
	struct pair p;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct tls_settings client = { .ca_file = peer_path("ca.pem") };

		if (cases[i].cert != NULL)
			client.cert_file = peer_path(cases[i].cert);
		if (cases[i].key != NULL)
			client.key_file = peer_path(cases[i].key);
		if (cases[i].mode != 0)
			chmod(client.key_file, cases[i].mode);
		shake(&p, &server, &client, "localhost");
		if (cases[i].mode != 0)
			chmod(client.key_file, 0600);
		ck_assert_int_eq(p.result, cases[i].text == NULL
		                                   ? STREAM_DONE
		                                   : STREAM_FAILED);
		ck_assert_msg(cases[i].text == NULL ||
		                      strstr(p.fault.text, cases[i].text) !=
		                              NULL,
		              "%s", p.fault.text);
		ck_assert_int_eq(p.fault.kind, cases[i].text == NULL
		                                       ? FAULT_NONE
		                                       : FAULT_CONFIG);
		close_pair(&p);
	}
}
END_TEST

START_TEST(a_token_that_is_not_there)
{
	struct peer_settings server = { .certificate = "good" };
	struct tls_settings client = {
		.ca_file = peer_path("ca.pem"),
		.cert_file = peer_path("client.pem"),
		.key_file = "pkcs11:token=nowhere;object=none;type=private",
	};
	struct pair p;

	shake(&p, &server, &client, "localhost");
	ck_assert_int_eq(p.result, STREAM_FAILED);
	ck_assert_int_eq(p.fault.kind, FAULT_CONFIG);
	ck_assert_ptr_nonnull(strstr(p.fault.text, "pkcs11:token=nowhere"));
	close_pair(&p);
}
END_TEST

/* A server that is no TLS server, or not one for long. */
START_TEST(a_handshake_that_goes_wrong)
{
	static const struct {
		const char *bytes;
		enum fault_kind kind;
		const char *text;
	} cases[] = {
		{ "220 smarthost.test ESMTP ready\r\n", FAULT_CONFIG,
		  "localhost does not start with TLS on this port: check "
		  "`tls` and `port`" },
		{ "2", FAULT_CONFIG, "does not start with TLS" },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", FAULT_CONFIG,
		  "does not start with TLS" },
		{ "", FAULT_TEMP,
		  "localhost closed the connection in the middle of TLS" },
		{ "\x16", FAULT_TEMP,
		  "localhost closed the connection in the middle of TLS" },
		{ "\x16\x03\x03\x10", FAULT_TEMP, "in the middle of TLS" },
		{ "\x16\x03\x03\x01\x01garbage", FAULT_TEMP, "TLS" },
		{ "\x15\x03\x03", FAULT_TEMP, "in the middle of TLS" },
		{ "\x16\x03\x03\xff\xffgarbage, and more of it", FAULT_TEMP,
		  "TLS with localhost failed" },
	};
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	size_t n = strlen(cases[_i].bytes);
	enum stream_result result;
	struct fault f = { 0 };
	struct stream *s;
	int fds[2];

	peer_sockets(fds);
	s = stream_create(fds[0]);
	ck_assert_int_eq(stream_start_tls(s, &client, "localhost", &f), 0);
	ck_assert_int_eq(stream_handshake(s, &f), STREAM_WANT_READ);
	ck_assert_int_eq(write(fds[1], cases[_i].bytes, n), (ssize_t)n);
	result = stream_handshake(s, &f);
	if (result == STREAM_WANT_READ) {
		ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
		result = stream_handshake(s, &f);
	}
	ck_assert_int_eq(result, STREAM_FAILED);
	ck_assert_msg(strstr(f.text, cases[_i].text) != NULL, "%s", f.text);
	ck_assert_int_eq(f.kind, cases[_i].kind);
	ck_assert(!stream_is_encrypted(s));
	stream_free(&s);
	close(fds[1]);
}
END_TEST

START_TEST(the_binding_is_the_servers)
{
	static const struct {
		const char *priority;
		bool is_exporter;
		gnutls_channel_binding_t kind;
	} cases[] = {
		{ "NORMAL", true, GNUTLS_CB_TLS_EXPORTER },
		{ "NORMAL:-VERS-TLS1.3", false, GNUTLS_CB_TLS_UNIQUE },
	};
	struct peer_settings server = { .certificate = "good",
		                        .priority = cases[_i].priority };
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	gnutls_datum_t raw, text;
	struct sbuf binding;
	bool is_exporter;
	struct pair p;

	sbuf_init(&binding, 100);
	shake(&p, &server, &client, "localhost");
	ck_assert(stream_binding(p.stream, &is_exporter, &binding));
	ck_assert(is_exporter == cases[_i].is_exporter);
	ck_assert_int_eq(gnutls_session_channel_binding(p.peer.session,
	                                                cases[_i].kind, &raw),
	                 0);
	gnutls_base64_encode2(&raw, &text);
	ck_assert_uint_eq(text.size, binding.len);
	ck_assert_mem_eq(text.data, binding.data, binding.len);
	gnutls_free(raw.data);
	gnutls_free(text.data);
	sbuf_release(&binding);
	close_pair(&p);
}
END_TEST

START_TEST(no_binding_without_extended_master_secret)
{
	struct peer_settings server = {
		.certificate = "good",
		.priority = "NORMAL:-VERS-TLS1.3:%NO_SESSION_HASH",
	};
	struct tls_settings client = { .ca_file = peer_path("ca.pem") };
	struct sbuf binding;
	bool is_exporter;
	struct pair p;

	sbuf_init(&binding, 100);
	shake(&p, &server, &client, "localhost");
	ck_assert_int_eq(p.result, STREAM_DONE);
	ck_assert(!stream_binding(p.stream, &is_exporter, &binding));
	close_pair(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tls");
	TCase *t = tcase_create("tls");

	tcase_add_unchecked_fixture(t, peer_make_certificates,
	                            peer_remove_certificates);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_certificate_is_judged, 0,
	                    COUNT_OF(judgements));
	tcase_add_test(t, a_session_without_a_host_is_refused);
	tcase_add_test(t, trust_must_be_loaded);
	tcase_add_test(t, a_store_is_loaded_once);
	tcase_add_loop_test(t, a_pin_replaces_the_chain, 0, 5);
	tcase_add_test(t, a_wrong_pin_shows_the_right_one);
	tcase_add_test(t, the_form_of_a_pin);
	tcase_add_loop_test(t, a_client_certificate_is_shown, 0, 2);
	tcase_add_loop_test(t, a_missing_client_certificate_is_named, 0, 4);
	tcase_add_test(t, client_keys_that_cannot_be_used);
	tcase_add_test(t, a_token_that_is_not_there);
	tcase_add_loop_test(t, a_handshake_that_goes_wrong, 0, 9);
	tcase_add_loop_test(t, the_binding_is_the_servers, 0, 2);
	tcase_add_test(t, no_binding_without_extended_master_secret);
	suite_add_tcase(suite, t);
	return fixture_run(suite);
}
