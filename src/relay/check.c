/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay check - is the configuration right, and which way does mail go
 *
 * What is wrong goes to stderr, one line each with FILE:LINE, as compilers do;
 * what the configuration means goes to stdout.  With --json all of it is one
 * object on stdout.  Nothing is connected to; only --secrets runs anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"
#include "config/aliases_file.h"
#include "config/config.h"
#include "config/document.h"
#include "config/endpoint.h"
#include "config/environment.h"
#include "config/fallback.h"
#include "config/host.h"
#include "config/match.h"
#include "config/oauth.h"
#include "config/options.h"
#include "relay/check_aliases.h"
#include "relay/check_preset.h"
#include "relay/command.h"

#define OUTPUT_LIMIT 4194304
#define TOP_COLUMN 15
#define BLOCK_COLUMN 15

struct check {
	const struct site *site;
	bool json;
	bool secrets;
	bool options;
	bool mdoc;
	bool environment;
	bool only_aliases;
	const char *sender;      /* or NULL */
	struct config *config;   /* NULL when there are errors */
	struct aliases *aliases; /* NULL: not configured */
	struct config_errors errors;
	struct config_errors warnings;
	struct fault *fetched; /* of each smarthost; NULL without --secrets */
	char hostname[256];
};

/* --- warnings ------------------------------------------------------------- */

/* A key that others can read is refused by relay-flush. */
static void warn_file(struct check *c, unsigned line, const char *key,
                      const char *path, bool is_key)
{
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

/* There nobody is logged in who could open one. */
static void warn_keyring(struct check *c, const struct smarthost *h)
{
	if (c->site->is_system && h->password.kind == SOURCE_KEYRING)
		config_complain(&c->warnings, smarthost_line(h, "password"),
		                "password",
		                _("`password keyring` is for people who are "
		                  "logged in, and the user relay is not: use "
		                  "`credential` or `file` for the queue of the "
		                  "machine"));
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
	warn_file(c, smarthost_line(h, "oauth_ca"), "oauth_ca", h->oauth_ca,
	          false);
	warn_file(c, smarthost_line(h, "oauth_cert"), "oauth_cert",
	          h->oauth_cert, false);
	warn_file(c, smarthost_line(h, "oauth_key"), "oauth_key", h->oauth_key,
	          true);
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
	warn_file(c, smarthost_line(h, "tls_ca"), "tls_ca", h->tls_ca, false);
	warn_file(c, smarthost_line(h, "tls_cert"), "tls_cert", h->tls_cert,
	          false);
	warn_file(c, smarthost_line(h, "tls_key"), "tls_key", h->tls_key, true);
	warn_keyring(c, h);
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

static void warn_all(struct check *c)
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

/* --- secrets -------------------------------------------------------------- */

static bool has_secret(const struct smarthost *h)
{
	return oauth_is_used(h) || h->password.kind != SOURCE_NONE;
}

/* The key whose line says where it comes from. */
static const char *secret_key(const struct smarthost *h)
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

		if (!has_secret(h))
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
		source_look(&h->oauth_secret, f);
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
			                smarthost_line(h, secret_key(h)),
			                secret_key(h), "%s", f.text);
	}
}

/* --- as text -------------------------------------------------------------- */

/* "label   text", wrapped; what comes from the file is escaped. */
static void add_line(struct sbuf *b, size_t indent, size_t column,
                     const char *label, const char *text)
{
	struct sbuf shown;
	size_t used = indent + document_columns(label, strlen(label));

	sbuf_init(&shown, OUTPUT_LIMIT);
	escape_add(&shown, text, strlen(text));
	sbuf_addf(b, "%*s%s%*s", (int)indent, "", label,
	          used < column ? (int)(column - used) : 1, "");
	document_wrap(b, shown.data, used < column ? column : used + 1);
	sbuf_addstr(b, "\n");
	sbuf_release(&shown);
}

static void add_count(const struct aliases *a, struct sbuf *value)
{
	size_t count = aliases_count(a);

	sbuf_addf(value, intl_plural(" (%zu name)", " (%zu names)", count),
	          count);
}

static void add_top(const struct check *c, struct sbuf *b)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		struct sbuf value;

		if (o->level != OPTION_TOP)
			continue;
		sbuf_init(&value, CONFIG_LINE_LIMIT);
		option_print(o, c->config, &value);
		if (strcmp(o->name, "domain") == 0 && value.len == 0)
			sbuf_addf(&value, _("%s (this machine's name)"),
			          c->hostname);
		if (strcmp(o->name, "aliases") == 0 && c->aliases != NULL)
			add_count(c->aliases, &value);
		add_line(b, 0, TOP_COLUMN, o->name, value.data);
		sbuf_release(&value);
	}
}

