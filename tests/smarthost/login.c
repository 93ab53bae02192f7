/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - see login.h */

#include "login.h"

#include "answer.h"
#include "token.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COMMAND_LIMIT = 512 }; /* RFC 4954, section 4 */

static bool is_name(const struct options *o, const char *name)
{
	return name != NULL && strcmp(name, o->user) == 0;
}

static int validate_simple(Gsasl_session *g, const struct options *o)
{
	const char *password = gsasl_property_fast(g, GSASL_PASSWORD);
	const char *other = gsasl_property_fast(g, GSASL_AUTHZID);

	if (!is_name(o, gsasl_property_fast(g, GSASL_AUTHID)) ||
	    password == NULL || strcmp(password, o->password) != 0)
		return GSASL_AUTHENTICATION_ERROR;
	if (other != NULL && *other != '\0' && !is_name(o, other))
		return GSASL_AUTHENTICATION_ERROR;
	return GSASL_OK;
}

static int callback(Gsasl *lib, Gsasl_session *g, Gsasl_property property)
{
	const struct session *s = gsasl_session_hook_get(g);
	const struct options *o = &s->host->options;

	(void)lib;
	/* the enum is open: the library asks for many more */
	if (property == GSASL_VALIDATE_SIMPLE)
		return validate_simple(g, o);
	if (property == GSASL_VALIDATE_EXTERNAL)
		return s->client_name[0] != '\0' ? GSASL_OK
		                                 : GSASL_AUTHENTICATION_ERROR;
	if (property == GSASL_SCRAM_ITER) /* the least that RFC 5802 allows */
		return gsasl_property_set(g, property, "4096");
	if (property != GSASL_PASSWORD)
		return GSASL_NO_CALLBACK;
	if (!is_name(o, gsasl_property_fast(g, GSASL_AUTHID)))
		return GSASL_NO_PASSWORD;
	return gsasl_property_set(g, GSASL_PASSWORD, o->password);
}

int login_open(struct smarthost *host)
{
	int e;

	if (host->options.no_auth)
		return 0;
	e = gsasl_init(&host->gsasl);
	if (e != GSASL_OK)
		return complain("gsasl: %s", gsasl_strerror(e));
	gsasl_callback_set(host->gsasl, callback);
	return 0;
}

void login_close(struct smarthost *host)
{
	if (host->gsasl != NULL)
		gsasl_done(host->gsasl);
	host->gsasl = NULL;
}

static bool ends_in_plus(const char *mechanism)
{
	size_t n = strlen(mechanism);

	return n > 5 && strcmp(mechanism + n - 5, "-PLUS") == 0;
}

static bool usable(const struct session *s, const char *mechanism)
{
	const struct options *o = &s->host->options;
	bool clear = s->tls_version[0] == '\0';

	if (s->host->gsasl == NULL || (clear && !o->auth_in_clear))
		return false;
	if (ends_in_plus(mechanism) && clear)
		return false;
	if (strcmp(mechanism, "EXTERNAL") == 0 && s->client_name[0] == '\0')
		return false;
	if (token_is_mechanism(mechanism))
		return true;
	return gsasl_server_support_p(s->host->gsasl, mechanism) == 1;
}

/* The next word of a list; its length, 0 at the end. */
static size_t next_word(const char **list, char *word, size_t size)
{
	size_t n;

	*list += strspn(*list, " ");
	n = strcspn(*list, " ");
	snprintf(word, size, "%.*s", (int)n, *list);
	*list += n;
	return n;
}

void login_offer(const struct session *s, char *list, size_t size)
{
	const char *all = s->host->options.mechanisms;
	char word[32];
	size_t len = 0;

	list[0] = '\0';
	while (next_word(&all, word, sizeof(word)) > 0)
		if (usable(s, word) && len + strlen(word) + 2 < size)
			len += (size_t)snprintf(list + len, size - len, " %s",
			                        word);
}

static bool offered(const struct session *s, const char *mechanism)
{
	const char *all = s->host->options.mechanisms;
	char word[32];

	while (next_word(&all, word, sizeof(word)) > 0)
		if (strcmp(word, mechanism) == 0)
			return usable(s, word);
	return false;
}

static void bind_channel(struct session *s, Gsasl_session *g, const char *type,
                         Gsasl_property property)
{
	char binding[128], *text = NULL;
	size_t n = tls_binding(s->conn, type, binding, sizeof(binding));
	size_t len;

	if (n == 0 || gsasl_base64_to(binding, n, &text, &len) != GSASL_OK)
		return;
	(void)gsasl_property_set(g, property, text);
	gsasl_free(text);
}

/* Send a challenge and read the answer into conn->line.  False: the dialogue
 * is over and the client was told. */
static bool ask(struct session *s, const char *challenge)
{
	size_t n = strlen(challenge) + 8;
	char *line = must_alloc(n);

	n = (size_t)snprintf(line, n, "334 %s\r\n", challenge);
	answer_bytes(s, line, n);
	free(line);
	switch (conn_read_line(s->conn)) {
	case LINE_OK: break;
	case LINE_TOO_LONG:
		blame(s, "AUTH line too long");
		answer(s, 500, "5.5.6", "line too long");
		return false;
	case LINE_END:
	default: return false;
	}
	record_line(&s->host->record, 'C', s->number, "***", 3);
	if (strcmp(s->conn->line, "*") != 0)
		return true;
	answer(s, 501, "5.7.0", "cancelled");
	return false;
}

