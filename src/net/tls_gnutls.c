/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server is judged inside the handshake, by a function that GnuTLS calls
 * before our Finished or a client certificate leaves; a session in which it was
 * never called counts as refused.  The words of every refusal are ours
 * (net/tls_words.c); this file finds the facts. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/intl.h"
#include "base/mem.h"
#include "net/tls_file.h"
#include "net/tls_pin.h"
#include "net/tls_words.h"

/* Medium: RSA and DH from 2048 bits on.  GnuTLS accepts no certificate signed
 * with SHA-1; the handshake shall not use it either. */
#define PRIORITY                                      \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:" \
	"-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM"

#define TRUST_LIMIT ((size_t)8 << 20) /* bytes; Debian's store has 220 KiB */
#define KEY_LIMIT ((size_t)1 << 20)
#define NAME_SIZE 256 /* of a name in a certificate, as in GnuTLS */
#define PATIENCE 16   /* warnings and the like that lead nowhere */

/* One set of files.  With a pin nothing needs to be trusted. */
struct credentials {
	struct credentials *next;
	bool is_pinned;
	char *ca_file;
	char *cert_file;
	char *key_file;
	gnutls_certificate_credentials_t handle;
};

struct tls_store {
	struct credentials *first;
};

struct tls {
	int fd;
	gnutls_session_t session;
	const struct tls_settings *settings;
	struct tls_store *own; /* when the settings bring none */
	char *host;            /* no brackets, no dot at the end */
	bool is_trusted;
	struct fault distrust; /* why not */
	bool has_heard;        /* the server's first byte is known: */
	unsigned char first;
	size_t unsent; /* of the record that is half written */
	char cipher[128];
};

/* --- files ---------------------------------------------------------------- */

static gnutls_datum_t datum(const struct sbuf *b)
{
	return (gnutls_datum_t){ .data = (unsigned char *)b->data,
		                 .size = (unsigned)b->len };
}

static int load_trust(struct credentials *c, struct fault *f)
{
	struct sbuf text;
	gnutls_datum_t pem;
	int count = -1, result = 0;

	if (c->ca_file == NULL) {
		count = gnutls_certificate_set_x509_system_trust(c->handle);
	} else {
		sbuf_init(&text, TRUST_LIMIT);
		result = tls_file_read(c->ca_file, false, &text, f);
		pem = datum(&text);
		if (result == 0)
			count = gnutls_certificate_set_x509_trust_mem(
				c->handle, &pem, GNUTLS_X509_FMT_PEM);
		sbuf_release(&text);
	}
	if (result != 0 || count > 0)
		return result;
	if (c->ca_file != NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.5",
		                 _("no trusted certificates in %s: it must "
		                   "hold CA certificates in PEM form"),
		                 c->ca_file);
	return fault_set(f, FAULT_CONFIG, "4.7.5",
	                 _("no trusted certificates on this system: install "
	                   "ca-certificates or set `tls_ca`"));
}

static int key_fault(const struct credentials *c, int code, struct fault *f)
{
	if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the key %s does not belong to the "
		                   "certificate %s: check `tls_cert` and "
		                   "`tls_key`"),
		                 c->key_file, c->cert_file);
	return fault_set(f, FAULT_CONFIG, "4.7.0",
	                 _("cannot use the client certificate %s with the key "
	                   "%s: %s"),
	                 c->cert_file, c->key_file, gnutls_strerror(code));
}

static int load_key_files(struct credentials *c, struct fault *f)
{
	struct sbuf cert, key;
	gnutls_datum_t cert_pem, key_pem;
	int code, result;

	sbuf_init(&cert, KEY_LIMIT);
	sbuf_init(&key, KEY_LIMIT);
	result = tls_file_read(c->cert_file, false, &cert, f);
	if (result == 0)
		result = tls_file_read(c->key_file, true, &key, f);
	if (result == 0) {
		cert_pem = datum(&cert);
		key_pem = datum(&key);
		code = gnutls_certificate_set_x509_key_mem2(
			c->handle, &cert_pem, &key_pem, GNUTLS_X509_FMT_PEM,
			NULL, 0);
		if (code < 0)
			result = key_fault(c, code, f);
	}
	sbuf_release(&key);
	sbuf_release(&cert);
	return result;
}

