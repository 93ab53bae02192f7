/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay login - who the provider thinks we are
 *
 * The login itself is relay-token's, which holds the tokens and talks to the
 * provider; this chooses the account, explains what is missing, and says in the
 * end what keeps the login alive.
 */
#include "relay/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/wrap.h"
#include "config/endpoint.h"
#include "config/oauth.h"
#include "config/provider.h"
#include "relay/account.h"
#include "relay/command.h"
#include "relay/register.h"

#define OUTPUT_LIMIT 1048576
#define LINE_LIMIT 4096
#define INDENT 12       /* columns */
#define PORT_LEAST 1024 /* below, only root can listen */

static const char below[] = "            ";

/* --- the configuration ---------------------------------------------------- */

/* The machine's tokens are those of who sends its mail. */
static int refuse_guest(const struct site *site, struct fault *f)
{
	if (!site->is_system || site_is_ours(site))
		return 0;
	return fault_set_exit(f, EX_NOPERM,
	                      _("the logins of this machine are root's: run "
	                        "this as root, or write a ~/.relayrc of your "
	                        "own"));
}

static int find_smarthost(struct login *l, struct fault *f)
{
	for (size_t i = 0; i < l->config->count; i++)
		if (strcmp(l->config->smarthosts[i].name, l->name) == 0) {
			l->smarthost = &l->config->smarthosts[i];
			return 0;
		}
	return fault_set_exit(f, EX_USAGE,
	                      _("there is no smarthost %s; `relay login` lists "
	                        "them"),
	                      l->name);
}

int login_load(struct login *l, struct fault *f)
{
	if (site_become_owner(l->site, f) != 0 || refuse_guest(l->site, f) != 0)
		return -1;
	l->config = config_load_to_login(l->site->config, f);
	if (l->config == NULL)
		return -1;
	return l->name != NULL ? find_smarthost(l, f) : 0;
}

/* --- the list ------------------------------------------------------------- */

/* A paragraph; strangers' words in it do no harm. */
static void add(struct sbuf *out, const char *lead, const char *text)
{
	struct sbuf shown;

	sbuf_init(&shown, LINE_LIMIT);
	escape_add(&shown, text, strlen(text));
	wrap_add(out, lead, INDENT, shown.data);
	sbuf_release(&shown);
}

static void add_account(const struct account *a, struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, LINE_LIMIT);
	sbuf_addf(&line, "%s, %s", a->smarthost->name, a->smarthost->host);
	add(out, _("Smarthost:  "), line.data);
	for (size_t i = 0;; i++) {
		sbuf_reset(&line);
		if (!account_say(a, i, clock_seconds(), &line))
			break;
		if (line.len > 0)
			add(out, below, line.data);
	}
	sbuf_release(&line);
}

/* 78 when a person has to log in somewhere. */
static int list(const struct login *l)
{
	struct account a;
	struct sbuf out;
	int status = EX_OK;
	size_t count = 0;

	sbuf_init(&out, OUTPUT_LIMIT);
	for (size_t i = 0; i < l->config->count; i++) {
		account_look(&a, &l->config->smarthosts[i], l->site->queue);
		if (a.kind == ACCOUNT_OTHER)
			continue;
		count++;
		add_account(&a, &out);
		if (account_needs_person(&a))
			status = EX_CONFIG;
	}
	if (count == 0)
		wrap_add(&out, "", 0,
		         _("No smarthost has `login oauth`, so nobody logs in. "
		           "A password is stored by `relay secret set NAME`."));
	fputs(out.data, stdout);
	sbuf_release(&out);
	return status;
}

/* --- one of them ---------------------------------------------------------- */

static int explain(const struct login *l, int status)
{
	struct sbuf out;

	sbuf_init(&out, OUTPUT_LIMIT);
	register_explain(l->smarthost, l->config->path, &out);
	fputs(out.data, stdout);
	sbuf_release(&out);
	return status;
}

