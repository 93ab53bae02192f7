/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text format of Prometheus, version 0.0.4, for the textfile collector of
 * node_exporter: names never change, words are English. */
#include "relay/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/attr.h"

static void begin(struct sbuf *b, const char *name, const char *help)
{
	sbuf_addf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_one(struct sbuf *b, const char *name, const char *help,
                    int64_t value)
{
	begin(b, name, help);
	sbuf_addf(b, "%s %" PRId64 "\n", name, value);
}

/* A time that is not known has no line. */
static void add_time(struct sbuf *b, const char *name, const char *help,
                     int64_t when)
{
	if (when > 0)
		add_one(b, name, help, when);
}

static void add_messages(const struct status *s, struct sbuf *b)
{
	static const char *const states[] = {
		[SPOOL_NEW] = "waiting",
		[SPOOL_HOLD] = "held",
		[SPOOL_FAILED] = "failed",
		[SPOOL_BAD] = "damaged",
	};

	begin(b, "relay_queue_messages", "Messages in the queue.");
	for (int place = 0; place < SPOOL_PLACES; place++)
		sbuf_addf(b, "relay_queue_messages{state=\"%s\"} %zu\n",
		          states[place], s->count[place]);
	add_one(b, "relay_queue_due_messages", "Waiting messages that are due.",
	        (int64_t)s->due);
	add_one(b, "relay_queue_oldest_seconds",
	        "Age of the oldest message that waits, 0: none does.",
	        s->oldest > 0 && s->oldest < s->now ? s->now - s->oldest : 0);
}

static int64_t is_left_alone(const struct status *s,
                             const struct status_smarthost *it)
{
	(void)s;
	return it->is_left_alone ? 1 : 0;
}

static int64_t needs_person(const struct status *s,
                            const struct status_smarthost *it)
{
	(void)s;
	return it->needs_person ? 1 : 0;
}

static int64_t failures(const struct status *s,
                        const struct status_smarthost *it)
{
	(void)s;
	return it->has_trouble ? it->pause.count : 0;
}

/* -1: it has no `rate`. */
static int64_t rate_left(const struct status *s,
                         const struct status_smarthost *it)
{
	return it->bucket.count > 0
	               ? (int64_t)bucket_left(&it->bucket, s->now * 1000)
	               : -1;
}

static int64_t login_needs_person(const struct status *s,
                                  const struct status_smarthost *it)
{
	(void)s;
	return account_needs_person(&it->account) ? 1 : 0;
}

/* 0: never, or it has no `login oauth`. */
static int64_t last_token(const struct status *s,
                          const struct status_smarthost *it)
{
	(void)s;
	return it->account.tokens.refreshed;
}

static int64_t token_expiry(const struct status *s,
                            const struct status_smarthost *it)
{
	(void)s;
	return it->account.tokens.expires;
}

static const struct {
	const char *name;
	const char *help;
	int64_t (*value)(const struct status *,
	                 const struct status_smarthost *);
} gauges[] = {
	{ "relay_smarthost_left_alone",
	  "Is the smarthost left alone for a while?", is_left_alone },
	{ "relay_smarthost_needs_person",
	  "Must a person mend something before it takes mail?", needs_person },
	{ "relay_smarthost_failures", "Failures of the smarthost in a row.",
	  failures },
	{ "relay_smarthost_rate_left",
	  "How many its rate lets go at once, -1: it has no rate.", rate_left },
	{ "relay_smarthost_login_needs_person",
	  "Must a person log in, with OAuth?", login_needs_person },
	{ "relay_smarthost_token_refreshed_timestamp_seconds",
	  "When the provider last gave a token, 0: never.", last_token },
	{ "relay_smarthost_token_expires_timestamp_seconds",
	  "When that token ends, 0: there is none.", token_expiry },
};

static void add_smarthosts(const struct status *s, struct sbuf *b)
{
	for (size_t g = 0; s->config != NULL && g < COUNT_OF(gauges); g++) {
		begin(b, gauges[g].name, gauges[g].help);
		for (size_t i = 0; i < s->config->count; i++) {
			const struct status_smarthost *it = &s->smarthosts[i];

			/* A name has no sign that means something here. */
			sbuf_addf(b, "%s{smarthost=\"%s\"} %" PRId64 "\n",
			          gauges[g].name, it->smarthost->name,
			          gauges[g].value(s, it));
		}
	}
}

void status_metrics(const struct status *s, struct sbuf *out)
{
	add_one(out, "relay_status",
	        "Exit status of `relay status`: 0 all is well, 75 mail waits "
	        "for long, 78 a person must act, 74 the queue is in trouble.",
	        status_exit(s));
	add_messages(s, out);
	add_smarthosts(s, out);
	if (s->is_guest)
		return;
	add_one(out, "relay_flush_active", "Is relay-flush at work?",
	        s->is_flushing ? 1 : 0);
	add_time(out, "relay_last_flush_timestamp_seconds",
	         "When the queue was last worked on.", s->progress.flush);
	add_time(out, "relay_last_delivery_timestamp_seconds",
	         "When a message was last delivered.", s->progress.delivery);
}
