/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls_peer.h"

#include <check.h>
#include <fcntl.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char directory[64];

static void run(const char *program, const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		char *copy[8] = { NULL };

		for (size_t i = 0; argv[i] != NULL; i++)
			copy[i] = strdup(argv[i]);
		execvp(program, copy);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ck_assert_msg(status == 0, "%s %s", program, argv[1]);
}

const char *peer_path(const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
	int fd = open(peer_path(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void read_file(const char *name, gnutls_datum_t *d)
{
	ck_assert_int_eq(gnutls_load_file(peer_path(name), d), 0);
}

static gnutls_x509_crt_t load_crt(const char *name)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;

	read_file(name, &pem);
	gnutls_x509_crt_init(&crt);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM),
	                 0);
	gnutls_free(pem.data);
	return crt;
}

static gnutls_x509_privkey_t load_key(const char *name)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;

	read_file(name, &pem);
	gnutls_x509_privkey_init(&key);
	ck_assert_int_eq(gnutls_x509_privkey_import2(
				 key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0),
	                 0);
	gnutls_free(pem.data);
	return key;
}

/* A certificate for localhost that the test CA signed, with a key or signature
 * as no CA would. */
static void make_weak(const char *name, gnutls_pk_algorithm_t algorithm,
                      unsigned bits, gnutls_digest_algorithm_t digest)
{
	gnutls_x509_crt_t ca = load_crt("ca.pem"), crt;
	gnutls_x509_privkey_t ca_key = load_key("ca.key"), key;
	gnutls_datum_t pem, key_pem;
	char file[64];

	gnutls_x509_privkey_init(&key);
	ck_assert_int_eq(gnutls_x509_privkey_generate(key, algorithm, bits, 0),
	                 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_serial(crt, "\1\2\3", 3);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
	                              "localhost", 9);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
	                                     "localhost", 9, GNUTLS_FSAN_SET);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 86400);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, ca, ca_key, digest, 0), 0);
	ck_assert_int_eq(
		gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
	snprintf(file, sizeof(file), "%s.pem", name);
	write_file(file, pem.data, pem.size);
	snprintf(file, sizeof(file), "%s.key", name);
	write_file(file, key_pem.data, key_pem.size);
	gnutls_free(pem.data);
	gnutls_free(key_pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_crt_deinit(ca);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_privkey_deinit(ca_key);
}

/* "revoked.ocsp": what the CA says of good.pem after it was revoked. */
static void make_staple(void)
{
	static const char script[] =
		"cd \"$1\" && "
		"serial=$(openssl x509 -in good.pem -noout -serial) && "
		"printf 'R\\t491231235959Z\\t240101000000Z\\t%s\\tx\\t/CN=x\\n'"
		" \"${serial#serial=}\" >revoked.index && "
		"openssl ocsp -index revoked.index -rsigner ca.pem "
		"-rkey ca.key -CA ca.pem -issuer ca.pem -ndays 1 "
		"-serial 0x\"${serial#serial=}\" -respout revoked.ocsp "
		">revoked.log 2>&1";

	run("sh",
	    (const char *[]){ "sh", "-c", script, "sh", directory, NULL });
}

void peer_make_certificates(void)
{
	const char *source = getenv("abs_top_srcdir");
	char script[4096];

	snprintf(directory, sizeof(directory), "/tmp/relay-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(script, sizeof(script), "%s/tests/smarthost/certs",
	         source != NULL ? source : ".");
	run("sh", (const char *[]){ "sh", script, directory, NULL });
	make_weak("rsa-1024", GNUTLS_PK_RSA, 1024, GNUTLS_DIG_SHA256);
	make_weak("sha1", GNUTLS_PK_RSA, 2048, GNUTLS_DIG_SHA1);
	make_staple();
}

void peer_remove_certificates(void)
{
	run("rm", (const char *[]){ "rm", "-rf", directory, NULL });
}

void peer_sockets(int fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX,
	                            SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                            0, fds),
	                 0);
}

static int staple(gnutls_session_t session, void *path, gnutls_datum_t *answer)
{
	(void)session;
	return gnutls_load_file(path, answer);
}

void peer_open(struct peer *p, int fd, const struct peer_settings *settings)
{
	char cert[64], key[64];

	memset(p, 0, sizeof(*p));
	p->fd = fd;
	snprintf(cert, sizeof(cert), "%s.pem", settings->certificate);
	snprintf(key, sizeof(key), "%s.key", settings->certificate);
	gnutls_certificate_allocate_credentials(&p->credentials);
	ck_assert_int_ge(gnutls_certificate_set_x509_key_file(
				 p->credentials, peer_path(cert),
				 peer_path(key), GNUTLS_X509_FMT_PEM),
	                 0);
	gnutls_certificate_set_x509_trust_file(
		p->credentials, peer_path("ca.pem"), GNUTLS_X509_FMT_PEM);
	if (settings->staple != NULL) {
		snprintf(p->staple, sizeof(p->staple), "%s",
		         peer_path(settings->staple));
		gnutls_certificate_set_ocsp_status_request_function(
			p->credentials, staple, p->staple);
	}
	gnutls_init(&p->session,
	            GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	ck_assert_int_eq(gnutls_priority_set_direct(p->session,
	                                            settings->priority != NULL
	                                                    ? settings->priority
	                                                    : "NORMAL",
	                                            NULL),
	                 0);
	gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE,
	                       p->credentials);
	if (settings->wants_certificate) {
		gnutls_certificate_server_set_request(p->session,
		                                      GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert(p->session, NULL, 0);
	}
	gnutls_transport_set_int(p->session, fd);
}

void peer_close(struct peer *p)
{
	gnutls_deinit(p->session);
	gnutls_certificate_free_credentials(p->credentials);
	if (p->fd >= 0)
		close(p->fd);
}

void peer_advance(struct peer *p)
{
	int code;

	if (p->is_ready || p->failure != 0)
		return;
	code = gnutls_handshake(p->session);
	p->is_ready = code == 0;
	if (code != 0 && gnutls_error_is_fatal(code)) {
		p->failure = code;
		gnutls_alert_send_appropriate(p->session, code);
	}
}

enum stream_result peer_shake(struct peer *p, struct stream *s, struct fault *f)
{
	enum stream_result result = STREAM_WANT_READ;

	for (int i = 0; i < 1000; i++) {
		if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
			result = stream_handshake(s, f);
		peer_advance(p);
		if (result == STREAM_FAILED ||
		    (result == STREAM_DONE && (p->is_ready || p->failure != 0)))
			return result;
	}
	return result;
}

void peer_fingerprint(const char *name, char *pin, size_t size)
{
	gnutls_x509_crt_t crt = load_crt(name);
	unsigned char hash[32];
	size_t n = sizeof(hash), at;

	gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &n);
	at = (size_t)snprintf(pin, size, "sha256:");
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(pin + at, size - at, "%02x", hash[i]);
	gnutls_x509_crt_deinit(crt);
}

void peer_key_fingerprint(const char *name, char *pin, size_t size)
{
	gnutls_x509_crt_t crt = load_crt(name);
	unsigned char hash[32];
	gnutls_datum_t raw = { .data = hash, .size = sizeof(hash) }, text;
	size_t n = sizeof(hash);

	gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, hash, &n);
	gnutls_base64_encode2(&raw, &text);
	snprintf(pin, size, "spki-sha256:%.*s", (int)text.size,
	         (const char *)text.data);
	gnutls_free(text.data);
	gnutls_x509_crt_deinit(crt);
}