/* Who has a password is told so, and of OAuth where the provider has it. */
static int refuse_password(const struct smarthost *h, struct fault *f)
{
	if (endpoint_preset(h) != NULL)
		return fault_set(
			f, FAULT_CONFIG, "4.3.5",
			_("smarthost %s logs in with a password: "
		          "`relay secret set %s` stores it; for OAuth "
		          "write `login oauth` in place of `password`"),
			h->name, h->name);
	if (smarthost_has_login(h))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("smarthost %s logs in with a password: "
		                   "`relay secret set %s` stores it"),
		                 h->name, h->name);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("smarthost %s takes mail without a login"), h->name);
}

static bool lacks_client(const struct smarthost *h)
{
	return h->oauth_client == NULL && oauth_flow(h) != OAUTH_FLOW_SERVICE;
}

static int run_one(struct login *l, struct fault *f)
{
	if (!oauth_is_used(l->smarthost) && !l->explains)
		return refuse_password(l->smarthost, f);
	if (l->explains)
		return explain(l, EX_OK);
	if (lacks_client(l->smarthost))
		return explain(l, EX_CONFIG);
	if (l->to != NULL)
		return login_export(l, f);
	if (l->from != NULL)
		return login_import(l, f);
	return login_perform(l, f);
}

/* --- the command line ----------------------------------------------------- */

static bool take_flag(struct login *l, const char *option)
{
	if (strcmp(option, "--explain") == 0)
		l->explains = true;
	else if (strcmp(option, "--paste") == 0)
		l->prompt = "paste";
	else if (strcmp(option, "--browser") == 0)
		l->prompt = "browser";
	else
		return false;
	return true;
}

static int take_option(struct login *l, int argc, char *argv[], int *i)
{
	const char *option = argv[*i], *port = NULL;
	int taken = take_flag(l, option) ? 1 : 0;

	if (taken == 0)
		taken = command_value("--port", argc, argv, i, &port);
	if (taken == 0)
		taken = command_value("--import", argc, argv, i, &l->from);
	if (taken == 0)
		taken = command_value("--export", argc, argv, i, &l->to);
	if (taken == 0)
		return command_refuse("login", option);
	if (taken < 0)
		return command_refuse_usage(_("`%s` needs a word behind it"),
		                            option);
	return port != NULL ? command_port(port, PORT_LEAST, &l->port) : EX_OK;
}

static int parse(struct login *l, int argc, char *argv[])
{
	int status = EX_OK;

	for (int i = 1; i < argc && status == EX_OK; i++) {
		if (argv[i][0] == '-')
			status = take_option(l, argc, argv, &i);
		else if (l->name != NULL)
			status = command_refuse("login", argv[i]);
		else
			l->name = argv[i];
	}
	if (status != EX_OK)
		return status;
	if (l->name == NULL &&
	    (l->explains || l->prompt != NULL || l->port > 0 ||
	     l->from != NULL || l->to != NULL))
		return command_refuse_usage(
			_("relay login: which smarthost?  `relay login` lists "
		          "them"));
	if (l->from != NULL && l->to != NULL)
		return command_refuse_usage(_("relay login: --import and "
		                              "--export exclude each other"));
	return EX_OK;
}

/* --- the commands --------------------------------------------------------- */

static int run(struct login *l, struct fault *f)
{
	if (login_open_file(l, f) != 0 || login_load(l, f) != 0)
		return -1;
	return l->name == NULL ? list(l) : run_one(l, f);
}

int command_login(const struct site *site, int argc, char *argv[])
{
	struct login l = { .site = site, .file = -1 };
	struct fault f = { 0 };
	int status = parse(&l, argc, argv);

	if (status == EX_OK)
		status = run(&l, &f);
	if (status < 0)
		status = command_fail(&f);
	if (l.file >= 0)
		close(l.file);
	if (l.file >= 0 && l.to != NULL && status != EX_OK)
		unlink(l.to);
	config_free(&l.config);
	return status;
}
