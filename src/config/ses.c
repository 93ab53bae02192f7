/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/ses.h"

#include <string.h>

#include "base/attr.h"
#include "base/sha256.h"
#include "message/encode.h"

#define SES_VERSION 0x04
#define REGION_LENGTH 40

bool ses_is_region(const char *region)
{
	size_t n = strlen(region);

	return n > 0 && n <= REGION_LENGTH &&
	       strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool ses_region(const char *host, struct sbuf *region)
{
	static const char *const before[] = { "email-smtp.",
		                              "email-smtp-fips." };
	static const char *const after[] = { ".amazonaws.com",
		                             ".amazonaws.com.cn" };

	for (size_t i = 0; i < COUNT_OF(before); i++)
		for (size_t j = 0; j < COUNT_OF(after); j++) {
			size_t from = strlen(before[i]), n = strlen(host);
			size_t end = strlen(after[j]);

			if (n <= from + end ||
			    strncmp(host, before[i], from) != 0 ||
			    strcmp(host + n - end, after[j]) != 0)
				continue;
			sbuf_add(region, host + from, n - from - end);
			return ses_is_region(region->data);
		}
	return false;
}

/* The first key is "AWS4" and the secret. */
static void first_code(const struct secret *key,
                       unsigned char code[SHA256_SIZE])
{
	static const char date[] = "11111111";
	struct sbuf b;

	sbuf_init(&b, secret_length(key) + 4);
	sbuf_addstr(&b, "AWS4");
	sbuf_add(&b, secret_reveal(key), secret_length(key));
	sha256_hmac(b.data, b.len, date, strlen(date), code);
	sbuf_release(&b);
}

static struct secret *encode(const char *bytes, size_t n)
{
	struct secret *secret;
	struct base64 b;
	struct sbuf text;

	sbuf_init(&text, 100);
	base64_init(&b);
	base64_add(&b, bytes, n, &text);
	base64_end(&b, &text);
	secret = secret_create(text.data, text.len);
	sbuf_release(&text);
	explicit_bzero(&b, sizeof(b));
	return secret;
}

struct secret *ses_password(const struct secret *key, const char *region)
{
	const char *const texts[] = { region, "ses", "aws4_request",
		                      "SendRawEmail" };
	unsigned char code[SHA256_SIZE];
	char signature[1 + SHA256_SIZE] = { SES_VERSION };
	struct secret *secret;

	first_code(key, code);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		sha256_hmac(code, sizeof(code), texts[i], strlen(texts[i]),
		            code);
	memcpy(signature + 1, code, sizeof(code));
	secret = encode(signature, sizeof(signature));
	explicit_bzero(code, sizeof(code));
	explicit_bzero(signature, sizeof(signature));
	return secret;
}