static int load_key(struct credentials *c, struct fault *f)
{
	int code;

	if (c->cert_file == NULL && c->key_file == NULL)
		return 0;
	if (c->cert_file == NULL || c->key_file == NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("`tls_cert` and `tls_key` go together: set "
		                   "both or none"));
	if (gnutls_url_is_supported(c->key_file) == 0)
		return load_key_files(c, f);
	code = gnutls_certificate_set_x509_key_file2(
		c->handle, c->cert_file, c->key_file, GNUTLS_X509_FMT_PEM, NULL,
		0);
	return code < 0 ? key_fault(c, code, f) : 0;
}

/* --- the store ------------------------------------------------------------ */

static char *copy(const char *s)
{
	return s != NULL ? mem_strdup(s) : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct tls_store *tls_store_create(void)
{
	return mem_alloc(sizeof(struct tls_store));
}

static void free_credentials(struct credentials *c)
{
	if (c->handle != NULL)
		gnutls_certificate_free_credentials(c->handle);
	free(c->ca_file);
	free(c->cert_file);
	free(c->key_file);
	free(c);
}

void tls_store_free(struct tls_store **store)
{
	struct credentials *c, *next;

	if (*store == NULL)
		return;
	for (c = (*store)->first; c != NULL; c = next) {
		next = c->next;
		free_credentials(c);
	}
	free(*store);
	*store = NULL;
}

/* What was loaded before, or load it now.  Failures are not kept: the file may
 * be there at the next connection. */
static struct credentials *find_credentials(struct tls_store *store,
                                            const struct tls_settings *want,
                                            struct fault *f)
{
	bool is_pinned = want->pin != NULL;
	struct credentials *c;

	for (c = store->first; c != NULL; c = c->next)
		if (c->is_pinned == is_pinned &&
		    (is_pinned || is_same(c->ca_file, want->ca_file)) &&
		    is_same(c->cert_file, want->cert_file) &&
		    is_same(c->key_file, want->key_file))
			return c;
	c = mem_alloc(sizeof(*c));
	c->is_pinned = is_pinned;
	c->ca_file = copy(want->ca_file);
	c->cert_file = copy(want->cert_file);
	c->key_file = copy(want->key_file);
	if (gnutls_certificate_allocate_credentials(&c->handle) != 0)
		c->handle = NULL;
	if (c->handle == NULL)
		fault_set(f, FAULT_TEMP, "4.3.0", _("out of memory"));
	if (c->handle == NULL || load_key(c, f) != 0 ||
	    (!is_pinned && load_trust(c, f) != 0)) {
		free_credentials(c);
		return NULL;
	}
	c->next = store->first;
	store->first = c;
	return c;
}

/* --- the judgement -------------------------------------------------------- */

/* Names and dates of the certificates that the server shows, for the words. */

static void add_name(struct sbuf *names, const void *bytes, size_t n)
{
	if (names->len > 0)
		sbuf_addstr(names, ", ");
	sbuf_add(names, bytes, n);
}

static void add_address(struct sbuf *names, const void *bytes, size_t n)
{
	char text[INET6_ADDRSTRLEN];
	int family = n == 4 ? AF_INET : AF_INET6;

	if ((n == 4 || n == 16) &&
	    inet_ntop(family, bytes, text, sizeof(text)) != NULL)
		add_name(names, text, strlen(text));
}

/* The alternative names, as many as the buffer takes; whether there is one for
 * a DNS name.  Stops at what GnuTLS stops at. */
static bool list_names(gnutls_x509_crt_t leaf, struct sbuf *names)
{
	char name[NAME_SIZE];
	bool has_dns = false;
	size_t n = sizeof(name);
	int type;

	for (unsigned i = 0;; i++, n = sizeof(name)) {
		type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &n,
		                                            NULL);
		if (type < 0)
			return has_dns;
		if (type == GNUTLS_SAN_DNSNAME) {
			has_dns = true;
			add_name(names, name, strnlen(name, n));
		} else if (type == GNUTLS_SAN_IPADDRESS) {
			add_address(names, name, n);
		}
	}
}

