/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay status - is all well, and if not, what is to be done */
#include "relay/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "config/options.h"
#include "config/rate.h"
#include "queue/listing.h"
#include "queue/schedule.h"
#include "queue/wake.h"
#include "relay/command.h"
#include "relay/span.h"

/* --- what is not well ----------------------------------------------------- */

static struct fault *add_problem(struct status *s, enum status_kind kind)
{
	struct status_problem *p;

	s->problems = mem_grow(s->problems, s->problem_count,
	                       s->problem_count + 1, sizeof(*s->problems));
	p = &s->problems[s->problem_count++];
	p->kind = kind;
	return &p->what;
}

int status_exit(const struct status *s)
{
	enum status_kind worst = STATUS_LATE;

	for (size_t i = 0; i < s->problem_count; i++)
		if (s->problems[i].kind > worst)
			worst = s->problems[i].kind;
	if (s->problem_count == 0)
		return EX_OK;
	if (worst == STATUS_LATE)
		return EX_TEMPFAIL;
	return worst == STATUS_QUEUE ? EX_IOERR : EX_CONFIG;
}

const char *status_kind_name(enum status_kind kind)
{
	switch (kind) {
	case STATUS_LATE: return "late";
	case STATUS_IDLE: return "idle";
	case STATUS_DAMAGED: return "damaged";
	case STATUS_LOGIN: return "login";
	case STATUS_SMARTHOST: return "smarthost";
	case STATUS_CONFIGURATION: return "configuration";
	case STATUS_QUEUE: break;
	}
	return "queue";
}

/* --- the queue ------------------------------------------------------------ */

static void see_waiting(struct status *s, const struct listing_item *item)
{
	if (s->oldest == 0 || item->arrival < s->oldest)
		s->oldest = item->arrival;
	if (item->is_arriving)
		return;
	s->in_doubt += item->history.in_doubt;
	if (item->is_active) {
		s->active++;
	} else if (!schedule_is_due(item->due, s->now)) {
		if (s->next == 0 || item->due < s->next)
			s->next = item->due;
	} else {
		s->due++;
		if (s->due_since == 0 || item->due < s->due_since)
			s->due_since = item->due;
	}
}

static int see(void *arg, const struct listing_item *item)
{
	struct status *s = arg;

	if (item->is_hidden) {
		s->others++;
		return 0;
	}
	s->count[item->place]++;
	if (item->place == SPOOL_NEW)
		see_waiting(s, item);
	return 0;
}

static void look_at_queue(struct status *s, const struct spool *spool)
{
	struct fault f = { 0 };

	for (int place = 0; place < SPOOL_PLACES; place++)
		if (spool->place[place].fd >= 0 &&
		    listing_each(spool, (enum spool_place)place, see, s, &f) !=
		            0)
			*add_problem(s, STATUS_QUEUE) = f;
}

/* --- the configuration ---------------------------------------------------- */

/* What holds where nobody says otherwise. */
static int64_t default_warn(void)
{
	struct config defaults = { .path = NULL };
	int64_t warn;

	options_init(OPTION_TOP, &defaults);
	warn = defaults.warn;
	options_release(OPTION_TOP, &defaults);
	return warn;
}

static void look_at_configuration(struct status *s)
{
	struct fault f;

	s->warn = default_warn();
	if (s->is_guest)
		return;
	s->config = config_load(s->site->config, NULL, &f);
	if (s->config == NULL) {
		*add_problem(s, STATUS_CONFIGURATION) = f;
		return;
	}
	config_forget_secrets(s->config);
	s->warn = s->config->warn;
	s->smarthosts = mem_array(s->config->count, sizeof(*s->smarthosts));
}

static int64_t config_time(const struct site *site)
{
	struct stat st;

	return site->config != NULL && stat(site->config, &st) == 0
	               ? (int64_t)st.st_mtime
	               : 0;
}

/* --- smarthosts ----------------------------------------------------------- */

/* Its time is over and nobody has tried since: only while mail waits is that
 * trouble still. */
static void look_at_pause(struct status *s, struct status_smarthost *it,
                          const struct spool *spool)
{
	if (pause_read(&spool->pause, it->smarthost->name, &it->pause) == 0 ||
	    pause_is_void(&it->pause, config_time(s->site), s->now))
		return;
	it->is_left_alone = !schedule_is_due(it->pause.until, s->now);
	it->has_trouble = it->is_left_alone || s->count[SPOOL_NEW] > 0;
	it->needs_person =
		it->has_trouble && it->pause.why.kind == FAULT_CONFIG;
	if (it->needs_person)
		fault_set_exit(add_problem(s, STATUS_SMARTHOST), EX_CONFIG,
		               _("smarthost %s: %s"), it->smarthost->name,
		               it->pause.why.text);
}