/* What a row shows; nothing: the row is not shown. */
static void add_value(const struct check *c, size_t which,
                      const struct option *o, struct sbuf *value)
{
	const struct smarthost *h = &c->config->smarthosts[which];

	if (strcmp(o->name, "login") == 0 && !smarthost_has_login(h)) {
		sbuf_addstr(value, "none");
		return;
	}
	if (strcmp(o->name, "port") == 0 && host_is_service(h->host))
		return; /* the DNS has them */
	/* A 0 nobody wrote stands for "no limit". */
	if (h->lines[option_index(o)] == 0 && strcmp(o->fallback, "0") == 0)
		return;
	option_print(o, h, value);
	check_preset_mark(h, o, value);
	if (strcmp(o->name, secret_key(h)) == 0 && value->len > 0 &&
	    has_secret(h) && c->fetched != NULL &&
	    c->fetched[which].kind == FAULT_NONE)
		sbuf_addstr(value, _(": ok"));
}

static void add_smarthost(const struct check *c, size_t which, struct sbuf *b)
{
	const struct option *o;

	sbuf_addf(b, "\nsmarthost %s\n", c->config->smarthosts[which].name);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		struct sbuf value;

		if (o->level != OPTION_SMARTHOST)
			continue;
		sbuf_init(&value, OUTPUT_LIMIT);
		add_value(c, which, o, &value);
		if (value.len > 0)
			add_line(b, 4, BLOCK_COLUMN, o->name, value.data);
		sbuf_release(&value);
	}
}

/* Why a sender goes this way, in words. */
static void explain(const struct check *c, const struct smarthost *h,
                    const struct match *why, struct sbuf *b)
{
	if (why->reason != MATCH_FROM && c->config->count == 1) {
		sbuf_addstr(b, _("it is the only one"));
		return;
	}
	switch (why->reason) {
	case MATCH_FROM:
		sbuf_addf(b, _("`from` in line %u has %.*s"),
		          smarthost_line(h, "from"), (int)why->glob_length,
		          why->glob);
		break;
	case MATCH_DEFAULT:
		sbuf_addstr(b, _("it is the first without `from`, and no "
		                 "`from` fits"));
		break;
	case MATCH_FIRST:
		sbuf_addstr(b, _("it is the first, and no `from` fits"));
		break;
	}
}

static void add_sender(const struct check *c, struct sbuf *b)
{
	struct match why;
	const struct smarthost *h;
	struct sbuf text, shown;

	h = match_smarthost(c->config, c->sender, &why);
	sbuf_init(&text, OUTPUT_LIMIT);
	sbuf_addf(&text, _("Mail from <%s> goes to smarthost %s: "), c->sender,
	          h->name);
	explain(c, h, &why, &text);
	sbuf_addstr(&text, ".");
	if (h->fallback != NULL) {
		sbuf_addf(&text, " %s ", _("While that cannot be reached:"));
		fallback_describe(c->config, h, &text);
		sbuf_addstr(&text, ".");
	}
	sbuf_init(&shown, OUTPUT_LIMIT);
	escape_add(&shown, text.data, text.len);
	sbuf_addstr(b, "\n");
	document_wrap(b, shown.data, 0);
	sbuf_addstr(b, "\n");
	sbuf_release(&shown);
	sbuf_release(&text);
}

static void add_place(const struct check *c, struct sbuf *b)
{
	struct sbuf place;

	sbuf_init(&place, OUTPUT_LIMIT);
	if (c->site->config != NULL)
		sbuf_addstr(&place, c->site->config);
	else
		sbuf_addf(&place, _("the environment (%s)"),
		          environment_host());
	add_line(b, 0, TOP_COLUMN, _("configuration"), place.data);
	sbuf_release(&place);
}

static void add_text(const struct check *c, struct sbuf *b)
{
	add_place(c, b);
	add_line(b, 0, TOP_COLUMN, _("queue"), c->site->queue);
	if (c->config == NULL)
		return;
	add_top(c, b);
	for (size_t i = 0; i < c->config->count; i++)
		add_smarthost(c, i, b);
	if (c->sender != NULL)
		add_sender(c, b);
}

static void show_list(const struct config_errors *list, const char *label)
{
	for (size_t i = 0; i < list->count; i++)
		fprintf(stderr, "%s%s\n", label, list->list[i].fault.text);
	if (list->more)
		fprintf(stderr, "%s\n", _("and more: correct these first"));
}

