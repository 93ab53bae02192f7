/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/changes.h"
#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "flush/forget.h"
#include "flush/pickup.h"
#include "flush/tend.h"
#include "queue/lock.h"
#include "queue/progress.h"
#include "queue/wake.h"

#define LONGEST_SLEEP 60 /* seconds: notices clock jumps and changed files */
#define RETRY_CONFIG 5   /* seconds */
#define STUCK_PAUSE 2000 /* milliseconds */
#define SETTLE_TIME 1    /* seconds, after something was noticed */

/* Set by SIGTERM and SIGINT: end after the messages that are under way. */
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Blocked except while we sleep, so that no signal comes between a look at
 * `stop` and the sleep. */
static void set_signals(sigset_t *while_asleep)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, while_asleep);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

/* What is open while we hold the queue. */
struct hold {
	int lock;
	int wake;
};

static void let_go(struct hold *h)
{
	if (h->wake >= 0)
		close(h->wake);
	if (h->lock >= 0)
		close(h->lock);
	h->wake = h->lock = -1;
}

static int take_hold(struct hold *h, const struct spool *spool, bool *busy,
                     struct fault *f)
{
	h->lock = lock_take(&spool->root, busy, f);
	h->wake = h->lock >= 0 ? wake_listen(&spool->root) : -1;
	return h->lock >= 0 ? 0 : -1;
}

static int64_t config_time(const struct site *site)
{
	struct stat st;

	return site->config != NULL && stat(site->config, &st) == 0
	               ? (int64_t)st.st_mtime
	               : 0;
}

static void say_sum(const struct round_result *result)
{
	const struct job_result *jobs = &result->jobs;
	struct sbuf b, next;

	sbuf_init(&b, 512);
	sbuf_init(&next, 64);
	sbuf_addf(&b, _("%u delivered, %u failed, %u to be tried again"),
	          jobs->delivered, jobs->failed, jobs->later);
	clock_add_short(&next, result->next);
	if (result->waiting > 0 && result->next != 0)
		sbuf_addf(&b, _("; %u waiting, next try at %s"),
		          result->waiting, next.data);
	else if (result->waiting > 0)
		sbuf_addf(&b, _("; %u waiting"), result->waiting);
	fprintf(stderr, "relay-flush: %s\n", b.data);
	sbuf_release(&next);
	sbuf_release(&b);
}

static int exit_status(const struct round_result *result)
{
	if (result->jobs.trouble)
		return EX_IOERR;
	if (result->jobs.needs_person)
		return EX_CONFIG;
	if (result->is_missing)
		return EX_UNAVAILABLE;
	return result->jobs.later > 0 || result->is_held_back ? EX_TEMPFAIL
	                                                      : EX_OK;
}

/* Where it fails, whatever starts us when drop/ fills (relay-flush.path) would
 * do so again at once, for ever: not so fast. */
static bool pick_up(const struct watch_settings *w)
{
	struct fault f;

	if (pickup_run(w->spool, &f) == 0)
		return true;
	log_warn("%s", f.text);
	poll(NULL, 0, STUCK_PAUSE);
	return false;
}

/* Read anew where files may have changed and may still be read: whoever does
 * not watch lives for one configuration. */
static void load_people(const struct watch_settings *w,
                        const struct config *config)
{
	struct fault first;

	if (w->people->accounts != NULL && !w->is_watching)
		return;
	people_release(w->people);
	people_load(w->people, config, &first);
	if (first.kind != FAULT_NONE)
		log_warn("%s", first.text);
}

/* The configuration, without the passwords; with the first begins the sandbox.
 */
static struct config *load_config(const struct watch_settings *w,
                                  struct fault *f)
{
	struct config *config = NULL;

	if (sandbox_is_stale(w->sandbox, w->site))
		fault_set_exit(f, EX_TEMPFAIL,
		               _("the configuration has changed: the next "
		                 "flush reads it"));
	else
		config = config_load(w->site->config, NULL, f);
	if (config == NULL)
		return NULL;
	if (w->id_count == 0) /* else another flush may be started */
		config_hide_secrets(config);
	config_forget_secrets(config);
	load_people(w, config);
	sandbox_enter(w->sandbox, w->site, config, w->is_watching);
	return config;
}

/* One pass with a configuration of its own.  `missed`: something arrived that
 * it did not see. */
