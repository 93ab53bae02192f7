/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_session_product - each step times each thing a server can say there
 *
 * Three messages to two recipients each go to a server that does all well but
 * for one answer, to the second message where it is about one.  In seven ways:
 * in clear and with TLS and a login, one command at a time, in flights, ahead
 * of answers; and the answers come byte by byte, or all that are there at once.
 * What becomes of each recipient is one letter:
 *
 *     D  delivered    L  later    N  never    ?  in doubt    -  not asked
 *
 * and "!" behind them says that the account is in trouble.  Whatever is
 * expected, nobody is D whom the server did not take, and, if it can count,
 * nobody L, N or - whom it did.  tests/flow/product.py does the same with
 * sockets and time.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "smtp/session.h"

enum { MAILS = 3, EACH = 2, STRUCK = 1, SIZE = 500, ACTIONS_MOST = 300000 };

enum at {
	AT_GREETING,
	AT_EHLO,
	AT_STARTTLS,
	AT_EHLO_AGAIN,
	AT_AUTH,
	AT_MAIL,
	AT_FIRST, /* recipient */
	AT_LAST,
	AT_DATA,
	AT_FINAL,
	AT_RSET,
	AT_QUIT,
	AT_COUNT,
};

static const char *const at_names[AT_COUNT] = {
	"greeting",   "EHLO",      "STARTTLS", "EHLO again", "AUTH", "MAIL",
	"first RCPT", "last RCPT", "DATA",     "the end",    "RSET", "QUIT",
};

static const int yes[AT_COUNT] = { 220, 250, 220, 250, 235, 250,
	                           250, 250, 354, 250, 250, 221 };

enum kind {
	GOOD,   /* it says yes, oddly; or what it says does not matter */
	BROKEN, /* no answer at all; the command may have worked */
	GONE,   /* the same, and the connection ends, before it worked */
	LOST,   /* or after it did */
	GOODBYE,
	LATER,
	NEVER,
	STRANGE,    /* an answer that would be right elsewhere */
	MISCOUNTED, /* more answers than one */
};

/* In a text, # is the code that says yes, and @ the rest of that answer. */
struct shape {
	const char *name, *text;
	enum kind kind;
	size_t times; /* that `filler` comes before it */
	const char *filler;
};

/* clang-format off */
static const struct shape shapes[] = {
	{ "plain",             "@", GOOD, 0, NULL },
	{ "escapes",           "#-\033[31mred\007\302\233\r\n@", GOOD, 0, NULL },
	{ "8-bit",             "#-\377\376\200\r\n@", GOOD, 0, NULL },
	{ "LF only",           "#-a\n@", GOOD, 0, NULL },
	{ "many lines",        "@", GOOD, 400, "#-xxxxxxxxxxxxxxxxxx\r\n" },
	{ "contradiction",     "#-5.7.1 no\r\n@", GOOD, 0, NULL },
	{ "empty line",        "\r\n", BROKEN, 0, NULL },
	{ "two digits",        "25 ok\r\n", BROKEN, 0, NULL },
	{ "four digits",       "#0 ok\r\n", BROKEN, 0, NULL },
	{ "letter for digit",  "25O ok\r\n", BROKEN, 0, NULL },
	{ "leading space",     " # ok\r\n", BROKEN, 0, NULL },
	{ "plus sign",         "+# ok\r\n", BROKEN, 0, NULL },
	{ "000",               "000 ok\r\n", BROKEN, 0, NULL },
	{ "199",               "199 ok\r\n", BROKEN, 0, NULL },
	{ "600",               "600 ok\r\n", BROKEN, 0, NULL },
	{ "no blank",          "#ok\r\n", BROKEN, 0, NULL },
	{ "codes that differ", "#-a\r\n559 b\r\n", BROKEN, 0, NULL },
	{ "HTTP",              "HTTP/1.1 400 Bad Request\r\n", BROKEN, 0, NULL },
	{ "noise",             "\001\002\033\377\r\n", BROKEN, 0, NULL },
	{ "600 lines",         "# ok\r\n", BROKEN, 600, "#-x\r\n" },
	{ "line without end",  "", BROKEN, 9000, "#-xxxxxx" },
	{ "end",               "", GONE, 0, NULL },
	{ "end, it worked",    "", LOST, 0, NULL },
	{ "end in the line",   "25", GONE, 0, NULL },
	{ "end in it, worked", "25", LOST, 0, NULL },
	{ "end after a line",  "#-a\r\n", LOST, 0, NULL },
	{ "421",               "421 4.3.2 going down\r\n", GOODBYE, 0, NULL },
	{ "450",               "450 4.2.1 not now\r\n", LATER, 0, NULL },
	{ "452",               "452-\r\n452 4.2.2 full\r\n", LATER, 0, NULL },
	{ "550",               "550 5.1.1 nobody\r\n", NEVER, 0, NULL },
	{ "554",               "554 no\r\n", NEVER, 0, NULL },
	{ "550, 2.0.0",        "550 2.0.0 fine\r\n", NEVER, 0, NULL },
	{ "another's answer",  NULL, STRANGE, 0, NULL },
	{ "twice",             "@", MISCOUNTED, 1, "@" },
	{ "20 times",          "@", MISCOUNTED, 19, "@" },
};
/* clang-format on */

