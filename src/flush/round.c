/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/round.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "config/match.h"
#include "flush/here.h"
#include "flush/pickup.h"
#include "flush/route.h"
#include "flush/turns.h"
#include "flush/way.h"
#include "net/tls.h"
#include "queue/listing.h"
#include "queue/pause.h"
#include "queue/schedule.h"
#include "queue/wake.h"

#define HOST_NAME_SIZE 256
#define ENDING_TIME 15000 /* milliseconds for messages under way */
#define SLICE 256 /* entries that are shared out before somebody looks up */

struct round {
	const struct round_settings *settings;
	struct round_result *result;
	struct route *routes; /* one for each smarthost, in the file's order */
	size_t count;
	struct here here; /* the machine's own mail */
	char host[HOST_NAME_SIZE];
	int64_t now;
	int64_t end; /* clock_ticks() after a signal, 0 before */
	struct tls_store *store;
	bool paused, paused_for_person; /* some smarthost is left alone */
	bool is_sharing; /* result->seen is not yet shared out, all of it */
	size_t *order;   /* of it, NULL: its own */
	size_t shared;   /* so many of it are */
};

/* --- sharing out -------------------------------------------------------- */

static void note_next(struct round *r, int64_t when)
{
	if (r->result->next == 0 || when < r->result->next)
		r->result->next = when;
}

static bool pass_on(void *arg, const char *id);

/* No smarthost will judge who is written as the sender. */
static void open_here(struct round *r)
{
	struct here *here = &r->here;

	here_init(here);
	here->config = r->settings->config;
	here->spool = r->settings->spool;
	here->keeper = r->settings->keeper;
	here->helo = r->host;
	here->pass_on = pass_on;
	here->arg = r;
	rules_make(&here->rules, here->config, here->config->smarthosts,
	           r->settings->people, r->host);
	here->rules.rewrite.force = NULL;
	here->rules.rewrite.forces_envelope = false;
	here->rules.rewrite.forces_header = false;
}

static void open_routes(struct round *r)
{
	const struct config *config = r->settings->config;

	r->count = config->count;
	r->routes = mem_array(r->count, sizeof(*r->routes));
	r->store = tls_store_create();
	if (gethostname(r->host, sizeof(r->host) - 1) != 0 ||
	    r->host[0] == '\0')
		memcpy(r->host, "localhost", sizeof("localhost"));
	open_here(r);
	for (size_t i = 0; i < r->count; i++) {
		struct route *route = &r->routes[i];
		const struct smarthost *h = &config->smarthosts[i];

		route_init(route, h, config, r->settings->config_time,
		           r->settings->spool);
		rules_make(&route->rules, config, h, r->settings->people,
		           r->host);
		route->store = r->store;
		route->keeper = r->settings->keeper;
		route->helo = h->helo != NULL ? h->helo : r->host;
	}
	way_tie(r->routes, config);
}

static void note_pause(struct round *r, const struct route *route,
                       const struct pause *pause)
{
	struct sbuf until;

	sbuf_init(&until, 64);
	clock_add_short(&until, pause->until);
	if (route->falls_back)
		log_note(_("smarthost=%s status=fallback (left alone until %s, "
		           "mail goes to %s; `relay flush --now` tries at "
		           "once; the reason: %s)"),
		         route->smarthost->name, until.data,
		         route->smarthost->fallback, pause->why.text);
	else
		log_note(_("smarthost=%s status=waiting (left alone until %s; "
		           "`relay flush --now` tries at once; the reason: "
		           "%s)"),
		         route->smarthost->name, until.data, pause->why.text);
	sbuf_release(&until);
	note_next(r, pause->until);
	r->paused = true;
	r->paused_for_person |= pause->why.kind == FAULT_CONFIG;
}

/* RFC 3463, 3.5: routing and network. */
static bool is_networks(const struct pause *pause)
{
	return strncmp(pause->why.code, "4.4.", 4) == 0;
}

/* Left alone for a while, unless somebody changed the configuration since. */
static void look_at_pauses(struct round *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct route *route = &r->routes[i];
		struct pause pause;
		bool can_fall_back;

		if (r->settings->is_now || r->settings->id_count > 0 ||
		    pause_read(&r->settings->spool->pause,
		               route->smarthost->name, &pause) == 0)
			continue;
		if (pause_is_void(&pause, r->settings->config_time, r->now))
			continue;
		can_fall_back = !pause.is_account && route->fallback != NULL;
		if (schedule_is_due(pause.until, r->now) ||
		    (r->settings->has_new_network && is_networks(&pause))) {
			route->is_probed = can_fall_back;
			continue;
		}
		route->is_stopped = true;
		route->falls_back = can_fall_back;
		note_pause(r, route, &pause);
	}
}

/* The server may have it: before its time it is not sent by another way, where
 * nobody could tell that it is the same. */
