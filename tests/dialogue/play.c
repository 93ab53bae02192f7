/* SPDX-License-Identifier: GPL-3.0-or-later */
/* play - dialogue files against the session, without a network
 *
 *     play FILE...
 *
 * The server's lines are bytes for session_receive(), whole and then one at a
 * time; what the session does must be the client's lines; what it settles must
 * be the file's outcomes.  tests/dialogue/README has the language.  Prints TAP;
 * a failure is FILE:LINE: expected "..." got "...".  Exits 1 after one.
 *
 * A server here is as fast as can be: what it can say before it must wait for
 * us has arrived before we look.  Over sockets it may come later, see
 * sockets.tap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/sasl.h"
#include "script.h"
#include "smtp/session.h"

#define ACTIONS_MAX 10000 /* of one dialogue: it must come to an end */

/* One way to play it. */
struct mode {
	const char *name;
	bool is_encrypted, needs_tls, is_bytewise;
};

/* What the client did and the server has not looked at. */
struct event {
	enum turn_kind kind; /* EXPECT, MESSAGE, CHUNK, CLOSE, HANDSHAKE */
	char *line;
};

struct player {
	const struct script *script;
	const struct mode *mode;
	struct session session;
	struct sasl *sasl;
	const char *mechanism, *unknown;
	bool has_newer;
	size_t turn;
	struct event events[SESSION_DUE + 8];
	size_t event_count;
	struct sbuf inbox; /* sent by the server, not yet received */
	bool is_closed, is_stalled, is_over, has_failed;
	char why[1024];
};

/* --- failing ------------------------------------------------------------ */

static void fail(struct player *p, unsigned long line, const char *expected,
                 const char *got)
{
	char shown[400];

	if (p->has_failed)
		return;
	text_print(shown, sizeof(shown), got, strlen(got));
	snprintf(p->why, sizeof(p->why),
	         "%s:%lu: expected \"%.300s\" got \"%s\"", p->script->path,
	         line, expected, shown);
	p->has_failed = p->is_over = true;
}

/* --- the server --------------------------------------------------------- */

static const struct turn *next_turn(const struct player *p)
{
	const struct dialogue *d = &p->script->dialogue;

	return p->turn < d->count ? &d->turns[p->turn] : NULL;
}

static unsigned long line_number(const struct player *p)
{
	const struct turn *t = next_turn(p);

	return t != NULL ? t->line : 0;
}

static void drop_event(struct player *p)
{
	free(p->events[0].line);
	p->event_count--;
	memmove(p->events, p->events + 1,
	        p->event_count * sizeof(p->events[0]));
}

/* Is the client's oldest event what this turn wants? */
static void take_event(struct player *p, const struct turn *t)
{
	const struct event *e = &p->events[0];

	if (e->kind != t->kind ||
	    (e->kind == EXPECT && !dialogue_match(t->text, e->line))) {
		fail(p, t->line, t->text, e->line);
		return;
	}
	p->turn++;
	drop_event(p);
}

static void send_bytes(struct player *p, const char *text)
{
	struct bytes b = text_bytes(text, false);

	sbuf_add(&p->inbox, b.data, b.len);
	free(b.data);
}

/* Go on until the server must wait for the client.  False: it does. */
static bool serve_one(struct player *p, const struct turn *t)
{
	switch (t->kind) {
	case SEND: sbuf_addf(&p->inbox, "%s\r\n", t->text); break;
	case SEND_BYTES: send_bytes(p, t->text); break;
	case DROP:
	case RESET: p->is_closed = true; break;
	case STALL: p->is_stalled = true; break;
	case EXPECT:
	case MESSAGE:
	case CHUNK:
	case CLOSE:
	case HANDSHAKE:
		if (p->event_count == 0)
			return false;
		take_event(p, t);
		return true;
	case NO_TLS:
		fail(p, t->line, "something for the pure player", t->text);
		break;
	}
	p->turn++;
	return true;
}

static void serve(struct player *p)
{
	const struct turn *t;

	while (!p->is_closed && !p->is_stalled && !p->has_failed &&
	       (t = next_turn(p)) != NULL)
		if (!serve_one(p, t))
			return;
}

/* --- the client --------------------------------------------------------- */

