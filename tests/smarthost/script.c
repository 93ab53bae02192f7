/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script - see script.h */

#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_WORDS = 1000 }; /* ms that a client has to close after the end */

struct player {
	struct smarthost *host;
	struct conn *conn;
	const char *file;
	unsigned long line;
	unsigned long chunk; /* octets that the last BDAT announced */
	FILE *report;        /* or NULL */
	bool over;
	enum parting parting;
};

static void report(struct player *p, char who, const char *text, size_t n)
{
	char shown[2048];

	if (p->report == NULL)
		return;
	text_print(shown, sizeof(shown), text, n);
	fprintf(p->report, "%c: %s\n", who, shown);
}

static int fail(struct player *p, const char *expected, const char *got,
                size_t n)
{
	char shown[1024];

	text_print(shown, sizeof(shown), got, n);
	fprintf(stderr, "%s:%lu: expected \"%s\" got \"%s\"\n", p->file,
	        p->line, expected, shown);
	if (p->report != NULL)
		fprintf(p->report, "%s:%lu: expected \"%s\" got \"%s\"\n",
		        p->file, p->line, expected, shown);
	return -1;
}

static int fail_text(struct player *p, const char *expected, const char *got)
{
	return fail(p, expected, got, strlen(got));
}

/* Why there is no more input. */
static const char *end_name(const struct player *p)
{
	if (p->conn->expired)
		return "(deadline)";
	return p->conn->broken ? "(broken connection)" : "(close)";
}

static int handshake(struct player *p, bool wanted)
{
	char why[256];
	int e;

	conn_flush(p->conn);
	if (conn_waiting(p->conn) > 0)
		return fail_text(p, "tls", "plaintext before the handshake");
	if (p->host->tls == NULL)
		return fail_text(p, "tls", "no --cert");
	e = tls_start(p->host->tls, p->conn, why, sizeof(why));
	report(p, 'T', why, strlen(why));
	if (!wanted)
		p->over = true;
	if (!wanted && (e == 0 || p->conn->expired))
		return fail_text(p, "(refused)", why);
	return wanted && e < 0 ? fail_text(p, "tls", why) : 0;
}

static int expect_line(struct player *p, const char *pattern)
{
	struct conn *c = p->conn;
	unsigned long octets = 0;

	switch (conn_read_line(c)) {
	case LINE_OK: break;
	case LINE_TOO_LONG: return fail(p, pattern, c->line, c->line_len);
	case LINE_END:
	default:
		if (c->line_len > 0)
			return fail(p, pattern, c->line, c->line_len);
		return fail_text(p, pattern, end_name(p));
	}
	if (strstr(pattern, "(secret)") != NULL)
		report(p, 'C', pattern, strlen(pattern));
	else
		report(p, 'C', c->line, c->line_len);
	if (c->line_bare)
		return fail_text(p, pattern, "(bare LF)");
	if (strlen(c->line) != c->line_len || !dialogue_match(pattern, c->line))
		return fail(p, pattern, c->line, c->line_len);
	if (sscanf(c->line, "BDAT %lu", &octets) == 1)
		p->chunk = octets;
	return 0;
}

static int expect_content(struct player *p, bool dotted)
{
	const char *expected = dotted ? "(message)" : "(chunk)";
	struct content content = { 0 };
	char text[64];
	unsigned bad;
	int e;

	e = dotted ? content_read_dot(&content, p->conn)
	           : content_read_chunk(&content, p->conn, p->chunk);
	if (e < 0)
		return fail_text(p, expected, end_name(p));
	snprintf(text, sizeof(text), "%s %lu octets", expected, content.octets);
	report(p, 'C', text, strlen(text));
	/* a chunk may end in the middle of anything */
	if (dotted)
		content_end(&content);
	bad = content.flaws &
	      (FLAW_BARE_LF | FLAW_BARE_CR | FLAW_UNSTUFFED | FLAW_NUL);
	return bad != 0 ? fail_text(p, expected, flaw_name(bad)) : 0;
}

static int expect_close(struct player *p)
{
	struct conn *c = p->conn;

	p->over = true;
	if (conn_read_line(c) != LINE_END || c->line_len > 0)
		return fail(p, "(close)", c->line, c->line_len);
	report(p, 'C', "(close)", 7);
	return c->expired ? fail_text(p, "(close)", "(deadline)") : 0;
}

static int send_bytes(struct player *p, const char *text)
{
	struct bytes b = text_bytes(text, false);

	conn_write(p->conn, b.data, b.len);
	free(b.data);
	return 0;
}

static int leave(struct player *p, enum parting parting)
{
	p->over = true;
	p->parting = parting;
	return 0;
}

static int send_line(struct player *p, const char *text)
{
	conn_write(p->conn, text, strlen(text));
	conn_write(p->conn, "\r\n", 2);
	return 0;
}

static int stall(struct player *p)
{
	conn_stall(p->conn);
	if (p->conn->expired)
		return fail_text(p, "(close)", "(deadline)");
	return leave(p, PART_DROP);
}

static int play_turn(struct player *p, const struct turn *t)
{
	p->line = t->line;
	if (t->kind <= STALL)
		report(p, 'S', t->text, strlen(t->text));
	switch (t->kind) {
	case SEND: return send_line(p, t->text);
	case SEND_BYTES: return send_bytes(p, t->text);
	case DROP: return leave(p, PART_DROP);
	case RESET: return leave(p, PART_RESET);
	case STALL: return stall(p);
	case EXPECT: return expect_line(p, t->text);
	case MESSAGE: return expect_content(p, true);
	case CHUNK: return expect_content(p, false);
	case CLOSE: return expect_close(p);
	case HANDSHAKE: return handshake(p, true);
	case NO_TLS: return handshake(p, false);
	default: return -1;
	}
}

/* After the last line the client must not want anything more. */
static int play_end(struct player *p)
{
	struct conn *c = p->conn;

	conn_half_close(c, LAST_WORDS);
	p->parting = PART_DROP;
	if (conn_read_line(c) != LINE_END || c->line_len > 0)
		return fail(p, "(close)", c->line, c->line_len);
	return 0;
}

static int play(struct player *p, const struct dialogue *d, bool implicit)
{
	if (implicit && handshake(p, true) < 0)
		return -1;
	for (size_t i = 0; i < d->count; i++) {
		if (p->over) {
			p->line = d->turns[i].line;
			return fail_text(p, d->turns[i].text, "the end");
		}
		if (play_turn(p, &d->turns[i]) < 0)
			return -1;
	}
	return p->over ? 0 : play_end(p);
}

static FILE *open_report(const struct options *o)
{
	return o->report != NULL ? fopen(o->report, "we") : NULL;
}

int script_play(struct smarthost *host, const struct dialogue *d, int fd,
                bool implicit)
{
	const struct options *o = &host->options;
	struct player p = { .host = host, .file = o->script };
	int result;

	p.conn = conn_create(fd, o->deadline, o->quickack);
	p.report = open_report(o);
	result = play(&p, d, implicit || d->implicit);
	if (p.report != NULL) {
		if (result == 0)
			fputs("ok\n", p.report);
		fclose(p.report);
	}
	conn_free(&p.conn, p.parting);
	return result;
}

int script_missed(const struct options *o)
{
	struct player p = { .file = o->script, .line = 1 };

	p.report = open_report(o);
	fail_text(&p, "a connection", "(deadline)");
	if (p.report != NULL)
		fclose(p.report);
	return -1;
}
