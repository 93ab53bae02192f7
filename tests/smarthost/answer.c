/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer - see answer.h */

#include "answer.h"

#include <stdarg.h>
#include <string.h>

void end_session(struct session *s, enum parting parting)
{
	s->over = true;
	s->parting = parting;
}

void blame(struct session *s, const char *what)
{
	record_line(&s->host->record, 'E', s->number, what, strlen(what));
}

static bool before_smtp(const struct session *s)
{
	return s->step == STEP_CONNECT || s->step == STEP_HANDSHAKE;
}

/* The first digit of the reply that means yes. */
static char good_digit(const struct session *s)
{
	return s->step == STEP_DATA && !s->mail.bdat ? '3' : '2';
}

static bool is_challenge(const char *bytes, size_t n)
{
	return n >= 4 && memcmp(bytes, "334", 3) == 0;
}

static void log_reply(struct session *s, const char *bytes, size_t n)
{
	struct record *r = &s->host->record;
	const char *end;
	size_t len;

	if (s->step == STEP_AUTH && is_challenge(bytes, n)) {
		record_line(r, 'S', s->number, "334 ***", 7);
		return;
	}
	for (; n > 0; n -= len, bytes += len) {
		end = memchr(bytes, '\n', n);
		len = end != NULL ? (size_t)(end - bytes) + 1 : n;
		record_line(r, 'S', s->number, bytes,
		            len >= 2 && bytes[len - 2] == '\r' ? len - 2 : len);
	}
}

static bool is_mail_step(enum step step)
{
	return step == STEP_MAIL || step == STEP_RCPT || step == STEP_DATA ||
	       step == STEP_CONTENT || step == STEP_FINAL;
}

static void put(struct session *s, const char *bytes, size_t n)
{
	log_reply(s, bytes, n);
	if (is_mail_step(s->step) && (bytes[0] == '4' || bytes[0] == '5'))
		record_count(&s->host->record, COUNT_REFUSED, 1);
	conn_write(s->conn, bytes, n);
}

/* Lines of 80 octets, "250-xxxx", until there are `left` of them or more. */
static void put_flood(struct session *s, const char *code, unsigned long left)
{
	char line[81];

	memset(line, 'x', 78);
	memcpy(line, code, 3);
	line[3] = '-';
	memcpy(line + 78, "\r\n", 3);
	for (; left > 0 && !s->conn->broken; left -= left < 80 ? left : 80)
		conn_write(s->conn, line, 80);
}

static void put_long_line(struct session *s, unsigned long left)
{
	char piece[1024];
	size_t n;

	memset(piece, 'x', sizeof(piece));
	conn_write(s->conn, good_digit(s) == '3' ? "354 " : "250 ", 4);
	for (; left > 0 && !s->conn->broken; left -= n) {
		n = left < sizeof(piece) ? left : sizeof(piece);
		conn_write(s->conn, piece, n);
	}
}

/* What a broken proxy or the wrong port may say: NUL, ESC, 8-bit, no code. */
static void put_garbage(struct session *s)
{
	static const char start[] = "\x1b[2J\x1b]0;pwned\a\0\xff\xfe\x80";
	char noise[200];
	unsigned x = 12345;

	conn_write(s->conn, start, sizeof(start) - 1);
	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1103515245U + 12345U;
		noise[i] = (char)(x >> 16);
	}
	conn_write(s->conn, noise, sizeof(noise));
	conn_write(s->conn, "\r\n", 2);
}

static void put_slowly(struct session *s, const char *bytes, size_t n)
{
	log_reply(s, bytes, n);
	for (size_t i = 0; i < n && !s->conn->broken; i++) {
		conn_write(s->conn, bytes + i, 1);
		conn_flush(s->conn);
		conn_pause(s->conn, s->fault->number);
	}
}

/* The reply of a rule, instead of the act.  A challenge that SASL does not
 * know of: take what the client makes of it, then refuse. */
static void put_refusal(struct session *s, const struct bytes *b)
{
	put(s, b->data, b->len);
	if (b->len >= 3 && memcmp(b->data, "421", 3) == 0)
		end_session(s, PART_FRIENDS);
	if (s->step == STEP_GREETING)
		s->refusing = true;
	if (s->step != STEP_AUTH || !is_challenge(b->data, b->len))
		return;
	if (conn_read_line(s->conn) == LINE_END)
		return;
	record_line(&s->host->record, 'C', s->number, "***", 3);
	answer(s, 535, "5.7.8", "no");
}

/* Before there is SMTP all the client can get is bytes and the end.  A reset
 * of the handshake waits for its first record: one that comes sooner may end
 * the client's connect() instead. */
