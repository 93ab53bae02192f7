/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/seal.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/sbuf.h"

#define SALT 32
#define KEY 32
#define NONCE 12
#define TAG 16

static const char *const secrets[] = { "access_token", "refresh_token" };

/* What it belongs to: tokens go to no other. */
static const char *const owner[] = { "user", "client_id", "token_url" };

static bool is_secret(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		if (strcmp(key, secrets[i]) == 0)
			return true;
	return false;
}

/* --- hexadecimal ---------------------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: it is none. */
static bool take_hex(struct sbuf *out, const char *text)
{
	for (; *text != '\0'; text += 2) {
		int high = digit(text[0]);
		int low = high >= 0 ? digit(text[1]) : -1;
		unsigned char byte = (unsigned char)(high * 16 + low);

		if (low < 0)
			return false;
		sbuf_add(out, &byte, 1);
	}
	return !out->overflow;
}

/* --- the cipher ----------------------------------------------------------- */

static int useless(int code, struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot encrypt or decrypt the tokens: %s"),
	                 gnutls_strerror(code));
}

static void add_owner(struct sbuf *out, const struct pairs *lines)
{
	for (size_t i = 0; i < COUNT_OF(owner); i++) {
		const char *value = pairs_get(lines, owner[i]);

		sbuf_addf(out, "%s=%s\n", owner[i], value != NULL ? value : "");
	}
}

/* A cipher with the key for this salt.  0, or GnuTLS's code. */
static int begin(gnutls_aead_cipher_hd_t *cipher, const char *secret,
                 const unsigned char *salt)
{
	unsigned char key[KEY];
	gnutls_datum_t datum = { key, KEY };
	int code = gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, strlen(secret),
	                            salt, SALT, key);

	if (code == 0)
		code = gnutls_aead_cipher_init(
			cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
	explicit_bzero(key, sizeof(key));
	return code;
}

static const unsigned char zeros[TAG];

/* `text` becomes the value of sealed=. */
static int encrypt(const char *secret, const struct sbuf *bound,
                   const struct sbuf *text, struct sbuf *out, struct fault *f)
{
	unsigned char salt[SALT];
	gnutls_aead_cipher_hd_t cipher;
	size_t n = text->len + TAG;
	struct sbuf room;
	int code = gnutls_rnd(GNUTLS_RND_KEY, salt, sizeof(salt));

	if (code == 0)
		code = begin(&cipher, secret, salt);
	if (code != 0)
		return useless(code, f);
	sbuf_init(&room, PAIRS_LIMIT + TAG);
	sbuf_add(&room, text->data, text->len);
	sbuf_add(&room, zeros, TAG);
	code = gnutls_aead_cipher_encrypt(cipher, zeros, NONCE, bound->data,
	                                  bound->len, TAG, text->data,
	                                  text->len, room.data, &n);
	gnutls_aead_cipher_deinit(cipher);
	if (code == 0) {
		sbuf_add_hex(out, salt, SALT);
		sbuf_add_hex(out, room.data, n);
	}
	sbuf_release(&room);
	return code == 0 ? 0 : useless(code, f);
}

/* False: it was sealed with another secret, for another owner, or changed. */
static bool decrypt(const char *secret, const struct sbuf *bound,
                    const struct sbuf *sealed, struct sbuf *text)
{
	const unsigned char *bytes = (const unsigned char *)sealed->data;
	gnutls_aead_cipher_hd_t cipher;
	size_t n = sealed->len;
	int code;

	if (n < SALT + TAG || begin(&cipher, secret, bytes) != 0)
		return false;
	sbuf_add(text, bytes + SALT, n - SALT);
	n -= SALT;
	code = gnutls_aead_cipher_decrypt(cipher, zeros, NONCE, bound->data,
	                                  bound->len, TAG, bytes + SALT, n,
	                                  text->data, &n);
	gnutls_aead_cipher_deinit(cipher);
	sbuf_cut(text, code == 0 ? n : 0);
	return code == 0;
}

/* --- opening -------------------------------------------------------------- */

static int take_lines(struct pairs *lines, const struct sbuf *text,
                      struct fault *f)
{
	struct pairs inner;
	int result;

