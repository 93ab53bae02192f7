/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_session - any server, any settings, four messages
 *
 * The first four bytes say what we want and how the bytes come:
 *
 *   - settings: TLS needed, implicit, login, 8-bit content, UTF-8 address,
 *     large, content cut short, many recipients (the enum below);
 *   - recipients of the first message; high bits: addresses that are bad, and
 *     messages go ahead of answers whenever they may;
 *   - length of the pieces;
 *   - login: mechanism, length of the initial response, proof;
 *
 * the rest is what the server sends; when it is used up the connection is lost.
 * However it goes:
 *   - it ends;
 *   - no line holds CR, LF or NUL, and before needed TLS there is nothing but
 *     EHLO, STARTTLS and QUIT; no secret without its mark;
 *   - what is settled stays as it is, and who is delivered was accepted by a
 *     2yz after the content was sent;
 *   - who is in doubt had the content sent;
 *   - each transaction settles at least one whom it asked, so all that is open
 *     at the end was not asked, or came after one whom the server took;
 *   - messages are finished in the order in which they went, and one that is
 *     not under way is not changed any more;
 *   - the account's trouble returns no mail;
 *   - a login that is refused once and begun again ends, too, and nothing that
 *     the server says of it has the token in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/session.h"

#define MAILS 4
#define CROWD 130
#define ACTIONS_MAX 100000
#define TOKEN "token-of-mine"

enum {
	TLS_NEEDED = 1,
	IMPLICIT = 2,
	LOGIN = 4,
	EIGHTBIT = 8,
	UTF8 = 16,
	LARGE = 32,
	CUT = 64,
	MANY = 128,
};
#define AHEAD 32 /* of the second byte */

struct world {
	const char *bytes; /* of the server */
	size_t n, at, piece;
	uint8_t wish, login;
	struct session session;
	struct session_mail mails[MAILS];
	struct session_recipient recipients[MAILS][CROWD];
	struct outcome before[MAILS][CROWD]; /* settled ones, as they were */
	size_t open[MAILS]; /* recipients at its last transaction; 0: none is
	                       to be compared */
	bool is_begun[MAILS], was_sent[MAILS]; /* its content, in that */
	size_t went[MAILS], went_count;        /* under way, in order */
	bool goes_ahead;
	unsigned challenges, refusals;
	bool is_over;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_session: not true: %s\n", what);
	abort();
}

/* --- what must hold ----------------------------------------------------- */

static void check_line(const struct world *w)
{
	const struct session *s = &w->session;
	size_t n;
	const char *line = session_line(s, &n);
	bool may_be_clear = strncmp(line, "EHLO ", 5) == 0 ||
	                    strcmp(line, "STARTTLS") == 0 ||
	                    strcmp(line, "QUIT") == 0;
	bool is_secret =
		strncmp(line, "AUTH ", 5) == 0 || strncmp(line, "c2Vj", 4) == 0;

	must(strlen(line) == n, "no NUL in a line");
	must(strpbrk(line, "\r\n") == NULL, "no line break in a line");
	must(s->is_encrypted || (w->wish & TLS_NEEDED) == 0 || may_be_clear,
	     "nothing in clear");
	must(!is_secret || session_line_is_secret(s), "secrets are marked");
	must(strncmp(line, "AUTH ", 5) != 0 || n + 2 <= 512, "length of AUTH");
}

static void check_settled(const struct world *w, size_t i,
                          const struct outcome *o)
{
	must(o->state != OUTCOME_DELIVERED ||
	             (w->was_sent[i] && o->kind == FAULT_NONE),
	     "delivered only what was sent");
	must(o->state != OUTCOME_DOUBT || w->was_sent[i],
	     "in doubt only what was sent");
	must(o->state != OUTCOME_REFUSED || o->kind != FAULT_NONE,
	     "a refusal has a reason");
	must(o->state != OUTCOME_REFUSED || !verdict_is_account(o->scope) ||
	             o->kind != FAULT_PERM,
	     "trouble of the account returns no mail");
}

/* What went is finished from the front. */
static void check_order(struct world *w)
{
	bool has_gap = false;
	size_t kept = 0;

	for (size_t i = 0; i < w->went_count; i++) {
		bool is_here = session_has(&w->session, &w->mails[w->went[i]]);

		must(!has_gap || is_here, "finished in order");
		has_gap |= is_here;
		if (is_here)
			w->went[kept++] = w->went[i];
	}
	w->went_count = kept;
	must(kept <= SESSION_WINDOW, "so many under way");
}