struct way {
	const char *name, *offers; /* lines behind the first */
	bool has_tls, is_flight, has_chunks, is_ahead;
};

static const struct way ways[] = {
	{ "one at a time", "", false, false, false, false },
	{ "BDAT", "#-CHUNKING\r\n", false, false, true, false },
	{ "flights", "#-PIPELINING\r\n", false, true, false, false },
	{ "flights, BDAT", "#-PIPELINING\r\n#-CHUNKING\r\n", false, true, true,
	  false },
	{ "ahead", "#-PIPELINING\r\n", false, true, false, true },
	{ "ahead, BDAT", "#-PIPELINING\r\n#-CHUNKING\r\n", false, true, true,
	  true },
	{ "TLS, ahead, BDAT", "#-PIPELINING\r\n#-CHUNKING\r\n", true, true,
	  true, true },
};

struct trial {
	const struct way *way;
	const struct shape *shape;
	enum at at;
	bool is_bytewise;
};

/* --- the server -----------------------------------------------------------
 */

struct server {
	const struct trial *trial;
	struct sbuf out;
	size_t heard; /* of it, by the client */
	int mail;     /* the number of the last MAIL */
	bool is_encrypted, has_sender, is_gone, has_struck;
	unsigned rcpts; /* of this MAIL, so far */
	bool accepted[EACH], took[MAILS][EACH];
};

static void say(struct server *srv, const char *text, enum at at)
{
	bool is_ehlo = at == AT_EHLO || at == AT_EHLO_AGAIN;

	for (; *text != '\0'; text++) {
		if (*text == '#') {
			sbuf_addf(&srv->out, "%d", yes[at]);
		} else if (*text == '@') {
			if (is_ehlo)
				say(srv, "#-mx\r\n", at);
			if (is_ehlo && srv->trial->way->has_tls)
				say(srv,
				    at == AT_EHLO ? "#-STARTTLS\r\n"
				                  : "#-AUTH PLAIN\r\n",
				    at);
			if (is_ehlo)
				say(srv, srv->trial->way->offers, at);
			say(srv, "# ok\r\n", at);
		} else {
			sbuf_add(&srv->out, text, 1);
		}
	}
}

/* Once, and only for the message in the middle.  RSET is said behind a message
 * that nobody takes. */
static bool is_struck(const struct server *srv, enum at at)
{
	return at == srv->trial->at && !srv->has_struck &&
	       (at < AT_MAIL || at == AT_QUIT || srv->mail == STRUCK);
}