static void look_at_rate(struct status_smarthost *it, const struct spool *spool)
{
	struct rate rate;

	if (it->smarthost->rate == NULL ||
	    !rate_parse(it->smarthost->rate, &rate))
		return;
	bucket_init(&it->bucket, rate.count, rate.seconds, rate.of_recipients);
	bucket_load(&it->bucket, &spool->pause, it->smarthost->name);
}

/* Where mail has met that already, it is said. */
static void look_at_account(struct status *s, struct status_smarthost *it)
{
	struct sbuf text;

	account_look(&it->account, it->smarthost, s->site->queue);
	if (!account_needs_person(&it->account) || it->needs_person)
		return;
	sbuf_init(&text, sizeof(s->problems->what.text));
	account_problem(&it->account, &text);
	fault_set_exit(add_problem(s, STATUS_LOGIN), EX_CONFIG, "%s",
	               text.data);
	sbuf_release(&text);
}

/* All that pause/ says of each, and who is logged in. */
static void look_at_smarthosts(struct status *s, const struct spool *spool)
{
	for (size_t i = 0; s->config != NULL && i < s->config->count; i++) {
		struct status_smarthost *it = &s->smarthosts[i];

		it->smarthost = &s->config->smarthosts[i];
		look_at_pause(s, it, spool);
		look_at_rate(it, spool);
		limits_load(&it->limits, &spool->pause, it->smarthost->name,
		            config_time(s->site));
		look_at_account(s, it);
	}
}

/* --- judged --------------------------------------------------------------- */

/* Is mail due, has nobody looked for it since, and is nobody at work? */
static bool is_idle(const struct status *s)
{
	int64_t since = s->due_since;

	if (s->progress.flush > since && s->progress.flush <= s->now)
		since = s->progress.flush;
	return s->due > 0 && !s->is_flushing && !s->is_guest &&
	       s->now - since > STATUS_IDLE_MOST;
}

static void say_idle(struct status *s)
{
	char span[SPAN_SIZE];
	const char *how =
		strcmp(s->site->queue, SPOOLDIR) == 0
			? "systemctl enable --now relay-flush.timer"
			: "systemctl --user enable --now relay-flush.timer";

	fault_set_exit(add_problem(s, STATUS_IDLE), EX_CONFIG,
	               _("mail has been due for %s, and nothing sends it: "
	                 "`relay flush` does now, and for the future `%s`, or "
	                 "a line for cron (relay-flush(8))"),
	               span_time(span, sizeof(span), s->now - s->due_since),
	               how);
}

static void say_damaged(struct status *s)
{
	size_t count = s->count[SPOOL_BAD];

	fault_set_exit(add_problem(s, STATUS_DAMAGED), EX_CONFIG,
	               intl_plural("%zu damaged message is never sent: look at "
	                           "it with `relay queue show`, then `relay "
	                           "queue remove`",
	                           "%zu damaged messages are never sent: look "
	                           "at them with `relay queue show`, then "
	                           "`relay queue remove`",
	                           count),
	               count);
}

static void judge(struct status *s)
{
	int64_t age = s->oldest > 0 ? s->now - s->oldest : 0;
	char span[SPAN_SIZE];

	if (s->count[SPOOL_BAD] > 0)
		say_damaged(s);
	if (is_idle(s))
		say_idle(s);
	if (s->warn > 0 && age > s->warn)
		fault_set_exit(add_problem(s, STATUS_LATE), EX_UNAVAILABLE,
		               _("the oldest message has waited for %s: "
		                 "`relay queue` says why"),
		               span_time(span, sizeof(span), age));
}

static void gather(struct status *s)
{
	struct spool spool;
	struct fault f;
	bool missing;

	s->now = clock_seconds();
	s->is_guest = s->site->is_system && !site_is_ours(s->site);
	look_at_configuration(s);
	if (site_open(s->site, &spool, &missing, &f) == 0)
		look_at_queue(s, &spool);
	else if (!missing)
		*add_problem(s, STATUS_QUEUE) = f;
	look_at_smarthosts(s, &spool);
	if (!s->is_guest && spool.root.fd >= 0) {
		s->is_flushing = wake_is_heard(&spool.root);
		progress_read(&spool.pause, &s->progress);
	}
	judge(s);
	spool_release(&spool);
}

/* --- the command ---------------------------------------------------------- */

int command_status(const struct site *site, int argc, char *argv[])
{
	void (*say)(const struct status *, struct sbuf *) = status_text;
	struct status s = { .site = site };
	struct sbuf out;
	int status;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			say = status_json;
		else if (strcmp(argv[i], "--metrics") == 0)
			say = status_metrics;
		else
			return command_refuse("status", argv[i]);
	}
	gather(&s);
	sbuf_init(&out, STATUS_OUTPUT_LIMIT);
	say(&s, &out);
	fputs(out.data, stdout);
	sbuf_release(&out);
	status = status_exit(&s);
	config_free(&s.config);
	free(s.smarthosts);
	free(s.problems);
	return status;
}
