/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server - the dialogue with one client
 *
 * Reads a line, finds the command in the table, announces its step to
 * struck() and, if nothing struck, lets it act.
 */

#include "answer.h"
#include "login.h"
#include "mail.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* False: the session is over. */
static bool start_tls(struct session *s)
{
	struct smarthost *host = s->host;
	char why[256];

	if (struck(s, STEP_HANDSHAKE))
		return false;
	if (tls_start(host->tls, s->conn, why, sizeof(why)) < 0) {
		record_note(&host->record, 'T', s->number, "failed: %s", why);
		end_session(s, PART_DROP);
		return false;
	}
	if (s->fault != NULL && s->fault->action == DO_LOST) {
		end_session(s, PART_DROP);
		return false;
	}
	if (s->fault != NULL) /* slow, for the handshake only */
		s->conn->trickle = 0;
	s->fault = NULL;
	snprintf(s->tls_version, sizeof(s->tls_version), "%.15s", why);
	if (!tls_client_name(s->conn, s->client_name, sizeof(s->client_name)))
		s->client_name[0] = '\0';
	record_count(&host->record, COUNT_TLS, 1);
	record_note(&host->record, 'T', s->number, "%s%s%s", s->tls_version,
	            s->client_name[0] != '\0' ? " client " : "",
	            s->client_name);
	return true;
}

/* The lines of the reply to EHLO, one after the other. */
struct offer {
	char text[2048];
	size_t len;
	size_t last; /* where the last line starts */
};

static void offer_line(struct offer *o, const char *name, const char *value)
{
	o->last = o->len;
	o->len += (size_t)snprintf(o->text + o->len, sizeof(o->text) - o->len,
	                           "250-%s%s\r\n", name, value);
}

static void ehlo(struct session *s, const char *args)
{
	const struct options *o = &s->host->options;
	struct offer offer = { .len = 0 };
	char value[512];

	if (*args == '\0' || strchr(args, ' ') != NULL) {
		blame(s, "EHLO syntax");
		answer(s, 501, "5.5.4", "EHLO wants one name");
		return;
	}
	mail_reset(s);
	s->greeted = true;
	offer_line(&offer, "smarthost.test", "");
	if ((o->extensions & EXT_PIPELINING) != 0)
		offer_line(&offer, "PIPELINING", "");
	snprintf(value, sizeof(value), " %lu", o->size);
	if ((o->extensions & EXT_SIZE) != 0)
		offer_line(&offer, "SIZE", value);
	if ((o->extensions & EXT_8BITMIME) != 0)
		offer_line(&offer, "8BITMIME", "");
	if ((o->extensions & EXT_SMTPUTF8) != 0)
		offer_line(&offer, "SMTPUTF8", "");
	if ((o->extensions & EXT_CHUNKING) != 0)
		offer_line(&offer, "CHUNKING", "");
	if ((o->extensions & EXT_DSN) != 0)
		offer_line(&offer, "DSN", "");
	if ((o->extensions & EXT_ENHANCED) != 0)
		offer_line(&offer, "ENHANCEDSTATUSCODES", "");
	if (s->host->tls != NULL && !o->no_starttls &&
	    s->tls_version[0] == '\0')
		offer_line(&offer, "STARTTLS", "");
	login_offer(s, value, sizeof(value));
	if (value[0] != '\0')
		offer_line(&offer, "AUTH", value);
	offer.text[offer.last + 3] = ' ';
	answer_bytes(s, offer.text, offer.len);
}

static void helo(struct session *s, const char *args)
{
	if (*args == '\0') {
		blame(s, "HELO syntax");
		answer(s, 501, "5.5.4", "HELO wants a name");
		return;
	}
	mail_reset(s);
	s->greeted = true;
	answer_bytes(s, "250 smarthost.test\r\n", 20);
}

static void starttls(struct session *s, const char *args)
{
	const struct options *o = &s->host->options;

	if (s->host->tls == NULL || o->no_starttls) {
		blame(s, "STARTTLS not offered");
		answer(s, 502, "5.5.1", "no TLS here");
	} else if (*args != '\0' || s->tls_version[0] != '\0') {
		blame(s, "STARTTLS out of place");
		answer(s, 503, "5.5.1", "not now");
	} else {
		answer(s, 220, "2.0.0", "go ahead");
		conn_flush(s->conn);
		if (s->over)
			return;
		if (conn_waiting(s->conn) > 0) {
			blame(s, "plaintext after STARTTLS");
			conn_skip(s->conn, conn_waiting(s->conn));
		}
		mail_reset(s);
		s->greeted = false;
		s->login[0] = '\0';
		(void)start_tls(s);
	}
}

static void rset(struct session *s, const char *args)
{
	if (*args != '\0')
		blame(s, "RSET with arguments");
	mail_reset(s);
	answer(s, 250, "2.0.0", "forgotten");
}

static void noop(struct session *s, const char *args)
{
	(void)args;
	answer(s, 250, "2.0.0", "ok");
}

