/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/verbs.h"

#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "smtp/parameters.h"

/* What a command line holds behind its verb. */
struct words {
	const char *text;
	bool is_last; /* nothing else has come yet */
};

static void say_ok(struct server *s, const char *enhanced)
{
	server_say(s, 250, enhanced, "Ok");
}

/* --- greetings and small talk -------------------------------------------- */

/* Who sends on before he has seen the reply does not speak to us. */
static bool talks_ahead(struct server *s, const struct words *w)
{
	if (!s->settings->is_strict || w->is_last)
		return false;
	server_close(s, "you talk ahead of the reply; goodbye");
	return true;
}

static void greet(struct server *s, bool is_esmtp)
{
	server_drop(s);
	s->state = SERVER_READY;
	s->is_esmtp = is_esmtp;
}

static void on_helo(struct server *s, const struct words *w)
{
	if (talks_ahead(s, w))
		return;
	greet(s, false);
	server_say(s, 250, "", "%s", s->settings->host);
}

static void on_ehlo(struct server *s, const struct words *w)
{
	if (talks_ahead(s, w))
		return;
	greet(s, true);
	sbuf_addf(&s->out, "250-%s\r\n250-PIPELINING\r\n", s->settings->host);
	if (s->settings->size_limit > 0)
		sbuf_addf(&s->out, "250-SIZE %" PRIu64 "\r\n",
		          s->settings->size_limit);
	else
		sbuf_addstr(&s->out, "250-SIZE\r\n");
	sbuf_addstr(&s->out, "250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
	                     "250 ENHANCEDSTATUSCODES\r\n");
}

static void on_rset(struct server *s, const struct words *w)
{
	(void)w;
	server_drop(s);
	say_ok(s, "2.0.0");
}

static void on_noop(struct server *s, const struct words *w)
{
	(void)w;
	say_ok(s, "2.0.0");
}

static void on_vrfy(struct server *s, const struct words *w)
{
	(void)w;
	server_say(s, 252, "2.0.0", "nobody is looked up here; mail is tried");
}

static void on_help(struct server *s, const struct words *w)
{
	(void)w;
	server_say(s, 214, "2.0.0",
	           "EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT; "
	           "see sendmail(8)");
}

static void on_unsupported(struct server *s, const struct words *w)
{
	(void)w;
	server_say(s, 502, "5.5.1", "not offered here");
}

static void on_quit(struct server *s, const struct words *w)
{
	(void)w;
	server_say(s, 221, "2.0.0", "goodbye");
	server_finish(s);
}

/* --- MAIL and RCPT ------------------------------------------------------- */

