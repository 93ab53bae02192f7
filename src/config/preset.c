/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/preset.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "config/credential.h"
#include "config/host.h"
#include "config/options.h"
#include "config/provider.h"

#define HOST_LIMIT 255

static bool says(const struct smarthost *h, const char *key)
{
	return smarthost_says(h, key);
}

/* The values of a preset are good ones: tests/unit/test_preset.c sees it. */
static void fill(struct smarthost *h, const char *key, const char *value)
{
	const struct option *o = option_find(OPTION_SMARTHOST, key);
	char *word = mem_strdup(value);
	char *const words[] = { word };
	struct fault never = { .kind = FAULT_NONE };

	option_set(o, h, words, 1, &never);
	h->from_preset[option_index(o)] = true;
	free(word);
}

static void fill_number(struct smarthost *h, const char *key, unsigned number)
{
	struct sbuf text;

	sbuf_init(&text, 16);
	sbuf_addf(&text, "%u", number);
	fill(h, key, text.data);
	sbuf_release(&text);
}

/* --- which one ------------------------------------------------------------ */

/* Behind the last @, or NULL. */
static const char *domain_of(const char *user)
{
	const char *at = user != NULL ? strrchr(user, '@') : NULL;

	return at != NULL && at[1] != '\0' ? at + 1 : NULL;
}

static void complain_unknown(const struct smarthost *h, struct config_errors *e)
{
	const char *nearest = provider_nearest(h->provider);
	unsigned line = smarthost_line(h, "provider");

	if (nearest != NULL)
		config_complain(e, line, "provider",
		                _("there is no provider `%.40s`: did you mean "
		                  "`%s`?"),
		                h->provider, nearest);
	else
		config_complain(e, line, "provider",
		                _("there is no provider `%.40s`: `relay "
		                  "providers` lists them; of another one write "
		                  "`host` and `port`"),
		                h->provider);
}

static const struct provider *choose(const struct smarthost *h,
                                     struct config_errors *e)
{
	const struct provider *p;

	if (h->provider != NULL) {
		p = provider_find(h->provider);
		if (p == NULL)
			complain_unknown(h, e);
		return p;
	}
	if (says(h, "provider") || says(h, "host") ||
	    domain_of(h->user) == NULL)
		return NULL;
	return provider_of_domain(domain_of(h->user));
}

/* --- where its server is -------------------------------------------------- */

static void check_region(const struct smarthost *h, const struct provider *p,
                         struct config_errors *e)
{
	unsigned line = smarthost_line(h, "region");
	int first = p->regions != NULL ? (int)strcspn(p->regions, " ") : 0;

	if (h->region == NULL && !says(h, "region") && !says(h, "host") &&
	    provider_needs_region(p))
		config_complain(e, smarthost_line(h, "provider"), "region",
		                _("`provider %s` has a server for each region: "
		                  "add the one of your account, as `region "
		                  "%.*s`"),
		                p->name, first, p->regions);
	if (h->region == NULL || provider_has_region(p, h->region))
		return;
	if (p->regions == NULL)
		config_complain(e, line, "region",
		                _("`provider %s` has no regions: remove "
		                  "`region`"),
		                p->name);
	else
		config_complain(
			e, line, "region",
			_("`region` of `provider %s` cannot be `%.40s`: "
		          "write one of %s"),
			p->name, h->region, p->regions);
}

static void fill_host(struct smarthost *h, const struct provider *p)
{
	struct sbuf host;

	if (says(h, "host") ||
	    (h->region == NULL && provider_needs_region(p)) ||
	    (h->region != NULL && !provider_has_region(p, h->region)))
		return;
	sbuf_init(&host, HOST_LIMIT);
	provider_add_host(p, h->region, &host);
	fill(h, "host", host.data);
	sbuf_release(&host);
}

static void fill_tls(struct smarthost *h, bool is_implicit)
{
	fill(h, "tls", is_implicit ? "implicit" : "starttls");
}

/* The first port that goes with the block's own `tls`. */
static void fill_port(struct smarthost *h, const struct provider *p)
{
	bool is_implicit = h->tls == CONFIG_TLS_IMPLICIT;
	unsigned port = is_implicit ? p->implicit[0] : p->starttls[0];

	if (h->tls != CONFIG_TLS_NONE && port != 0)
		fill_number(h, "port", port);
}

static void fill_way(struct smarthost *h, const struct provider *p)
{
	bool is_implicit;
	unsigned port = provider_port(p, &is_implicit);

	if (h->host != NULL && host_is_service(h->host))
		return; /* the DNS has them */
	if (!says(h, "port") && !says(h, "tls")) {
		fill_number(h, "port", port);
		fill_tls(h, is_implicit);
	} else if (!says(h, "port")) {
		fill_port(h, p);
	} else if (!says(h, "tls") && provider_is_implicit(p, h->port) >= 0) {
		fill_tls(h, provider_is_implicit(p, h->port) == 1);
	}
}

