/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"
#include "config/credential.h"
#include "config/environment.h"
#include "config/fallback.h"
#include "config/file.h"
#include "config/host.h"
#include "config/options.h"
#include "config/preset.h"

#define PATH_SHOWN 150 /* bytes: the words behind it must fit too */

/* --- errors --------------------------------------------------------------- */

static void add_place(struct fault *f, const char *path, unsigned line,
                      const char *key)
{
	size_t n;

	if (path == NULL) {
		fault_wrap(f, "%s", environment_name(key, line));
		return;
	}
	n = strlen(path);
	if (n > PATH_SHOWN)
		path += n - PATH_SHOWN;
	if (line == 0)
		fault_wrap(f, "%s", path);
	else
		fault_wrap(f, "%s:%u", path, line);
}

/* Room in the list behind all that is not later in the file. */
static struct config_error *insert(struct config_errors *errors, unsigned line)
{
	size_t at = errors->count++;

	while (at > 0 && errors->list[at - 1].line > line) {
		errors->list[at] = errors->list[at - 1];
		at--;
	}
	errors->list[at].line = line;
	return &errors->list[at];
}

void config_complain(struct config_errors *errors, unsigned line,
                     const char *key, const char *fmt, ...)
{
	char text[sizeof(errors->list[0].fault.text)];
	struct fault *fault;
	va_list args;

	if (errors->count == CONFIG_ERRORS) {
		errors->more = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fault = &insert(errors, line)->fault;
	fault_set(fault, FAULT_CONFIG, "4.3.5", "%s", text);
	add_place(fault, errors->path, line, key);
	if (errors->count == 1)
		errors->first = *fault;
}

/* --- the whole ------------------------------------------------------------ */

static struct config *create(const char *path)
{
	struct config *config = mem_alloc(sizeof(*config));

	config->path = path != NULL ? mem_strdup(path) : NULL;
	options_init(OPTION_TOP, config);
	return config;
}

void config_free(struct config **config)
{
	struct config *c = *config;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		options_release(OPTION_SMARTHOST, &c->smarthosts[i]);
		free(c->smarthosts[i].name);
	}
	free(c->smarthosts);
	options_release(OPTION_TOP, c);
	free(c->path);
	free(c);
	*config = NULL;
}

/* The next source of a block behind row *i of the table, or NULL. */
static struct source *next_source(struct smarthost *h, size_t *i)
{
	const struct option *o;
	void *at = NULL;

	while (at == NULL && (o = option_at((*i)++)) != NULL)
		if (o->level == OPTION_SMARTHOST && o->type == OPTION_SOURCE)
			at = (char *)h + o->offset;
	return at;
}

static void each_source(struct config *config, void (*act)(struct source *s))
{
	for (size_t i = 0; i < config->count; i++) {
		struct source *s;
		size_t row = 0;

		while ((s = next_source(&config->smarthosts[i], &row)) != NULL)
			act(s);
	}
}

void config_forget_secrets(struct config *config)
{
	each_source(config, source_forget);
}

static void hide(struct source *s)
{
	source_hide(s);
}

void config_hide_secrets(struct config *config)
{
	each_source(config, hide);
}

void smarthost_query(const struct smarthost *h, const char *kind,
                     struct source_query *query)
{
	const char *host = host_is_service(h->host) ? h->host + 4 : h->host;

	*query = (struct source_query){
		.account = h->name,
		.kind = kind,
		.user = h->user,
		.region = h->region,
	};
	snprintf(query->host, sizeof(query->host), "%.*s",
	         (int)host_length(host), host);
}

static unsigned set_in(const struct smarthost *h, const char *key)
{
	const struct option *o = option_find(OPTION_SMARTHOST, key);

	return o != NULL ? h->lines[option_index(o)] : 0;
}

bool smarthost_says(const struct smarthost *h, const char *key)
{
	return set_in(h, key) != 0;
}

unsigned smarthost_line(const struct smarthost *h, const char *key)
{
	unsigned line = set_in(h, key);

	return line != 0 ? line : h->line;
}

void smarthost_blame(const struct config *config, const struct smarthost *h,
                     const char *key, struct fault *f)
{
	if (config->path != NULL)
		add_place(f, config->path, smarthost_line(h, key), key);
}

/* --- what the keys of a block mean together ------------------------------- */