/* RFC 4954: data that come with success go out as one more challenge, and the
 * client answers with an empty line. */
static bool finish(struct session *s, const char *out)
{
	if (out == NULL || *out == '\0')
		return true;
	if (!ask(s, out))
		return false;
	if (s->conn->line_len == 0)
		return true;
	blame(s, "not empty after the last challenge");
	answer(s, 501, "5.5.2", "empty line expected");
	return false;
}

static void settle(struct session *s, Gsasl_session *g, int e,
                   const char *mechanism)
{
	struct record *r = &s->host->record;
	const char *name = gsasl_property_fast(g, GSASL_AUTHID);

	if (strcmp(mechanism, "EXTERNAL") == 0)
		name = s->client_name;
	record_note(r, 'A', s->number, "%s %s %s",
	            e == GSASL_OK ? "ok" : "failed", mechanism,
	            name != NULL ? name : "-");
	if (e == GSASL_OK) {
		record_count(r, COUNT_LOGINS, 1);
		snprintf(s->login, sizeof(s->login), "%s",
		         name != NULL ? name : "-");
		snprintf(s->mechanism, sizeof(s->mechanism), "%s", mechanism);
		answer(s, 235, "2.7.0", "welcome");
		return;
	}
	record_count(r, COUNT_LOGIN_FAILURES, 1);
	if (e == GSASL_BASE64_ERROR || e == GSASL_MECHANISM_PARSE_ERROR) {
		blame(s, "AUTH syntax");
		answer(s, 501, "5.5.2", "cannot decode that");
	} else {
		answer(s, 535, "5.7.8", "authentication failed");
	}
}

static bool server_first(const char *mechanism)
{
	return strcmp(mechanism, "LOGIN") == 0 ||
	       strcmp(mechanism, "CRAM-MD5") == 0;
}

/* `input` NULL: the client has not spoken yet. */
static void converse(struct session *s, Gsasl_session *g, const char *mechanism,
                     const char *input)
{
	char *out = NULL;
	int e = GSASL_NEEDS_MORE;
	bool going = true;

	if (server_first(mechanism)) {
		e = gsasl_step64(g, NULL, &out);
		/* "AUTH LOGIN name": the first question is answered already */
		if (input == NULL && e == GSASL_NEEDS_MORE)
			going = ask(s, out);
	} else if (input == NULL) {
		going = ask(s, "");
	}
	if (input == NULL)
		input = s->conn->line;
	while (going && e == GSASL_NEEDS_MORE) {
		gsasl_free(out);
		out = NULL;
		e = gsasl_step64(g, input, &out);
		input = s->conn->line;
		if (e == GSASL_NEEDS_MORE)
			going = ask(s, out);
	}
	if (going && e == GSASL_OK)
		going = finish(s, out);
	if (going)
		settle(s, g, e, mechanism);
	gsasl_free(out);
}

static void run_token(struct session *s, const char *mechanism,
                      const char *initial)
{
	char *said;

	if (initial == NULL && !ask(s, ""))
		return;
	said = must_copy(initial != NULL ? initial : s->conn->line);
	token_login(s, mechanism, said, ask);
	free(said);
}

static void run(struct session *s, const char *mechanism, const char *initial)
{
	Gsasl_session *g;
	char *input = NULL;
	int e = gsasl_server_start(s->host->gsasl, mechanism, &g);

	if (e != GSASL_OK) {
		answer(s, 454, "4.7.0", "%s", gsasl_strerror(e));
		return;
	}
	gsasl_session_hook_set(g, s);
	/* with a binding set, libgsasl 2.2 refuses the mechanisms without -PLUS
	 */
	if (ends_in_plus(mechanism)) {
		bind_channel(s, g, "tls-exporter", GSASL_CB_TLS_EXPORTER);
		bind_channel(s, g, "tls-unique", GSASL_CB_TLS_UNIQUE);
	}
	if (initial != NULL) /* it lives in conn->line, which ask() reuses */
		input = must_copy(strcmp(initial, "=") == 0 ? "" : initial);
	converse(s, g, mechanism, input);
	free(input);
	gsasl_finish(g);
}

void login_command(struct session *s, const char *args)
{
	char mechanism[32];
	const char *initial;

	(void)next_word(&args, mechanism, sizeof(mechanism));
	for (char *at = mechanism; *at != '\0'; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	initial = *args == ' ' ? args + 1 : NULL;
	if (s->conn->line_len + 2 > COMMAND_LIMIT)
		blame(s, "AUTH line over 512 octets");
	if (s->host->gsasl == NULL)
		answer(s, 502, "5.5.1", "no AUTH here");
	else if (s->login[0] != '\0')
		answer(s, 503, "5.5.1", "already logged in");
	else if (s->mail.open)
		answer(s, 503, "5.5.1", "not during a message");
	else if (s->tls_version[0] == '\0' && !s->host->options.auth_in_clear) {
		blame(s, "AUTH in clear");
		answer(s, 538, "5.7.11", "TLS first");
	} else if (!offered(s, mechanism)) {
		blame(s, "AUTH mechanism not offered");
		answer(s, 504, "5.5.4", "no such mechanism");
	} else if (token_is_mechanism(mechanism)) {
		run_token(s, mechanism, initial);
	} else {
		run(s, mechanism, initial);
	}
}
