/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/tls_pin.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "net/tls.h"

#define BLANKS " \t"
#define CERTIFICATE "sha256:"
#define KEY "spki-sha256:"

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The index of `c` among the first `count` digits, or -1. */
static int digit(const char *digits, size_t count, char c)
{
	const char *found = memchr(digits, c, count);

	return found != NULL ? (int)(found - digits) : -1;
}

static bool read_hex(const char *text, size_t n, unsigned char *hash)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		int value =
			digit("0123456789abcdef0123456789ABCDEF", 32, text[i]);

		if (text[i] == ':')
			continue;
		if (value < 0 || count == TLS_PIN_SIZE * 2)
			return false;
		value &= 15;
		if (count % 2 == 0)
			hash[count / 2] = (unsigned char)(value << 4);
		else
			hash[count / 2] |= (unsigned char)value;
		count++;
	}
	return count == TLS_PIN_SIZE * 2;
}

/* 32 bytes are 43 digits and one "=". */
static bool read_base64(const char *text, size_t n, unsigned char *hash)
{
	unsigned bits = 0, kept = 0;
	size_t count = 0;

	if (n != 44 || text[43] != '=')
		return false;
	for (size_t i = 0; i < 43; i++) {
		int value = digit(base64_digits, 64, text[i]);

		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		kept += 6;
		if (kept < 8)
			continue;
		kept -= 8;
		hash[count++] = (unsigned char)(bits >> kept);
	}
	return (bits & 3) == 0;
}

/* One pin of `n` bytes: its kind and hash.  False: not of either form. */
static bool read_pin(const char *pin, size_t n, bool *is_key,
                     unsigned char *hash)
{
	*is_key = ascii_begins(pin, KEY);
	if (*is_key)
		return read_base64(pin + strlen(KEY), n - strlen(KEY), hash);
	return ascii_begins(pin, CERTIFICATE) &&
	       read_hex(pin + strlen(CERTIFICATE), n - strlen(CERTIFICATE),
	                hash);
}

bool tls_pin_matches(const char *pins, const struct tls_fingerprints *shown)
{
	unsigned char hash[TLS_PIN_SIZE];
	bool is_key;
	size_t n;

	for (; *pins != '\0'; pins += n) {
		pins += strspn(pins, BLANKS);
		n = strcspn(pins, BLANKS);
		if (n > 0 && read_pin(pins, n, &is_key, hash) &&
		    memcmp(hash, is_key ? shown->key : shown->certificate,
		           sizeof(hash)) == 0)
			return true;
	}
	return false;
}

int tls_check_pin(const char *pin, struct fault *f)
{
	unsigned char hash[TLS_PIN_SIZE];
	size_t n, count = 0;
	bool is_key;

	for (; *pin != '\0'; pin += n) {
		pin += strspn(pin, BLANKS);
		n = strcspn(pin, BLANKS);
		if (n == 0)
			continue;
		if (!read_pin(pin, n, &is_key, hash))
			return fault_set(
				f, FAULT_CONFIG, "4.3.5",
				_("`%.*s` is no fingerprint: `tls_pin` "
			          "takes sha256:HEX (64 digits) or "
			          "spki-sha256:BASE64 (44 characters)"),
				(int)(n < 100 ? n : 100), pin);
		count++;
	}
	if (count == 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`tls_pin` names no fingerprint: give "
		                   "sha256:HEX or spki-sha256:BASE64"));
	return 0;
}

static void add_base64(struct sbuf *to, const unsigned char *hash)
{
	unsigned bits = 0, kept = 0;

	for (size_t i = 0; i < TLS_PIN_SIZE; i++) {
		bits = (bits << 8 | hash[i]) & 0xffff;
		for (kept += 8; kept >= 6; kept -= 6)
			sbuf_add(to, &base64_digits[bits >> (kept - 6) & 63],
			         1);
	}
	sbuf_add(to, &base64_digits[bits << (6 - kept) & 63], 1);
	sbuf_addstr(to, "=");
}

void tls_pin_add(struct sbuf *to, const char *pins,
                 const struct tls_fingerprints *shown)
{
	if (pins != NULL && ascii_begins(pins + strspn(pins, BLANKS), KEY)) {
		sbuf_addstr(to, KEY);
		add_base64(to, shown->key);
		return;
	}
	sbuf_addstr(to, CERTIFICATE);
	sbuf_add_hex(to, shown->certificate, TLS_PIN_SIZE);
}