static void check_tls(struct config_errors *e, const struct smarthost *h)
{
	static const char *const useless[] = { "tls_ca", "tls_pin",
		                               "tls_cert" };

	if (set_in(h, "tls_cert") != 0 && set_in(h, "tls_key") == 0)
		config_complain(e, smarthost_line(h, "tls_cert"), "tls_cert",
		                _("`tls_cert` needs its key: add `tls_key "
		                  "PATH`"));
	if (set_in(h, "tls_key") != 0 && set_in(h, "tls_cert") == 0)
		config_complain(e, smarthost_line(h, "tls_key"), "tls_key",
		                _("`tls_key` needs its certificate: add "
		                  "`tls_cert PATH`"));
	if (h->tls != CONFIG_TLS_NONE)
		return;
	if (set_in(h, "password") != 0)
		config_complain(e, smarthost_line(h, "tls"), "tls",
		                _("`tls none` sends nothing secret: remove it, "
		                  "or remove `password`"));
	for (size_t i = 0; i < COUNT_OF(useless); i++)
		if (set_in(h, useless[i]) != 0)
			config_complain(e, smarthost_line(h, "tls"), "tls",
			                _("`tls none` makes no use of `%s`: "
			                  "remove one of them"),
			                useless[i]);
}

/* Words about a rule that is not there. */
static void check_from(struct config_errors *e, const struct smarthost *h)
{
	static const char *const needs_force[] = { "from_allow", "from_scope" };

	for (size_t i = 0; i < COUNT_OF(needs_force); i++)
		if (set_in(h, needs_force[i]) != 0 && h->from_force == NULL)
			config_complain(
				e, smarthost_line(h, needs_force[i]),
				needs_force[i],
				_("`%s` needs `from_force ADDRESS`, which "
			          "replaces the senders that may not stay: add "
			          "it, or remove this"),
				needs_force[i]);
}

/* Where the DNS says whom to call, TLS alone tells who that is. */
static void check_service(struct config_errors *e, const struct smarthost *h)
{
	if (h->host == NULL || !host_is_service(h->host))
		return;
	if (set_in(h, "port") != 0)
		config_complain(e, smarthost_line(h, "port"), "port",
		                _("`host srv:DOMAIN` has its ports from the "
		                  "DNS: remove `port`"));
	if (h->tls == CONFIG_TLS_NONE)
		config_complain(e, smarthost_line(h, "tls"), "tls",
		                _("`host srv:DOMAIN` goes with TLS only: write "
		                  "the name of the server, or remove `tls "
		                  "none`"));
}

/* A bad one, or a bad provider, was complained about. */
static bool has_no_host(const struct smarthost *h)
{
	return h->host == NULL && set_in(h, "host") == 0 &&
	       set_in(h, "provider") == 0;
}

static void check_block(struct config_errors *e, const struct smarthost *h)
{
	if (has_no_host(h))
		config_complain(e, h->line, "host",
		                _("this smarthost has no host: add `host "
		                  "mail.example.org` or `provider NAME` below "
		                  "it"));
	check_service(e, h);
	credential_check(e, h);
	oauth_check(e, h);
	preset_check(h, e);
	check_tls(e, h);
	check_from(e, h);
}

/* The same for RELAY_HOST and its like, in their words. */
static void check_variables(struct config_errors *e, const struct smarthost *h)
{
	unsigned user = environment_line(h, "user");
	unsigned password = environment_line(h, "password");
	bool has_user = h->user != NULL || set_in(h, "user") != 0;

	check_service(e, h);
	oauth_check(e, h);
	preset_check(h, e);
	check_from(e, h);
	if (has_no_host(h))
		config_complain(e, 0, "host",
		                _("this is empty: set it to the name of the "
		                  "server"));
	if (has_user && set_in(h, "password") == 0 && !credential_is_oauth(h))
		config_complain(e, password, "password",
		                _("%s needs a password: set this too"),
		                environment_name("user", user));
	if (!has_user && set_in(h, "password") != 0)
		config_complain(e, user, "user",
		                _("%s needs a name to log in with: set this "
		                  "too"),
		                environment_name("password", password));
	if (h->tls == CONFIG_TLS_NONE && set_in(h, "password") != 0)
		config_complain(e, environment_line(h, "tls"), "tls",
		                _("`none` sends nothing secret: remove it, or "
		                  "remove %s"),
		                environment_name("password", password));
}

