/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay check - is the configuration right, and which way does mail go
 *
 * What is wrong goes to stderr, one line each with FILE:LINE, as compilers do;
 * what the configuration means goes to stdout.  With --json all of it is one
 * object on stdout.  Nothing is connected to; only --secrets runs anything.
 */
#include "relay/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "config/aliases_file.h"
#include "config/config.h"
#include "config/document.h"
#include "config/environment.h"
#include "config/oauth.h"
#include "config/options.h"
#include "relay/check_aliases.h"
#include "relay/command.h"

/* --- secrets -------------------------------------------------------------- */

bool check_has_secret(const struct smarthost *h)
{
	return oauth_is_used(h) || h->password.kind != SOURCE_NONE;
}

/* The key whose line says where it comes from. */
const char *check_secret_key(const struct smarthost *h)
{
	return oauth_is_used(h) ? "login" : "password";
}

static void fetch_all(struct check *c)
{
	c->fetched = mem_array(c->config->count, sizeof(*c->fetched));
	for (size_t i = 0; i < c->config->count; i++) {
		const struct smarthost *h = &c->config->smarthosts[i];
		struct source_query query;
		struct secret *secret;

		if (!check_has_secret(h))
			continue;
		smarthost_query(h, SOURCE_PASSWORD, &query);
		secret = oauth_is_used(h) ? oauth_fetch(h, c->site->queue, 0,
		                                        &c->fetched[i])
		                          : source_fetch(&h->password, &query,
		                                         &c->fetched[i]);
		secret_free(&secret);
	}
}

static void look_at_secrets(const struct smarthost *h, struct fault *f)
{
	if (source_look(&h->password, f) == 0)
		if (source_look(&h->oauth_secret, f) == 0)
			source_look(&h->oauth_seal, f);
}

/* The faults of all passwords; of those that were not fetched, what can be seen
 * from outside. */
static void complain_of_secrets(struct check *c)
{
	for (size_t i = 0; i < c->config->count; i++) {
		const struct smarthost *h = &c->config->smarthosts[i];
		struct fault f = { .kind = FAULT_NONE };

		if (c->fetched != NULL)
			f = c->fetched[i];
		else
			look_at_secrets(h, &f);
		if (f.kind != FAULT_NONE)
			config_complain(&c->errors,
			                smarthost_line(h, check_secret_key(h)),
			                check_secret_key(h), "%s", f.text);
	}
}

/* --- the command ---------------------------------------------------------- */

static bool take_option(struct check *c, const char *option)
{
	if (strcmp(option, "--json") == 0)
		c->json = true;
	else if (strcmp(option, "--secrets") == 0)
		c->secrets = true;
	else if (strcmp(option, "--aliases") == 0)
		c->only_aliases = true;
	else if (strcmp(option, "--options") == 0)
		c->options = true;
	else if (strcmp(option, "--options=mdoc") == 0)
		c->options = c->mdoc = true;
	else if (strcmp(option, "--options=environment") == 0)
		c->options = c->environment = true;
	else
		return false;
	return true;
}

/* 0, or the status of a usage fault. */
static int parse_arguments(struct check *c, int argc, char *argv[])
{
	bool plain = false;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (!plain && strcmp(a, "--") == 0) {
			plain = true;
		} else if (plain || a[0] != '-') {
			if (c->sender != NULL)
				return command_refuse("check", a);
			c->sender = strcmp(a, "<>") == 0 ? "" : a;
		} else if (!take_option(c, a)) {
			return command_refuse("check", a);
		}
	}
	return EX_OK;
}

static int show_options(const struct check *c)
{
	enum document_format format = DOCUMENT_TEXT;
	struct sbuf b;

	if (c->mdoc)
		format = DOCUMENT_MDOC;
	else if (c->json)
		format = DOCUMENT_JSON;
	sbuf_init(&b, CHECK_OUTPUT_LIMIT);
	if (c->environment)
		environment_document(&b);
	else
		options_document(&b, format);
	fputs(b.data, stdout);
	sbuf_release(&b);
	return EX_OK;
}

/* The worst that was found: a command that failed this time says nothing about
 * the configuration. */
static int verdict(const struct check *c)
{
	struct fault f;
	size_t passing = 0;

	if (c->aliases != NULL && aliases_fault(c->aliases, 0, &f))
		return EX_CONFIG;
	for (size_t i = 0; c->fetched != NULL && i < c->config->count; i++)
		passing += c->fetched[i].kind == FAULT_TEMP ? 1 : 0;
	if (c->errors.count > passing)
		return EX_CONFIG;
	return passing > 0 ? EX_IOERR : EX_OK;
}

static int examine(struct check *c)
{
	struct fault first;
	struct sbuf b;
	int status;

	c->config = config_load(c->site->config, &c->errors, &first);
	c->warnings.path = c->site->config;
	if (c->config != NULL && c->config->aliases != NULL)
		c->aliases = aliases_load(c->config->aliases, &first);
	if (c->config != NULL)
		check_warn(c);
	if (c->config != NULL && c->secrets)
		fetch_all(c);
	if (c->config != NULL)
		complain_of_secrets(c);
	status = verdict(c);
	sbuf_init(&b, CHECK_OUTPUT_LIMIT);
	if (c->json) {
		check_json(c, &b);
		fputs(b.data, stdout);
	} else {
		check_text(c, &b);
		if (status == EX_OK && c->warnings.count == 0)
			sbuf_addf(&b, "\n%s\n", _("No problem found."));
		check_show(c, &b);
	}
	sbuf_release(&b);
	free(c->fetched);
	aliases_free(&c->aliases);
	config_free(&c->config);
	return status;
}

int command_check(const struct site *site, int argc, char *argv[])
{
	struct check *c = mem_alloc(sizeof(*c));
	int status;

	c->site = site;
	if (gethostname(c->hostname, sizeof(c->hostname) - 1) != 0)
		c->hostname[0] = '\0';
	status = parse_arguments(c, argc, argv);
	if (status == EX_OK && c->only_aliases)
		status = check_aliases_only(site);
	else if (status == EX_OK)
		status = c->options ? show_options(c) : examine(c);
	free(c);
	return status;
}