static void show_text(const struct check *c, const struct sbuf *b)
{
	fputs(b->data, stdout);
	fflush(stdout);
	show_list(&c->warnings, _("warning: "));
	show_list(&c->errors, "");
	if (c->aliases != NULL)
		check_aliases_show(c->aliases);
}

/* --- as JSON -------------------------------------------------------------- */

static void json_level(struct sbuf *b, enum option_level level,
                       const void *block)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->level != level)
			continue;
		sbuf_addf(b, ", \"%s\": ", o->name);
		option_print_json(o, block, b);
	}
}

static void json_smarthosts(const struct check *c, struct sbuf *b)
{
	sbuf_addstr(b, ", \"smarthosts\": [");
	for (size_t i = 0; i < c->config->count; i++) {
		const struct smarthost *h = &c->config->smarthosts[i];

		sbuf_addf(b, "%s{", i == 0 ? "" : ", ");
		escape_add_member(b, "", "name", h->name);
		sbuf_addf(b, ", \"line\": %u", h->line);
		json_level(b, OPTION_SMARTHOST, h);
		check_preset_json(h, b);
		sbuf_addf(b, ", \"logs_in\": %s",
		          smarthost_has_login(h) ? "true" : "false");
		if (c->fetched != NULL && has_secret(h)) {
			bool ok = c->fetched[i].kind == FAULT_NONE;

			sbuf_addf(b, ", \"secret_ok\": %s, ",
			          ok ? "true" : "false");
			escape_add_member(b, "", "secret_fault",
			                  ok ? NULL : c->fetched[i].text);
		}
		sbuf_addstr(b, "}");
	}
	sbuf_addstr(b, "]");
}

static void json_sender(const struct check *c, struct sbuf *b)
{
	struct match why;
	const struct smarthost *h = match_smarthost(c->config, c->sender, &why);
	struct sbuf text;

	sbuf_init(&text, CONFIG_LINE_LIMIT);
	explain(c, h, &why, &text);
	escape_add_member(b, ", \"sender\": {", "address", c->sender);
	escape_add_member(b, ", ", "smarthost", h->name);
	escape_add_member(b, ", ", "why", text.data);
	sbuf_addstr(b, ", \"fallback\": ");
	fallback_add_json(c->config, h, b);
	sbuf_addstr(b, "}");
	sbuf_release(&text);
}

/* `aliases` may be NULL, and have more of them. */
static void json_list(struct sbuf *b, const char *name,
                      const struct config_errors *list,
                      const struct aliases *aliases)
{
	sbuf_addf(b, ", \"%s\": [", name);
	for (size_t i = 0; i < list->count; i++) {
		sbuf_addf(b, "%s{\"line\": %u, ", i == 0 ? "" : ", ",
		          list->list[i].line);
		escape_add_member(b, "", "text", list->list[i].fault.text);
		sbuf_addstr(b, "}");
	}
	if (aliases != NULL)
		check_aliases_json(aliases, list->count, b);
	sbuf_addstr(b, "]");
}

static void add_json(const struct check *c, struct sbuf *b)
{
	escape_add_member(b, "{", "configuration", c->site->config);
	escape_add_member(b, ", ", "queue", c->site->queue);
	sbuf_addf(b, ", \"system\": %s, ",
	          c->site->is_system ? "true" : "false");
	escape_add_member(b, "", "hostname", c->hostname);
	if (c->config != NULL) {
		json_level(b, OPTION_TOP, c->config);
		if (c->aliases != NULL)
			sbuf_addf(b, ", \"aliases_names\": %zu",
			          aliases_count(c->aliases));
		json_smarthosts(c, b);
		if (c->sender != NULL)
			json_sender(c, b);
	}
	json_list(b, "warnings", &c->warnings, NULL);
	json_list(b, "errors", &c->errors, c->aliases);
	sbuf_addstr(b, "}\n");
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
	sbuf_init(&b, OUTPUT_LIMIT);
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
		warn_all(c);
	if (c->config != NULL && c->secrets)
		fetch_all(c);
	if (c->config != NULL)
		complain_of_secrets(c);
	status = verdict(c);
	sbuf_init(&b, OUTPUT_LIMIT);
	if (c->json) {
		add_json(c, &b);
		fputs(b.data, stdout);
	} else {
		add_text(c, &b);
		if (status == EX_OK && c->warnings.count == 0)
			sbuf_addf(&b, "\n%s\n", _("No problem found."));
		show_text(c, &b);
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