/* GnuTLS still looks at the common name when there is no alternative name; the
 * rules since RFC 6125 do not. */
static bool has_alternative_name(gnutls_x509_crt_t leaf, const char *host)
{
	unsigned char address[16];
	struct sbuf names;
	bool has_dns;

	if (inet_pton(AF_INET, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 4, 0) != 0;
	if (inet_pton(AF_INET6, host, address) == 1)
		return gnutls_x509_crt_check_ip(leaf, address, 16, 0) != 0;
	sbuf_init(&names, NAME_SIZE);
	has_dns = list_names(leaf, &names);
	sbuf_release(&names);
	return has_dns;
}

/* The first certificate of the chain that is not valid now gives the dates;
 * if it is the issuer's, which the server did not send, they stay 0. */
static void find_dates(const gnutls_datum_t *chain, unsigned count,
                       struct tls_evidence *e)
{
	time_t now = time(NULL);
	gnutls_x509_crt_t crt = NULL;

	for (unsigned i = 0; i < count && e->from == 0; i++) {
		time_t from, until;

		if (gnutls_x509_crt_init(&crt) < 0)
			return;
		gnutls_x509_crt_import(crt, &chain[i], GNUTLS_X509_FMT_DER);
		from = gnutls_x509_crt_get_activation_time(crt);
		until = gnutls_x509_crt_get_expiration_time(crt);
		gnutls_x509_crt_deinit(crt);
		if (from > now || until < now) {
			e->from = from;
			e->until = until;
		}
	}
}

static enum tls_reason reason_of(unsigned status, gnutls_x509_crt_t leaf)
{
	/* The first that applies is said: the deepest trouble comes first. */
	static const struct {
		unsigned bits;
		enum tls_reason reason;
	} reasons[] = {
		{ GNUTLS_CERT_REVOKED, TLS_REVOKED },
		{ GNUTLS_CERT_INSECURE_ALGORITHM, TLS_WEAK },
		{ GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA,
		  TLS_UNKNOWN_CA },
		{ GNUTLS_CERT_NOT_ACTIVATED, TLS_NOT_YET },
		{ GNUTLS_CERT_EXPIRED, TLS_EXPIRED },
		{ GNUTLS_CERT_PURPOSE_MISMATCH, TLS_WRONG_PURPOSE },
		{ GNUTLS_CERT_UNEXPECTED_OWNER, TLS_WRONG_NAME },
		{ GNUTLS_CERT_INVALID_OCSP_STATUS |
		          GNUTLS_CERT_MISSING_OCSP_STATUS |
		          GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
		          GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
		  TLS_BAD_STAPLE },
	};

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if ((status & reasons[i].bits) != 0) {
			if (reasons[i].reason == TLS_UNKNOWN_CA &&
			    gnutls_x509_crt_check_issuer(leaf, leaf) != 0)
				return TLS_SELF_SIGNED;
			return reasons[i].reason;
		}
	return TLS_BAD_CHAIN;
}

static int check_chain(struct tls *t, gnutls_x509_crt_t leaf, unsigned *status,
                       struct tls_evidence *e)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st demands[] = {
		{ .type = GNUTLS_DT_DNS_HOSTNAME,
		  .data = (unsigned char *)t->host },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		  .data = (unsigned char *)purpose },
	};

	if (gnutls_certificate_verify_peers(t->session, demands,
	                                    COUNT_OF(demands), status) < 0)
		e->reason = TLS_BAD_CHAIN;
	else if (*status != 0)
		e->reason = reason_of(*status, leaf);
	else if (!has_alternative_name(leaf, t->host))
		e->reason = TLS_ONLY_COMMON_NAME;
	else
		return 0;
	return -1;
}

