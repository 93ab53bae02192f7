/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/sign.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "token/wiped.h"

#define SHA256 32
#define CERTIFICATES 16 /* in one file */

/* It has allocated before; so these have to know any block of malloc(). */
void sign_wipe_memory(void)
{
	gnutls_realloc = wiped_realloc;
	gnutls_free = wiped_free;
}

void sign_base64url(const void *bytes, size_t n, struct sbuf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *b = bytes;
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | b[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			sbuf_add(out, &digits[held >> (bits - 6) & 63], 1);
	}
	if (bits > 0)
		sbuf_add(out, &digits[held << (6 - bits) & 63], 1);
}

void sign_sha256(const void *bytes, size_t n, struct sbuf *out)
{
	unsigned char digest[SHA256] = { 0 };

	gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, n, digest);
	sign_base64url(digest, sizeof(digest), out);
}

static gnutls_datum_t datum_of(const struct sbuf *b)
{
	return (gnutls_datum_t){ (unsigned char *)b->data, (unsigned)b->len };
}

static int useless(const char *what, int code, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5", "%s: %s", what,
	                 gnutls_strerror(code));
}

static int load_key(gnutls_privkey_t key, const struct sbuf *pem,
                    struct fault *f)
{
	gnutls_datum_t datum = datum_of(pem);
	int code = gnutls_privkey_import_x509_raw(key, &datum,
	                                          GNUTLS_X509_FMT_PEM, NULL, 0);

	if (code == GNUTLS_E_DECRYPTION_FAILED)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the key needs a passphrase, and nobody is "
		                   "there to type it: keep it without one, "
		                   "mode 0600"));
	if (code < 0)
		return useless(_("this is no private key in PEM"), code, f);
	code = gnutls_privkey_get_pk_algorithm(key, NULL);
	if (code != GNUTLS_PK_RSA && code != GNUTLS_PK_RSA_PSS)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the key is no RSA key, and no other kind "
		                   "is taken here"));
	return 0;
}

static int sign_with(gnutls_privkey_t key, enum sign_algorithm algorithm,
                     const struct sbuf *text, struct sbuf *out, struct fault *f)
{
	gnutls_datum_t datum = datum_of(text), signature = { NULL, 0 };
	int code = gnutls_privkey_sign_data2(
		key,
		algorithm == SIGN_PS256 ? GNUTLS_SIGN_RSA_PSS_RSAE_SHA256
					: GNUTLS_SIGN_RSA_SHA256,
		0, &datum, &signature);

	if (code < 0)
		return useless(_("cannot sign with this key"), code, f);
	sign_base64url(signature.data, signature.size, out);
	gnutls_free(signature.data);
	return 0;
}

int sign_text(const struct sbuf *pem, enum sign_algorithm algorithm,
              const struct sbuf *text, struct sbuf *out, struct fault *f)
{
	gnutls_privkey_t key = NULL;
	int code = gnutls_privkey_init(&key), result;

	if (code < 0)
		return useless(_("cannot sign"), code, f);
	result = load_key(key, pem, f);
	if (result == 0)
		result = sign_with(key, algorithm, text, out, f);
	gnutls_privkey_deinit(key);
	return result;
}

int sign_thumbprint(const struct sbuf *pem, struct sbuf *out, struct fault *f)
{
	gnutls_datum_t datum = datum_of(pem);
	gnutls_x509_crt_t certificates[CERTIFICATES];
	unsigned count = CERTIFICATES;
	unsigned char digest[SHA256];
	size_t size = sizeof(digest);
	int code = gnutls_x509_crt_list_import(certificates, &count, &datum,
	                                       GNUTLS_X509_FMT_PEM, 0);

	if (code < 0)
		return useless(_("this is no certificate in PEM"), code, f);
	code = gnutls_x509_crt_get_fingerprint(
		certificates[0], GNUTLS_DIG_SHA256, digest, &size);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(certificates[i]);
	if (code < 0)
		return useless(_("this is no certificate in PEM"), code, f);
	sign_base64url(digest, sizeof(digest), out);
	return 0;
}
