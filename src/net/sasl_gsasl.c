/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written for libgsasl 2.2.0, in which plain SCRAM fails as soon as a channel
 * binding is available: the properties are set for the -PLUS names only.
 *
 * The library frees what SASLprep makes of a password without wiping it.  So
 * SASLprep and what SCRAM derives with it run apart.  CRAM-MD5 and DIGEST-MD5,
 * which nobody gets without asking, do it in here.
 */
#include "net/sasl.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/apart.h"
#include "net/bearer.h"
#include "net/sasl_choose.h"

/* It does not include <gsasl.h>, which it needs. */
#include <gsasl-mech.h>

#define ROUNDS_LIMIT 10
#define LINE_LIMIT 12288     /* RFC 4954, section 4 */
#define ITERATIONS_LIMIT 1e6 /* of SCRAM: about a second of our time */

struct sasl {
	const struct sasl_mechanism *mechanism;
	Gsasl *library;
	Gsasl_session *session;
	struct secret *password; /* of SCRAM */
	struct bearer *bearer;   /* of a token */
	unsigned rounds;
	bool is_complete; /* the library has nothing more to ask */
};

/* --- one login ------------------------------------------------------------ */

/* The library's own words only as a detail: the cause is ours to say. */
static int library_fault(const struct sasl_mechanism *m, int code,
                         struct fault *f)
{
	const char *name = m->name;

	if (code == GSASL_SASLPREP_ERROR)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the user name or password has characters "
		                   "that %s cannot send: change it, or set "
		                   "`login plain`"),
		                 name);
	if (code == GSASL_AUTHENTICATION_ERROR && sasl_has(m, SASL_PROVES))
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the server did not prove that it knows the "
		                   "password (%s): it may be an impostor, "
		                   "check `host`"),
		                 name);
	if (code == GSASL_MECHANISM_PARSE_ERROR ||
	    code == GSASL_MECHANISM_CALLED_TOO_MANY_TIMES ||
	    code == GSASL_AUTHENTICATION_ERROR)
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("the server does not follow the rules of "
		                   "%s: %s"),
		                 name, gsasl_strerror(code));
	return fault_set(f, FAULT_CONFIG, "4.7.0",
	                 _("cannot log in with %s: %s"), name,
	                 gsasl_strerror(code));
}

/* --- tokens --------------------------------------------------------------- */

/* The library has no such mechanisms.  Ours keep nothing in it: the token stays
 * with us until it is said. */

/* Called by the library, which frees *out. */
static int step_token(Gsasl_session *session, void *state, const char *input,
                      size_t n, char **out, size_t *size)
{
	struct sasl *s = gsasl_session_hook_get(session);
	struct sbuf said;
	bool goes_on;

	(void)state;
	sbuf_init(&said, BEARER_LIMIT);
	goes_on = bearer_step(s->bearer, input, n, &said);
	*size = said.len;
	*out = mem_alloc(said.len + 1);
	memcpy(*out, said.data, said.len);
	sbuf_release(&said);
	return goes_on ? GSASL_NEEDS_MORE : GSASL_OK;
}

static int register_token(const struct sasl *s)
{
	const Gsasl_mechanism ours = { .name = s->mechanism->name,
		                       .client = { .step = step_token } };

	return gsasl_register(s->library, &ours);
}

static int keep_token(struct sasl *s, const struct sasl_settings *settings,
                      struct fault *f)
{
	enum bearer_kind kind = strcmp(s->mechanism->name, "XOAUTH2") == 0
	                                ? BEARER_XOAUTH2
	                                : BEARER_OAUTHBEARER;
	const struct bearer_login login = {
		.user = settings->user,
		.host = settings->host,
		.port = settings->port,
		.token = settings->password,
	};

	s->bearer = bearer_create(kind, &login, f);
	return s->bearer != NULL ? 0 : -1;
}

const struct secret *sasl_token(const struct sasl *s)
{
	return s->bearer != NULL ? bearer_token(s->bearer) : NULL;
}

const char *sasl_refusal(const struct sasl *s)
{
	return s->bearer != NULL ? bearer_refusal(s->bearer) : "";
}