static int refuse(struct tls *t, gnutls_x509_crt_t leaf,
                  const gnutls_datum_t *chain, unsigned count,
                  struct tls_evidence *e)
{
	char issuer[NAME_SIZE] = "?";
	size_t n = sizeof(issuer);
	struct sbuf names, pin;
	int result;

	sbuf_init(&names, NAME_SIZE);
	sbuf_init(&pin, NAME_SIZE);
	if (gnutls_x509_crt_get_issuer_dn(leaf, issuer, &n) != 0)
		snprintf(issuer, sizeof(issuer), "?");
	list_names(leaf, &names);
	find_dates(chain, count, e);
	tls_pin_add(&pin, t->settings->pin, &e->shown);
	e->host = t->host;
	e->issuer = issuer;
	e->names = names.data;
	e->pin = pin.data;
	result = tls_distrust(e, &t->distrust);
	sbuf_release(&pin);
	sbuf_release(&names);
	return result;
}

static void take_fingerprints(const gnutls_datum_t *der, gnutls_x509_crt_t leaf,
                              struct tls_fingerprints *shown)
{
	size_t n = sizeof(shown->certificate);

	gnutls_fingerprint(GNUTLS_DIG_SHA256, der, shown->certificate, &n);
	n = sizeof(shown->key);
	gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, shown->key,
	                           &n);
}

static int judge(struct tls *t, gnutls_x509_crt_t leaf)
{
	struct tls_evidence e = { .reason = TLS_UNREADABLE };
	unsigned count = 0, status = 0;
	const gnutls_datum_t *chain =
		gnutls_certificate_get_peers(t->session, &count);

	if (chain == NULL || count == 0 ||
	    gnutls_x509_crt_import(leaf, chain, GNUTLS_X509_FMT_DER) != 0)
		return refuse(t, leaf, chain, 0, &e);
	take_fingerprints(chain, leaf, &e.shown);
	if (t->settings->pin != NULL) {
		e.reason = TLS_WRONG_PIN;
		if (tls_pin_matches(t->settings->pin, &e.shown))
			return 0;
	} else if (check_chain(t, leaf, &status, &e) == 0) {
		return 0;
	}
	return refuse(t, leaf, chain, count, &e);
}

/* GnuTLS calls this inside the handshake. */
static int verify(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);
	gnutls_x509_crt_t leaf = NULL;

	if (gnutls_x509_crt_init(&leaf) < 0)
		return GNUTLS_E_MEMORY_ERROR;
	t->is_trusted = judge(t, leaf) == 0;
	gnutls_x509_crt_deinit(leaf);
	return t->is_trusted ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* --- sessions ------------------------------------------------------------- */

static int prepare(struct tls *t, const struct credentials *c)
{
	int code = gnutls_init(&t->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK |
	                                            GNUTLS_NO_SIGNAL |
	                                            GNUTLS_NO_TICKETS);

	if (code != 0)
		return code;
	gnutls_session_set_ptr(t->session, t);
	gnutls_session_set_verify_function(t->session, verify);
	gnutls_handshake_set_timeout(t->session, 0);
	gnutls_transport_set_int(t->session, t->fd);
	code = gnutls_priority_set_direct(t->session, PRIORITY, NULL);
	if (code == 0)
		code = gnutls_credentials_set(
			t->session, GNUTLS_CRD_CERTIFICATE, c->handle);
	if (code == 0 && !tls_is_address(t->host))
		code = gnutls_server_name_set(t->session, GNUTLS_NAME_DNS,
		                              t->host, strlen(t->host));
	return code;
}