static void quit(struct session *s, const char *args)
{
	if (*args != '\0')
		blame(s, "QUIT with arguments");
	end_session(s, PART_FRIENDS);
	answer(s, 221, "2.0.0", "bye");
}

enum { LAST = 1, SELF = 2 };

/* LAST: RFC 2920 lets nothing follow it before its answer.  SELF: announces
 * its own step. */
/* clang-format off */
static const struct command {
	const char *verb;
	enum step   step;
	int         flags;
	void      (*act)(struct session *s, const char *args);
} commands[] = {
	{ "EHLO",     STEP_EHLO,     LAST, ehlo },
	{ "HELO",     STEP_EHLO,     LAST, helo },
	{ "STARTTLS", STEP_STARTTLS, 0,    starttls }, /* sees to it itself */
	{ "AUTH",     STEP_AUTH,     LAST, login_command },
	{ "MAIL",     STEP_MAIL,     0,    mail_from },
	{ "RCPT",     STEP_RCPT,     0,    mail_rcpt },
	{ "DATA",     STEP_DATA,     LAST, mail_data },
	{ "BDAT",     STEP_NONE,     SELF, mail_bdat },
	{ "RSET",     STEP_RSET,     0,    rset },
	{ "NOOP",     STEP_NONE,     LAST, noop },
	{ "QUIT",     STEP_QUIT,     LAST, quit },
};
/* clang-format on */

static const struct command *find_command(const char *line, size_t n)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].verb) == n &&
		    strncasecmp(line, commands[i].verb, n) == 0)
			return &commands[i];
	return NULL;
}

/* The secrets of AUTH stay out of the log. */
static void log_command(struct session *s, const struct command *command)
{
	const char *line = s->conn->line;
	size_t n = s->conn->line_len, shown = 0;
	char text[128];

	if (command != NULL && command->step == STEP_AUTH) {
		shown = strcspn(line, " ");
		if (line[shown] == ' ')
			shown += 1 + strcspn(line + shown + 1, " ");
	}
	if (shown == 0 || shown >= n) {
		record_line(&s->host->record, 'C', s->number, line, n);
		return;
	}
	n = (size_t)snprintf(text, sizeof(text), "%.*s ***",
	                     shown < 100 ? (int)shown : 100, line);
	record_line(&s->host->record, 'C', s->number, text, n);
}

static void check_line(struct session *s, const struct command *command)
{
	bool pipelining = (s->host->options.extensions & EXT_PIPELINING) != 0;

	if (s->conn->line_bare)
		blame(s, "bare LF after a command");
	if (strlen(s->conn->line) != s->conn->line_len)
		blame(s, "NUL in a command");
	if (conn_waiting(s->conn) == 0 || command == NULL)
		return;
	if ((command->flags & LAST) != 0)
		blame(s, "did not wait for the answer");
	else if (!pipelining && command->flags != SELF &&
	         command->step != STEP_STARTTLS)
		blame(s, "PIPELINING not offered");
}

static void serve_command(struct session *s)
{
	const char *line = s->conn->line;
	size_t n = strcspn(line, " ");
	const struct command *command = find_command(line, n);

	log_command(s, command);
	check_line(s, command);
	s->step = STEP_NONE;
	s->fault = NULL;
	if (command == NULL) {
		blame(s, "unknown command");
		answer(s, 500, "5.5.2", "what?");
	} else if (s->refusing && command->step != STEP_QUIT) {
		answer(s, 503, "5.5.1", "no service");
	} else if ((command->flags & SELF) != 0 || !struck(s, command->step)) {
		command->act(s, line[n] == ' ' ? line + n + 1 : line + n);
	}
}

static void serve_end(struct session *s)
{
	if (s->conn->expired)
		blame(s, "deadline");
	else if (s->conn->line_len > 0)
		blame(s, "half a command line");
	end_session(s, PART_FRIENDS);
}

static void serve(struct session *s)
{
	if (struck(s, STEP_CONNECT))
		return;
	if (s->implicit && !start_tls(s))
		return;
	if (!struck(s, STEP_GREETING))
		answer_bytes(s, "220 smarthost.test ESMTP\r\n", 26);
	while (!s->over) {
		switch (conn_read_line(s->conn)) {
		case LINE_OK: serve_command(s); break;
		case LINE_TOO_LONG:
			s->step = STEP_NONE;
			blame(s, "command line too long");
			answer(s, 500, "5.5.6", "line too long");
			break;
		case LINE_END:
		default: serve_end(s); break;
		}
	}
}

void server_run(struct smarthost *host, int fd, unsigned long number,
                bool implicit)
{
	const struct options *o = &host->options;
	struct session *s = must_alloc(sizeof(*s));

	s->host = host;
	s->number = number;
	s->implicit = implicit;
	s->conn = conn_create(fd, o->deadline, o->quickack);
	s->conn->flights = record_counter(&host->record, COUNT_FLIGHTS);
	record_opened(&host->record);
	record_line(&host->record, 'O', number, "open", 4);
	serve(s);
	mail_reset(s);
	record_line(&host->record, 'O', number, "closed", 6);
	record_closed(&host->record);
	conn_free(&s->conn, s->parting);
	free(s);
}