/* True: what was asked for is done. */
static bool strike(struct server *srv, enum at at)
{
	const struct shape *shape = srv->trial->shape;
	enum kind kind = shape->kind;

	srv->has_struck = true;
	for (size_t i = 0; i < shape->times; i++)
		say(srv, shape->filler, at);
	if (shape->text != NULL)
		say(srv, shape->text, at);
	else
		say(srv, at == AT_DATA ? "250 ok\r\n" : "354 ok\r\n", at);
	srv->is_gone = kind == GONE || kind == LOST || kind == GOODBYE;
	return kind == GOOD || kind == BROKEN || kind == LOST ||
	       kind == MISCOUNTED;
}

/* Answer a command that may be answered with yes.  True: it was done. */
static bool answer(struct server *srv, enum at at, bool is_possible)
{
	bool is_unwanted = srv->trial->at == AT_RSET && srv->mail == STRUCK &&
	                   (at == AT_FIRST || at == AT_LAST);

	if (is_struck(srv, at))
		return strike(srv, at) && is_possible;
	if (is_unwanted)
		say(srv, "550 5.1.1 nobody\r\n", at);
	else
		say(srv, is_possible ? "@" : "503 5.5.1 not now\r\n", at);
	return is_possible && !is_unwanted;
}

static void reset(struct server *srv)
{
	srv->has_sender = false;
	memset(srv->accepted, 0, sizeof(srv->accepted));
}

static bool has_rcpts(const struct server *srv)
{
	return srv->accepted[0] || srv->accepted[1];
}

/* All of a message came. */
static void take(struct server *srv)
{
	bool accepted[EACH];

	if (srv->is_gone)
		return;
	memcpy(accepted, srv->accepted, sizeof(accepted));
	if (answer(srv, AT_FINAL, has_rcpts(srv))) {
		memcpy(srv->took[srv->mail], accepted, sizeof(accepted));
		reset(srv);
	}
	if (!srv->trial->way->has_chunks)
		reset(srv);
}

static void obey_rcpt(struct server *srv)
{
	enum at at = srv->rcpts == 0 ? AT_FIRST : AT_LAST;

	srv->accepted[srv->rcpts++] = answer(srv, at, srv->has_sender);
}

static void obey(struct server *srv, const char *line)
{
	if (srv->is_gone)
		return;
	if (strncmp(line, "EHLO", 4) == 0) {
		answer(srv, srv->is_encrypted ? AT_EHLO_AGAIN : AT_EHLO, true);
	} else if (strcmp(line, "STARTTLS") == 0) {
		answer(srv, AT_STARTTLS, true);
	} else if (strncmp(line, "AUTH", 4) == 0) {
		answer(srv, AT_AUTH, true);
	} else if (strncmp(line, "MAIL", 4) == 0) {
		srv->mail++;
		srv->rcpts = 0;
		if (answer(srv, AT_MAIL, !srv->has_sender))
			srv->has_sender = true;
	} else if (strncmp(line, "RCPT", 4) == 0) {
		obey_rcpt(srv);
	} else if (strcmp(line, "DATA") == 0) {
		answer(srv, AT_DATA, has_rcpts(srv));
	} else if (strcmp(line, "RSET") == 0) {
		reset(srv);
		answer(srv, AT_RSET, true);
	} else if (strcmp(line, "QUIT") == 0) {
		answer(srv, AT_QUIT, true);
		srv->is_gone = true;
	}
}

/* --- the client ----------------------------------------------------------- */

struct client {
	struct session session;
	struct session_mail mails[MAILS];
	struct session_recipient to[MAILS][EACH];
	size_t next; /* mail */
};

static void client_init(struct client *c, const struct way *way)
{
	static const char *const addresses[] = { "first@x.test",
		                                 "last@x.test" };
	const struct session_settings settings = {
		.helo = "laptop.invalid",
		.needs_tls = way->has_tls,
		.needs_login = way->has_tls,
		.overlap = way->is_ahead ? OVERLAP_ALWAYS : OVERLAP_NEVER,
	};

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < MAILS; i++) {
		for (size_t k = 0; k < EACH; k++)
			c->to[i][k].address = addresses[k];
		c->mails[i] = (struct session_mail){ .sender = "me@x.test",
			                             .recipients = c->to[i],
			                             .count = EACH,
			                             .size = SIZE };
	}
	session_init(&c->session, &settings);
}

