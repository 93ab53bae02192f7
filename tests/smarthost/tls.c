/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls - see tls.h */

#include "tls.h"

#include "text.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	bool ask;     /* for a client certificate */
	bool require; /* a valid one */
};

static int load(struct tls *t, const struct options *o)
{
	const char *bad = "";
	int e;

	e = gnutls_priority_init(&t->priority, o->tls_priority, &bad);
	if (e < 0)
		return complain("--tls-priority: %s at \"%s\"",
		                gnutls_strerror(e), bad);
	e = gnutls_certificate_set_x509_key_file(t->credentials, o->cert,
	                                         o->key, GNUTLS_X509_FMT_PEM);
	if (e < 0)
		return complain("%s, %s: %s", o->cert, o->key,
		                gnutls_strerror(e));
	if (o->client_ca == NULL)
		return 0;
	e = gnutls_certificate_set_x509_trust_file(t->credentials, o->client_ca,
	                                           GNUTLS_X509_FMT_PEM);
	if (e <= 0)
		return complain("%s: no certificate", o->client_ca);
	return 0;
}

struct tls *tls_create(const struct options *o)
{
	struct tls *t = must_alloc(sizeof(*t));
	int e = gnutls_certificate_allocate_credentials(&t->credentials);

	if (e < 0) {
		complain("GnuTLS: %s", gnutls_strerror(e));
		free(t);
		return NULL;
	}
	t->ask = o->client_ca != NULL;
	t->require = o->require_client_cert;
	if (load(t, o) < 0)
		tls_free(&t);
	return t;
}

void tls_free(struct tls **tls)
{
	struct tls *t = *tls;

	*tls = NULL;
	if (t == NULL)
		return;
	if (t->priority != NULL)
		gnutls_priority_deinit(t->priority);
	gnutls_certificate_free_credentials(t->credentials);
	free(t);
}

static ssize_t pull(gnutls_transport_ptr_t p, void *bytes, size_t n)
{
	return conn_socket_read(p, bytes, n);
}

static ssize_t push(gnutls_transport_ptr_t p, const void *bytes, size_t n)
{
	return conn_socket_write(p, bytes, n);
}

/* GnuTLS asks this only for timeouts that we do not set. */
static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	(void)p;
	(void)ms;
	return 1;
}

static bool client_verified(gnutls_session_t s)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char[]){ GNUTLS_KP_TLS_WWW_CLIENT },
	};
	unsigned status = 0, n = 0;

	if (gnutls_certificate_get_peers(s, &n) == NULL || n == 0)
		return false;
	return gnutls_certificate_verify_peers(s, &purpose, 1, &status) == 0 &&
	       status == 0;
}

/* Runs inside the handshake, so that the client gets an alert. */
static int demand_verified(gnutls_session_t s)
{
	return client_verified(s) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int prepare(struct tls *t, struct conn *c)
{
	gnutls_session_t s;
	int e = gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);

	if (e < 0)
		return e;
	c->tls = s;
	gnutls_transport_set_ptr(s, c);
	gnutls_transport_set_pull_function(s, pull);
	gnutls_transport_set_push_function(s, push);
	gnutls_transport_set_pull_timeout_function(s, pull_timeout);
	gnutls_handshake_set_timeout(s, GNUTLS_INDEFINITE_TIMEOUT);
	if (t->ask)
		gnutls_certificate_server_set_request(
			s,
			t->require ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
	if (t->require)
		gnutls_session_set_verify_function(s, demand_verified);
	e = gnutls_priority_set(s, t->priority);
	if (e < 0)
		return e;
	return gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE,
	                              t->credentials);
}

static const char *alert_name(gnutls_session_t s, int e)
{
	if (e != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return "";
	return gnutls_alert_get_name(gnutls_alert_get(s));
}

int tls_start(struct tls *tls, struct conn *c, char *why, size_t size)
{
	int e;

	conn_flush(c);
	e = prepare(tls, c);
	while (e == 0) {
		e = gnutls_handshake(c->tls);
		if (e == 0)
			break;
		if (gnutls_error_is_fatal(e) == 0)
			e = 0;
		else
			gnutls_alert_send_appropriate(c->tls, e);
	}
	if (e < 0) {
		snprintf(why, size, "%s%s%s", gnutls_strerror(e),
		         e == GNUTLS_E_FATAL_ALERT_RECEIVED ? " " : "",
		         c->tls != NULL ? alert_name(c->tls, e) : "");
		c->broken = true;
		return -1;
	}
	snprintf(why, size, "%s",
	         gnutls_protocol_get_name(gnutls_protocol_get_version(c->tls)));
	return 0;
}

bool tls_client_name(const struct conn *c, char *name, size_t size)
{
	const gnutls_datum_t *list;
	gnutls_x509_crt_t crt;
	unsigned n = 0;
	int e;

	if (c->tls == NULL || !client_verified(c->tls))
		return false;
	list = gnutls_certificate_get_peers(c->tls, &n);
	if (list == NULL || gnutls_x509_crt_init(&crt) < 0)
		return false;
	e = gnutls_x509_crt_import(crt, &list[0], GNUTLS_X509_FMT_DER);
	if (e == 0)
		e = gnutls_x509_crt_get_dn_by_oid(
			crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size);
	gnutls_x509_crt_deinit(crt);
	return e == 0;
}

size_t tls_binding(const struct conn *c, const char *type, void *out,
                   size_t size)
{
	bool exporter = strcmp(type, "tls-exporter") == 0;
	gnutls_datum_t cb = { NULL, 0 };
	size_t n = 0;

	if (c->tls == NULL)
		return 0;
	if (!exporter && gnutls_protocol_get_version(c->tls) >= GNUTLS_TLS1_3)
		return 0;
	if (gnutls_session_channel_binding(c->tls,
	                                   exporter ? GNUTLS_CB_TLS_EXPORTER
	                                            : GNUTLS_CB_TLS_UNIQUE,
	                                   &cb) == 0 &&
	    cb.size <= size) {
		memcpy(out, cb.data, cb.size);
		n = cb.size;
	}
	gnutls_free(cb.data);
	return n;
}

ssize_t tls_read(struct conn *c, void *bytes, size_t n)
{
	ssize_t got;

	do {
		got = gnutls_record_recv(c->tls, bytes, n);
	} while (got < 0 && gnutls_error_is_fatal((int)got) == 0);
	/* clients that close without close_notify are no news */
	return got == GNUTLS_E_PREMATURE_TERMINATION ? 0 : got;
}

int tls_write(struct conn *c, const void *bytes, size_t n)
{
	const char *at = bytes;
	ssize_t put;

	while (n > 0) {
		put = gnutls_record_send(c->tls, at, n);
		if (put < 0 && gnutls_error_is_fatal((int)put) != 0)
			return -1;
		if (put > 0) {
			at += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

size_t tls_waiting(const struct conn *c)
{
	return gnutls_record_check_pending(c->tls);
}

void tls_bye(struct conn *c)
{
	gnutls_bye(c->tls, GNUTLS_SHUT_WR);
}

void tls_end(struct conn *c)
{
	if (c->tls != NULL)
		gnutls_deinit(c->tls);
	c->tls = NULL;
}
