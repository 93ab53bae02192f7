/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "smtp/verbs.h"

#define REPLY_LIMIT 1024 /* bytes */

/* --- replies ------------------------------------------------------------- */

/* In a transaction? */
static bool is_begun(const struct server *s)
{
	return s->state == SERVER_MAIL || s->state == SERVER_RCPT ||
	       s->state == SERVER_CONTENT;
}

void server_drop(struct server *s)
{
	if (is_begun(s)) {
		s->queue->drop(s->arg);
		s->state = SERVER_READY;
	}
}

void server_finish(struct server *s)
{
	server_drop(s);
	s->state = SERVER_OVER;
}

/* One line; the enhanced status only for those who know that it is there. */
void server_say(struct server *s, int code, const char *enhanced,
                const char *fmt, ...)
{
	const bool shows = s->is_esmtp && enhanced[0] != '\0';
	size_t from;
	va_list args;

	sbuf_addf(&s->out, "%d %s%s", code, shows ? enhanced : "",
	          shows ? " " : "");
	from = s->out.len;
	va_start(args, fmt);
	sbuf_addv(&s->out, fmt, args);
	va_end(args);
	for (size_t i = from; i < s->out.len; i++)
		if (ascii_is_control(s->out.data[i]) ||
		    (unsigned char)s->out.data[i] >= 0x80)
			s->out.data[i] = '?';
	sbuf_addstr(&s->out, "\r\n");
	if (code >= 500)
		s->mistakes++;
}

/* A fault of the queue as a reply. */
void server_refuse(struct server *s, const struct fault *f)
{
	static const struct {
		const char *enhanced;
		int code;
	} codes[] = {
		{ "4.2.2", 452 }, { "4.3.1", 452 }, { "4.5.3", 452 },
		{ "5.1.3", 553 }, { "5.1.7", 553 }, { "5.3.4", 552 },
		{ "5.5.4", 501 }, { "5.6.7", 553 },
	};
	int code = f->kind == FAULT_PERM ? 554 : 451;
	const char *enhanced = f->code;

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (strcmp(f->code, codes[i].enhanced) == 0)
			code = codes[i].code;
	if (enhanced[0] != '0' + code / 100)
		enhanced = code == 451 ? "4.3.0" : "5.3.0";
	server_say(s, code, enhanced, "%.400s", f->text);
}

void server_close(struct server *s, const char *why)
{
	server_say(s, 421, "4.7.0", "%s", why);
	server_finish(s);
}

/* --- the message --------------------------------------------------------- */

/* After the first fault the rest is read and forgotten. */
static void write_content(void *arg, const char *bytes, size_t n)
{
	struct server *s = arg;
	const uint64_t limit = s->settings->size_limit;

	if (s->is_refused)
		return;
	s->size += n;
	if (limit > 0 && s->size > limit)
		s->is_refused = fault_set(&s->fault, FAULT_PERM, "5.3.4",
		                          "the message is larger than %" PRIu64
		                          " bytes",
		                          limit) != 0;
	else
		s->is_refused =
			s->queue->write(s->arg, bytes, n, &s->fault) != 0;
}

void server_begin_content(struct server *s)
{
	s->state = SERVER_CONTENT;
	s->size = 0;
	s->is_refused = false;
	fault_clear(&s->fault);
	unstuff_init(&s->unstuff, s->settings->is_strict, write_content, s);
}

/* It is on disk before anything is said.  "Ok: queued as ID" is what Symfony
 * looks for. */
static void accept_message(struct server *s)
{
	struct sbuf id;

	sbuf_init(&id, 64);
	if (!s->is_refused)
		s->is_refused = s->queue->commit(s->arg, &id, &s->fault) != 0;
	server_drop(s);
	if (s->is_refused) {
		server_refuse(s, &s->fault);
	} else {
		s->mistakes = 0;
		server_say(s, 250, "2.0.0", "Ok: queued as %s", id.data);
	}
	sbuf_release(&id);
}

static void refuse_bare(struct server *s)
{
	server_say(s, 521, "5.5.2",
	           "a line ends with CR LF and nothing else; goodbye");
	server_finish(s);
}

static size_t take_content(struct server *s, const char *bytes, size_t n)
{
	size_t used;

	switch (unstuff(&s->unstuff, bytes, n, &used)) {
	case UNSTUFF_MORE: break;
	case UNSTUFF_END: accept_message(s); break;
	case UNSTUFF_BARE: refuse_bare(s); break;
	}
	return used;
}

/* --- command lines ------------------------------------------------------- */

static bool is_clean(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_is_control(line[i]) && line[i] != '\t')
			return false;
	return true;
}

/* A whole line without its LF; `is_last`: nothing came behind it. */
static void take_line(struct server *s, bool is_last)
{
	struct sbuf *line = &s->line;

	while (line->len > 0 && line->data[line->len - 1] == '\r')
		sbuf_cut(line, line->len - 1);
	if (line->overflow || line->len > SERVER_LINE_LIMIT)
		server_say(s, 500, "5.5.2",
		           "the command is longer than %d bytes",
		           SERVER_LINE_LIMIT);
	else if (!is_clean(line->data, line->len))
		server_say(s, 500, "5.5.2",
		           "the command has a control character");
	else
		verbs_dispatch(s, line->data, is_last);
	sbuf_reset(line);
	if (s->settings->is_strict && s->mistakes >= SERVER_MISTAKES &&
	    s->state != SERVER_OVER)
		server_close(s, "too many mistakes; goodbye");
}

/* Strictly: CR and LF stand together only. */
static bool has_bare(struct server *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((bytes[i] == '\n') != s->after_cr)
			return true;
		s->after_cr = bytes[i] == '\r';
	}
	return false;
}

static size_t take_command(struct server *s, const char *bytes, size_t n)
{
	const char *end = memchr(bytes, '\n', n);
	size_t used = end != NULL ? (size_t)(end - bytes) + 1 : n;

	if (s->settings->is_strict && has_bare(s, bytes, used)) {
		refuse_bare(s);
		return used;
	}
	sbuf_add(&s->line, bytes, end != NULL ? used - 1 : used);
	if (end != NULL)
		take_line(s, used == n);
	return used;
}

/* --- the session --------------------------------------------------------- */

void server_init(struct server *s, const struct server_settings *settings,
                 const struct server_queue *queue, void *arg)
{
	memset(s, 0, sizeof(*s));
	s->settings = settings;
	s->queue = queue;
	s->arg = arg;
	s->state = settings->is_strict ? SERVER_START : SERVER_READY;
	sbuf_init(&s->line, SERVER_LINE_LIMIT + 2);
	sbuf_init(&s->out, SERVER_BATCH + REPLY_LIMIT);
	server_say(s, 220, "", "%s ESMTP relay", settings->host);
}

void server_release(struct server *s)
{
	server_drop(s);
	sbuf_release(&s->line);
	sbuf_release(&s->out);
}

size_t server_take(struct server *s, const char *bytes, size_t n)
{
	size_t used = 0;

	while (used < n && s->state != SERVER_OVER && s->out.len < SERVER_BATCH)
		used += s->state == SERVER_CONTENT
		                ? take_content(s, bytes + used, n - used)
		                : take_command(s, bytes + used, n - used);
	return used;
}

bool server_is_over(const struct server *s)
{
	return s->state == SERVER_OVER;
}

bool server_end(struct server *s)
{
	bool is_cut = s->state == SERVER_CONTENT;

	server_finish(s);
	return is_cut;
}