	pairs_init(&inner);
	result = pairs_read(&inner, text->data, text->len, f);
	for (size_t i = 0; result == 0 && i < COUNT_OF(secrets); i++)
		result = pairs_put(lines, secrets[i],
		                   pairs_get(&inner, secrets[i]), f);
	pairs_release(&inner);
	return result;
}

static int lacks_secret(const struct settings *s, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.7.8",
	                 _("the tokens of %s are encrypted: say with what in "
	                   "`oauth_seal`, or log in again: relay login %s"),
	                 s->account, s->account);
}

static int cannot_open(const struct settings *s, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.7.8",
	                 _("the tokens of %s cannot be decrypted with what "
	                   "`oauth_seal` gives: bring back what it was, or log "
	                   "in again: relay login %s"),
	                 s->account, s->account);
}

static int open_lines(struct pairs *lines, const struct settings *s,
                      struct fault *f)
{
	struct sbuf sealed, bound, text;
	int result;

	if (s->seal == NULL)
		return lacks_secret(s, f);
	sbuf_init(&sealed, PAIRS_LIMIT);
	sbuf_init(&bound, PAIRS_LIMIT);
	sbuf_init(&text, PAIRS_LIMIT);
	add_owner(&bound, lines);
	if (take_hex(&sealed, pairs_get(lines, "sealed")) &&
	    decrypt(s->seal, &bound, &sealed, &text))
		result = take_lines(lines, &text, f);
	else
		result = cannot_open(s, f);
	if (result == 0)
		result = pairs_put(lines, "sealed", NULL, f);
	sbuf_release(&sealed);
	sbuf_release(&bound);
	sbuf_release(&text);
	return result;
}

/* --- closing -------------------------------------------------------------- */

/* All that is no secret, and the rest sealed. */
static int close_lines(const struct pairs *lines, const struct settings *s,
                       struct pairs *closed, struct fault *f)
{
	struct sbuf bound, text, value;
	const char *key, *line;
	int result = 0;

	sbuf_init(&bound, PAIRS_LIMIT);
	sbuf_init(&text, PAIRS_LIMIT);
	sbuf_init(&value, PAIRS_LIMIT);
	add_owner(&bound, lines);
	for (size_t i = 0; result == 0; i++) {
		key = pairs_at(lines, i, &line);
		if (key == NULL)
			break;
		if (is_secret(key))
			sbuf_addf(&text, "%s=%s\n", key, line);
		else
			result = pairs_put(closed, key, line, f);
	}
	if (result == 0 && text.len > 0)
		result = encrypt(s->seal, &bound, &text, &value, f);
	if (result == 0 && text.len > 0)
		result = pairs_put(closed, "sealed", value.data, f);
	sbuf_release(&bound);
	sbuf_release(&text);
	sbuf_release(&value);
	return result;
}

int seal_write(struct tokens *t, const struct settings *s, struct fault *f)
{
	struct pairs open = t->lines, closed;
	int result;

	if (s->seal == NULL)
		return tokens_write(t, f);
	pairs_init(&closed);
	result = close_lines(&open, s, &closed, f);
	t->lines = closed;
	if (result == 0)
		result = tokens_write(t, f);
	pairs_release(&t->lines);
	t->lines = open;
	return result;
}

int seal_try(const struct settings *s, struct fault *f)
{
	struct pairs lines, closed;
	int result;

	if (s->seal == NULL)
		return 0;
	pairs_init(&lines);
	pairs_init(&closed);
	result = pairs_put(&lines, secrets[0], "x", f);
	if (result == 0)
		result = close_lines(&lines, s, &closed, f);
	pairs_release(&lines);
	pairs_release(&closed);
	return result;
}

/* --- and reading: what is there in clear is sealed on the way ---------------
 */

static bool has_secrets(const struct pairs *lines)
{
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		if (pairs_get(lines, secrets[i]) != NULL)
			return true;
	return false;
}

int seal_read(struct tokens *t, const struct settings *s, struct fault *f)
{
	int there = tokens_read(t, f);
	struct fault ignored;

	if (there != 1)
		return there;
	if (pairs_get(&t->lines, "sealed") != NULL)
		return open_lines(&t->lines, s, f) == 0 ? 1 : -1;
	if (s->seal != NULL && tokens_is_locked(t) && has_secrets(&t->lines))
		seal_write(t, s, &ignored);
	return 1;
}
