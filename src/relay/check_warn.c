/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/trust.h"
#include "config/endpoint.h"
#include "config/host.h"
#include "config/oauth.h"
#include "relay/check_preset.h"

/* A key that others can read is refused by relay-flush. */
static void warn_file(struct check *c, const struct smarthost *h,
                      const char *key, const char *path, bool is_key)
{
	unsigned line = smarthost_line(h, key);
	struct fault f;
	struct stat st;

	if (path == NULL)
		return;
	if (stat(path, &st) != 0 || access(path, R_OK) != 0)
		config_complain(&c->warnings, line, key,
		                _("`%s`: cannot read %s: %s"), key, path,
		                intl_error(errno));
	else if (trust_check(path, &st, geteuid(), TRUST_WRITABLE, &f) != 0)
		config_complain(&c->warnings, line, key, "%s", f.text);
	else if (is_key && (st.st_mode & 0077) != 0)
		config_complain((st.st_mode & S_IRWXO) != 0 ? &c->errors
		                                            : &c->warnings,
		                line, key,
		                _("`%s` can be read by other users: chmod 600 "
		                  "%s"),
		                key, path);
}

static void warn_files(struct check *c, const struct smarthost *h)
{
	const struct {
		const char *key, *path;
		bool is_key;
	} files[] = {
		{ "tls_ca", h->tls_ca, false },
		{ "tls_cert", h->tls_cert, false },
		{ "tls_key", h->tls_key, true },
		{ "oauth_ca", h->oauth_ca, false },
		{ "oauth_cert", h->oauth_cert, false },
		{ "oauth_key", h->oauth_key, true },
	};

	for (size_t i = 0; i < COUNT_OF(files); i++)
		warn_file(c, h, files[i].key, files[i].path, files[i].is_key);
}

/* There nobody is logged in who could open one. */
static void warn_keyring(struct check *c, const struct smarthost *h,
                         const char *key, const struct source *source)
{
	if (c->site->is_system && source->kind == SOURCE_KEYRING)
		config_complain(&c->warnings, smarthost_line(h, key), key,
		                _("`%s keyring` is for people who are logged "
		                  "in, and the user relay is not: use "
		                  "`credential` or `file` for the queue of the "
		                  "machine"),
		                key);
}

static bool has_address(const char *hosts)
{
	for (const char *h = hosts; h != NULL; h = host_next(h))
		if (host_is_address(h, host_length(h)))
			return true;
	return false;
}

/* Google has secrets that are none, of programs on desktops, and wants them. */
static void warn_oauth(struct check *c, const struct smarthost *h)
{
	unsigned line = smarthost_line(h, "oauth_client");

	if (oauth_is_used(h) && endpoint_house(h) == ENDPOINT_GOOGLE &&
	    oauth_has_person(oauth_flow(h)) &&
	    h->oauth_secret.kind == SOURCE_NONE)
		config_complain(&c->warnings, line, "oauth_secret",
		                _("Google wants the client's secret, too: add "
		                  "`oauth_secret file PATH`"));
}

static void warn_smarthost(struct check *c, const struct smarthost *h)
{
	if (h->tls == CONFIG_TLS_NONE)
		config_complain(&c->warnings, smarthost_line(h, "tls"), "tls",
		                _("`tls none`: everybody on the way to %s can "
		                  "read and change the mail"),
		                h->host);
	else if (h->tls_pin == NULL && has_address(h->host))
		config_complain(&c->warnings, smarthost_line(h, "host"), "host",
		                _("`host` is an address, and few certificates "
		                  "hold one: write the server's name"));
	check_preset_warn(h, &c->warnings);
	warn_files(c, h);
	warn_keyring(c, h, "password", &h->password);
	warn_keyring(c, h, "oauth_secret", &h->oauth_secret);
	warn_keyring(c, h, "oauth_seal", &h->oauth_seal);
	warn_oauth(c, h);
}

/* Then a bare name is seen by no provider, as sender or as recipient. */
static bool is_never_bare(const struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *h = &config->smarthosts[i];

		if (h->from_force == NULL || h->from_allow != NULL ||
		    h->from_scope != CONFIG_SCOPE_BOTH)
			return false;
	}
	return config->postmaster != NULL;
}

static void warn_no_domain(struct check *c)
{
	if (is_never_bare(c->config))
		return;
	if (c->config->path == NULL)
		config_complain(&c->warnings, 0, "domain",
		                _("this is not set, and this machine's name "
		                  "`%s` has no domain: set it to one such as "
		                  "example.org; until then mail from root "
		                  "comes from root@%s"),
		                c->hostname, c->hostname);
	else
		config_complain(&c->warnings, 0, "domain",
		                _("`domain` is not set, and this machine's "
		                  "name `%s` has no domain: add one such as "
		                  "`domain example.org`; until then mail from "
		                  "root comes from root@%s"),
		                c->hostname, c->hostname);
}

static void warn_no_dot(struct check *c, const char *domain)
{
	unsigned line = c->config->lines[option_index(
		option_find(OPTION_TOP, "domain"))];

	config_complain(&c->warnings, line, "domain",
	                _("`%s` has no dot: write a whole domain such as "
	                  "example.org; other servers refuse addresses in %s"),
	                domain, domain);
}

void check_warn(struct check *c)
{
	const char *domain = c->config->domain;

	if (domain == NULL && strchr(c->hostname, '.') == NULL)
		warn_no_domain(c);
	else if (domain != NULL && strchr(domain, '.') == NULL &&
	         domain[0] != '[')
		warn_no_dot(c, domain);
	for (size_t i = 0; i < c->config->count; i++)
		warn_smarthost(c, &c->config->smarthosts[i]);
}
