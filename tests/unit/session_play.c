/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session_play.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

const struct session_settings plain = { .helo = "laptop.invalid" };

const struct session_settings needs_login = {
	.helo = "laptop.invalid",
	.is_encrypted = true,
	.needs_tls = true,
	.needs_login = true,
};

struct player {
	struct play *play;
	struct session session;
	const struct turn *turns;
	size_t count, written, answered;
	size_t mail, answer;
	bool is_reading, is_over, is_again;
};

/* What must hold for every line of every dialogue. */
static void check_line(const struct player *p, const char *line, size_t n)
{
	const struct session *s = &p->session;
	bool may_be_clear = strncmp(line, "EHLO ", 5) == 0 ||
	                    strcmp(line, "STARTTLS") == 0 ||
	                    strcmp(line, "QUIT") == 0;

	ck_assert_uint_eq(strlen(line), n);
	ck_assert_ptr_null(strpbrk(line, "\r\n"));
	ck_assert(s->is_encrypted || !s->settings.needs_tls || may_be_clear);
	if (strncmp(line, "AUTH ", 5) == 0) {
		ck_assert(session_line_is_secret(s));
		ck_assert_uint_le(n + 2, 512);
	}
}

static void write_turn(struct player *p, const char *line)
{
	ck_assert_msg(p->written < p->count, "\"%s\" after the last turn",
	              line);
	ck_assert_str_eq(line, p->turns[p->written].line);
	p->written++;
	p->is_reading = false;
	while (p->answered < p->written && p->turns[p->answered].code == SILENT)
		p->answered++;
}

static void lose(struct player *p)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.4.2", "the connection is gone");
	session_broken(&p->session, VERDICT_SERVER, &f);
	p->answered = p->written = p->count;
}

/* The lines of a reply, and what comes with it; all bytes must be taken. */
static void receive_all(struct session *s, const struct turn *t,
                        const char *extra, size_t piece)
{
	const char *text = t->text;
	struct sbuf bytes;
	size_t used;

	sbuf_init(&bytes, 1 << 20);
	for (const char *end; (end = strchr(text, '\n')) != NULL;
	     text = end + 1)
		sbuf_addf(&bytes, "%03d-%.*s\r\n", t->code, (int)(end - text),
		          text);
	sbuf_addf(&bytes, "%03d %s\r\n", t->code, text);
	sbuf_addstr(&bytes, extra);
	for (size_t at = 0; at < bytes.len; at += used) {
		size_t n = bytes.len - at < piece ? bytes.len - at : piece;

		used = session_receive(s, bytes.data + at, n);
		ck_assert_uint_gt(used, 0);
	}
	sbuf_release(&bytes);
}

void receive(struct session *s, int code, const char *text)
{
	const struct turn t = { NULL, code, text };

	receive_all(s, &t, "", SIZE_MAX);
}

static void read_turn(struct player *p)
{
	const struct turn *t = &p->turns[p->answered];
	struct play *play = p->play;
	const char *extra = "";

	ck_assert_msg(p->answered < p->written, "it waits for nothing (%s)",
	              session_step(&p->session));
	ck_assert_uint_gt(session_timeout(&p->session), 0);
	play->flights += p->is_reading ? 0 : 1;
	p->is_reading = true;
	if (t->code == LOST) {
		lose(p);
		return;
	}
	if (play->extra != NULL && play->extra_at == p->answered)
		extra = play->extra;
	p->answered++;
	receive_all(&p->session, t, extra, play->bytewise ? 1 : SIZE_MAX);
	while (p->answered < p->written && p->turns[p->answered].code == SILENT)
		p->answered++;
}

static void answer_challenge(struct player *p)
{
	struct play *play = p->play;
	const char *answer = play->answers[p->answer++];
	size_t at = strlen(play->challenges);
	struct fault f;

	snprintf(play->challenges + at, sizeof(play->challenges) - at, "%s ",
	         session_challenge(&p->session));
	if (answer != NULL) {
		session_answer(&p->session, answer);
		return;
	}
	fault_set(&f, FAULT_CONFIG, "4.7.0", "no answer to that");
	session_login_failed(&p->session, &f);
}

static void log_in(struct player *p)
{
	struct fault f;

	if (p->play->token != NULL) {
		struct secret *token =
			secret_create(p->play->token, strlen(p->play->token));

		session_use_token(&p->session, token);
		secret_free(&token);
	}
	if (p->is_again) {
		session_login(&p->session, p->play->mechanism, p->play->again);
		return;
	}
	if (p->play->mechanism != NULL) {
		session_login(&p->session, p->play->mechanism,
		              p->play->initial);
		return;
	}
	fault_set(&f, FAULT_CONFIG, "4.7.0", "no way to log in");
	session_login_failed(&p->session, &f);
}

static void be_refused(struct player *p)
{
	struct play *play = p->play;
	struct session *s = &p->session;
	const struct fault refusal = *session_refusal(s);
	size_t at = strlen(play->refusals);

	if (at == 0) {
		play->wants_new_token = session_wants_new_token(s);
		play->wants_other_way = session_wants_other_way(s);
	}
	snprintf(play->refusals + at, sizeof(play->refusals) - at, "%s\n",
	         refusal.text);
	if (play->again == NULL || p->is_again) {
		session_login_failed(s, &refusal);
		return;
	}
	p->is_again = true;
	session_login_again(s);
}

