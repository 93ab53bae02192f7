/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail - see mail.h */

#include "mail.h"

#include "answer.h"
#include "parameter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void mail_reset(struct session *s)
{
	struct mail *m = &s->mail;

	message_drop(&m->message);
	if (m->envelope != NULL)
		fclose(m->envelope);
	free(m->text);
	free(m->sender);
	*m = (struct mail){ 0 };
}

static void object(struct session *s, int code, const char *enhanced,
                   const char *text)
{
	blame(s, text);
	answer(s, code, enhanced, "%s", text);
}

/* May this client send at all?  False: it was told why not. */
static bool may_send(struct session *s)
{
	if (!s->greeted)
		object(s, 503, "5.5.1", "EHLO first");
	else if (s->host->gsasl != NULL && s->login[0] == '\0')
		object(s, 530, "5.7.0", "log in first");
	else if (s->mail.open)
		object(s, 503, "5.5.1", "MAIL twice");
	else
		return true;
	return false;
}

/* A whole reply in one text. */
static void answer_line(struct session *s, const char *text)
{
	struct bytes reply = text_bytes(text, true);

	answer_bytes(s, reply.data, reply.len);
	free(reply.data);
}

/* Does the provider that we play take the address?  False: it was refused. */
static bool suits(struct session *s, const char *address)
{
	const struct options *o = &s->host->options;
	const char *reply = o->persona != NULL
	                            ? persona_address(o->persona, address)
	                            : NULL;

	if (reply != NULL)
		answer_line(s, reply);
	return reply == NULL;
}

void mail_from(struct session *s, const char *args)
{
	const struct options *o = &s->host->options;
	struct mail *m = &s->mail;
	struct parameters p;
	struct objection no;
	struct path path;

	if (!may_send(s))
		return;
	if (!path_parse(&path, "FROM:", args)) {
		object(s, 501, "5.5.2", "MAIL syntax");
		return;
	}
	no = parameters_mail(&p, path.parameters, o->extensions,
	                     s->host->gsasl != NULL);
	if (no.code != 0) {
		object(s, no.code, no.enhanced, no.text);
		return;
	}
	if (!path.ascii && !p.utf8) {
		object(s, 553, "5.6.7", "8-bit address without SMTPUTF8");
		return;
	}
	if (o->size > 0 && p.size > o->size) {
		answer(s, 552, "5.3.4", "too big");
		return;
	}
	if (!suits(s, path.address))
		return;
	m->envelope = open_memstream(&m->text, &m->text_len);
	if (m->envelope == NULL) {
		answer(s, 452, "4.3.0", "out of memory");
		return;
	}
	m->open = true;
	m->sender = must_copy(path.address);
	m->utf8 = p.utf8;
	m->eight = p.eight;
	fprintf(m->envelope, "from <%s>%s\n", path.address, path.parameters);
	answer(s, 250, "2.1.0", "sender ok");
}

static const struct refusal *find_refusal(const struct options *o,
                                          const char *address)
{
	for (size_t i = 0; i < o->refusal_count; i++)
		if (fnmatch(o->refusals[i].glob, address, FNM_CASEFOLD) == 0)
			return &o->refusals[i];
	return NULL;
}

/* False: the recipient was refused. */
static bool check_rcpt(struct session *s, struct path *path, const char *args)
{
	const struct options *o = &s->host->options;
	struct objection no;

	if (!s->mail.open || s->mail.bdat) {
		object(s, 503, "5.5.1", "RCPT out of place");
		return false;
	}
	if (!path_parse(path, "TO:", args) || path->address[0] == '\0') {
		object(s, 501, "5.5.2", "RCPT syntax");
		return false;
	}
	no = parameters_rcpt(path->parameters, o->extensions);
	if (no.code != 0) {
		object(s, no.code, no.enhanced, no.text);
		return false;
	}
	if (!path->ascii && !s->mail.utf8) {
		object(s, 553, "5.6.7", "8-bit address without SMTPUTF8");
		return false;
	}
	if (o->max_recipients > 0 && s->mail.accepted >= o->max_recipients) {
		answer(s, 452, "4.5.3", "too many recipients");
		return false;
	}
	return true;
}

void mail_rcpt(struct session *s, const char *args)
{
	const struct refusal *refusal;
	struct path path;

	if (!check_rcpt(s, &path, args))
		return;
	refusal = find_refusal(&s->host->options, path.address);
	if (!suits(s, path.address))
		return;
	if (refusal != NULL) {
		answer_line(s, refusal->text);
		return;
	}
	if (s->mail.accepted++ == 0)
		s->mail.number = strtoul(path.address, NULL, 10);
	fprintf(s->mail.envelope, "to <%s>%s\n", path.address, path.parameters);
	answer(s, 250, "2.1.5", "recipient ok");
}

/* The content is about to come.  False: a fault took its place; unless the
 * session is over the content must still be read, to be thrown away. */
static bool begin_content(struct session *s)
{
	struct mail *m = &s->mail;

	if (m->content.to == NULL) {
		if (struck(s, STEP_CONTENT))
			return false;
		message_begin(&m->message, &s->host->store);
		m->content.to = &m->message;
		m->content.limit = s->host->options.size;
	}
	return true;
}

static void blame_flaws(struct session *s)
{
	struct content *content = &s->mail.content;
	unsigned flaws;

	content_end(content);
	flaws = content->flaws;
	if (s->mail.eight || s->mail.utf8)
		flaws &= ~(unsigned)FLAW_8BIT;
	for (; flaws != 0; flaws &= flaws - 1)
		blame(s, flaw_name(flaws));
}