static void add_event(struct player *p, enum turn_kind kind, const char *line)
{
	struct event *e = &p->events[p->event_count];

	if (p->is_closed || p->is_stalled)
		return; /* nobody listens */
	if (next_turn(p) == NULL) {
		if (kind != CLOSE)
			fail(p, 0, "(the end)", line);
		return;
	}
	if (p->event_count == COUNT_OF(p->events)) {
		fail(p, line_number(p), "fewer commands ahead", line);
		return;
	}
	e->kind = kind;
	e->line = mem_strdup(line);
	p->event_count++;
	serve(p);
}

static void lost(struct player *p, const char *text)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.4.2", "%s", text);
	session_broken(&p->session, VERDICT_SERVER, &f);
}

static void receive(struct player *p)
{
	while (p->inbox.len > 0) {
		size_t n = p->mode->is_bytewise ? 1 : p->inbox.len;
		size_t used = session_receive(&p->session, p->inbox.data, n);

		if (used == 0) {
			fail(p, line_number(p), "(bytes taken)", "(none)");
			return;
		}
		sbuf_drop(&p->inbox, used);
	}
}

static void read_reply(struct player *p)
{
	const struct turn *t = next_turn(p);

	if (p->inbox.len > 0)
		receive(p);
	else if (p->is_closed || (t == NULL && !p->is_stalled))
		lost(p, "the server closed the connection");
	else if (p->is_stalled)
		lost(p, "the server did not answer in time");
	else
		fail(p, line_number(p), t->text, "(waiting for an answer)");
}

static void start_tls(struct player *p)
{
	add_event(p, HANDSHAKE, "(tls)");
	if (!p->has_failed)
		session_encrypted(&p->session);
}

/* Those that are offered, but for one that the server turned out not to know.
 */
static void add_offered(const struct player *p, struct sbuf *offered)
{
	const char *list = session_mechanisms(&p->session);

	for (size_t n; *list != '\0'; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (p->unknown == NULL || strlen(p->unknown) != n ||
		    strncmp(p->unknown, list, n) != 0)
			sbuf_addf(offered, "%s%.*s",
			          offered->len > 0 ? " " : "", (int)n, list);
	}
}

/* The mechanism that is begun; NULL: fault. */
static const char *choose(struct player *p, const char *text, struct fault *f)
{
	const struct script *s = p->script;
	struct secret *password = secret_create(text, strlen(text));
	struct sasl_settings settings = {
		.host = "smarthost.test",
		.port = 587,
		.user = s->user,
		.password = password,
		.allowed = s->mechanisms,
		.is_token = strstr(s->mechanisms, "xoauth2") != NULL ||
		            strstr(s->mechanisms, "oauthbearer") != NULL,
		.encrypted = p->session.is_encrypted,
	};
	const char *mechanism;
	struct sbuf offered;

	sbuf_init(&offered, 1000);
	add_offered(p, &offered);
	mechanism = sasl_choose(&settings, offered.data, f);
	sasl_free(&p->sasl);
	if (mechanism != NULL)
		p->sasl = sasl_create(&settings, mechanism, f);
	sbuf_release(&offered);
	secret_free(&password);
	return p->sasl != NULL ? mechanism : NULL;
}

static void log_in(struct player *p)
{
	const struct script *s = p->script;
	struct sbuf initial;
	struct fault f;
	bool is_first;

	p->mechanism = choose(p, p->has_newer ? s->newer : s->password, &f);
	if (p->mechanism == NULL) {
		session_login_failed(&p->session, &f);
		return;
	}
	if (sasl_token(p->sasl) != NULL)
		session_use_token(&p->session, sasl_token(p->sasl));
	sbuf_init(&initial, GATE_AUTH_LIMIT);
	is_first = sasl_is_client_first(p->sasl);
	if (is_first && sasl_step(p->sasl, "", &initial, &f) != 0)
		session_login_failed(&p->session, &f);
	else
		session_login(&p->session, p->mechanism,
		              is_first ? initial.data : NULL);
	sbuf_release(&initial);
}

/* As flush/login does, once each. */
static void be_refused(struct player *p)
{
	struct session *s = &p->session;
	bool other = session_wants_other_way(s) && p->unknown == NULL;
	bool newer = session_wants_new_token(s) && !p->has_newer &&
	             p->script->newer != NULL;

	if (other)
		p->unknown = p->mechanism;
	p->has_newer |= newer;
	if (other || newer)
		session_login_again(s);
	else
		session_login_failed(s, session_refusal(s));
}

