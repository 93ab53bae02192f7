/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_server - any client, against a model that is written otherwise
 *
 * The first byte says whether it is a socket and how large a message may be,
 * the second in which pieces the rest comes: what the client sends.  The model
 * has all of it before it, and the replies.  However it goes:
 *   - each command has one reply, of a code that may be said there; replies are
 *     lines of ASCII;
 *   - a message is queued exactly if 250 was said to its dot, for recipients
 *     that were accepted, and it is what was sent, without the dots;
 *   - from a socket nothing is taken once a CR or LF stood alone, or somebody
 *     talked ahead;
 *   - what the queue gets can be written to an entry;
 *   - for a program the pieces make no difference.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "message/address.h"
#include "queue/dsn.h"
#include "smtp/server.h"

#define RECIPIENTS 3
#define OUTPUT_LIMIT ((size_t)1 << 26)
#define FULL "\x01"
#define LOST "\x02"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_server: not true: %s\n", what);
	abort();
}

/* --- the queue ------------------------------------------------------------ */

struct world {
	const char *bytes;
	size_t n, piece;
	struct server_settings settings;
	struct sbuf replies;
	struct sbuf queued; /* each content, and a NUL */
	bool was_cut;
	/* the transaction */
	bool is_begun, is_open;
	size_t recipients, messages;
	struct sbuf content;
};

static int mail(void *arg, const struct server_mail *m, struct fault *f)
{
	struct world *w = arg;

	must(!w->is_begun, "one transaction at a time");
	w->is_begun = true;
	w->is_open = false;
	w->recipients = 0;
	sbuf_reset(&w->content);
	must(m->ret == NULL || strlen(m->ret) == 4, "RET is a word");
	must(m->envid == NULL || strlen(m->envid) <= 100, "ENVID is short");
	must(m->smtputf8 || address_is_ascii(m->sender), "SMTPUTF8 was said");
	if (m->sender[0] == '\0' || address_check(m->sender, f) == 0)
		return 0;
	snprintf(f->code, sizeof(f->code), "5.1.7");
	return -1;
}

static int rcpt(void *arg, const struct server_recipient *r, struct fault *f)
{
	struct world *w = arg;

	must(w->is_begun && !w->is_open, "RCPT after MAIL, before DATA");
	must(r->notify == NULL || dsn_is_notify(r->notify, strlen(r->notify)),
	     "NOTIFY can be written");
	if (r->orcpt != NULL && !dsn_is_orcpt(r->orcpt, strlen(r->orcpt)))
		return fault_set(f, FAULT_PERM, "5.5.4", "ORCPT");
	if (address_check(r->address, f) != 0) {
		snprintf(f->code, sizeof(f->code), "5.1.3");
		return -1;
	}
	w->recipients++;
	must(w->recipients <= RECIPIENTS, "not too many recipients");
	return 0;
}

static int open_queue(void *arg, struct fault *f)
{
	struct world *w = arg;

	(void)f;
	must(w->is_begun && w->recipients > 0, "DATA for somebody");
	w->is_open = true;
	return 0;
}

/* With a limit too, it would depend on the pieces which is met first. */
static bool has_full(const struct world *w, const char *bytes, size_t n)
{
	return w->settings.size_limit == 0 && memchr(bytes, *FULL, n) != NULL;
}

static int write_queue(void *arg, const char *bytes, size_t n, struct fault *f)
{
	struct world *w = arg;

	must(w->is_open && n > 0, "content after DATA");
	sbuf_add(&w->content, bytes, n);
	if (has_full(w, bytes, n))
		return fault_set(f, FAULT_TEMP, "4.3.1", "full");
	return 0;
}

static int commit(void *arg, struct sbuf *id, struct fault *f)
{
	struct world *w = arg;

	must(w->is_open, "a dot after DATA");
	if (memchr(w->content.data, *LOST, w->content.len) != NULL)
		return fault_set(f, FAULT_PERM, "5.6.0", "lost");
	sbuf_add(&w->queued, w->content.data, w->content.len);
	sbuf_add(&w->queued, "", 1);
	sbuf_addf(id, "ID%zu", ++w->messages);
	return 0;
}

static void drop(void *arg)
{
	struct world *w = arg;

	must(w->is_begun, "what is dropped has begun");
	w->is_begun = false;
	w->is_open = false;
}

static const struct server_queue queue = { mail,        rcpt,   open_queue,
	                                   write_queue, commit, drop };

/* --- the session ---------------------------------------------------------- */

static void collect(struct world *w, struct server *s)
{
	must(!s->out.overflow, "replies fit into a batch");
	sbuf_add(&w->replies, s->out.data, s->out.len);
	sbuf_reset(&s->out);
}

