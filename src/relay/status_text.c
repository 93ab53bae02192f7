/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One page, 80 columns, what matters most first. */
#include "relay/status.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/wrap.h"
#include "config/host.h"
#include "message/meaning.h"
#include "relay/span.h"

#define INDENT 12 /* columns of the words before each part */
#define LINE_LIMIT 4096

static const char below[] = "            ";

/* A paragraph; strangers' words in it do no harm. */
static void add(struct sbuf *out, const char *lead, const char *text)
{
	struct sbuf shown;

	sbuf_init(&shown, LINE_LIMIT);
	escape_add(&shown, text, strlen(text));
	wrap_add(out, lead, INDENT, shown.data);
	sbuf_release(&shown);
}

static const char *verdict(const struct status *s)
{
	switch (status_exit(s)) {
	case EX_OK: return _("all is well");
	case EX_TEMPFAIL: return _("mail waits for long");
	case EX_IOERR: return _("the queue is in trouble");
	default: return _("a person must act");
	}
}

static void add_verdict(const struct status *s, struct sbuf *out)
{
	add(out, _("Status:     "), verdict(s));
	for (size_t i = 0; i < s->problem_count; i++) {
		struct sbuf shown;

		sbuf_init(&shown, LINE_LIMIT);
		escape_add(&shown, s->problems[i].what.text,
		           strlen(s->problems[i].what.text));
		wrap_add(out, "          - ", INDENT, shown.data);
		sbuf_release(&shown);
	}
}

/* --- the queue ------------------------------------------------------------ */

static void add_waiting(const struct status *s, struct sbuf *out)
{
	char span[SPAN_SIZE];
	struct sbuf line;

	if (s->oldest == 0)
		return;
	sbuf_init(&line, LINE_LIMIT);
	sbuf_addf(&line, _("the oldest has waited for %s"),
	          span_time(span, sizeof(span), s->now - s->oldest));
	if (s->active > 0)
		sbuf_addf(&line,
		          intl_plural("; %zu being sent now",
		                      "; %zu being sent now", s->active),
		          s->active);
	if (s->due > 0)
		sbuf_addf(&line,
		          intl_plural("; %zu due now", "; %zu due now", s->due),
		          s->due);
	if (s->next > 0)
		sbuf_addf(&line, _("; next try in %s"),
		          span_time(span, sizeof(span), s->next - s->now));
	add(out, below, line.data);
	sbuf_reset(&line);
	sbuf_addf(&line,
	          intl_plural("%zu may already be delivered",
	                      "%zu may already be delivered", s->in_doubt),
	          s->in_doubt);
	if (s->in_doubt > 0)
		add(out, below, line.data);
	sbuf_release(&line);
}

static void add_queue(const struct status *s, struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, LINE_LIMIT);
	add(out, _("Queue:      "), s->site->queue);
	sbuf_addf(&line, _("%zu waiting, %zu held, %zu given up, %zu damaged"),
	          s->count[SPOOL_NEW], s->count[SPOOL_HOLD],
	          s->count[SPOOL_FAILED], s->count[SPOOL_BAD]);
	add(out, below, line.data);
	add_waiting(s, out);
	sbuf_reset(&line);
	sbuf_addf(&line,
	          intl_plural("and %zu message of another user",
	                      "and %zu messages of other users", s->others),
	          s->others);
	if (s->others > 0)
		add(out, below, line.data);
	sbuf_release(&line);
}

/* --- smarthosts ----------------------------------------------------------- */

static void add_pause(const struct status_smarthost *it, struct sbuf *out)
{
	const struct pause *p = &it->pause;
	struct sbuf since, until, line;

	sbuf_init(&since, 64);
	sbuf_init(&until, 64);
	sbuf_init(&line, LINE_LIMIT);
	clock_add_short(&since, p->since);
	clock_add_short(&until, p->until);
	if (it->is_left_alone)
		sbuf_addf(&line, _("left alone from %s until %s"), since.data,
		          until.data);
	else
		sbuf_addf(&line, _("was left alone from %s until %s"),
		          since.data, until.data);
	add(out, below, line.data);
	sbuf_release(&line);
	sbuf_release(&until);
	sbuf_release(&since);
}