static void answer_challenge(struct player *p)
{
	struct sbuf answer;
	struct fault f;

	sbuf_init(&answer, GATE_AUTH_LIMIT);
	if (sasl_step(p->sasl, session_challenge(&p->session), &answer, &f) ==
	    0)
		session_answer(&p->session, answer.data);
	else
		session_login_failed(&p->session, &f);
	sbuf_release(&answer);
}

static void prove(struct player *p)
{
	struct fault f;

	if (sasl_is_proved(p->sasl)) {
		session_proved(&p->session);
		return;
	}
	fault_set(&f, FAULT_CONFIG, "4.7.0", "the server proved nothing");
	session_broken(&p->session, VERDICT_LOGIN, &f);
}

static bool has_open(const struct session_mail *mail)
{
	for (size_t i = 0; i < mail->count; i++)
		if (mail->recipients[i].outcome.state == OUTCOME_OPEN)
			return true;
	return false;
}

/* Mail that waits, or NULL; *finished are done. */
static struct session_mail *
next_mail(const struct player *p, struct session_mail *mails, size_t *finished)
{
	struct session_mail *next = NULL;

	*finished = 0;
	for (size_t i = p->script->mail_count; i-- > 0;) {
		if (session_has(&p->session, &mails[i]))
			continue;
		if (has_open(&mails[i]))
			next = &mails[i];
		else
			++*finished;
	}
	return next;
}

static void be_idle(struct player *p, struct session_mail *mails)
{
	size_t finished;
	struct session_mail *next = next_mail(p, mails, &finished);

	if (next == NULL)
		session_quit(&p->session);
	else
		session_send(&p->session, next);
}

/* As flush/depth begins: one more ahead for each that is finished. */
static void be_ahead(struct player *p, struct session_mail *mails)
{
	size_t finished;
	struct session_mail *next = next_mail(p, mails, &finished);

	if (next == NULL || p->session.window_count > finished)
		session_wait(&p->session);
	else
		session_send(&p->session, next);
}

static void act(struct player *p, struct session_mail *mails)
{
	struct session *s = &p->session;
	size_t n;

	switch (session_next(s)) {
	case SESSION_WRITE: add_event(p, EXPECT, session_line(s, &n)); break;
	case SESSION_CONTENT:
		add_event(p, MESSAGE, "(message)");
		session_content_sent(s);
		break;
	case SESSION_CHUNK:
		add_event(p, CHUNK, "(chunk)");
		session_content_sent(s);
		break;
	case SESSION_EMPTY:
		add_event(p, EXPECT, ".");
		session_content_sent(s);
		break;
	case SESSION_READ: read_reply(p); break;
	case SESSION_START_TLS: start_tls(p); break;
	case SESSION_LOGIN: log_in(p); break;
	case SESSION_CHALLENGE: answer_challenge(p); break;
	case SESSION_REFUSED: be_refused(p); break;
	case SESSION_PROOF: prove(p); break;
	case SESSION_IDLE: be_idle(p, mails); break;
	case SESSION_AHEAD: be_ahead(p, mails); break;
	case SESSION_DONE:
		p->is_stalled = false;
		add_event(p, CLOSE, "(close)");
		p->is_over = true;
		break;
	}
}

/* --- what came of it ---------------------------------------------------- */

static void describe(const struct outcome *o, char *text, size_t size)
{
	switch (o->state) {
	case OUTCOME_OPEN: snprintf(text, size, "kept"); return;
	case OUTCOME_DELIVERED: snprintf(text, size, "delivered"); return;
	case OUTCOME_DOUBT: snprintf(text, size, "doubt"); return;
	case OUTCOME_REFUSED: break;
	}
	snprintf(text, size, "%s %s",
	         o->kind == FAULT_PERM   ? "never"
	         : o->kind == FAULT_TEMP ? "later"
	                                 : "act",
	         o->code);
}

static struct outcome_line *find_outcome(struct script *s, const char *address)
{
	for (size_t i = 0; i < s->outcome_count; i++)
		if (strcmp(s->outcomes[i].address, address) == 0)
			return &s->outcomes[i];
	return NULL;
}