static int set_up(struct tls *t, struct fault *f)
{
	struct tls_store *store = t->settings->store;
	const struct credentials *c;
	int code;

	if (t->settings->pin != NULL && tls_check_pin(t->settings->pin, f) != 0)
		return -1;
	if (store == NULL)
		store = t->own = tls_store_create();
	c = find_credentials(store, t->settings, f);
	if (c == NULL)
		return -1;
	code = prepare(t, c);
	if (code != 0)
		return fault_set(f, FAULT_CONFIG, "4.7.5",
		                 _("cannot prepare TLS with %s: %s"), t->host,
		                 gnutls_strerror(code));
	return 0;
}

struct tls *tls_create(int fd, const struct tls_settings *settings,
                       const char *host, struct fault *f)
{
	struct tls *t;

	if (host == NULL || host[0] == '\0' || strcmp(host, ".") == 0) {
		/* GnuTLS would take any certificate. */
		fault_set(f, FAULT_CONFIG, "4.7.5",
		          _("no name to verify the server by: set `host`"));
		return NULL;
	}
	t = mem_alloc(sizeof(*t));
	t->fd = fd;
	t->settings = settings;
	t->host = tls_bare_host(host);
	if (set_up(t, f) != 0)
		tls_free(&t);
	return t;
}

void tls_free(struct tls **t)
{
	if (*t == NULL)
		return;
	if ((*t)->session != NULL)
		gnutls_deinit((*t)->session);
	tls_store_free(&(*t)->own);
	free((*t)->host);
	free(*t);
	*t = NULL;
}

static enum stream_result want(const struct tls *t)
{
	return gnutls_record_get_direction(t->session) == 0 ? STREAM_WANT_READ
	                                                    : STREAM_WANT_WRITE;
}

/* --- the handshake -------------------------------------------------------- */