/* From memory of just that size, for the sanitizer to watch. */
static void give(struct world *w, struct server *s, const char *bytes, size_t n)
{
	char *copy = mem_alloc(n);
	size_t used = 0;

	memcpy(copy, bytes, n);
	while (used < n && !server_is_over(s)) {
		size_t k = server_take(s, copy + used, n - used);

		must(k > 0 && k <= n - used, "it goes on");
		used += k;
		collect(w, s);
	}
	free(copy);
}

static void run(struct world *w)
{
	struct server s;

	sbuf_init(&w->replies, OUTPUT_LIMIT);
	sbuf_init(&w->queued, OUTPUT_LIMIT);
	sbuf_init(&w->content, OUTPUT_LIMIT);
	server_init(&s, &w->settings, &queue, w);
	collect(w, &s);
	for (size_t at = 0; at < w->n && !server_is_over(&s);) {
		size_t k = w->piece < w->n - at ? w->piece : w->n - at;

		give(w, &s, w->bytes + at, k);
		at += k;
	}
	w->was_cut = !server_is_over(&s) && server_end(&s);
	collect(w, &s);
	server_release(&s);
	must(!w->is_begun, "what began was dropped");
	sbuf_release(&w->content);
}

static void release(struct world *w)
{
	sbuf_release(&w->replies);
	sbuf_release(&w->queued);
}

/* --- the model ------------------------------------------------------------ */

struct model {
	const struct world *w;
	const char *reply;  /* the next */
	const char *queued; /* the next */
	size_t at;          /* in the input */
	enum { HELLO, READY, MAIL, RCPT, OVER } state;
	unsigned mistakes;
};

/* The code of the next reply. */
static int next_reply(struct model *m)
{
	const char *end;
	const int code = (int)strtol(m->reply, NULL, 10);
	bool is_last;

	do {
		end = strstr(m->reply, "\r\n");
		must(end != NULL && end - m->reply >= 4 &&
		             end - m->reply <= 510,
		     "a reply is a line");
		must(strtol(m->reply, NULL, 10) == code && code >= 200 &&
		             code <= 599,
		     "of one code");
		for (const char *c = m->reply; c < end; c++)
			must(*c >= 0x20 && *c < 0x7f, "of ASCII");
		is_last = m->reply[3] == ' ';
		must(is_last || m->reply[3] == '-', "that goes on, or not");
		m->reply = end + 2;
	} while (!is_last);
	m->mistakes += code >= 500;
	return code;
}

static bool is_one_of(int code, const int *codes)
{
	for (; *codes != 0; codes++)
		if (code == *codes)
			return true;
	return false;
}

/* CR and LF in the first n bytes stand together only. */
static bool has_bare(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			return true;
		if (i > 0 && bytes[i - 1] == '\r' && bytes[i] != '\n')
			return true;
	}
	return false;
}

/* The content that begins at `bytes`: into `content` without its dots; returns
 * its length as sent, with the last line, or 0: it has no end. */
static size_t find_content(const char *bytes, size_t n, struct sbuf *content)
{
	const char *at = bytes, *lf;

	while ((lf = memchr(at, '\n', n - (size_t)(at - bytes))) != NULL) {
		size_t len = (size_t)(lf - at) + 1;

		if ((len == 2 && at[0] == '.') ||
		    (len == 3 && memcmp(at, ".\r", 2) == 0))
			return (size_t)(lf - bytes) + 1;
		sbuf_add(content, at + (at[0] == '.'), len - (at[0] == '.'));
		at = lf + 1;
	}
	return 0;
}

static void check_message(struct model *m)
{
	const struct world *w = m->w;
	const char *bytes = w->bytes + m->at;
	size_t left = w->n - m->at, len;
	const uint64_t limit = w->settings.size_limit;
	struct sbuf content;
	bool fits;

	sbuf_init(&content, OUTPUT_LIMIT);
	len = find_content(bytes, left, &content);
	if (w->settings.is_strict && has_bare(bytes, len > 0 ? len : left)) {
		must(next_reply(m) == 521, "a bare line end is refused");
		m->state = OVER;
	} else if (len == 0) {
		must(w->was_cut, "a message without end is cut");
		m->at = w->n;
	} else {
		fits = limit == 0 || content.len <= limit;
		if (!fits)
			must(next_reply(m) == 552, "too large");
		else if (has_full(w, content.data, content.len))
			must(next_reply(m) == 452, "full");
		else if (memchr(content.data, *LOST, content.len) != NULL)
			must(next_reply(m) == 554, "lost");
		else {
			must(next_reply(m) == 250, "queued");
			m->mistakes = 0;
			must(memcmp(m->queued, content.data, content.len) == 0,
			     "as it was sent");
			m->queued += content.len + 1;
		}
		m->at += len;
		m->state = READY;
	}
	sbuf_release(&content);
}