static void compare(struct player *p, struct script *s, const char *name,
                    const char *got)
{
	struct outcome_line *o = find_outcome(s, name);

	if (o == NULL) {
		fail(p, 0, name, got);
		return;
	}
	o->is_met = true;
	if (strcmp(o->words, got) != 0)
		fail(p, o->line, o->words, got);
}

static void check_outcomes(struct player *p, struct script *s)
{
	enum verdict_scope scope;
	const struct fault *f = session_trouble(&p->session, &scope);

	for (size_t i = 0; i < s->outcome_count; i++)
		s->outcomes[i].is_met = false;
	for (size_t i = 0; i < s->mail_count; i++)
		for (size_t j = 0; j < s->mails[i].count; j++) {
			char got[100];

			describe(&s->recipients[i][j].outcome, got,
			         sizeof(got));
			compare(p, s, s->recipients[i][j].address, got);
		}
	if (f != NULL)
		compare(p, s, "trouble", verdict_scope_name(scope));
	for (size_t i = 0; i < s->outcome_count; i++)
		if (!s->outcomes[i].is_met)
			fail(p, s->outcomes[i].line, s->outcomes[i].address,
			     "(nothing of that name)");
}

static void reset_outcomes(struct script *s)
{
	for (size_t i = 0; i < s->mail_count; i++)
		for (size_t j = 0; j < s->mails[i].count; j++) {
			s->recipients[i][j].is_accepted = false;
			outcome_release(&s->recipients[i][j].outcome);
		}
}

static void play(struct player *p, struct script *s)
{
	const struct session_settings settings = {
		.helo = "laptop.invalid",
		.is_encrypted = p->mode->is_encrypted,
		.needs_tls = p->mode->needs_tls,
		.needs_login = s->user != NULL,
		.overlap = s->overlaps ? OVERLAP_ALWAYS : OVERLAP_KNOWN,
	};

	reset_outcomes(s);
	session_init(&p->session, &settings);
	sbuf_init(&p->inbox, 1 << 24);
	serve(p);
	for (size_t i = 0; i < ACTIONS_MAX && !p->is_over; i++)
		act(p, s->mails);
	if (!p->is_over)
		fail(p, line_number(p), "(an end)", "(none)");
	if (!p->has_failed && next_turn(p) != NULL)
		fail(p, line_number(p), next_turn(p)->text, "(close)");
	if (!p->has_failed)
		check_outcomes(p, s);
	while (p->event_count > 0)
		drop_event(p);
	sasl_free(&p->sasl);
	sbuf_release(&p->inbox);
	session_release(&p->session);
}

/* --- TAP ---------------------------------------------------------------- */

static const struct mode modes[] = {
	{ "none", false, false, false },    { "none", false, false, true },
	{ "starttls", false, true, false }, { "starttls", false, true, true },
	{ "implicit", true, true, false },  { "implicit", true, true, true },
};

static bool is_wanted(const struct script *s, const struct mode *m)
{
	if (s->tls == NULL)
		return strcmp(m->name, "starttls") != 0;
	return strcmp(m->name, s->tls) == 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool play_mode(struct script *s, const struct mode *m, unsigned number)
{
	struct player p = { .script = s, .mode = m };

	play(&p, s);
	if (p.has_failed)
		printf("# %s\n", p.why);
	printf("%sok %u - %s tls %s, %s\n", p.has_failed ? "not " : "", number,
	       base_name(s->path), m->name,
	       m->is_bytewise ? "byte by byte" : "whole");
	return !p.has_failed;
}

static bool play_file(const char *path, unsigned *number)
{
	struct script *s = mem_alloc(sizeof(*s));
	bool good = script_read(s, path) == 0;

	if (!good)
		printf("not ok %u - %s cannot be read\n", ++*number, path);
	for (size_t i = 0; good && i < COUNT_OF(modes); i++)
		if (is_wanted(s, &modes[i]))
			good &= play_mode(s, &modes[i], ++*number);
	script_release(s);
	free(s);
	return good;
}

int main(int argc, char *argv[])
{
	unsigned number = 0;
	bool good = argc > 1;

	for (int i = 1; i < argc; i++)
		good &= play_file(argv[i], &number);
	printf("1..%u\n", number);
	return good ? 0 : 1;
}