static unsigned long store(struct session *s)
{
	struct mail *m = &s->mail;
	const char *tls = s->tls_version[0] != '\0' ? s->tls_version : "-";

	if (s->login[0] != '\0')
		fprintf(m->envelope, "login %s %s\n", s->login, s->mechanism);
	else
		fputs("login -\n", m->envelope);
	fprintf(m->envelope, "tls %s\nhow %s\nconnection %lu\n", tls,
	        m->bdat ? "BDAT" : "DATA", s->number);
	if (fflush(m->envelope) != 0)
		return 0;
	return message_commit(&m->message, m->text, m->text_len);
}

/* What the provider that we play thinks of it.  False: it was refused. */
static bool may_pass(struct session *s)
{
	const struct options *o = &s->host->options;
	const struct mail *m = &s->mail;
	char reply[1024];

	if (o->persona == NULL ||
	    persona_judge(o->persona, m->message.head, m->message.head_len,
	                  m->sender, s->login, o->verified, reply,
	                  sizeof(reply)))
		return true;
	answer_line(s, reply);
	return false;
}

/* All the content is here: keep it and say so. */
static void accept_message(struct session *s)
{
	struct record *r = &s->host->record;
	struct mail *m = &s->mail;
	unsigned long number, limit = s->host->options.size;

	blame_flaws(s);
	if (struck(s, STEP_FINAL))
		return;
	if (limit > 0 && m->content.octets > limit) {
		answer(s, 552, "5.3.4", "too big");
		return;
	}
	if (!may_pass(s))
		return;
	number = store(s);
	if (number == 0) {
		answer(s, 452, "4.3.1", "cannot store it");
		return;
	}
	record_message(r, m->number);
	record_count(r, COUNT_RECIPIENTS, m->accepted);
	record_count(r, COUNT_BYTES, m->content.octets);
	record_note(r, 'M', s->number, "%lu octets %lu", number,
	            m->content.octets);
	answer(s, 250, "2.0.0", "stored as %lu", number);
}

static void cut_short(struct session *s)
{
	record_note(&s->host->record, 'O', s->number,
	            "content cut short after %lu octets",
	            s->mail.content.octets);
}

void mail_data(struct session *s, const char *args)
{
	struct mail *m = &s->mail;
	const char *bytes;
	bool wanted;

	if (*args != '\0') {
		object(s, 501, "5.5.4", "DATA with arguments");
		return;
	}
	if (!m->open || m->bdat) {
		object(s, 503, "5.5.1", "DATA out of place");
		return;
	}
	if (m->accepted == 0) {
		answer(s, 554, "5.5.1", "no valid recipients");
		return;
	}
	answer(s, 354, NULL, "go on");
	if (s->over || conn_peek(s->conn, &bytes) == 0)
		return;
	wanted = begin_content(s);
	if (s->over)
		return;
	if (content_read_dot(&m->content, s->conn) < 0) {
		cut_short(s);
		return;
	}
	if (wanted)
		accept_message(s);
	mail_reset(s);
}

/* "N" or "N LAST" */
static bool parse_bdat(const char *args, unsigned long *octets, bool *last)
{
	char number[24];
	size_t n = strcspn(args, " ");

	if (n == 0 || n >= sizeof(number))
		return false;
	memcpy(number, args, n);
	number[n] = '\0';
	*last = strcasecmp(args + n, " LAST") == 0;
	return text_number(number, 1UL << 40, octets) &&
	       (*last || args[n] == '\0');
}

/* The octets come whether we like them or not. */
static bool swallow(struct session *s, unsigned long octets)
{
	struct content waste = { 0 };

	return content_read_chunk(&waste, s->conn, octets) == 0;
}

static void accept_chunk(struct session *s, unsigned long octets)
{
	unsigned long limit = s->host->options.size;

	if (struck(s, STEP_DATA)) {
		mail_reset(s);
	} else if (limit > 0 && s->mail.content.octets > limit) {
		answer(s, 552, "5.3.4", "too big");
		mail_reset(s);
	} else {
		answer(s, 250, "2.0.0", "%lu octets received", octets);
	}
}

void mail_bdat(struct session *s, const char *args)
{
	struct mail *m = &s->mail;
	unsigned long octets = 0;
	const char *bytes;
	bool last = false;

	s->step = STEP_DATA;
	if ((s->host->options.extensions & EXT_CHUNKING) == 0) {
		object(s, 502, "5.5.1", "BDAT not offered");
	} else if (!parse_bdat(args, &octets, &last)) {
		object(s, 501, "5.5.4", "BDAT syntax");
		end_session(s, PART_FRIENDS); /* where would it go on? */
	} else if (!m->open) {
		if (swallow(s, octets))
			answer(s, 503, "5.5.1", "BDAT out of place");
	} else if (m->accepted == 0) {
		if (swallow(s, octets))
			answer(s, 554, "5.5.1", "no valid recipients");
	} else {
		m->bdat = true;
		if (octets > 0 && conn_peek(s->conn, &bytes) == 0)
			return;
		if (!begin_content(s)) {
			if (!s->over)
				(void)swallow(s, octets);
			mail_reset(s);
			return;
		}
		if (content_read_chunk(&m->content, s->conn, octets) < 0) {
			cut_short(s);
			return;
		}
		if (!last) {
			accept_chunk(s, octets);
			return;
		}
		accept_message(s);
		mail_reset(s);
	}
}