/* "FROM:" or "TO:", the path, and what follows it; NULL: refused. */
static const char *take_path(struct server *s, const struct words *w,
                             const char *prefix, struct sbuf *address)
{
	const char *rest = NULL;

	if (ascii_begins(w->text, prefix))
		rest = path_take(w->text + strlen(prefix), address);
	if (rest == NULL)
		server_say(s, 501, "5.5.2",
		           "after the command comes %s<address>", prefix);
	return rest;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static bool may_be_address(struct server *s, const char *address)
{
	if (s->smtputf8 || is_ascii(address))
		return true;
	server_say(s, 553, "5.6.7",
	           "an address that is not ASCII needs SMTPUTF8");
	return false;
}

static bool may_have(struct server *s, enum parameters_of of, const char *text,
                     struct parameters *to)
{
	struct path_parameter bad;
	int shown;

	switch (parameters_take(to, of, text, &bad)) {
	case PARAMETERS_OK: return true;
	case PARAMETERS_UNKNOWN:
		shown = bad.name_len < 60 ? (int)bad.name_len : 60;
		server_say(s, 555, "5.5.4", "parameter \"%.*s\" is not known",
		           shown, bad.name);
		return false;
	case PARAMETERS_WRONG: break;
	}
	server_say(s, 501, "5.5.4", "%.*s has a wrong value, or is there twice",
	           (int)bad.name_len, bad.name);
	return false;
}

static bool may_be_so_large(struct server *s, uint64_t size)
{
	const uint64_t limit = s->settings->size_limit;

	if (limit == 0 || size <= limit)
		return true;
	server_say(s, 552, "5.3.4",
	           "the message is larger than %" PRIu64 " bytes", limit);
	return false;
}

static void begin(struct server *s, const char *sender,
                  const struct parameters *given)
{
	const struct server_mail mail = { .sender = sender,
		                          .body = given->body,
		                          .ret = given->ret,
		                          .envid = given->envid,
		                          .smtputf8 = given->smtputf8 };
	struct fault f = { 0 };

	s->state = SERVER_MAIL;
	s->recipients = 0;
	if (s->queue->mail(s->arg, &mail, &f) == 0) {
		say_ok(s, "2.1.0");
		return;
	}
	server_drop(s);
	server_refuse(s, &f);
}

static void on_mail(struct server *s, const struct words *w)
{
	struct parameters given = { 0 };
	struct sbuf sender;
	const char *rest;

	sbuf_init(&sender, SERVER_LINE_LIMIT);
	rest = take_path(s, w, "FROM:", &sender);
	if (rest != NULL && may_have(s, PARAMETERS_MAIL, rest, &given)) {
		s->smtputf8 = given.smtputf8;
		if (may_be_address(s, sender.data) &&
		    may_be_so_large(s, given.size))
			begin(s, sender.data, &given);
	}
	sbuf_release(&sender);
}

static void add_recipient(struct server *s, const char *address,
                          const struct parameters *given)
{
	const struct server_recipient rcpt = { .address = address,
		                               .orcpt = given->orcpt,
		                               .notify = given->notify };
	struct fault f = { 0 };

	if (s->recipients >= s->settings->recipient_limit) {
		server_say(
			s, 452, "4.5.3",
			"too many recipients: send it to the others in another "
			"message");
		return;
	}
	if (s->queue->rcpt(s->arg, &rcpt, &f) != 0) {
		server_refuse(s, &f);
		return;
	}
	s->recipients++;
	s->state = SERVER_RCPT;
	say_ok(s, "2.1.5");
}

static void on_rcpt(struct server *s, const struct words *w)
{
	struct parameters given = { 0 };
	struct sbuf address;
	const char *rest;

	sbuf_init(&address, SERVER_LINE_LIMIT);
	rest = take_path(s, w, "TO:", &address);
	if (rest != NULL && may_have(s, PARAMETERS_RCPT, rest, &given) &&
	    may_be_address(s, address.data))
		add_recipient(s, address.data, &given);
	sbuf_release(&address);
}

/* --- the message ---------------------------------------------------------- */

static void on_data(struct server *s, const struct words *w)
{
	struct fault f = { 0 };

	if (w->text[0] != '\0') {
		server_say(s, 501, "5.5.4", "DATA stands alone");
		return;
	}
	if (talks_ahead(s, w))
		return;
	if (s->queue->open(s->arg, &f) != 0) {
		server_drop(s);
		server_refuse(s, &f);
		return;
	}
	server_begin_content(s);
	server_say(s, 354, "", "end the message with a dot alone on a line");
}

/* --- the table ------------------------------------------------------------ */

#define IN(state) (1U << SERVER_##state)
#define ANY (IN(START) | IN(READY) | IN(MAIL) | IN(RCPT))

/* The whole protocol on one page: where a command may stand, and what is said
 * where it may not. */
/* clang-format off */
static const struct {
	const char *verb;
	unsigned    states;
	void      (*on)(struct server *s, const struct words *w);
	const char *elsewhere;
} commands[] = {
	{ "HELO",     ANY,                 on_helo,        NULL },
	{ "EHLO",     ANY,                 on_ehlo,        NULL },
	{ "MAIL",     IN(READY),           on_mail,        "a message has begun; RSET drops it" },
	{ "RCPT",     IN(MAIL) | IN(RCPT), on_rcpt,        "say MAIL first" },
	{ "DATA",     IN(RCPT),            on_data,        "there is no recipient; say MAIL and RCPT first" },
	{ "RSET",     ANY,                 on_rset,        NULL },
	{ "NOOP",     ANY,                 on_noop,        NULL },
	{ "QUIT",     ANY,                 on_quit,        NULL },
	{ "VRFY",     ANY,                 on_vrfy,        NULL },
	{ "HELP",     ANY,                 on_help,        NULL },
	{ "EXPN",     ANY,                 on_unsupported, NULL },
	{ "VERB",     ANY,                 on_unsupported, NULL },
	{ "ONEX",     ANY,                 on_unsupported, NULL },
	{ "ETRN",     ANY,                 on_unsupported, NULL },
	{ "BDAT",     ANY,                 on_unsupported, NULL },
	{ "AUTH",     ANY,                 on_unsupported, NULL },
	{ "STARTTLS", ANY,                 on_unsupported, NULL },
};
/* clang-format on */

/* A browser that was sent here speaks HTTP: a method, a field of a header. */
static bool is_http(const char *line, size_t verb_len)
{
	static const char *const methods[] = { "GET",     "HEAD",  "POST",
		                               "PUT",     "PATCH", "DELETE",
		                               "OPTIONS", "TRACE", "CONNECT" };

	if (memchr(line, ':', verb_len) != NULL)
		return true;
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (strlen(methods[i]) == verb_len &&
		    ascii_is_same(methods[i], line, verb_len))
			return true;
	return false;
}

void verbs_dispatch(struct server *s, const char *line, bool is_last)
{
	size_t verb_len = strcspn(line, " \t"), i = 0;
	struct words words = { .text = line + verb_len, .is_last = is_last };

	while (ascii_is_blank(*words.text))
		words.text++;
	while (i < COUNT_OF(commands) &&
	       (strlen(commands[i].verb) != verb_len ||
	        !ascii_is_same(commands[i].verb, line, verb_len)))
		i++;
	if (i < COUNT_OF(commands) && (commands[i].states & 1U << s->state))
		commands[i].on(s, &words);
	else if (i < COUNT_OF(commands))
		server_say(s, 503, "5.5.1", "%s",
		           s->state == SERVER_START ? "say EHLO first"
		                                    : commands[i].elsewhere);
	else if (s->settings->is_strict && is_http(line, verb_len))
		server_close(s, "this is no web server");
	else
		server_say(s, 500, "5.5.2", "the command is not known");
}
