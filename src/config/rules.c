/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/rules.h"

#include <string.h>

#include "config/aliases_file.h"
#include "config/match.h"

void people_load(struct people *p, const struct config *config,
                 struct fault *first)
{
	first->kind = FAULT_NONE;
	p->aliases = config->aliases != NULL
	                     ? aliases_load(config->aliases, first)
	                     : NULL;
	p->accounts = accounts_load();
}

void people_release(struct people *p)
{
	aliases_free(&p->aliases);
	accounts_free(&p->accounts);
}

static bool is_allowed(const void *arg, const char *address)
{
	const struct smarthost *smarthost = arg;

	return match_any(smarthost->from_allow, address);
}

static bool is_system(const void *arg, const char *name)
{
	const struct accounts *accounts = arg;

	return accounts_has(accounts, name);
}

void rules_make(struct rules *rules, const struct config *config,
                const struct smarthost *smarthost, const struct people *people,
                const char *host)
{
	enum config_scope scope = smarthost->from_scope;

	memset(rules, 0, sizeof(*rules));
	rules->rewrite = (struct rewrite_rules){
		.domain = config->domain != NULL ? config->domain : host,
		.host = host,
		.force = smarthost->from_force,
		.forces_envelope = smarthost->from_force != NULL &&
		                   scope != CONFIG_SCOPE_HEADER,
		.forces_header = smarthost->from_force != NULL &&
		                 scope != CONFIG_SCOPE_ENVELOPE,
		.is_allowed = smarthost->from_allow != NULL ? is_allowed : NULL,
		.arg = smarthost,
	};
	rules->resolve = (struct resolve_rules){
		.names = &rules->rewrite,
		.aliases = people->aliases,
		.postmaster = config->postmaster,
		.delivers_here = config->local.kind != DELIVERY_NONE,
		.is_system = is_system,
		.arg = people->accounts,
	};
}