/* --- who one is there ----------------------------------------------------- */

/* A rule that no good source tells complains of nobody. */
static bool is_sure(const struct provider *p)
{
	return provider_is_sure(p, PROVIDER_USER);
}

static void apply_literal(struct smarthost *h, const struct provider *p,
                          struct config_errors *e)
{
	if (!says(h, "user"))
		fill(h, "user", p->user);
	else if (h->user != NULL && is_sure(p) && strcmp(h->user, p->user) != 0)
		config_complain(e, smarthost_line(h, "user"), "user",
		                _("the `user` of `provider %s` is always `%s`: "
		                  "remove this"),
		                p->name, p->user);
}

/* `me@free.fr` is what people are called there, and `me` their login. */
static void apply_local(struct smarthost *h, const struct provider *p,
                        struct config_errors *e)
{
	const char *domain = domain_of(h->user);

	if (domain == NULL)
		return;
	if (provider_of_domain(domain) == p && domain - 1 > h->user)
		h->user[domain - 1 - h->user] = '\0';
	else if (is_sure(p))
		config_complain(e, smarthost_line(h, "user"), "user",
		                _("the `user` of `provider %s` is what stands "
		                  "before the @ of an address there: write "
		                  "`user NAME`"),
		                p->name);
}

static void check_address(const struct smarthost *h, const struct provider *p,
                          struct config_errors *e)
{
	const char *domain = p->domains;

	if (h->user == NULL || strchr(h->user, '@') != NULL || !is_sure(p))
		return;
	if (domain == NULL || domain[0] == '.')
		domain = "example.org";
	config_complain(e, smarthost_line(h, "user"), "user",
	                _("the `user` of `provider %s` is the whole address: "
	                  "write it as NAME@%.*s"),
	                p->name, (int)strcspn(domain, " "), domain);
}

static void apply_user(struct smarthost *h, const struct provider *p,
                       struct config_errors *e)
{
	switch (p->user_is) {
	case PROVIDER_USER_GIVEN: break;
	case PROVIDER_USER_ADDRESS: check_address(h, p, e); break;
	case PROVIDER_USER_LOCAL: apply_local(h, p, e); break;
	case PROVIDER_USER_LITERAL: apply_literal(h, p, e); break;
	}
}

static void apply_login(struct smarthost *h, const struct provider *p,
                        struct config_errors *e)
{
	if (!says(h, "login") && p->login != NULL)
		fill(h, "login", p->login);
	if (!p->is_oauth_only || credential_is_token(h))
		return;
	if (says(h, "password"))
		config_complain(e, smarthost_line(h, "password"), "password",
		                _("`provider %s` takes no passwords: write "
		                  "`login oauth` in its place, or `login "
		                  "xoauth2` above it if it gives a token"),
		                p->name);
	else if (!says(h, "login"))
		fill(h, "login", "oauth");
}

/* --- all of it ------------------------------------------------------------ */

static void fill_limits(struct smarthost *h, const struct provider *p)
{
	if (!says(h, "connections") && p->connections > 0)
		fill_number(h, "connections", p->connections);
	if (!says(h, "messages_per_connection") && p->messages > 0)
		fill_number(h, "messages_per_connection", p->messages);
	if (!says(h, "rate") && p->rate != NULL)
		fill(h, "rate", p->rate);
}

void preset_apply(struct smarthost *h, struct config_errors *errors)
{
	const struct provider *p = choose(h, errors);

	if (p == NULL)
		return;
	h->preset = p;
	check_region(h, p, errors);
	fill_host(h, p);
	fill_way(h, p);
	apply_user(h, p, errors);
	apply_login(h, p, errors);
	fill_limits(h, p);
}

/* What is said of `user` and `password` is looked at elsewhere
 * (config/credential); here, that nothing is. */
void preset_check(const struct smarthost *h, struct config_errors *errors)
{
	const struct provider *p = h->preset;
	bool wants = strcmp(h->login, "none") != 0 && !credential_is_oauth(h);

	if (p == NULL || !wants || h->user != NULL || says(h, "user") ||
	    says(h, "password") || says(h, "tls_cert"))
		return;
	config_complain(errors, smarthost_line(h, "provider"), "user",
	                _("`provider %s` wants a login: add `user NAME` and "
	                  "`password file PATH` (%s), or `login none`"),
	                p->name, _(p->needs));
}

unsigned preset_recipients(const struct smarthost *h)
{
	return h->preset != NULL ? h->preset->recipients : 0;
}
