/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/tls_words.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"

#define CODE "4.7.5" /* RFC 3463: cryptographic failure */

/* Where nothing but the reason is to be said. */
static const char *plain_reason(enum tls_reason reason)
{
	switch (reason) {
	case TLS_REVOKED:
		return _("its issuer has revoked it; ask the server's "
		         "administrator");
	case TLS_WEAK:
		return _("its key or signature is too weak (SHA-1, or RSA "
		         "below 2048 bits); the server's administrator must "
		         "replace it");
	case TLS_ONLY_COMMON_NAME:
		return _("it has a name only in CN, which no longer counts; "
		         "the server's administrator must add a "
		         "subjectAltName, or set `tls_pin`");
	case TLS_WRONG_PURPOSE:
		return _("it is not meant for servers; the server's "
		         "administrator must replace it");
	case TLS_BAD_STAPLE:
		return _("the revocation status that came with it is missing "
		         "or not valid now; check the clock, or ask the "
		         "server's administrator");
	case TLS_UNREADABLE:
		return _("it is missing or cannot be read; ask the server's "
		         "administrator");
	case TLS_BAD_CHAIN:
	case TLS_WRONG_PIN:
	case TLS_SELF_SIGNED:
	case TLS_UNKNOWN_CA:
	case TLS_NOT_YET:
	case TLS_EXPIRED:
	case TLS_WRONG_NAME: break;
	}
	return _("its chain of signatures is not valid; ask the server's "
	         "administrator");
}

static int wrong_dates(const struct tls_evidence *e, struct fault *f)
{
	struct sbuf when;
	int result;

	sbuf_init(&when, 64);
	if (e->from == 0)
		result = fault_set(f, FAULT_CONFIG, CODE,
		                   _("the authority that signed the "
		                     "certificate of %s is not valid now: "
		                     "check the clock and the CA "
		                     "certificates"),
		                   e->host);
	else if (e->reason == TLS_EXPIRED) {
		clock_add_short(&when, e->until);
		result = fault_set(f, FAULT_CONFIG, CODE,
		                   _("the certificate of %s expired on %s: "
		                     "the server's administrator must renew "
		                     "it"),
		                   e->host, when.data);
	} else {
		clock_add_short(&when, e->from);
		result = fault_set(f, FAULT_CONFIG, CODE,
		                   _("the certificate of %s is not valid "
		                     "before %s: is the clock of this "
		                     "machine right?"),
		                   e->host, when.data);
	}
	sbuf_release(&when);
	return result;
}

static int wrong_name(const struct tls_evidence *e, struct fault *f)
{
	if (e->names[0] == '\0')
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("the certificate of %s is for no host at "
		                   "all: check `host`"),
		                 e->host);
	return fault_set(f, FAULT_CONFIG, CODE,
	                 _("the certificate of %s is for %s, not for %s: check "
	                   "`host`"),
	                 e->host, e->names, e->host);
}

int tls_distrust(const struct tls_evidence *e, struct fault *f)
{
	if (e->reason == TLS_WRONG_PIN)
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("the certificate of %s does not match "
		                   "`tls_pin`: it is now %s; use that only if "
		                   "its administrator confirms it"),
		                 e->host, e->pin);
	if (e->reason == TLS_SELF_SIGNED)
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("the certificate of %s is self-signed: if "
		                   "it is the right one, set `tls_ca` to its "
		                   "file or `tls_pin` to %s"),
		                 e->host, e->pin);
	if (e->reason == TLS_UNKNOWN_CA)
		return fault_set(
			f, FAULT_CONFIG, CODE,
			_("the certificate of %s is signed by `%.120s`, "
		          "which is not trusted here: set `tls_ca` to "
		          "that authority's file or `tls_pin` to %s"),
			e->host, e->issuer, e->pin);
	if (e->reason == TLS_EXPIRED || e->reason == TLS_NOT_YET)
		return wrong_dates(e, f);
	if (e->reason == TLS_WRONG_NAME)
		return wrong_name(e, f);
	return fault_set(f, FAULT_CONFIG, CODE,
	                 _("the certificate of %s is refused: %s"), e->host,
	                 plain_reason(e->reason));
}

/* Alerts that speak of our certificate or of its absence. */
static bool is_about_certificate(int alert)
{
	return (alert >= 41 && alert <= 46) || /* no, bad, unsupported, revoked,
	                                          expired, unknown */
	       alert == 48 || alert == 49 ||   /* unknown_ca, access_denied */
	       alert == 116;                   /* certificate_required */
}

static int alerted(const struct tls_break *b, struct fault *f)
{
	if (b->alert == 70) /* protocol_version */
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("%s speaks only TLS 1.1 or older, which is "
		                   "not safe: its administrator must enable "
		                   "TLS 1.2"),
		                 b->host);
	if (b->asked_for_certificate && b->cert_file == NULL &&
	    (is_about_certificate(b->alert) || b->alert == 40))
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("%s wants a client certificate: set "
		                   "`tls_cert` and `tls_key`"),
		                 b->host);
	if (b->cert_file != NULL && is_about_certificate(b->alert))
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("%s refused the client certificate %s (%s): "
		                   "check `tls_cert`"),
		                 b->host, b->cert_file, b->detail);
	if (b->alert == 40 || b->alert == 71) /* no common cipher */
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("%s has no encryption in common with us "
		                   "that is safe (%s): its administrator must "
		                   "enable modern ciphers"),
		                 b->host, b->detail);
	if (b->alert == 112) /* unrecognized_name */
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("the server does not know the name %s: "
		                   "check `host`"),
		                 b->host);
	return fault_set(f, FAULT_TEMP, CODE, _("%s broke off TLS: %s"),
	                 b->host, b->detail);
}

int tls_broken(const struct tls_break *b, struct fault *f)
{
	switch (b->trouble) {
	case TLS_ALERT: return alerted(b, f);
	case TLS_NOT_TLS:
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("%s does not start with TLS on this port: "
		                   "check `tls` and `port` (usually 587 with "
		                   "`starttls`, 465 with `implicit`)"),
		                 b->host);
	case TLS_TOO_OLD:
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("%s speaks only TLS 1.1 or older, which is "
		                   "not safe: its administrator must enable "
		                   "TLS 1.2"),
		                 b->host);
	case TLS_TOO_WEAK:
		return fault_set(f, FAULT_CONFIG, CODE,
		                 _("%s offers only encryption that is too weak "
		                   "(%s): its administrator must enable modern "
		                   "ciphers"),
		                 b->host, b->detail);
	case TLS_LOST:
		return fault_set(f, FAULT_TEMP, "4.4.2",
		                 _("%s closed the connection in the middle of "
		                   "TLS"),
		                 b->host);
	case TLS_BROKEN: break;
	}
	return fault_set(f, FAULT_TEMP, CODE, _("TLS with %s failed: %s"),
	                 b->host, b->detail);
}

char *tls_bare_host(const char *host)
{
	unsigned char address[16];
	size_t n = strlen(host);
	char *bare;

	if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n > 1 && host[n - 1] == '.')
		n--;
	bare = mem_strndup(host, n);
	n = strcspn(bare, "%");
	if (bare[n] == '%') {
		bare[n] = '\0';
		if (inet_pton(AF_INET6, bare, address) != 1)
			bare[n] = '%';
	}
	return bare;
}

bool tls_is_address(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 ||
	       inet_pton(AF_INET6, host, address) == 1;
}
