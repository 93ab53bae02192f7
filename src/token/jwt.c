/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/jwt.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intl.h"
#include "base/port.h"
#include "token/json.h"
#include "token/keyfile.h"
#include "token/sign.h"

#define CLIENT_LIFE 600
#define SERVICE_LIFE 3600 /* the most that Google takes */
#define ID_BYTES 16

static int add_part(const struct json_member *members, size_t count,
                    struct sbuf *out, struct fault *f)
{
	struct sbuf json;
	int result = 0;

	sbuf_init(&json, JWT_LIMIT);
	if (json_write(members, count, &json))
		sign_base64url(json.data, json.len, out);
	else
		result = fault_set(f, FAULT_CONFIG, "4.3.5",
		                   _("the user, the scope or the client id is "
		                     "no UTF-8"));
	sbuf_release(&json);
	return result;
}

/* Header and claims, and the signature of both. */
static int compose(const struct json_member *header, size_t header_count,
                   const struct json_member *claims, size_t claim_count,
                   const struct sbuf *pem, enum sign_algorithm algorithm,
                   struct sbuf *out, struct fault *f)
{
	struct sbuf text;
	int result = -1;

	sbuf_init(&text, JWT_LIMIT);
	if (add_part(header, header_count, &text, f) == 0) {
		sbuf_addstr(&text, ".");
		result = add_part(claims, claim_count, &text, f);
	}
	if (result == 0) {
		sbuf_addf(out, "%s.", text.data);
		result = sign_text(pem, algorithm, &text, out, f);
	}
	sbuf_release(&text);
	return result;
}

static int add_id(struct sbuf *id, struct fault *f)
{
	unsigned char bytes[ID_BYTES];

	if (port_random(bytes, sizeof(bytes)) != 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("no random numbers: %s"), intl_error(errno));
	sign_base64url(bytes, sizeof(bytes), id);
	return 0;
}

/* --- the client ----------------------------------------------------------- */

static int client(const struct settings *s, const struct keyfile *key,
                  const char *thumbprint, const char *id, struct sbuf *out,
                  struct fault *f)
{
	const int64_t now = clock_seconds();
	const struct json_member header[] = {
		{ "alg", "PS256", 0 },
		{ "typ", "JWT", 0 },
		{ "x5t#S256", thumbprint, 0 },
	};
	const struct json_member claims[] = {
		{ "aud", s->token_url, 0 },
		{ "iss", s->client_id, 0 },
		{ "sub", s->client_id, 0 },
		{ "jti", id, 0 },
		{ "iat", NULL, now },
		{ "nbf", NULL, now },
		{ "exp", NULL, now + CLIENT_LIFE },
	};

	return compose(header, COUNT_OF(header), claims, COUNT_OF(claims),
	               &key->pem, SIGN_PS256, out, f);
}

static int with_thumbprint(const struct settings *s, const struct keyfile *key,
                           struct sbuf *out, struct fault *f)
{
	struct sbuf pem, thumbprint, id;
	int result = -1;

	sbuf_init(&pem, JSON_LIMIT);
	sbuf_init(&thumbprint, 64);
	sbuf_init(&id, 64);
	if (keyfile_certificate(s->cert, &pem, f) == 0) {
		result = sign_thumbprint(&pem, &thumbprint, f);
		if (result != 0)
			fault_wrap(f, "%s", s->cert);
	}
	if (result == 0)
		result = add_id(&id, f);
	if (result == 0)
		result = client(s, key, thumbprint.data, id.data, out, f);
	sbuf_release(&pem);
	sbuf_release(&thumbprint);
	sbuf_release(&id);
	return result;
}

int jwt_client(const struct settings *s, struct sbuf *out, struct fault *f)
{
	struct keyfile key;
	int result;

	if (keyfile_read(&key, s->key, f) != 0)
		return -1;
	result = with_thumbprint(s, &key, out, f);
	keyfile_release(&key);
	return result;
}

/* --- a service account ---------------------------------------------------- */

static int service(const struct settings *s, const struct keyfile *key,
                   struct sbuf *out, struct fault *f)
{
	const char *issuer =
		key->issuer[0] != '\0' ? key->issuer : s->client_id;
	const int64_t now = clock_seconds();
	const struct json_member header[] = {
		{ "alg", "RS256", 0 },
		{ "typ", "JWT", 0 },
		{ "kid", key->id[0] != '\0' ? key->id : NULL, 0 },
	};
	const struct json_member claims[] = {
		{ "iss", issuer, 0 },     { "sub", s->user, 0 },
		{ "scope", s->scope, 0 }, { "aud", s->token_url, 0 },
		{ "iat", NULL, now },     { "exp", NULL, now + SERVICE_LIFE },
	};

	if (issuer == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s does not say whose key it is: name the "
		                   "service account in oauth_client"),
		                 s->key);
	return compose(header, COUNT_OF(header), claims, COUNT_OF(claims),
	               &key->pem, SIGN_RS256, out, f);
}

int jwt_service(const struct settings *s, struct sbuf *out, struct fault *f)
{
	struct keyfile key;
	int result;

	if (keyfile_read(&key, s->key, f) != 0)
		return -1;
	result = service(s, &key, out, f);
	keyfile_release(&key);
	return result;
}