/* --- passwords ------------------------------------------------------------ */

static int set(struct sasl *s, Gsasl_property property, const char *value,
               struct fault *f)
{
	int code = gsasl_property_set(s->session, property, value);

	return code == GSASL_OK ? 0 : library_fault(s->mechanism, code, f);
}

static int set_properties(struct sasl *s, const struct sasl_settings *settings,
                          struct fault *f)
{
	Gsasl_property binding = settings->is_exporter ? GSASL_CB_TLS_EXPORTER
	                                               : GSASL_CB_TLS_UNIQUE;

	if (sasl_has(s->mechanism, SASL_NO_PASSWORD))
		return settings->user == NULL
		               ? 0
		               : set(s, GSASL_AUTHZID, settings->user, f);
	if (sasl_has(s->mechanism, SASL_TOKEN))
		return keep_token(s, settings, f);
	if (sasl_has(s->mechanism, SASL_SCRAM))
		s->password = secret_create(secret_reveal(settings->password),
		                            secret_length(settings->password));
	else if (set(s, GSASL_PASSWORD, secret_reveal(settings->password), f))
		return -1;
	if (set(s, GSASL_AUTHID, settings->user, f) != 0 ||
	    set(s, GSASL_SERVICE, "smtp", f) != 0 ||
	    set(s, GSASL_HOSTNAME, settings->host, f) != 0)
		return -1;
	if (!sasl_has(s->mechanism, SASL_BOUND))
		return 0;
	return set(s, binding, settings->binding, f);
}

/* --- apart ---------------------------------------------------------------- */

struct derivation {
	Gsasl_hash hash;
	const char *password;
	unsigned iterations;
	const char *salt; /* base64 */
};

/* SaltedPassword (RFC 5802, section 3). */
static int derive(const void *arg, void *answer)
{
	const struct derivation *d = arg;
	char client[GSASL_HASH_MAX_SIZE], server[GSASL_HASH_MAX_SIZE];
	char stored[GSASL_HASH_MAX_SIZE];
	char *salt = NULL;
	size_t n = 0;
	int code = gsasl_base64_from(d->salt, strlen(d->salt), &salt, &n);

	if (code == GSASL_OK)
		code = gsasl_scram_secrets_from_password(
			d->hash, d->password, d->iterations, salt, n, answer,
			client, server, stored);
	gsasl_free(salt);
	return code;
}

/* The library asks for what we did not set.  It has read the server's salt and
 * number of rounds then. */
static int on_question(Gsasl *library, Gsasl_session *session,
                       Gsasl_property property)
{
	const struct sasl *s = gsasl_session_hook_get(session);
	const char *rounds = gsasl_property_fast(session, GSASL_SCRAM_ITER);
	const char *salt = gsasl_property_fast(session, GSASL_SCRAM_SALT);
	struct derivation d = { .salt = salt };
	char salted[GSASL_HASH_MAX_SIZE], *text = NULL;
	size_t n, size = 0;
	int code;

	(void)library;
	if (property != GSASL_SCRAM_SALTED_PASSWORD || s->password == NULL ||
	    salt == NULL || rounds == NULL)
		return GSASL_NO_CALLBACK;
	d.hash = strstr(s->mechanism->name, "SHA-256") != NULL
	                 ? GSASL_HASH_SHA256
	                 : GSASL_HASH_SHA1;
	d.password = secret_reveal(s->password);
	d.iterations = (unsigned)strtoul(rounds, NULL, 10);
	n = gsasl_hash_length(d.hash);
	code = apart_run(derive, &d, salted, n);
	if (code == GSASL_OK)
		code = gsasl_hex_to(salted, n, &text, &size);
	if (code == GSASL_OK)
		code = gsasl_property_set(session, property, text);
	explicit_bzero(salted, sizeof(salted));
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	gsasl_free(text);
	return code;
}

/* --- before it begins ----------------------------------------------------- */

struct preparation {
	const char *text;
	bool is_strict;
};