/* Defaults that depend on other keys. */
static void settle(struct smarthost *h)
{
	bool is_service = h->host != NULL && host_is_service(h->host);

	if (set_in(h, "tls") == 0 && (h->port == 465 || is_service))
		h->tls = CONFIG_TLS_IMPLICIT;
	if (h->port == 0)
		h->port = h->tls == CONFIG_TLS_IMPLICIT ? 465 : 587;
}

static void finish(struct config *config, struct config_errors *errors)
{
	for (size_t i = 0; i < config->count; i++) {
		preset_apply(&config->smarthosts[i], errors);
		if (config->path != NULL)
			check_block(errors, &config->smarthosts[i]);
		else
			check_variables(errors, &config->smarthosts[i]);
		settle(&config->smarthosts[i]);
	}
	fallback_check(config, errors);
}

/* The configuration, or with an error NULL and the first of them. */
static struct config *verdict(struct config *config,
                              const struct config_errors *errors,
                              struct fault *f)
{
	if (errors->count == 0)
		return config;
	*f = errors->first;
	config_free(&config);
	return NULL;
}

struct config *config_parse(const char *path, const char *bytes, size_t n,
                            struct config_errors *errors, struct fault *f)
{
	struct config_errors own;
	struct config *config = create(path);

	if (errors == NULL)
		errors = &own;
	memset(errors, 0, sizeof(*errors));
	errors->path = path;
	file_parse(config, bytes, n, errors);
	finish(config, errors);
	return verdict(config, errors, f);
}

/* --- from a file ---------------------------------------------------------- */

/* The owner first: after chmod alone, root's file could no longer be read by
 * us. */
static void complain_of_readers(struct config_errors *e, const struct config *c,
                                unsigned line, const struct stat *st)
{
	if (st->st_uid == geteuid())
		config_complain(e, line, NULL,
		                _("the password can be read by other users: "
		                  "chmod 600 %s"),
		                c->path);
	else
		config_complain(e, line, NULL,
		                _("the password can be read by other users: "
		                  "chown %u %s; chmod 600 %s"),
		                geteuid(), c->path, c->path);
}

/* A secret in the file must not be readable by others. */
static void check_inline(struct config_errors *e, const struct config *c,
                         const struct stat *st)
{
	if (trust_readers(st, geteuid()) == 0)
		return;
	for (size_t i = 0; i < c->count; i++) {
		const struct smarthost *h = &c->smarthosts[i];
		const char *key = NULL;

		if (source_is_inline(&h->password))
			key = "password";
		else if (source_is_inline(&h->oauth_secret))
			key = "oauth_secret";
		else if (source_is_inline(&h->oauth_seal))
			key = "oauth_seal";
		if (key == NULL)
			continue;
		complain_of_readers(e, c, smarthost_line(h, key), st);
		return;
	}
}

static void read_file(struct config *config, struct config_errors *errors)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf content;
	struct stat st;

	sbuf_init(&content, CONFIG_FILE_LIMIT);
	if (access(config->path, F_OK) != 0 && errno == ENOENT) {
		config_complain(errors, 0, NULL,
		                _("there is no such file: write one, `relay "
		                  "--help` shows how"));
	} else if (trust_read(config->path, TRUST_WRITABLE, &content, &st,
	                      &f) != 0) {
		errors->list[errors->count++].fault = errors->first = f;
	} else {
		file_parse(config, content.data, content.len, errors);
		finish(config, errors);
		check_inline(errors, config, &st);
	}
	sbuf_release(&content);
}

static struct config *load(const char *path, struct config_errors *errors)
{
	struct config *config = create(path);

	memset(errors, 0, sizeof(*errors));
	errors->path = path;
	if (path != NULL) {
		read_file(config, errors);
	} else {
		environment_read(config, errors);
		finish(config, errors);
	}
	return config;
}

struct config *config_load(const char *path, struct config_errors *errors,
                           struct fault *f)
{
	struct config_errors own;

	if (errors == NULL)
		errors = &own;
	return verdict(load(path, errors), errors, f);
}

struct config *config_load_to_login(const char *path, struct fault *f)
{
	struct config_errors errors;
	struct config *config = load(path, &errors);

	if (!errors.more && errors.count == errors.without_client)
		return config;
	return verdict(config, &errors, f);
}