static void lose(struct session *s)
{
	struct fault f;

	fault_set(&f, FAULT_TEMP, "4.4.2", "the connection is gone");
	session_broken(s, VERDICT_SERVER, &f);
}

static void hear(struct client *c, struct server *srv)
{
	size_t n = srv->out.len - srv->heard;

	if (n == 0) {
		ck_assert_msg(srv->is_gone || srv->has_struck,
		              "it waits for nothing (%s)",
		              session_step(&c->session));
		lose(&c->session); /* gone, or out of time */
		return;
	}
	if (srv->trial->is_bytewise)
		n = n < 1000 ? 1 : 97;
	srv->heard +=
		session_receive(&c->session, srv->out.data + srv->heard, n);
}

static void send_next(struct client *c)
{
	while (c->next < MAILS)
		if (session_send(&c->session, &c->mails[c->next++]) > 0)
			return;
	session_quit(&c->session);
}

static void send_ahead(struct client *c)
{
	if (c->next == MAILS ||
	    session_send(&c->session, &c->mails[c->next]) == 0)
		session_wait(&c->session);
	else
		c->next++;
}

/* One action; false: it is over. */
static bool act(struct client *c, struct server *srv)
{
	struct session *s = &c->session;
	size_t n;

	switch (session_next(s)) {
	case SESSION_WRITE: obey(srv, session_line(s, &n)); break;
	case SESSION_CONTENT:
	case SESSION_CHUNK:
	case SESSION_EMPTY:
		session_content_sent(s);
		take(srv);
		break;
	case SESSION_READ: hear(c, srv); break;
	case SESSION_START_TLS:
		srv->is_encrypted = true;
		session_encrypted(s);
		break;
	case SESSION_LOGIN: session_login(s, "PLAIN", "AGEAYg=="); break;
	case SESSION_CHALLENGE: session_answer(s, ""); break;
	case SESSION_REFUSED:
		session_login_failed(s, session_refusal(s));
		break;
	case SESSION_PROOF: session_proved(s); break;
	case SESSION_IDLE: send_next(c); break;
	case SESSION_AHEAD: send_ahead(c); break;
	case SESSION_DONE: return false;
	}
	return true;
}

/* --- what is expected, without a look at how it is done --------------------
 */

static bool is_fatal(enum kind kind)
{
	return kind == BROKEN || kind == GONE || kind == LOST;
}

/* The message behind the one that is struck, when the connection ends. */
static char behind(const struct trial *t)
{
	bool is_under_way =
		t->way->is_ahead && (t->way->has_chunks || t->at == AT_FINAL);
	bool is_sent = is_under_way && t->way->has_chunks;

	/* RSET cannot be refused: who does it is not believed any more */
	if (t->at == AT_RSET)
		return is_sent ? '?' : '-';
	if (t->shape->kind == STRANGE && is_under_way)
		return 'D'; /* it has been said already, and is answered */
	if (t->shape->kind == GOODBYE)
		return '-'; /* it looks at nothing more */
	return is_sent ? '?' : is_under_way ? 'L' : '-';
}

static void expect_struck(const struct trial *t, char *first, char *last)
{
	bool is_sent =
		t->at == AT_FINAL || (t->way->is_flight && t->way->has_chunks);
	char c = t->shape->kind == NEVER               ? 'N'
	         : is_fatal(t->shape->kind) && is_sent ? '?'
	                                               : 'L';
	bool is_for_one = t->shape->kind == LATER || t->shape->kind == NEVER ||
	                  t->shape->kind == STRANGE;

	if (!is_for_one || t->at != AT_LAST)
		*first = c;
	if (!is_for_one || t->at != AT_FIRST)
		*last = c;
}