static int prepare(const void *arg, void *answer)
{
	const struct preparation *p = arg;
	Gsasl_saslprep_flags flags = p->is_strict ? 0 : GSASL_ALLOW_UNASSIGNED;
	char *out = NULL;
	int code = gsasl_saslprep(p->text, flags, &out, NULL);

	*(char *)answer = 0;
	if (out != NULL)
		explicit_bzero(out, strlen(out));
	gsasl_free(out);
	return code;
}

static bool is_plain(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

/* Try SASLprep ourselves, in time to say so, and because the library leaks
 * memory when it finds out.  It allows in names what it does not in passwords
 * (RFC 4013, section 2.5: unassigned characters).  Printable ASCII is what it
 * makes of itself. */
static int check_prepared(const char *text, bool is_strict)
{
	struct preparation p = { .text = text, .is_strict = is_strict };
	char answer;

	return is_plain(text) ? GSASL_OK
	                      : apart_run(prepare, &p, &answer, sizeof(answer));
}

static int check_characters(const struct sasl_settings *settings,
                            const struct sasl_mechanism *m, struct fault *f)
{
	const char *password = secret_reveal(settings->password);
	int code;

	if (strlen(password) != secret_length(settings->password))
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the password has a NUL byte inside, which "
		                   "no login can send: change it"));
	if (!sasl_has(m, SASL_PREPARED))
		return 0;
	code = check_prepared(settings->user, false);
	if (code == GSASL_OK)
		code = check_prepared(password, sasl_has(m, SASL_SCRAM));
	return code == GSASL_OK ? 0 : library_fault(m, code, f);
}

static int check_settings(const struct sasl_settings *settings,
                          const struct sasl_mechanism *m, struct fault *f)
{
	if (!sasl_is_possible(settings, m))
		return sasl_no_choice(settings, m->name, f);
	return sasl_has(m, SASL_NO_PASSWORD) ? 0
	                                     : check_characters(settings, m, f);
}

static int begin(struct sasl *s, const struct sasl_settings *settings,
                 struct fault *f)
{
	int code = gsasl_init(&s->library);

	if (code != GSASL_OK)
		s->library = NULL; /* freed by gsasl_init */
	else if (sasl_has(s->mechanism, SASL_TOKEN))
		code = register_token(s);
	if (code == GSASL_OK)
		code = gsasl_client_start(s->library, s->mechanism->name,
		                          &s->session);
	if (code != GSASL_OK)
		return library_fault(s->mechanism, code, f);
	gsasl_callback_set(s->library, on_question);
	gsasl_session_hook_set(s->session, s);
	return set_properties(s, settings, f);
}

struct sasl *sasl_create(const struct sasl_settings *settings,
                         const char *mechanism, struct fault *f)
{
	const struct sasl_mechanism *m =
		sasl_find(mechanism, strlen(mechanism));
	struct sasl *s;

	if (m == NULL) {
		fault_set(f, FAULT_CONFIG, "4.7.0",
		          _("unknown way to log in: %.100s; check `login`"),
		          mechanism);
		return NULL;
	}
	if (check_settings(settings, m, f) != 0)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->mechanism = m;
	if (begin(s, settings, f) != 0)
		sasl_free(&s);
	return s;
}

/* gsasl_finish() frees its copies but leaves the bytes. */
static void wipe(Gsasl_session *session, Gsasl_property property)
{
	const char *own = gsasl_property_fast(session, property);
	char *bytes;

	if (own == NULL)
		return;
	memcpy(&bytes, &own, sizeof(bytes)); /* it is the library's malloc */
	explicit_bzero(bytes, strlen(bytes));
}

void sasl_free(struct sasl **s)
{
	if (*s == NULL)
		return;
	if ((*s)->session != NULL) {
		wipe((*s)->session, GSASL_PASSWORD);
		wipe((*s)->session, GSASL_SCRAM_SALTED_PASSWORD);
		gsasl_finish((*s)->session);
	}
	if ((*s)->library != NULL)
		gsasl_done((*s)->library);
	secret_free(&(*s)->password);
	bearer_free(&(*s)->bearer);
	free(*s);
	*s = NULL;
}