static bool waits_in_doubt(const struct round *r, const char *id)
{
	const struct spool *spool = r->settings->spool;
	struct listing_item item;
	bool waits = false;

	if (spool_is_due(spool, id, r->now, NULL) != 0)
		return false;
	if (listing_read(spool, SPOOL_NEW, id, &item))
		for (size_t i = 0; i < item.history.count; i++)
			waits |= item.history.marks[i].in_doubt &&
			         !history_is_settled(&item.history, i);
	listing_item_release(&item);
	return waits;
}

/* `other`: not by the way that its smarthost would be. */
static bool send_by(struct round *r, struct route *way, bool other,
                    const char *id)
{
	if (!way->is_stopped && (!other || !waits_in_doubt(r, id))) {
		route_add(way, id);
		return true;
	}
	r->result->waiting++;
	r->result->is_held_back = true;
	r->result->jobs.needs_person |= r->paused_for_person;
	return false;
}

static bool share_out_to(struct round *r, struct route *route, const char *id)
{
	struct route *way = way_find(route);

	return send_by(r, way, way != route, id);
}

/* What a route leaves to its fallback.  True: there is more to do. */
static bool move_left(struct round *r)
{
	char id[ENTRY_ID_LENGTH + 1];
	bool moved = false;

	for (size_t i = 0; i < r->count && r->end == 0; i++)
		while (route_take_left(&r->routes[i], id))
			moved |= send_by(r, way_find(r->routes[i].fallback),
			                 true, id);
	return moved;
}

/* Which way it goes; `is_here`: some of it may not go far. */
static struct route *find_route(struct round *r, const char *id, bool *is_here)
{
	const struct smarthost *h = r->settings->config->smarthosts;
	struct listing_item item;

	*is_here = false;
	if (r->count == 1 && !here_may_have_any(&r->here))
		return r->routes; /* whatever it is */
	if (listing_read(r->settings->spool, SPOOL_NEW, id, &item) &&
	    item.damage.kind == FAULT_NONE) {
		h = match_smarthost(r->settings->config,
		                    item.entry.envelope.sender, NULL);
		*is_here = here_may_have(&r->here, &item.entry.envelope);
	}
	listing_item_release(&item);
	return &r->routes[h - r->settings->config->smarthosts];
}

/* From there it comes back, if somebody is left. */
static void share_out(struct round *r, const char *id)
{
	bool is_here;
	struct route *route = find_route(r, id, &is_here);

	if (is_here)
		here_add(&r->here, id);
	else
		share_out_to(r, route, id);
}

static bool pass_on(void *arg, const char *id)
{
	struct round *r = arg;
	bool unused;

	return share_out_to(r, find_route(r, id, &unused), id);
}

/* A person asked for this one and wants to know if it is not there. */
static void share_out_named(struct round *r, const char *id)
{
	if (spool_is_due(r->settings->spool, id, r->now, NULL) >= 0) {
		share_out(r, id);
		return;
	}
	log_warn(_("%s: no such message is waiting; `relay queue` lists them"),
	         id);
	r->result->is_missing = true;
}

static bool is_due(struct round *r, const char *id)
{
	int64_t due = 0;

	if (r->settings->is_now ||
	    spool_is_due(r->settings->spool, id, r->now, &due) != 0)
		return true;
	note_next(r, due);
	r->result->waiting++;
	return false;
}

/* What is due of `list`, but for what is in `seen`: not what is older than the
 * newest of that, since a name is given when a submission begins to write,
 * which may take hours. */
static void share_out_list(struct round *r, const struct names *list,
                           const struct names *seen)
{
	size_t *order = turns_make(r->settings->spool, list);

	for (size_t i = 0; i < list->count; i++) {
		const char *id = NAMES_AT(list, order != NULL ? order[i] : i);

		if (!names_has(seen, id) && is_due(r, id))
			share_out(r, id);
	}
	free(order);
}

/* Of what was there at the beginning, the next: to read a hundred thousand
 * entries takes a second, and the first of them need not wait for it.  True:
 * there are more. */
static bool share_out_some(struct round *r)
{
	const struct names *list = &r->result->seen;

	if (!r->is_sharing)
		return false;
	for (size_t i = 0; i < SLICE && r->shared < list->count && r->end == 0;
	     i++) {
		size_t next = r->shared++;
		const char *id = NAMES_AT(
			list, r->order != NULL ? r->order[next] : next);

		if (is_due(r, id))
			share_out(r, id);
	}
	if (r->shared < list->count && r->end == 0)
		return true;
	free(r->order);
	r->order = NULL;
	r->is_sharing = false;
	return false;
}

bool round_has_missed(const struct round_settings *settings,
                      const struct round_result *result)
{
	struct names list;
	struct fault f;
	bool missed = pickup_has_more(settings->spool);

	if (missed || spool_list(settings->spool, SPOOL_NEW, &list, &f) != 0)
		return missed;
	for (size_t i = 0; i < list.count && !missed; i++)
		missed = !names_has(&result->seen, NAMES_AT(&list, i));
	names_release(&list);
	return missed;
}

/* What arrived since: one slow smarthost must not keep the mail of others
 * waiting until it is done. */