static void expect(const struct trial *t, char want[8])
{
	enum kind kind = t->shape->kind;
	bool ends = is_fatal(kind) || kind == GOODBYE || kind == STRANGE;

	memcpy(want, "DDDDDD", 7);
	if (t->at == AT_RSET)
		want[2] = want[3] = 'N';
	if (kind == GOOD || t->at == AT_QUIT)
		return;
	if (t->at < AT_MAIL) {
		memcpy(want, "------!", 8);
		return;
	}
	if (t->at == AT_RSET)
		ends = true;
	else
		expect_struck(t, &want[2], &want[3]);
	if (ends) {
		want[4] = want[5] = behind(t);
		memcpy(want + 6, "!", 2);
	}
}

/* --- what came of it -------------------------------------------------------
 */

static char letter(const struct outcome *o)
{
	switch (o->state) {
	case OUTCOME_DELIVERED: return 'D';
	case OUTCOME_DOUBT: return '?';
	case OUTCOME_REFUSED: return o->kind == FAULT_PERM ? 'N' : 'L';
	case OUTCOME_OPEN: break;
	}
	return '-';
}

static void name_trial(const struct trial *t, char name[160])
{
	snprintf(name, 160, "%s: %s: %s%s", t->way->name, at_names[t->at],
	         t->shape->name, t->is_bytewise ? ", byte by byte" : "");
}

static void judge(const struct trial *t, const struct client *c,
                  const struct server *srv)
{
	char want[8], got[8] = "", name[160];
	enum verdict_scope scope;

	name_trial(t, name);
	ck_assert_msg(srv->has_struck, "%s: it never came to that", name);
	for (size_t i = 0; i < MAILS * EACH; i++) {
		const struct session_recipient *to = &c->to[i / EACH][i % EACH];
		bool took = srv->took[i / EACH][i % EACH];

		got[i] = letter(&to->outcome);
		ck_assert_msg(got[i] != 'D' || took, "%s: %zu is lost", name,
		              i);
		ck_assert_msg(got[i] == 'D' || got[i] == '?' || !took ||
		                      t->shape->kind == MISCOUNTED,
		              "%s: %zu comes twice", name, i);
	}
	if (session_trouble(&c->session, &scope) != NULL)
		got[MAILS * EACH] = '!';
	expect(t, want);
	if (t->shape->kind != MISCOUNTED)
		ck_assert_msg(strcmp(got, want) == 0, "%s: %s, not %s", name,
		              got, want);
}

static void run(const struct trial *t)
{
	struct server srv = { .trial = t, .mail = -1 };
	struct client c;
	size_t i = 0;

	sbuf_init(&srv.out, 1 << 20);
	client_init(&c, t->way);
	answer(&srv, AT_GREETING, true);
	while (act(&c, &srv))
		ck_assert_uint_lt(i++, ACTIONS_MOST);
	judge(t, &c, &srv);
	session_release(&c.session);
	for (i = 0; i < MAILS * EACH; i++)
		outcome_release(&c.to[i / EACH][i % EACH].outcome);
	sbuf_release(&srv.out);
}

/* What such a server is never asked. */
static bool is_absent(const struct way *way, enum at at)
{
	return (at == AT_DATA && way->has_chunks) ||
	       (!way->has_tls &&
	        (at == AT_STARTTLS || at == AT_EHLO_AGAIN || at == AT_AUTH));
}

START_TEST(each_step_and_shape)
{
	const struct way *way = &ways[_i];
	unsigned count = 0;

	for (enum at at = 0; at < AT_COUNT; at++)
		for (size_t i = 0; i < 2 * COUNT_OF(shapes); i++) {
			const struct trial t = { way, &shapes[i / 2], at,
				                 i % 2 == 1 };

			if (is_absent(way, at))
				continue;
			run(&t);
			count++;
		}
	printf("%s: %u combinations\n", way->name, count);
	fflush(stdout);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session_product");
	TCase *tcase = tcase_create("product");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_step_and_shape, 0, COUNT_OF(ways));
	suite_add_tcase(suite, tcase);
	return fixture_run(suite);
}