bool sasl_is_client_first(const struct sasl *s)
{
	return sasl_has(s->mechanism, SASL_CLIENT_FIRST);
}

/* A SCRAM server may ask for any amount of our time ("i=4294967295"), and says
 * "e=..." instead of a proof when the password is wrong (RFC 5802, section 7).
 */
static int check_scram(const struct sasl *s, const struct sbuf *text,
                       struct fault *f)
{
	const char *iterations = strstr(text->data, ",i=");

	if (strlen(text->data) != text->len)
		return library_fault(s->mechanism, GSASL_MECHANISM_PARSE_ERROR,
		                     f);
	if (strncmp(text->data, "e=", 2) == 0)
		return fault_set(f, FAULT_CONFIG, "4.7.8",
		                 _("the server refuses the login (%.100s): "
		                   "check `user` and `password`"),
		                 text->data + 2);
	if (iterations != NULL &&
	    strtod(iterations + 3, NULL) > ITERATIONS_LIMIT)
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("the server asks for too much work (%.20s "
		                   "iterations of %s): name another "
		                   "mechanism in `login`"),
		                 iterations + 3, s->mechanism->name);
	return 0;
}

static int add_base64(const char *bytes, size_t n, struct sbuf *answer,
                      struct fault *f)
{
	char *text = NULL;
	size_t size = 0;

	if (n == 0)
		return 0;
	if (gsasl_base64_to(bytes, n, &text, &size) != GSASL_OK)
		return fault_set(f, FAULT_TEMP, "4.3.0", _("out of memory"));
	sbuf_add(answer, text, size);
	explicit_bzero(text, size);
	gsasl_free(text);
	if (answer->overflow || size > LINE_LIMIT)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the user name or password is too long to "
		                   "be sent"));
	return 0;
}

/* One step of the library, from bytes to base64. */
static int step(struct sasl *s, const char *bytes, size_t n,
                struct sbuf *answer, struct fault *f)
{
	char *out = NULL;
	size_t size = 0;
	int code, result;

	/* The library would send the password again. */
	code = s->is_complete ? GSASL_MECHANISM_CALLED_TOO_MANY_TIMES
	                      : gsasl_step(s->session, bytes, n, &out, &size);

	if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
		result = library_fault(s->mechanism, code, f);
	else
		result = add_base64(out, size, answer, f);
	s->is_complete = result == 0 && code == GSASL_OK;
	if (out != NULL)
		explicit_bzero(out, size);
	gsasl_free(out);
	return result;
}

/* The challenge in bytes; a fault if the server babbles. */
static int decode(struct sasl *s, const char *challenge, struct sbuf *text,
                  struct fault *f)
{
	char *bytes = NULL;
	size_t n = 0;

	if (++s->rounds > ROUNDS_LIMIT || strlen(challenge) > LINE_LIMIT)
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("the server does not come to an end with "
		                   "%s: name another mechanism in `login`"),
		                 s->mechanism->name);
	if (gsasl_base64_from(challenge, strlen(challenge), &bytes, &n) ==
	    GSASL_OK) {
		sbuf_add(text, bytes, n);
		gsasl_free(bytes);
		return 0;
	}
	if (s->bearer == NULL)
		return fault_set(f, FAULT_TEMP, "4.7.0",
		                 _("the server's challenge for %s is not "
		                   "base64: %.100s"),
		                 s->mechanism->name, challenge);
	sbuf_addstr(text, challenge); /* why, in its own way */
	return 0;
}

int sasl_step(struct sasl *s, const char *challenge, struct sbuf *answer,
              struct fault *f)
{
	struct sbuf text;
	int result;

	sbuf_init(&text, LINE_LIMIT);
	result = decode(s, challenge, &text, f);
	if (result == 0 && sasl_has(s->mechanism, SASL_SCRAM))
		result = check_scram(s, &text, f);
	if (result == 0)
		result = step(s, text.data, text.len, answer, f);
	sbuf_release(&text);
	return result;
}

bool sasl_is_proved(const struct sasl *s)
{
	return !sasl_has(s->mechanism, SASL_PROVES) || s->is_complete;
}