static bool is_verb(const char *line, size_t n, const char *verb)
{
	size_t k = 0;

	while (k < n && line[k] != ' ' && line[k] != '\t')
		k++;
	if (k != strlen(verb))
		return false;
	for (size_t i = 0; i < k; i++)
		if ((line[i] & 0xdf) != verb[i] || (line[i] & 0x80) != 0)
			return false;
	return true;
}

/* A command where it may stand, by what was replied. */
static void check_command(struct model *m, const char *line, size_t n,
                          bool is_ahead)
{
	static const int of_mail[] = { 250, 501, 552, 553, 555, 0 };
	static const int of_rcpt[] = { 250, 452, 501, 553, 555, 0 };
	const bool is_hello =
		is_verb(line, n, "HELO") || is_verb(line, n, "EHLO");
	int code = next_reply(m);

	if (code == 500)
		return;
	if (code == 421) {
		must(m->w->settings.is_strict, "a program is not closed");
		m->state = OVER;
	} else if (is_hello) {
		must(code == 250 && !is_ahead, "hello");
		m->state = READY;
	} else if (is_verb(line, n, "MAIL")) {
		must(m->state == READY ? is_one_of(code, of_mail) : code == 503,
		     "MAIL");
		m->state = code == 250 ? MAIL : m->state;
	} else if (is_verb(line, n, "RCPT")) {
		must(m->state == MAIL || m->state == RCPT
		             ? is_one_of(code, of_rcpt)
		             : code == 503,
		     "RCPT");
		m->state = code == 250 ? RCPT : m->state;
	} else if (is_verb(line, n, "DATA")) {
		must(m->state == RCPT ? code == 354 || code == 501
		                      : code == 503,
		     "DATA");
		must(code != 354 || !is_ahead, "nothing came before 354");
		if (code == 354)
			check_message(m);
	} else if (is_verb(line, n, "RSET")) {
		must(code == 250, "RSET");
		m->state = m->state == HELLO ? HELLO : READY;
	} else if (is_verb(line, n, "QUIT")) {
		must(code == 221, "QUIT");
		m->state = OVER;
	} else {
		must(is_one_of(code, (int[]){ 250, 252, 214, 502, 0 }),
		     "small talk");
	}
}

/* Does anything come behind the byte before `end`, in the same piece? */
static bool has_more(const struct world *w, size_t end)
{
	return w->settings.is_strict && end < w->n && end % w->piece != 0;
}

static void check_line(struct model *m)
{
	const struct world *w = m->w;
	const char *line = w->bytes + m->at;
	const char *lf = memchr(line, '\n', w->n - m->at);
	size_t n = lf != NULL ? (size_t)(lf - line) : w->n - m->at;

	if (w->settings.is_strict && has_bare(line, lf != NULL ? n + 1 : n)) {
		must(next_reply(m) == 521, "a bare line end is refused");
		m->state = OVER;
		return;
	}
	m->at += n + 1;
	while (n > 0 && line[n - 1] == '\r')
		n--;
	if (lf != NULL)
		check_command(m, line, n, has_more(w, m->at));
	if (w->settings.is_strict && m->state != OVER &&
	    m->mistakes >= SERVER_MISTAKES) {
		must(next_reply(m) == 421, "too many mistakes");
		m->state = OVER;
	}
}

static void check(const struct world *w)
{
	struct model m = { .w = w,
		           .reply = w->replies.data,
		           .queued = w->queued.data,
		           .state = w->settings.is_strict ? HELLO : READY };

	must(next_reply(&m) == 220, "the greeting");
	while (m.at < w->n && m.state != OVER)
		check_line(&m);
	must(*m.reply == '\0', "no reply to nothing");
	must(m.queued == w->queued.data + w->queued.len,
	     "nothing is queued that was not accepted");
}

/* --- both ----------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct world w = { .bytes = (const char *)bytes + 2 }, whole;

	if (n < 3)
		return 0;
	w.n = n - 2;
	w.piece = bytes[1] % 64 + 1;
	w.settings = (struct server_settings){
		.host = "h",
		.size_limit = bytes[0] / 2 % 2 == 1 ? 20 + bytes[0] : 0,
		.recipient_limit = RECIPIENTS,
		.is_strict = bytes[0] % 2 == 1,
	};
	whole = w;
	whole.piece = w.n;
	run(&w);
	check(&w);
	run(&whole);
	check(&whole);
	must(w.settings.is_strict ||
	             (strcmp(w.replies.data, whole.replies.data) == 0 &&
	              w.queued.len == whole.queued.len),
	     "pieces make no difference");
	release(&w);
	release(&whole);
	return 0;
}