static bool strike_early(struct session *s, const struct fault *f)
{
	const char *hello;

	switch (f->action) {
	case DO_SLOW: s->conn->trickle = f->number; return false;
	case DO_LOST:
		if (s->step == STEP_HANDSHAKE)
			return false;
		break;
	case DO_REPLY: conn_write(s->conn, f->bytes.data, f->bytes.len); break;
	case DO_FLOOD: put_flood(s, "220", f->number); break;
	case DO_GARBAGE: put_garbage(s); break;
	case DO_LONGLINE: put_long_line(s, f->number); break;
	case DO_HALFLINE:
		if (s->step == STEP_CONNECT)
			conn_write(s->conn, "220 smart", 9);
		else /* a ServerHello that ends too soon */
			conn_write(s->conn, "\x16\x03\x03\0\x7a\x02\0", 7);
		break;
	case DO_RESET:
		if (s->step == STEP_HANDSHAKE)
			conn_peek(s->conn, &hello);
		end_session(s, PART_RESET);
		return true;
	case DO_STALL: conn_stall(s->conn); break;
	case DO_DROP:
	case DO_INJECT:
	case DO_COUNT:
	case ACTION_COUNT:
	default: break;
	}
	end_session(s, PART_DROP);
	return true;
}

/* In the middle of the content nothing is asked, but much can happen. */
static bool strike_content(struct session *s, const struct fault *f)
{
	if (f->action == DO_SLOW)
		s->mail.content.pause = f->number;
	else if (f->action == DO_FLOOD)
		put_flood(s, "250", f->number);
	else
		return true;
	conn_flush(s->conn);
	s->fault = NULL;
	return false;
}

bool struck(struct session *s, enum step step)
{
	struct record *r = &s->host->record;
	unsigned long nth = step == STEP_NONE ? 0 : record_step(r, step);
	const struct fault *f;

	s->step = step;
	f = step == STEP_NONE
	            ? NULL
	            : faults_find(&s->host->options.faults, step, nth);
	s->fault = f;
	if (f == NULL)
		return false;
	record_note(r, 'F', s->number, "%s %lu %s", step_name(step), nth,
	            action_name(f->action));
	if (before_smtp(s))
		return strike_early(s, f);
	if (step == STEP_CONTENT && !strike_content(s, f))
		return false;
	switch (f->action) {
	case DO_DROP: end_session(s, PART_DROP); break;
	case DO_RESET: end_session(s, PART_RESET); break;
	case DO_STALL:
		conn_stall(s->conn);
		end_session(s, PART_DROP);
		break;
	case DO_LONGLINE:
		put_long_line(s, f->number);
		conn_stall(s->conn);
		end_session(s, PART_DROP);
		break;
	case DO_GARBAGE: put_garbage(s); break;
	case DO_REPLY:
		if (f->bytes.data[0] == good_digit(s) && step != STEP_CONTENT)
			return false; /* acts, answers in these words */
		s->fault = NULL;
		put_refusal(s, &f->bytes);
		break;
	case DO_LOST:
	case DO_SLOW:
	case DO_FLOOD:
	case DO_INJECT:
	case DO_HALFLINE:
	case DO_COUNT:
	case ACTION_COUNT:
	default: return false;
	}
	s->fault = NULL;
	return true;
}

/* A reply under a rule that let the command act. */
static void answer_badly(struct session *s, const char *bytes, size_t n)
{
	const struct fault *f = s->fault;
	char code[3];

	switch (f->action) {
	case DO_LOST: end_session(s, PART_DROP); return;
	case DO_REPLY: put(s, f->bytes.data, f->bytes.len); return;
	case DO_SLOW: put_slowly(s, bytes, n); return;
	case DO_HALFLINE:
		conn_write(s->conn, bytes, n / 2);
		end_session(s, PART_DROP);
		return;
	case DO_FLOOD:
		memcpy(code, bytes, 3);
		put_flood(s, code, f->number);
		put(s, bytes, n);
		return;
	case DO_COUNT:
		for (unsigned long i = 0; i <= f->number; i++)
			put(s, bytes, n);
		return;
	case DO_INJECT:
		put(s, bytes, n);
		conn_write(s->conn, f->bytes.data, f->bytes.len);
		return;
	case DO_DROP:
	case DO_RESET:
	case DO_STALL:
	case DO_GARBAGE:
	case DO_LONGLINE:
	case ACTION_COUNT:
	default: put(s, bytes, n); return;
	}
}

void answer_bytes(struct session *s, const char *bytes, size_t n)
{
	if (s->fault == NULL || is_challenge(bytes, n)) {
		put(s, bytes, n);
		return;
	}
	answer_badly(s, bytes, n);
	s->fault = NULL;
}

void answer(struct session *s, int code, const char *enhanced, const char *fmt,
            ...)
{
	bool extended = (s->host->options.extensions & EXT_ENHANCED) != 0;
	char text[512], line[600];
	va_list args;
	int n;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (extended && enhanced != NULL)
		n = snprintf(line, sizeof(line), "%d %s %s\r\n", code, enhanced,
		             text);
	else
		n = snprintf(line, sizeof(line), "%d %s\r\n", code, text);
	answer_bytes(s, line, (size_t)n);
}
