/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay explain - what becomes of a message's addresses, and which rule does it
 *
 * The same code as relay-flush's, with somebody who takes notes; nothing is
 * sent, and the queue stays as it is.
 */
#include "relay/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/idn.h"
#include "relay/command.h"

enum rewrite_rule explain_sender(struct explain *e, struct sbuf *sent)
{
	size_t at = sent->len;
	enum rewrite_rule rule;
	struct fault unused;
	struct sbuf named;

	sbuf_init(&named, ADDRESS_MAX * 2);
	rule = rewrite_sender(&e->rules.rewrite, e->specimen.sender.data,
	                      &named);
	if (idn_address(named.data, sent, &unused) != 0) {
		sbuf_cut(sent, at);
		sbuf_addstr(sent, named.data);
	}
	e->is_utf8 |= !address_is_ascii(sent->data + at);
	sbuf_release(&named);
	return rule;
}

void explain_aliases(const struct explain *e, const char *recipient,
                     struct sbuf *lines)
{
	struct fault unused;
	struct sbuf name;

	sbuf_init(&name, ADDRESS_MAX * 2);
	if (e->people.aliases != NULL &&
	    resolve_name(&e->rules.resolve, recipient, &name) &&
	    aliases_explain(e->people.aliases, name.data, lines, &unused) <= 0)
		sbuf_reset(lines);
	sbuf_release(&name);
}

/* --- the content ---------------------------------------------------------- */

static int see(void *arg, const char *bytes, size_t n)
{
	struct explain *e = arg;

	downgrade_look(e->content, bytes, n);
	return 0;
}

int explain_look(struct explain *e, struct fault *f)
{
	e->content = downgrade_create();
	header_write(&e->specimen.header, see, e);
	see(e, "\r\n", 2);
	if (specimen_body(&e->specimen, see, e, f) != 0)
		return -1;
	downgrade_looked(e->content);
	return 0;
}

const char *explain_content(struct explain *e, bool can_8bit, struct fault *f)
{
	const struct downgrade_limits limits = { .can_8bit = can_8bit,
		                                 .can_utf8 = e->is_utf8 };

	switch (downgrade_plan(e->content, &limits, f)) {
	case 0: return NULL;
	case 1: return downgrade_changes(e->content);
	default: return "";
	}
}

/* --- the command line ----------------------------------------------------- */

/* "--name VALUE" (*i then moves on) or "--name=VALUE": 1; 0: it is another
 * option; -1: there is no value. */
static int take_value(const char *name, int argc, char *argv[], int *i,
                      const char **value)
{
	const char *option = argv[*i];
	size_t n = strlen(name);

	if (strncmp(option, name, n) != 0)
		return 0;
	if (option[n] == '=' && n > 2) {
		*value = option + n + 1;
		return 1;
	}
	if (option[n] != '\0')
		return 0;
	if (*i + 1 >= argc)
		return -1;
	*value = argv[++*i];
	return 1;
}

static int take_option(struct explain *e, int argc, char *argv[], int *i)
{
	const char *option = argv[*i];
	int taken;

	if (strcmp(option, "--json") == 0) {
		e->json = true;
		return EX_OK;
	}
	taken = take_value("--from", argc, argv, i, &e->sender);
	if (taken == 0)
		taken = take_value("-f", argc, argv, i, &e->sender);
	if (taken == 0)
		taken = take_value("--smarthost", argc, argv, i, &e->smarthost);
	if (taken == 0)
		return command_refuse("explain", option);
	if (taken < 0)
		return command_refuse_usage(_("`%s` needs a word behind it"),
		                            option);
	return EX_OK;
}

/* Options may be anywhere before a "--".  The words that are none move to the
 * front of argv. */
static int parse(struct explain *e, int argc, char *argv[])
{
	bool all_are_words = false;
	int words = 0, status = EX_OK;

	for (int i = 1; i < argc && status == EX_OK; i++) {
		if (all_are_words || argv[i][0] != '-' || argv[i][1] == '\0')
			argv[words++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			all_are_words = true;
		else
			status = take_option(e, argc, argv, &i);
	}
	if (status != EX_OK)
		return status;
	if (words == 0)
		return command_refuse_usage(
			_("relay explain: name a file (- is standard input) or "
		          "an id of the queue"));
	e->name = argv[0];
	e->recipients = argv + 1;
	e->count = (size_t)words - 1;
	return EX_OK;
}

/* --- the command ---------------------------------------------------------- */

static int choose_smarthost(struct explain *e, struct fault *f)
{
	e->by = match_smarthost(e->config, e->specimen.sender.data, &e->why);
	if (e->smarthost == NULL)
		return 0;
	for (size_t i = 0; i < e->config->count; i++)
		if (strcmp(e->config->smarthosts[i].name, e->smarthost) == 0) {
			e->by = &e->config->smarthosts[i];
			return 0;
		}
	return fault_set_exit(f, EX_USAGE,
	                      _("there is no smarthost %s; `relay check` shows "
	                        "them"),
	                      e->smarthost);
}

/* In words for those who have no right to read it. */
static int load_config(struct explain *e, const struct site *site,
                       struct fault *f)
{
	e->config = config_load(site->config, NULL, f);
	if (e->config != NULL)
		return 0;
	if (site->is_system && !site_is_ours(site) &&
	    access(site->config, F_OK) == 0 && access(site->config, R_OK) != 0)
		return fault_set_exit(f, EX_NOPERM,
		                      _("%s may hold passwords and is not "
		                        "yours to read: ask root to run this"),
		                      site->config);
	return -1;
}

/* The file with the rights of who calls, all else with those of who sends. */
static int prepare(struct explain *e, const struct site *site, struct fault *f)
{
	struct fault first;

	if (gethostname(e->host, sizeof(e->host) - 1) != 0 ||
	    e->host[0] == '\0')
		memcpy(e->host, "localhost", sizeof("localhost"));
	if (specimen_open(&e->specimen, e->name, f) != 0 ||
	    site_become_owner(site, f) != 0)
		return -1;
	if (load_config(e, site, f) != 0 ||
	    specimen_read(&e->specimen, site, e->sender, e->recipients,
	                  e->count, f) != 0 ||
	    choose_smarthost(e, f) != 0)
		return -1;
	people_load(&e->people, e->config, &first);
	rules_make(&e->rules, e->config, e->by, &e->people, e->host);
	return 0;
}

/* 78 when somebody cannot be sent to. */
static int show(struct explain *e, struct fault *f)
{
	bool all = true;

	if ((e->json ? explain_json : explain_text)(e, &all, f) != 0)
		return -1;
	if (e->out.overflow)
		return fault_set_exit(f, EX_DATAERR,
		                      _("there is too much to show"));
	fputs(e->out.data, stdout);
	return all ? EX_OK : EX_CONFIG;
}

int command_explain(const struct site *site, int argc, char *argv[])
{
	struct explain *e = mem_alloc(sizeof(*e));
	struct fault f = { 0 };
	int status;

	specimen_init(&e->specimen);
	sbuf_init(&e->out, EXPLAIN_OUTPUT_LIMIT);
	status = parse(e, argc, argv);
	if (status == EX_OK)
		status = prepare(e, site, &f) == 0 ? show(e, &f) : -1;
	if (status < 0)
		status = command_fail(&f);
	specimen_release(&e->specimen);
	downgrade_free(&e->content);
	people_release(&e->people);
	config_free(&e->config);
	sbuf_release(&e->out);
	free(e);
	return status;
}