static void share_out_arrivals(struct round *r)
{
	struct names list;
	struct fault f;

	wake_drain(r->settings->wake);
	r->now = clock_seconds();
	if (pickup_run(r->settings->spool, &f) != 0)
		log_warn("%s", f.text);
	if (r->settings->id_count > 0 || r->end != 0 ||
	    spool_list(r->settings->spool, SPOOL_NEW, &list, &f) != 0)
		return;
	share_out_list(r, &list, &r->result->seen);
	for (size_t i = 0; i < r->count; i++)
		route_sort(&r->routes[i]);
	names_release(&r->result->seen);
	r->result->seen = list;
}

void round_result_release(struct round_result *result)
{
	names_release(&result->seen);
}

/* --- driving ------------------------------------------------------------ */

/* What is under way waits for these; the first is the wake FIFO. */
struct waits {
	struct pollfd *fds;
	nfds_t count;     /* without the first */
	int64_t deadline; /* 0: none */
};

/* The machine's own mail first: what is left of it the routes get. */
static void advance_all(struct round *r, struct waits *w)
{
	struct pollfd *fds = w->fds + 1;

	w->deadline = r->end;
	w->count = here_advance(&r->here, fds, &w->deadline);
	for (size_t i = 0; i < r->count; i++)
		w->count += route_advance(&r->routes[i], fds + w->count,
		                          &w->deadline);
}

/* Milliseconds until the first deadline. */
static int64_t wait_time(const struct waits *w)
{
	int64_t now = clock_ticks();

	if (w->deadline == 0)
		return 1000;
	return w->deadline <= now ? 0 : w->deadline - now;
}

/* True: somebody rang. */
static bool wait_for_all(const struct round *r, const struct waits *w)
{
	int64_t milliseconds = r->is_sharing ? 0 : wait_time(w);
	struct timespec most = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * 1000000,
	};

	w->fds[0] =
		(struct pollfd){ .fd = r->settings->wake, .events = POLLIN };
	ppoll(w->fds, 1 + w->count, &most, r->settings->while_waiting);
	return w->fds[0].revents != 0;
}

static void begin_to_end(struct round *r)
{
	if (r->end != 0)
		return;
	r->end = clock_ticks() + ENDING_TIME;
	here_end(&r->here);
	for (size_t i = 0; i < r->count; i++)
		route_end(&r->routes[i]);
}

static void drive(struct round *r, const volatile int *stop)
{
	struct waits w = { .fds = mem_array(1 + HERE_VISITS +
		                                    r->count * ROUTE_LANES,
		                            sizeof(*w.fds)) };

	for (;;) {
		bool has_more;

		if (*stop != 0)
			begin_to_end(r);
		has_more = share_out_some(r);
		do
			advance_all(r, &w);
		while (move_left(r));
		if ((w.count == 0 && !has_more) ||
		    (r->end != 0 && clock_ticks() >= r->end))
			break;
		if (wait_for_all(r, &w) && !has_more) /* else it rings on */
			share_out_arrivals(r);
	}
	free(w.fds);
}

static void add_result(struct round *r, const struct job_result *one)
{
	struct job_result *sum = &r->result->jobs;

	sum->delivered += one->delivered;
	sum->failed += one->failed;
	sum->later += one->later;
	sum->needs_person |= one->needs_person;
	sum->trouble |= one->trouble;
}

/* What `rate` lets go later, and when. */
static void note_held_back(struct round *r, const struct route *route)
{
	int64_t seconds = 0;
	size_t count = route_held_back(route, &seconds);

	if (count == 0)
		return;
	log_note(_("smarthost=%s status=waiting (%zu messages are left for "
	           "`rate %s`; the next one in %ld s)"),
	         route->smarthost->name, count, route->smarthost->rate,
	         (long)seconds);
	r->result->waiting += (unsigned)count;
	r->result->is_held_back = true;
	note_next(r, clock_seconds() + seconds);
}

static void add_results(struct round *r)
{
	add_result(r, &r->here.result);
	for (size_t i = 0; i < r->count; i++) {
		note_held_back(r, &r->routes[i]);
		add_result(r, &r->routes[i].result);
		r->result->connections += r->routes[i].connections;
	}
}

int round_run(const struct round_settings *settings, const volatile int *stop,
              struct round_result *result, struct fault *f)
{
	struct round r = { .settings = settings, .result = result };
	int failed;

	memset(result, 0, sizeof(*result));
	r.now = clock_seconds();
	open_routes(&r);
	look_at_pauses(&r);
	failed = spool_list(settings->spool, SPOOL_NEW, &result->seen, f);
	for (size_t i = 0; i < settings->id_count; i++)
		share_out_named(&r, settings->ids[i]);
	r.is_sharing = failed == 0 && settings->id_count == 0;
	if (r.is_sharing)
		r.order = turns_make(settings->spool, &result->seen);
	if (failed == 0)
		drive(&r, stop);
	free(r.order);
	for (size_t i = 0; i < r.count; i++)
		route_abort(&r.routes[i]);
	add_results(&r);
	for (size_t i = 0; i < r.count; i++)
		route_release(&r.routes[i]);
	free(r.routes);
	here_release(&r.here);
	tls_store_free(&r.store);
	return failed;
}