static void add_trouble(const struct status_smarthost *it, struct sbuf *out)
{
	const struct fault *why = &it->pause.why;
	const char *meaning = meaning_of(why->code, why->text);
	struct sbuf line;

	add_pause(it, out);
	sbuf_init(&line, LINE_LIMIT);
	sbuf_addf(&line,
	          intl_plural("%u failure: %s", "%u failures in a row: %s",
	                      it->pause.count),
	          it->pause.count, why->text);
	add(out, below, line.data);
	sbuf_reset(&line);
	sbuf_addf(&line, _("What it means: %s"),
	          meaning != NULL ? intl_text(meaning) : "");
	if (meaning != NULL)
		add(out, below, line.data);
	if (it->needs_person)
		add(out, below,
		    _("This needs a person: mail waits until it is mended, "
		      "and then `relay flush --now` sends it."));
	sbuf_release(&line);
}

static void add_rate(const struct status *s, const struct status_smarthost *it,
                     struct sbuf *out)
{
	unsigned left = bucket_left(&it->bucket, s->now * 1000);
	struct sbuf line;

	if (it->bucket.count == 0)
		return;
	sbuf_init(&line, LINE_LIMIT);
	sbuf_addf(&line, _("rate %s: %u may go at once"), it->smarthost->rate,
	          left);
	add(out, below, line.data);
	sbuf_release(&line);
}

/* The DNS names the port of a service, too. */
static void add_place(const struct smarthost *h, struct sbuf *line)
{
	sbuf_addf(line, "%s, ", h->name);
	for (const char *at = h->host; at != NULL; at = host_next(at)) {
		sbuf_addf(line, "%s%.*s", at == h->host ? "" : ", ",
		          (int)host_length(at), at);
		if (!host_is_service(h->host))
			sbuf_addf(line, ":%u", h->port);
	}
}

/* What it was found to bear less of than we would like. */
static void add_limits(const struct limits *l, struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, LINE_LIMIT);
	if (l->connections > 0)
		sbuf_addf(&line,
		          intl_plural("; %u connection at a time",
		                      "; %u connections at a time",
		                      l->connections),
		          l->connections);
	if (l->messages > 0)
		sbuf_addf(&line,
		          intl_plural("; %u message on each",
		                      "; %u messages on each", l->messages),
		          l->messages);
	if (l->recipients > 0)
		sbuf_addf(&line,
		          intl_plural("; %u recipient at a time",
		                      "; %u recipients at a time",
		                      l->recipients),
		          l->recipients);
	if (l->no_overlap)
		sbuf_addstr(&line, _("; one message after the other"));
	if (line.len > 0)
		sbuf_addstr(&line,
		            _(" (found out, and tried again in a week)"));
	if (line.len > 0)
		add(out, below, line.data + strspn(line.data, "; "));
	sbuf_release(&line);
}

static void add_account(const struct status *s, const struct account *a,
                        struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, LINE_LIMIT);
	for (size_t i = 0; account_say(a, i, s->now, &line); i++) {
		if (line.len > 0)
			add(out, below, line.data);
		sbuf_reset(&line);
	}
	sbuf_release(&line);
}

static void add_smarthosts(const struct status *s, struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, LINE_LIMIT);
	for (size_t i = 0; s->config != NULL && i < s->config->count; i++) {
		const struct status_smarthost *it = &s->smarthosts[i];

		sbuf_reset(&line);
		add_place(it->smarthost, &line);
		add(out, _("Smarthost:  "), line.data);
		if (it->has_trouble)
			add_trouble(it, out);
		add_account(s, &it->account, out);
		add_rate(s, it, out);
		add_limits(&it->limits, out);
	}
	sbuf_release(&line);
}

/* --- the flusher ---------------------------------------------------------- */

/* A time that is not known, or in the future, is not shown. */
static bool is_past(const struct status *s, int64_t when)
{
	return when > 0 && when <= s->now;
}

static void add_flush(const struct status *s, struct sbuf *out)
{
	const struct progress *p = &s->progress;
	char span[SPAN_SIZE];
	struct sbuf line;

	if (s->is_guest)
		return;
	add(out, _("Flush:      "),
	    s->is_flushing  ? _("at work now")
	    : p->flush == 0 ? _("not at work, and none has ended yet")
	                    : _("not at work"));
	sbuf_init(&line, LINE_LIMIT);
	sbuf_addf(&line, _("the last look at the queue was %s ago"),
	          span_time(span, sizeof(span), s->now - p->flush));
	if (is_past(s, p->flush))
		add(out, below, line.data);
	sbuf_reset(&line);
	sbuf_addf(&line, _("the last delivery was %s ago"),
	          span_time(span, sizeof(span), s->now - p->delivery));
	if (is_past(s, p->delivery))
		add(out, below, line.data);
	sbuf_release(&line);
}

void status_text(const struct status *s, struct sbuf *out)
{
	add_verdict(s, out);
	add_queue(s, out);
	add_smarthosts(s, out);
	add_flush(s, out);
}