static void check_outcomes(struct world *w)
{
	for (size_t i = 0; i < MAILS; i++)
		for (size_t j = 0; j < w->mails[i].count; j++) {
			const struct outcome *now =
				&w->recipients[i][j].outcome;
			struct outcome *then = &w->before[i][j];

			if (then->state == OUTCOME_OPEN &&
			    now->state != OUTCOME_OPEN) {
				must(w->is_begun[i], "nobody else's business");
				check_settled(w, i, now);
			}
			must(then->state == OUTCOME_OPEN ||
			             memcmp(then, now, sizeof(*now)) == 0,
			     "what is settled stays settled");
			*then = *now;
		}
	check_order(w);
}

/* --- the rest of the world ---------------------------------------------- */

static void lose(struct world *w)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.4.2", "lost");
	session_broken(&w->session, VERDICT_SERVER, &f);
}

static void receive(struct world *w)
{
	size_t n = w->n - w->at < w->piece ? w->n - w->at : w->piece;
	size_t used;

	if (n == 0) {
		lose(w);
		return;
	}
	used = session_receive(&w->session, w->bytes + w->at, n);
	must(used > 0 && used <= n, "progress");
	w->at += used;
}

static void use_token(struct world *w)
{
	struct secret *token = secret_create(TOKEN, strlen(TOKEN));

	session_use_token(&w->session, token);
	secret_free(&token);
}

static void be_refused(struct world *w)
{
	struct session *s = &w->session;
	const struct fault refusal = *session_refusal(s);

	must(refusal.kind == FAULT_TEMP || refusal.kind == FAULT_CONFIG,
	     "a refused login returns no mail");
	must((w->login & 3) != 2 || strstr(refusal.text, TOKEN) == NULL,
	     "no token in a refusal");
	if (w->refusals++ == 0)
		session_login_again(s);
	else
		session_login_failed(s, &refusal);
}

static void log_in(struct world *w)
{
	static const char *const mechanisms[] = { "PLAIN", "LOGIN", "XOAUTH2" };
	char initial[700] = "c2Vj";
	struct fault f;

	if ((w->login & 3) == 3) {
		fault_set(&f, FAULT_CONFIG, "4.7.0", "no way");
		session_login_failed(&w->session, &f);
		return;
	}
	if ((w->login & 3) == 2)
		use_token(w);
	memset(initial + 4, 'A', sizeof(initial) - 4);
	initial[4 + (size_t)(w->login >> 2 & 31) * 20] = '\0';
	session_login(&w->session, mechanisms[w->login & 3],
	              (w->login & 3) == 1 ? NULL : initial);
}

static void answer(struct world *w)
{
	struct fault f;

	must(strlen(session_challenge(&w->session)) <= GATE_AUTH_LIMIT,
	     "length of a challenge");
	if (w->challenges++ < 10) { /* SASL has such a limit */
		session_answer(&w->session, "c2VjcmV0");
		return;
	}
	fault_set(&f, FAULT_TEMP, "4.7.0", "no end");
	session_login_failed(&w->session, &f);
}

static void prove(struct world *w)
{
	struct fault f;

	if ((w->login & 128) == 0) {
		session_proved(&w->session);
		return;
	}
	fault_set(&f, FAULT_CONFIG, "4.7.0", "impostor");
	session_broken(&w->session, VERDICT_LOGIN, &f);
}

static size_t count_open(const struct session_mail *mail)
{
	size_t open = 0;

	for (size_t i = 0; i < mail->count; i++)
		open += mail->recipients[i].outcome.state == OUTCOME_OPEN;
	return open;
}

/* Mail that waits, or MAILS. */
static size_t next_mail(struct world *w)
{
	for (size_t i = 0; i < MAILS; i++) {
		if (session_has(&w->session, &w->mails[i]))
			continue;
		if (count_open(&w->mails[i]) > 0)
			return i;
		w->open[i] = 0;
	}
	return MAILS;
}

static void send_mail(struct world *w, size_t i)
{
	struct session_mail *mail = &w->mails[i];
	size_t open = count_open(mail), asked;
	enum verdict_scope scope;

	must(w->open[i] == 0 || w->open[i] > open,
	     "each transaction settles some");
	w->open[i] = open;
	w->is_begun[i] = true;
	w->was_sent[i] = false;
	asked = session_send(&w->session, mail);
	must(asked <= SESSION_FLIGHT, "recipients of one transaction");
	must(asked > 0 || count_open(mail) == 0 ||
	             session_trouble(&w->session, &scope) != NULL,
	     "nobody asked, all settled or no use");
	must(asked <= open, "only open ones are asked");
	must(session_has(&w->session, mail) == (asked > 0), "under way");
	if (asked > 0)
		w->went[w->went_count++] = i;
	else
		w->open[i] = 0; /* it was no transaction */
}

static void be_idle(struct world *w)
{
	size_t i;

	check_outcomes(w);
	must(w->went_count == 0, "idle is when nothing is under way");
	i = next_mail(w);
	if (i == MAILS)
		session_quit(&w->session);
	else
		send_mail(w, i);
}

