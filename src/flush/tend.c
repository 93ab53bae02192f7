/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/tend.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "config/oauth.h"
#include "flush/alarm.h"
#include "flush/errand.h"
#include "helper/tokens.h"
#include "queue/hint.h"
#include "queue/pause.h"

#define PREFIX "keep."
#define DAY 86400
#define PATH_LIMIT 16384

static int look(const struct tend *t, const struct smarthost *h,
                struct tokens_state *state, struct fault *f)
{
	struct sbuf path;
	int found;

	sbuf_init(&path, PATH_LIMIT);
	oauth_store(h, t->queue, &path);
	found = tokens_look(path.data, state, f);
	sbuf_release(&path);
	return found;
}

/* --- keep-alive ----------------------------------------------------------- */

/* TIME\n: when it was last tried; the try is written down. */
static bool was_tried_today(const struct tend *t, const struct smarthost *h,
                            int64_t now)
{
	char text[HINT_LIMIT + 1];
	int64_t last;

	if (hint_read(&t->spool->pause, PREFIX, h->name, text) &&
	    sscanf(text, "%" SCNd64 "\n", &last) == 1 && last <= now &&
	    now - last < DAY)
		return true;
	snprintf(text, sizeof(text), "%" PRId64 "\n", now);
	hint_write(&t->spool->pause, PREFIX, h->name, text);
	return false;
}

/* A clock that was set back tells nothing of its age. */
static bool is_old(const struct smarthost *h, const struct tokens_state *state,
                   int64_t now)
{
	return oauth_has_person(oauth_flow(h)) && state->has_refresh &&
	       now - state->refreshed > OAUTH_KEEP_TIME && state->wait <= now;
}

/* --- trouble -------------------------------------------------------------- */

/* At err when that is due; else for who looks on, but not each minute. */
static void tell(const struct tend *t, const struct smarthost *h,
                 const char *kind, const struct fault *why)
{
	enum log_level level = LOG_LEVEL_NOTE;

	if (alarm_raise(&t->spool->pause, t->keeper, h->name, kind, why))
		level = LOG_LEVEL_ERROR;
	else if (t->is_watching)
		return;
	log_at(level, "smarthost=%s scope=%s dsn=%s status=person (%s)",
	       h->name, kind, why->code, why->text);
}

/* Was it refused after that login, too? */
static bool is_refused_since(const struct tend *t, const struct smarthost *h,
                             int64_t login)
{
	struct pause pause;

	return pause_read(&t->spool->pause, h->name, &pause) != 0 &&
	       pause.why.kind == FAULT_CONFIG && pause.since >= login;
}

static void end_if_mended(const struct tend *t, const struct smarthost *h,
                          const struct tokens_state *state)
{
	struct alarm a;

	if (alarm_read(&t->spool->pause, h->name, &a) &&
	    state->login > a.since && !is_refused_since(t, h, state->login))
		alarm_end(&t->spool->pause, t->keeper, h->name);
}

static void tend_login(const struct tend *t, const struct smarthost *h,
                       struct round_result *result)
{
	int64_t now = clock_seconds();
	struct tokens_state state;
	struct fault f = { 0 };
	int found = look(t, h, &state, &f);

	if (found > 0 && state.failed > 0 && state.failure_is == FAULT_CONFIG)
		found = fault_set(&f, FAULT_CONFIG, "4.7.0", "%s",
		                  state.failure);
	if (found < 0) {
		result->jobs.needs_person = true;
		tell(t, h, ALARM_LOGIN, &f);
	}
	if (found <= 0)
		return;
	end_if_mended(t, h, &state);
	if (is_old(h, &state, now) && !was_tried_today(t, h, now))
		errand_keep(t->keeper, h->name);
}

/* Trouble that is still there is told of once a day. */
static void remind(const struct tend *t, const struct smarthost *h,
                   const struct round_result *result)
{
	const struct dir *d = &t->spool->pause;
	int64_t now = clock_seconds();
	struct pause pause;
	struct alarm a;

	if (!alarm_read(d, h->name, &a) ||
	    pause_read(d, h->name, &pause) == 0 ||
	    pause_is_void(&pause, t->config_time, now) ||
	    pause.why.kind != FAULT_CONFIG)
		return;
	if ((pause.until > now || result->waiting > 0 ||
	     result->jobs.later > 0) &&
	    alarm_raise(d, t->keeper, h->name, a.kind, &pause.why))
		log_at(LOG_LEVEL_ERROR,
		       "smarthost=%s scope=%s dsn=%s status=person (%s)",
		       h->name, a.kind, pause.why.code, pause.why.text);
}

void tend_logins(const struct tend *t, struct round_result *result)
{
	for (size_t i = 0; i < t->config->count; i++) {
		const struct smarthost *h = &t->config->smarthosts[i];

		if (oauth_is_used(h))
			tend_login(t, h, result);
		remind(t, h, result);
	}
}