static int pass(const struct watch_settings *w, int wake,
                const sigset_t *while_asleep, struct round_result *result,
                struct fault *f)
{
	struct config *config = load_config(w, f);
	bool is_stuck = !pick_up(w); /* in the sandbox, if there is one */
	struct round_settings settings = {
		.config = config,
		.config_time = config_time(w->site),
		.spool = w->spool,
		.keeper = w->keeper,
		.people = w->people,
		.is_now = w->is_now,
		.has_new_network = w->has_new_network,
		.ids = w->ids,
		.id_count = w->id_count,
		.wake = w->id_count > 0 ? -1 : wake,
		.while_waiting = while_asleep,
	};
	const struct tend tend = {
		.config = config,
		.config_time = settings.config_time,
		.spool = w->spool,
		.queue = w->site->queue,
		.keeper = w->keeper,
		.is_watching = w->is_watching,
	};
	int failed;

	memset(result, 0, sizeof(*result));
	if (config == NULL)
		return -1;
	log_to_syslog(config->log == CONFIG_LOG_SYSLOG);
	forget_run(w->spool, config->keep_failed);
	failed = round_run(&settings, (const volatile int *)&stop, result, f);
	result->jobs.trouble |= is_stuck;
	if (failed == 0 && stop == 0)
		tend_logins(&tend, result);
	if (failed == 0)
		progress_note(&w->spool->pause, result->jobs.delivered > 0);
	config_free(&config);
	return failed;
}

/* A signal that came while nothing slept: passes may follow each other for as
 * long as somebody rings. */
static void take_signals(const sigset_t *while_asleep)
{
	struct timespec none = { 0 };

	ppoll(NULL, 0, &none, while_asleep);
}

static bool was_rung(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) > 0;
}

/* --- once --------------------------------------------------------------- */

static bool is_asked_for_ids(const struct watch_settings *w)
{
	return w->id_count > 0;
}

/* What an earlier pass could not do is part of our answer. */
static void add_before(struct job_result *now, struct job_result *before)
{
	now->later += before->later;
	now->needs_person |= before->needs_person;
	now->trouble |= before->trouble;
	*before = *now;
}

/* Passes until nobody rang meanwhile. */
static int pass_until_quiet(struct watch_settings *w,
                            const sigset_t *while_asleep, struct hold *h,
                            struct round_result *result,
                            struct job_result *before, struct fault *f)
{
	int failed;

	do {
		round_result_release(result);
		wake_drain(h->wake);
		failed = pass(w, h->wake, while_asleep, result, f);
		if (w->is_shown && failed == 0)
			say_sum(result);
		w->is_now = false; /* a person's word counts once */
		add_before(&result->jobs, before);
		take_signals(while_asleep);
	} while (failed == 0 && stop == 0 && !is_asked_for_ids(w) &&
	         was_rung(h->wake));
	return failed;
}

/* Another flusher: what is due it sends anyway; what a person asked for beyond
 * that was not done. */
static int say_busy(const struct watch_settings *w, int status)
{
	bool is_undone = w->is_now || is_asked_for_ids(w);

	if (w->is_auto)
		return status;
	if (is_undone)
		log_warn(_("another flush is at work on this queue, and what "
		           "you asked for was not done: try again in a "
		           "moment"));
	else if (w->is_shown)
		fputs(_("relay-flush: another flush is at work on this "
		        "queue; it sends what is due\n"),
		      stderr);
	return is_undone ? EX_TEMPFAIL : status;
}

/* The other one may be sending by id and not look into drop/ for long, and then
 * relay-flush.path starts us again at once. */
static void slow_down(const struct watch_settings *w, bool busy)
{
	if (busy && pickup_has_more(w->spool))
		poll(NULL, 0, STUCK_PAUSE);
}

static int run_once(const struct watch_settings *w,
                    const sigset_t *while_asleep, struct fault *f)
{
	struct round_settings look = { .spool = w->spool };
	struct watch_settings mine = *w;
	struct job_result before = { 0 };
	struct round_result result = { 0 };
	struct hold hold;
	bool busy, missed, rung, is_stuck;
	int status = EX_OK;

	do {
		if (take_hold(&hold, w->spool, &busy, f) != 0) {
			status = busy ? status : -1;
			slow_down(w, busy);
			break;
		}
		spool_clean(w->spool);
		status = pass_until_quiet(&mine, while_asleep, &hold, &result,
		                          &before, f);
		rung = was_rung(hold.wake);
		let_go(&hold);
		if (status == 0)
			status = exit_status(&result);
		/* What is in drop/ and cannot leave it is still there. */
		is_stuck = w->site->is_system && status == EX_IOERR;
		missed = status >= 0 && stop == 0 &&
		         (rung ||
		          (!is_stuck && round_has_missed(&look, &result)));
		if (missed && is_asked_for_ids(w)) {
			wake_ring(&w->spool->root); /* not for us: pass it on */
			missed = false;
		}
		busy = false;
	} while (missed);
	round_result_release(&result);
	return busy ? say_busy(w, status) : status;
}