static void be_ahead(struct world *w)
{
	size_t i;

	check_outcomes(w);
	must(w->goes_ahead, "only where it was asked for");
	must(w->went_count > 0, "ahead of something");
	i = next_mail(w);
	if (i == MAILS)
		session_wait(&w->session);
	else
		send_mail(w, i);
}

static void send_content(struct world *w)
{
	size_t i = w->went[w->went_count - 1];

	if ((w->wish & CUT) != 0) {
		session_content_cut(&w->session);
		return;
	}
	/* something may come while it goes out */
	if (w->at < w->n && w->bytes[w->at] == 'E')
		receive(w);
	if (session_next(&w->session) == SESSION_DONE)
		return;
	w->was_sent[i] = true;
	session_content_sent(&w->session);
}

static void act(struct world *w)
{
	struct session *s = &w->session;

	switch (session_next(s)) {
	case SESSION_WRITE: check_line(w); break;
	case SESSION_CONTENT:
	case SESSION_CHUNK: send_content(w); break;
	case SESSION_EMPTY: session_content_sent(s); break;
	case SESSION_READ:
		must(session_timeout(s) > 0, "time limit");
		receive(w);
		break;
	case SESSION_START_TLS: session_encrypted(s); break;
	case SESSION_LOGIN: log_in(w); break;
	case SESSION_CHALLENGE: answer(w); break;
	case SESSION_REFUSED: be_refused(w); break;
	case SESSION_PROOF: prove(w); break;
	case SESSION_IDLE: be_idle(w); break;
	case SESSION_AHEAD: be_ahead(w); break;
	case SESSION_DONE: w->is_over = true; break;
	}
	check_outcomes(w);
}

/* --- setting it up ------------------------------------------------------ */

static void make_mail(struct world *w, size_t i, size_t count, bool is_bad)
{
	static const char *const addresses[] = { "you@example.net",
		                                 "her@example.net" };
	struct session_mail *mail = &w->mails[i];

	mail->sender = is_bad && i == 1 ? "me@x\r\nQUIT" : "me@example.org";
	mail->recipients = w->recipients[i];
	mail->count = count;
	mail->size = (w->wish & LARGE) != 0 ? SESSION_CHUNK_AHEAD + 1 : 50;
	mail->is_8bit = (w->wish & EIGHTBIT) != 0;
	mail->is_utf8 = (w->wish & UTF8) != 0;
	for (size_t j = 0; j < count; j++)
		mail->recipients[j].address =
			is_bad && j % 3 == 1 ? "you@x> <\n" : addresses[j % 2];
}

static void set_up(struct world *w, const uint8_t *bytes, size_t n)
{
	struct session_settings settings = {
		.helo = "laptop.invalid",
		.is_encrypted = (bytes[0] & IMPLICIT) != 0,
		.needs_tls = (bytes[0] & TLS_NEEDED) != 0,
		.needs_login = (bytes[0] & LOGIN) != 0,
		.overlap = (bytes[1] & AHEAD) != 0 ? OVERLAP_ALWAYS
		                                   : OVERLAP_NEVER,
	};

	w->wish = bytes[0];
	w->goes_ahead = settings.overlap == OVERLAP_ALWAYS;
	w->piece = (size_t)bytes[2] % 64 + 1;
	w->login = bytes[3];
	w->bytes = (const char *)bytes + 4;
	w->n = n - 4;
	make_mail(w, 0, (w->wish & MANY) != 0 ? CROWD : bytes[1] % 8U,
	          (bytes[1] & 128) != 0);
	for (size_t i = 1; i < MAILS; i++)
		make_mail(w, i, 2, (bytes[1] & 64) != 0);
	session_init(&w->session, &settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct world *w;
	enum verdict_scope scope;
	const struct fault *f;
	size_t actions = 0;

	if (n < 4)
		return 0;
	w = calloc(1, sizeof(*w));
	must(w != NULL, "memory");
	set_up(w, bytes, n);
	while (!w->is_over && actions++ < ACTIONS_MAX)
		act(w);
	must(w->is_over, "an end");
	for (size_t i = 0; i < MAILS; i++)
		must(w->open[i] == 0 || count_open(&w->mails[i]) < w->open[i],
		     "the last transaction settled some");
	lose(w); /* too late, and changes nothing */
	check_outcomes(w);
	f = session_trouble(&w->session, &scope);
	must(f == NULL || verdict_is_account(scope), "whose trouble");
	must(f == NULL || f->kind != FAULT_NONE, "which trouble");
	session_release(&w->session);
	for (size_t i = 0; i < MAILS; i++)
		for (size_t j = 0; j < CROWD; j++)
			outcome_release(&w->recipients[i][j].outcome);
	free(w);
	return 0;
}