/* Look at the server's first byte: a record of TLS starts with 20 to 24. */
static void hear_first(struct tls *t)
{
	if (!t->has_heard && recv(t->fd, &t->first, 1,
	                          MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
		t->has_heard = true;
}

static enum tls_trouble trouble_of(const struct tls *t, int code)
{
	if (t->has_heard && (t->first < 20 || t->first > 24))
		return TLS_NOT_TLS;
	switch (code) {
	case GNUTLS_E_FATAL_ALERT_RECEIVED: return TLS_ALERT;
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET: return TLS_TOO_OLD;
	case GNUTLS_E_DH_PRIME_UNACCEPTABLE:
	case GNUTLS_E_INSUFFICIENT_SECURITY:
	case GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM:
	case GNUTLS_E_UNKNOWN_CIPHER_SUITE: return TLS_TOO_WEAK;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR: return TLS_LOST;
	default: return TLS_BROKEN;
	}
}

/* The last alert.  Servers with GnuTLS and TLS 1.2 say "decode error" when they
 * miss a client certificate. */
static gnutls_alert_description_t heard_alert(const struct tls *t)
{
	gnutls_alert_description_t alert = gnutls_alert_get(t->session);

	if (alert == GNUTLS_A_DECODE_ERROR &&
	    gnutls_certificate_client_get_request_status(t->session) != 0 &&
	    gnutls_certificate_get_ours(t->session) == NULL)
		return GNUTLS_A_CERTIFICATE_REQUIRED;
	return alert;
}

static enum stream_result fail(const struct tls *t, int code, struct fault *f)
{
	gnutls_alert_description_t alert = heard_alert(t);
	const char *name = gnutls_alert_get_name(alert);
	struct tls_break b = {
		.trouble = trouble_of(t, code),
		.host = t->host,
		.asked_for_certificate =
			gnutls_certificate_client_get_request_status(
				t->session) != 0,
		.cert_file = t->settings->cert_file,
		.detail = gnutls_strerror(code),
	};

	if (b.trouble == TLS_ALERT) {
		b.alert = (int)alert;
		b.detail = name != NULL ? name : "?";
	}
	tls_broken(&b, f);
	return STREAM_FAILED;
}

static void name_cipher(struct tls *t)
{
	const char *suite = gnutls_ciphersuite_get(t->session);

	snprintf(t->cipher, sizeof(t->cipher), "%s %s",
	         gnutls_protocol_get_name(
			 gnutls_protocol_get_version(t->session)),
	         suite != NULL ? suite : "?");
}

enum stream_result tls_handshake(struct tls *t, struct fault *f)
{
	int code, tries = 0;

	hear_first(t);
	do
		code = gnutls_handshake(t->session);
	while (code != 0 && code != GNUTLS_E_AGAIN &&
	       gnutls_error_is_fatal(code) == 0 && ++tries < PATIENCE);
	hear_first(t);
	if (code == GNUTLS_E_AGAIN)
		return want(t);
	if (code == 0 && t->is_trusted) {
		name_cipher(t);
		return STREAM_DONE;
	}
	if (code != 0)
		(void)gnutls_alert_send_appropriate(t->session, code);
	if (t->distrust.kind != FAULT_NONE) {
		*f = t->distrust;
		return STREAM_FAILED;
	}
	return fail(t, code, f);
}

/* --- bytes ---------------------------------------------------------------- */

enum stream_result tls_read(struct tls *t, void *bytes, size_t size, size_t *n,
                            struct fault *f)
{
	ssize_t k;
	int tries = 0;

	*n = 0;
	do
		k = gnutls_record_recv(t->session, bytes, size);
	while (k < 0 && k != GNUTLS_E_AGAIN && k != GNUTLS_E_REHANDSHAKE &&
	       gnutls_error_is_fatal((int)k) == 0 && ++tries < PATIENCE);
	if (k > 0) {
		*n = (size_t)k;
		return STREAM_DONE;
	}
	if (k == GNUTLS_E_AGAIN)
		return want(t);
	if (k == 0 || k == GNUTLS_E_PREMATURE_TERMINATION)
		return STREAM_CLOSED;
	return fail(t, (int)k, f);
}

/* A half-written record is finished by the same call: GnuTLS has encrypted it
 * already and asks for the same length only. */
enum stream_result tls_write(struct tls *t, const void *bytes, size_t size,
                             size_t *n, struct fault *f)
{
	ssize_t k;

	*n = 0;
	if (t->unsent > 0)
		size = t->unsent;
	errno = 0;
	do
		k = gnutls_record_send(t->session, bytes, size);
	while (k == GNUTLS_E_INTERRUPTED);
	t->unsent = k == GNUTLS_E_AGAIN ? size : 0;
	if (k >= 0) {
		*n = (size_t)k;
		return STREAM_DONE;
	}
	if (k == GNUTLS_E_AGAIN)
		return want(t);
	if (k == GNUTLS_E_PREMATURE_TERMINATION || errno == EPIPE)
		return STREAM_CLOSED;
	return fail(t, (int)k, f);
}

const char *tls_cipher(const struct tls *t)
{
	return t->cipher;
}

bool tls_binding(const struct tls *t, bool *is_exporter, struct sbuf *base64)
{
	gnutls_datum_t raw, text;
	int code;

	*is_exporter = gnutls_protocol_get_version(t->session) >= GNUTLS_TLS1_3;
	if (!*is_exporter &&
	    gnutls_session_ext_master_secret_status(t->session) == 0)
		return false;
	code = gnutls_session_channel_binding(
		t->session,
		*is_exporter ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE,
		&raw);
	if (code != 0)
		return false;
	code = gnutls_base64_encode2(&raw, &text);
	gnutls_free(raw.data);
	if (code != 0)
		return false;
	sbuf_add(base64, text.data, text.size);
	gnutls_free(text.data);
	return !base64->overflow;
}

void tls_goodbye(struct tls *t)
{
	(void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
}
