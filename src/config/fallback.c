/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/fallback.h"

#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/options.h"

#define CHAIN_LIMIT 300 /* bytes of a loop that are told */

static const struct smarthost *find(const struct config *config,
                                    const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (strcmp(config->smarthosts[i].name, name) == 0)
			return &config->smarthosts[i];
	return NULL;
}

const struct smarthost *fallback_of(const struct config *config,
                                    const struct smarthost *h)
{
	return h->fallback != NULL ? find(config, h->fallback) : NULL;
}

void fallback_describe(const struct config *config, const struct smarthost *h,
                       struct sbuf *names)
{
	const char *before = "";

	while ((h = fallback_of(config, h)) != NULL) {
		sbuf_addf(names, "%s%s", before, h->name);
		before = ", ";
	}
}

void fallback_add_json(const struct config *config, const struct smarthost *h,
                       struct sbuf *b)
{
	const char *before = "[";

	while ((h = fallback_of(config, h)) != NULL) {
		sbuf_addstr(b, before);
		escape_add_json(b, h->name);
		before = ", ";
	}
	sbuf_addstr(b, before[0] == '[' ? "[]" : "]");
}

/* --- what is wrong -------------------------------------------------------- */

static const char *nearest(const struct config *config,
                           const struct smarthost *h)
{
	const char *name = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *other = &config->smarthosts[i];
		unsigned d = option_distance(h->fallback, other->name);

		if (other == h || d >= best)
			continue;
		best = d;
		name = other->name;
	}
	return name;
}

static void complain_unknown(const struct config *config,
                             const struct smarthost *h,
                             struct config_errors *errors)
{
	const char *name = nearest(config, h);
	unsigned line = smarthost_line(h, "fallback");

	if (name != NULL)
		config_complain(errors, line, "fallback",
		                _("`fallback %.100s`: there is no such "
		                  "smarthost; did you mean `%s`?"),
		                h->fallback, name);
	else
		config_complain(errors, line, "fallback",
		                _("`fallback %.100s`: there is no such "
		                  "smarthost; write the name of another one "
		                  "of this file"),
		                h->fallback);
}

/* Does the chain come back to `h`, and is that the first of the loop in the
 * file?  No chain is longer than there are smarthosts. */
static bool begins_loop(const struct config *config, const struct smarthost *h,
                        struct sbuf *chain)
{
	const struct smarthost *at = h;

	sbuf_addstr(chain, h->name);
	for (size_t i = 0; i < config->count; i++) {
		at = fallback_of(config, at);
		if (at == NULL || at < h)
			return false;
		sbuf_addf(chain, " -> %s", at->name);
		if (at == h)
			return true;
	}
	return false;
}

static void check_loop(const struct config *config, const struct smarthost *h,
                       struct config_errors *errors)
{
	struct sbuf chain;

	sbuf_init(&chain, CHAIN_LIMIT);
	if (begins_loop(config, h, &chain))
		config_complain(errors, smarthost_line(h, "fallback"),
		                "fallback",
		                _("`fallback %.100s` leads back to where it "
		                  "began: %s; remove one of them"),
		                h->fallback, chain.data);
	sbuf_release(&chain);
}

void fallback_check(const struct config *config, struct config_errors *errors)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *h = &config->smarthosts[i];

		if (h->fallback == NULL)
			continue;
		if (fallback_of(config, h) == NULL)
			complain_unknown(config, h, errors);
		else
			check_loop(config, h, errors);
	}
}
