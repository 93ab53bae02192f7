/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token - see token.h */

#include "token.h"

#include "answer.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#define XOAUTH2 "XOAUTH2"
#define OAUTHBEARER "OAUTHBEARER"

/* The fields of one login, in place. */
struct said {
	char *user, *host, *port, *token;
};

bool token_is_mechanism(const char *mechanism)
{
	return strcmp(mechanism, XOAUTH2) == 0 ||
	       strcmp(mechanism, OAUTHBEARER) == 0;
}

/* The text that begins with `key` and ends with `end`, cut out of *at. */
static char *cut(char **at, const char *key, char end)
{
	char *begin = *at + strlen(key), *stop;

	if (strncmp(*at, key, strlen(key)) != 0)
		return NULL;
	stop = strchr(begin, end);
	if (stop == NULL)
		return NULL;
	*stop = '\0';
	*at = stop + 1;
	return begin;
}

/* "=2C" and "=3D" are the only escapes (RFC 5801). */
static bool unescape(char *name)
{
	char *to = name;

	for (; *name != '\0'; name++, to++) {
		*to = *name;
		if (*name != '=')
			continue;
		if (strncmp(name, "=2C", 3) == 0)
			*to = ',';
		else if (strncmp(name, "=3D", 3) == 0)
			*to = '=';
		else
			return false;
		name += 2;
	}
	*to = '\0';
	return true;
}

static bool read_said(const char *mechanism, char *at, struct said *said)
{
	if (strcmp(mechanism, XOAUTH2) == 0) {
		said->user = cut(&at, "user=", 1);
	} else {
		said->user = cut(&at, "n,a=", ',');
		if (said->user == NULL || !unescape(said->user) || *at++ != 1)
			return false;
		said->host = cut(&at, "host=", 1);
		said->port = cut(&at, "port=", 1);
		if (said->host == NULL || said->port == NULL ||
		    said->port[strspn(said->port, "0123456789")] != '\0')
			return false;
	}
	said->token = said->user != NULL ? cut(&at, "auth=Bearer ", 1) : NULL;
	return said->token != NULL && strcmp(at, "\x01") == 0;
}

/* What becomes of this token, by the file; without one, the password is the
 * one that is good. */
static void find_fate(const struct options *o, const char *token, char *fate,
                      size_t size)
{
	FILE *file = o->tokens != NULL ? fopen(o->tokens, "re") : NULL;
	char *line = NULL;
	size_t room = 0, n = strlen(token);
	bool is_password = o->tokens == NULL && strcmp(token, o->password) == 0;

	snprintf(fate, size, is_password ? "good" : "refused");
	while (file != NULL && getline(&line, &room, file) > 0)
		if (strncmp(line, token, n) == 0 && line[n] == ' ')
			snprintf(fate, size, "%.*s",
			         (int)strcspn(line + n + 1, "\n"),
			         line + n + 1);
	free(line);
	if (file != NULL)
		(void)fclose(file);
}

/* The reason is acknowledged as the mechanism says, and then comes the 535. */
static bool give_reason(struct session *s, const char *mechanism,
                        bool (*acknowledge)(struct session *s,
                                            const char *challenge))
{
	bool is_xoauth2 = strcmp(mechanism, XOAUTH2) == 0;
	const char *reason = is_xoauth2 ? "{\"status\":\"401\",\"schemes\":"
	                                  "\"bearer mac\",\"scope\":"
	                                  "\"https://mail.google.com/\"}"
	                                : "{\"status\":\"invalid_token\","
	                                  "\"scope\":\"mail\"}";
	char *text = NULL;
	size_t n;
	bool goes_on;

	if (gsasl_base64_to(reason, strlen(reason), &text, &n) != GSASL_OK)
		return false;
	goes_on = acknowledge(s, text);
	gsasl_free(text);
	if (goes_on && strcmp(s->conn->line, is_xoauth2 ? "" : "AQ==") != 0)
		blame(s, "wrong acknowledgement");
	return goes_on;
}

static void accept_login(struct session *s, const char *mechanism,
                         const struct said *said)
{
	record_note(&s->host->record, 'A', s->number, "ok %s %s", mechanism,
	            said->user);
	record_count(&s->host->record, COUNT_LOGINS, 1);
	snprintf(s->login, sizeof(s->login), "%s", said->user);
	snprintf(s->mechanism, sizeof(s->mechanism), "%s", mechanism);
	answer(s, 235, "2.7.0", "accepted");
}

static void refuse(struct session *s, const char *fate, const char *token)
{
	if (strcmp(fate, "soon") == 0)
		answer(s, 501, "5.5.127",
		       "Invalid XOAUTH2 auth data - Token will expire soon");
	else if (strcmp(fate, "tenant") == 0)
		answer(s, 535, "5.7.139",
		       "Authentication unsuccessful, SmtpClientAuthentication "
		       "is disabled for the Tenant.");
	else if (strcmp(fate, "later") == 0)
		answer(s, 454, "4.7.0", "Temporary authentication failure");
	else if (strcmp(fate, "quoted") == 0)
		answer(s, 535, "5.7.8", "token %.300s is not good", token);
	else
		answer(s, 535, "5.7.3", "Authentication unsuccessful");
	if (strcmp(fate, "hangup") == 0)
		end_session(s, PART_DROP);
}

static void judge(struct session *s, const char *mechanism,
                  const struct said *said,
                  bool (*acknowledge)(struct session *s, const char *challenge))
{
	char fate[32];

	find_fate(&s->host->options, said->token, fate, sizeof(fate));
	if (strcmp(said->user, s->host->options.user) != 0)
		snprintf(fate, sizeof(fate), "refused");
	if (strcmp(fate, "good") == 0) {
		accept_login(s, mechanism, said);
		return;
	}
	record_note(&s->host->record, 'A', s->number, "failed %s %s %s",
	            mechanism, said->user, fate);
	record_count(&s->host->record, COUNT_LOGIN_FAILURES, 1);
	if (strcmp(fate, "refused") != 0 ||
	    give_reason(s, mechanism, acknowledge))
		refuse(s, fate, said->token);
}

void token_login(struct session *s, const char *mechanism, const char *said,
                 bool (*acknowledge)(struct session *s, const char *challenge))
{
	struct said fields = { 0 };
	char *bytes = NULL, *text;
	size_t n = 0;

	if (gsasl_base64_from(said, strlen(said), &bytes, &n) != GSASL_OK) {
		blame(s, "AUTH is not base64");
		answer(s, 501, "5.5.2", "cannot decode that");
		return;
	}
	text = must_alloc(n + 1);
	memcpy(text, bytes, n);
	text[n] = '\0';
	if (strlen(text) == n && read_said(mechanism, text, &fields)) {
		judge(s, mechanism, &fields, acknowledge);
	} else {
		blame(s, "AUTH syntax");
		answer(s, 501, "5.5.2", "cannot understand that");
	}
	free(text);
	gsasl_free(bytes);
}
