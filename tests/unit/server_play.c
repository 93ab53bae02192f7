/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fixture.h"

#define OUTPUT_LIMIT ((size_t)1 << 24)

/* One run: the server has its own copy of what matters. */
struct run {
	struct play *play;
	bool is_closed;
	bool is_open; /* a transaction is */
	struct sbuf content;
};

static const char *shown(const char *value)
{
	return value != NULL ? value : "-";
}

static int mail(void *arg, const struct server_mail *m, struct fault *f)
{
	struct run *r = arg;

	ck_assert(!r->is_open);
	r->is_open = true;
	r->is_closed = strcmp(m->sender, PLAY_CLOSED) == 0;
	sbuf_reset(&r->content);
	sbuf_addf(&r->play->queue, "mail <%s> %s %s %s%s\n", m->sender,
	          shown(m->body), shown(m->ret), shown(m->envid),
	          m->smtputf8 ? " utf8" : "");
	if (strncmp(m->sender, "bad", 3) == 0)
		return fault_set(f, FAULT_PERM, "5.1.7", "bad sender");
	return 0;
}

static int rcpt(void *arg, const struct server_recipient *to, struct fault *f)
{
	struct run *r = arg;

	ck_assert(r->is_open);
	if (strncmp(to->address, "bad", 3) == 0 || to->address[0] == '\0')
		return fault_set(f, FAULT_PERM, "5.1.3", "bad \xc3\xa9\r\n<%s>",
		                 to->address);
	sbuf_addf(&r->play->queue, "rcpt <%s> %s %s\n", to->address,
	          shown(to->notify), shown(to->orcpt));
	return 0;
}

static int open_queue(void *arg, struct fault *f)
{
	struct run *r = arg;

	ck_assert(r->is_open);
	if (r->is_closed)
		return fault_set(f, FAULT_TEMP, "4.3.0", "no queue");
	sbuf_addstr(&r->play->queue, "open\n");
	return 0;
}

static int write_queue(void *arg, const char *bytes, size_t n, struct fault *f)
{
	struct run *r = arg;

	ck_assert(r->is_open);
	ck_assert_uint_gt(n, 0);
	sbuf_add(&r->content, bytes, n);
	if (strstr(r->content.data, PLAY_FULL) != NULL)
		return fault_set(f, FAULT_TEMP, "4.3.1", "the disk is full");
	return 0;
}

static int commit(void *arg, struct sbuf *id, struct fault *f)
{
	struct run *r = arg;

	ck_assert(r->is_open);
	sbuf_add(&r->play->queue, r->content.data, r->content.len);
	if (strstr(r->content.data, PLAY_LOST) != NULL)
		return fault_set(f, FAULT_PERM, "5.6.0", "it is lost");
	sbuf_addstr(&r->play->queue, "commit\n");
	sbuf_addf(id, "ID%zu", ++r->play->messages);
	return 0;
}

static void drop(void *arg)
{
	struct run *r = arg;

	ck_assert(r->is_open);
	r->is_open = false;
	sbuf_addstr(&r->play->queue, "drop\n");
}

static const struct server_queue queue = { mail,        rcpt,   open_queue,
	                                   write_queue, commit, drop };

void play_init(struct play *p, bool is_strict)
{
	*p = (struct play){ .is_strict = is_strict };
	sbuf_init(&p->replies, OUTPUT_LIMIT);
	sbuf_init(&p->queue, OUTPUT_LIMIT);
}

void play_release(struct play *p)
{
	sbuf_release(&p->replies);
	sbuf_release(&p->queue);
}

static void take_replies(struct play *p, struct server *s)
{
	ck_assert(!s->out.overflow);
	sbuf_add(&p->replies, s->out.data, s->out.len);
	sbuf_reset(&s->out);
}

/* From memory of just that size, for the sanitizer to watch. */
static void give(struct play *p, struct server *s, const char *bytes, size_t n)
{
	char *copy = mem_alloc(n > 0 ? n : 1);
	size_t used = 0;

	memcpy(copy, bytes, n);
	while (used < n && !server_is_over(s)) {
		size_t k = server_take(s, copy + used, n - used);

		ck_assert(k > 0 && k <= n - used);
		used += k;
		take_replies(p, s);
	}
	free(copy);
}

void play(struct play *p, const char *bytes, size_t n, size_t piece)
{
	const struct server_settings settings = {
		.host = "host.test",
		.size_limit = p->size_limit,
		.recipient_limit =
			p->recipient_limit > 0 ? p->recipient_limit : 1000,
		.is_strict = p->is_strict,
	};
	struct run r = { .play = p };
	struct server s;

	sbuf_reset(&p->replies);
	sbuf_reset(&p->queue);
	p->messages = 0;
	sbuf_init(&r.content, OUTPUT_LIMIT);
	server_init(&s, &settings, &queue, &r);
	take_replies(p, &s);
	for (size_t at = 0; at < n && !server_is_over(&s);) {
		size_t k = piece > 0 && piece < n - at ? piece : n - at;

		give(p, &s, bytes + at, k);
		at += k;
	}
	p->is_over = server_is_over(&s);
	p->was_cut = !p->is_over && server_end(&s);
	take_replies(p, &s);
	server_release(&s);
	ck_assert(!r.is_open);
	sbuf_release(&r.content);
}

const char *play_codes(const struct play *p, char *to, size_t size)
{
	const char *at = p->replies.data, *end;
	size_t n = 0;

	to[0] = '\0';
	for (; (end = strstr(at, "\r\n")) != NULL; at = end + 2) {
		ck_assert(end - at >= 4);
		for (const char *c = at; c < end; c++)
			ck_assert(*c >= 0x20 && *c < 0x7f);
		if (at[3] == '-')
			continue;
		ck_assert(at[3] == ' ');
		n += (size_t)snprintf(to + n, size - n, "%s%.3s",
		                      n > 0 ? " " : "", at);
		ck_assert_uint_lt(n, size);
	}
	ck_assert_str_eq(at, "");
	return to;
}
