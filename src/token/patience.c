/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/patience.h"

#include <stdbool.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/sbuf.h"

#define SHORTEST 60
#define LONGEST 3600
#define WAIT_MOST 86400 /* longer than that the clock was set back */

static int64_t number(const struct pairs *store, const char *key)
{
	int64_t value = 0;

	return pairs_get_number(store, key, &value) ? value : 0;
}

int patience_is_due(const struct pairs *store, int64_t now, struct fault *f)
{
	const char *failure = pairs_get(store, "failure");
	int64_t wait = number(store, "wait");
	struct sbuf when;

	if (wait <= now || wait > now + WAIT_MOST)
		return 0;
	sbuf_init(&when, 64);
	clock_add_short(&when, wait);
	fault_set(f, FAULT_TEMP, "4.7.0",
	          _("the provider is not asked again before %s; the last time: "
	            "%s"),
	          when.data, failure != NULL ? failure : "-");
	sbuf_release(&when);
	return -1;
}

static int64_t wait_of(const struct refusal *r, int64_t tries)
{
	int64_t wait = SHORTEST;

	if (r->wait > 0)
		return r->wait;
	if (!r->is_sent || r->why.kind != FAULT_TEMP)
		return 0;
	while (--tries > 0 && wait < LONGEST)
		wait *= 2;
	return wait < LONGEST ? wait : LONGEST;
}

void patience_add(struct pairs *store, const struct refusal *r, int64_t now,
                  struct fault *ignored)
{
	int64_t since = number(store, "failed");
	int64_t tries = number(store, "tries") + 1;
	int64_t wait = wait_of(r, tries);

	if (since <= 0 || since > now)
		pairs_put_number(store, "failed", now, ignored);
	pairs_put(store, "failure", r->why.text, ignored);
	pairs_put(store, "failure_is",
	          r->why.kind == FAULT_TEMP ? "temp" : "person", ignored);
	pairs_put_number(store, "tries", tries, ignored);
	if (wait > 0)
		pairs_put_number(store, "wait", now + wait, ignored);
	else
		pairs_put(store, "wait", NULL, ignored);
}

void patience_end(struct pairs *store, struct fault *ignored)
{
	static const char *const keys[] = { "failed", "failure", "failure_is",
		                            "tries", "wait" };

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		pairs_put(store, keys[i], NULL, ignored);
}

void patience_hold_signals(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, before);
}

void patience_let_signals(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}