/* --- watching ----------------------------------------------------------- */

/* Until somebody rings, something is noticed, the deadline (clock_ticks()) or a
 * signal.  True: somebody rang. */
static bool sleep_until_rung(const struct hold *h, const struct changes *n,
                             int64_t deadline, const sigset_t *while_asleep)
{
	struct pollfd p[] = { { .fd = h->wake, .events = POLLIN },
		              { .fd = n->file, .events = POLLIN },
		              { .fd = n->network, .events = POLLIN } };
	int64_t left = deadline - clock_ticks();
	struct timespec most = { 0 };

	if (left > 0)
		most = (struct timespec){ .tv_sec = (time_t)(left / 1000),
			                  .tv_nsec = left % 1000 * 1000000 };
	ppoll(p, COUNT_OF(p), &most, while_asleep);
	wake_drain(h->wake);
	return p[0].revents != 0;
}

/* Sleep as long as nothing is to be done.  An address comes before its route,
 * and a file is written in pieces: what was noticed has a moment to settle. */
static void rest(struct watch_settings *w, const struct hold *h,
                 const struct changes *n, int64_t seconds,
                 const sigset_t *while_asleep)
{
	const struct timespec moment = { .tv_sec = SETTLE_TIME };
	int64_t deadline = clock_ticks() + seconds * 1000;
	bool is_rung, is_network, is_file;

	do { /* the directory of the file has others, too */
		is_rung = sleep_until_rung(h, n, deadline, while_asleep);
		is_network = changes_of_network(n);
		is_file = changes_of_file(n);
	} while (!is_rung && !is_network && !is_file && stop == 0 &&
	         clock_ticks() < deadline);
	if ((is_network || is_file) && stop == 0)
		ppoll(NULL, 0, &moment, while_asleep);
	w->has_new_network = changes_of_network(n) || is_network;
}

static int64_t sleep_time(const struct round_result *result)
{
	int64_t wait = result->next == 0 ? LONGEST_SLEEP
	                                 : result->next - clock_seconds();

	if (wait < 1)
		return 1;
	return wait > LONGEST_SLEEP ? LONGEST_SLEEP : wait;
}

/* A broken configuration ends nothing: it is said once for each change, and
 * mail waits until somebody mended it. */
static int64_t watch_pass(const struct watch_settings *w, int wake,
                          const sigset_t *while_asleep, struct fault *said)
{
	struct round_result result = { 0 };
	struct fault f = { 0 };
	int64_t wait;

	if (pass(w, wake, while_asleep, &result, &f) != 0) {
		if (strcmp(f.text, said->text) != 0)
			log_warn(_("%s (mail waits)"), f.text);
		*said = f;
		wait = RETRY_CONFIG;
	} else {
		fault_clear(said);
		wait = sleep_time(&result);
	}
	round_result_release(&result);
	return wait;
}

static int run_watching(const struct watch_settings *w,
                        const sigset_t *while_asleep, struct fault *f)
{
	struct watch_settings mine = *w;
	struct fault said = { 0 };
	struct changes changes;
	struct hold hold;
	bool busy;

	if (take_hold(&hold, w->spool, &busy, f) != 0) {
		if (busy)
			fault_set_exit(f, EX_UNAVAILABLE,
			               _("another flusher works on %s: stop it "
			                 "first"),
			               w->spool->root.path);
		return -1;
	}
	changes_open(&changes, w->site->config);
	while (stop == 0) {
		int64_t wait;

		spool_clean(w->spool);
		wait = watch_pass(&mine, hold.wake, while_asleep, &said);
		mine.is_now = false; /* a person's word counts once */
		if (keeper_has_ended(w->keeper))
			break;
		if (stop == 0)
			rest(&mine, &hold, &changes, wait, while_asleep);
	}
	changes_release(&changes);
	let_go(&hold);
	if (stop != 0)
		return EX_OK;
	fault_set_exit(f, EX_OSERR,
	               _("the keeper of passwords has ended, so relay-flush "
	                 "ends, too: start it again"));
	return -1;
}

int watch_run(const struct watch_settings *settings, struct fault *f)
{
	sigset_t while_asleep;

	set_signals(&while_asleep);
	return settings->is_watching ? run_watching(settings, &while_asleep, f)
	                             : run_once(settings, &while_asleep, f);
}