static bool has_open(const struct session_mail *mail)
{
	for (size_t i = 0; i < mail->count; i++)
		if (mail->recipients[i].outcome.state == OUTCOME_OPEN)
			return true;
	return false;
}

static void be_idle(struct player *p)
{
	struct play *play = p->play;

	while (p->mail < play->mail_count && !has_open(&play->mails[p->mail]))
		p->mail++;
	if (p->mail == play->mail_count)
		session_quit(&p->session);
	else
		session_send(&p->session, &play->mails[p->mail]);
}

static void act(struct player *p)
{
	struct session *s = &p->session;
	const char *line;
	size_t n;

	switch (session_next(s)) {
	case SESSION_WRITE:
		line = session_line(s, &n);
		check_line(p, line, n);
		write_turn(p, line);
		break;
	case SESSION_CONTENT:
		write_turn(p, "(message)");
		session_content_sent(s);
		break;
	case SESSION_CHUNK:
		write_turn(p, "(chunk)");
		session_content_sent(s);
		break;
	case SESSION_EMPTY:
		write_turn(p, "(empty)");
		session_content_sent(s);
		break;
	case SESSION_READ: read_turn(p); break;
	case SESSION_START_TLS:
		write_turn(p, "(tls)");
		session_encrypted(s);
		break;
	case SESSION_LOGIN: log_in(p); break;
	case SESSION_CHALLENGE: answer_challenge(p); break;
	case SESSION_REFUSED: be_refused(p); break;
	case SESSION_PROOF: session_proved(s); break;
	case SESSION_IDLE: be_idle(p); break;
	case SESSION_AHEAD: session_wait(s); break;
	case SESSION_DONE: p->is_over = true; break;
	}
}

void perform(struct play *play, const struct turn *turns, size_t count)
{
	struct player p = { .play = play, .turns = turns, .count = count };
	const struct fault *f;

	ck_assert_str_eq(turns[0].line, "(greeting)");
	p.written = 1;
	session_init(&p.session, &play->settings);
	for (size_t i = 0; i < 5 * TURNS_MAX && !p.is_over; i++)
		act(&p);
	ck_assert_msg(p.is_over, "no end");
	ck_assert_msg(play->may_end_early ||
	                      (p.written == count && p.answered == count),
	              "over after %zu of %zu turns", p.answered, count);
	f = session_trouble(&p.session, &play->scope);
	play->has_trouble = f != NULL;
	if (f != NULL)
		play->trouble = *f;
	session_release(&p.session);
}

/* --- a message to two, over servers of four kinds ----------------------- */

void pair_init(struct pair *pair)
{
	*pair = (struct pair){
		.to = { { .address = "gone@example.org" },
		        { .address = "here@example.org" } },
		.mail = { .sender = "me@example.org", .count = 2, .size = 500 },
	};
	pair->mail.recipients = pair->to;
}

void pair_release(struct pair *pair)
{
	for (size_t i = 0; i < COUNT_OF(pair->to); i++)
		outcome_release(&pair->to[i].outcome);
}

struct play pair_play(struct pair *pair)
{
	pair_init(pair);
	return (struct play){ .settings = plain,
		              .mails = &pair->mail,
		              .mail_count = 1 };
}

void play_pair(struct play *p, struct pair *pair, const struct turn *turns,
               size_t count)
{
	*p = pair_play(pair);
	perform(p, turns, count);
}

const struct kind kinds[KINDS] = {
	{ "mx", false, false, 8 },                     /* each line waits */
	{ "mx\nPIPELINING", false, true, 5 },          /* MAIL RCPT RCPT DATA */
	{ "mx\nCHUNKING", true, false, 7 },            /* BDAT and chunk */
	{ "mx\nPIPELINING\nCHUNKING", true, true, 4 }, /* all of it */
};

void pair_turns(struct turn turns[PAIR_TURNS], size_t k)
{
	const struct turn all[PAIR_TURNS] = {
		[GREETING] = { "(greeting)", 220, "mx ready" },
		[EHLO] = { "EHLO laptop.invalid", 250, kinds[k].offers },
		[MAIL] = { "MAIL FROM:<me@example.org>", 250, "ok" },
		[GONE] = { "RCPT TO:<gone@example.org>", 250, "ok" },
		[HERE] = { "RCPT TO:<here@example.org>", 250, "ok" },
		[DATA] = { kinds[k].has_chunks ? "BDAT 500 LAST" : "DATA",
		           kinds[k].has_chunks ? SILENT : 354, "go" },
		[MESSAGE] = { kinds[k].has_chunks ? "(chunk)" : "(message)",
		              250, "2.6.0 queued as 7" },
		[QUIT] = { "QUIT", 221, "bye" },
	};

	memcpy(turns, all, sizeof(all));
}

struct play login_play(struct pair *pair, const char *mechanism,
                       const char *initial)
{
	pair_init(pair);
	return (struct play){ .settings = needs_login,
		              .mails = &pair->mail,
		              .mail_count = 1,
		              .mechanism = mechanism,
		              .initial = initial };
}
