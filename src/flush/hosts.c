/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/hosts.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/host.h"
#include "queue/pause.h"
#include "queue/schedule.h"

#define NAME_LIMIT 400

/* No smarthost can be called so: its name has no @. */
static void name_of(struct sbuf *name, const struct smarthost *h,
                    const char *host, size_t n)
{
	sbuf_init(name, NAME_LIMIT);
	sbuf_addf(name, "%s@%.*s", h->name, (int)n, host);
}

static bool is_left_alone(const struct dir *pauses, const struct smarthost *h,
                          const char *host)
{
	struct pause pause;
	struct sbuf name;
	bool is_paused;

	name_of(&name, h, host, host_length(host));
	is_paused = pause_read(pauses, name.data, &pause) == 1 &&
	            !schedule_is_due(pause.until, clock_seconds());
	sbuf_release(&name);
	return is_paused;
}

static bool has_several(const struct smarthost *h)
{
	return host_next(h->host) != NULL;
}

static void add_those(const struct dir *pauses, const struct smarthost *h,
                      bool left_alone, struct sbuf *list)
{
	for (const char *at = h->host; at != NULL; at = host_next(at))
		if (is_left_alone(pauses, h, at) == left_alone)
			sbuf_addf(list, "%s%.*s", list->len > 0 ? " " : "",
			          (int)host_length(at), at);
}

void hosts_order(const struct dir *pauses, const struct smarthost *h,
                 struct sbuf *list)
{
	if (!has_several(h)) {
		sbuf_addstr(list, h->host);
		return;
	}
	add_those(pauses, h, false, list);
	add_those(pauses, h, true, list);
}

static void note(const struct dir *pauses, const struct smarthost *h,
                 const char *host, const struct fault *why)
{
	struct pause unused;
	struct sbuf name;

	name_of(&name, h, host, strlen(host));
	if (why == NULL) {
		pause_clear(pauses, name.data);
	} else {
		pause_extend(pauses, name.data, false, why, &unused);
		(why->kind == FAULT_CONFIG ? log_warn : log_note)(
			"smarthost=%s host=%s dsn=%s status=unreachable (%s)",
			h->name, host, why->code, why->text);
	}
	sbuf_release(&name);
}

void hosts_learn(const struct dir *pauses, const struct smarthost *h,
                 const struct connect *c, const struct fault *why)
{
	const struct fault *silent;
	const char *host;
	size_t i;

	if (!has_several(h))
		return;
	for (i = 0; (host = connect_failed(c, i, &silent)) != NULL; i++)
		note(pauses, h, host, silent);
	host = connect_answered(c);
	if (host != NULL)
		note(pauses, h, host, why);
}

bool hosts_has_healthy(const struct dir *pauses, const struct smarthost *h)
{
	for (const char *at = h->host; at != NULL; at = host_next(at))
		if (!is_left_alone(pauses, h, at))
			return true;
	return false;
}
