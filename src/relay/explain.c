/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay explain - what becomes of a message's addresses, and which rule does it
 *
 * The same code as relay-flush's, with somebody who takes notes; nothing is
 * sent.  With --json one object on stdout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "config/match.h"
#include "config/rules.h"
#include "relay/command.h"
#include "relay/specimen.h"

#define OUTPUT_LIMIT ((size_t)64 << 20)
#define HOST_NAME_SIZE 256

struct explain {
	bool json;
	const char *sender;    /* -f, or NULL */
	const char *smarthost; /* --smarthost, or NULL */
	const char *name;      /* of what is to be explained */
	char **recipients;     /* in argv */
	size_t count;

	struct config *config;
	const struct smarthost *by;
	struct match why;
	struct people people;
	struct rules rules;
	char host[HOST_NAME_SIZE];
	struct specimen specimen;
	struct sbuf out;
	size_t items; /* of the list that is being written */
};

/* --- words ---------------------------------------------------------------- */

static void add_shown(struct sbuf *b, const char *text)
{
	escape_add(b, text, strlen(text));
}

static const char *sender_reason(enum rewrite_rule rule)
{
	switch (rule) {
	case REWRITE_DOMAIN: return N_("`domain`: it had none");
	case REWRITE_FORCE: return N_("`from_force`: not among `from_allow`");
	case REWRITE_NOTHING: break;
	}
	return N_("as it is");
}

static const char *recipient_reason(enum resolve_rule rule)
{
	switch (rule) {
	case RESOLVE_DOMAIN: return N_("`domain`: it had none");
	case RESOLVE_ALIAS: return N_("`aliases`");
	case RESOLVE_POSTMASTER:
		return N_("`postmaster`: the name is the system's");
	case RESOLVE_LOCAL: return N_("`local`: delivered on this machine");
	case RESOLVE_NOTHING: break;
	}
	return N_("as it is");
}

static const char *rule_name(enum resolve_rule rule)
{
	static const char *const names[] = { "none", "domain", "aliases",
		                             "postmaster", "local" };

	return names[rule];
}

static const char *rewrite_name(enum rewrite_rule rule)
{
	static const char *const names[] = { "none", "domain", "from_force" };

	return names[rule];
}

/* --- the smarthost -------------------------------------------------------- */

static void text_smarthost(struct explain *e)
{
	sbuf_addf(&e->out, _("Smarthost %s"), e->by->name);
	if (e->smarthost != NULL)
		sbuf_addstr(&e->out, _(" (as you asked)"));
	else if (e->why.reason == MATCH_FROM)
		sbuf_addf(&e->out, _(" (its `from` has %.*s)"),
		          (int)e->why.glob_length, e->why.glob);
	else
		sbuf_addstr(&e->out, _(" (the default)"));
	sbuf_addstr(&e->out, "\n");
}

/* --- the envelope --------------------------------------------------------- */

static void text_sender(struct explain *e, const char *sent,
                        enum rewrite_rule rule)
{
	const char *given = e->specimen.sender.data;

	sbuf_addf(&e->out, _("\nSender\n  <"));
	add_shown(&e->out, given);
	sbuf_addstr(&e->out, ">");
	if (rule != REWRITE_NOTHING) {
		sbuf_addstr(&e->out, "\n    -> <");
		add_shown(&e->out, sent);
		sbuf_addf(&e->out, ">  %s", _(sender_reason(rule)));
	}
	sbuf_addstr(&e->out, "\n");
}

static void json_word(struct sbuf *b, const char *before, const char *name,
                      const char *value)
{
	sbuf_addf(b, "%s\"%s\": ", before, name);
	if (value == NULL)
		sbuf_addstr(b, "null");
	else
		escape_add_json(b, value);
}

static void json_sender(struct explain *e, const char *sent,
                        enum rewrite_rule rule)
{
	json_word(&e->out, "{", "smarthost", e->by->name);
	sbuf_addstr(&e->out, ", \"sender\": ");
	json_word(&e->out, "{", "given", e->specimen.sender.data);
	json_word(&e->out, ", ", "sent", sent);
	json_word(&e->out, ", ", "rule", rewrite_name(rule));
	sbuf_addstr(&e->out, "}");
}

static void explain_sender(struct explain *e)
{
	struct sbuf sent;
	enum rewrite_rule rule;

	sbuf_init(&sent, ADDRESS_MAX * 2);
	rule = rewrite_sender(&e->rules.rewrite, e->specimen.sender.data,
	                      &sent);
	if (e->json)
		json_sender(e, sent.data, rule);
	else
		text_sender(e, sent.data, rule);
	sbuf_release(&sent);
}

static int take_text(void *arg, const char *address, enum resolve_rule rule,
                     struct fault *f)
{
	struct explain *e = arg;

	(void)f;
	if (rule == RESOLVE_NOTHING)
		return 0;
	sbuf_addstr(&e->out, "    -> ");
	add_shown(&e->out, address);
	sbuf_addf(&e->out, "  %s\n", _(recipient_reason(rule)));
	return 0;
}

static int take_json(void *arg, const char *address, enum resolve_rule rule,
                     struct fault *f)
{
	struct explain *e = arg;

	(void)f;
	sbuf_addstr(&e->out, e->items++ > 0 ? ", " : "");
	json_word(&e->out, "{", "address", address);
	json_word(&e->out, ", ", "rule", rule_name(rule));
	sbuf_addstr(&e->out, "}");
	return 0;
}

/* The lines of the aliases file that had a part in it. */
static void text_aliases(struct explain *e, const char *recipient)
{
	struct sbuf lines, name;
	struct fault unused;
	size_t n;

	sbuf_init(&lines, OUTPUT_LIMIT);
	sbuf_init(&name, ADDRESS_MAX * 2);
	rewrite_is_bare(&e->rules.rewrite, recipient, &n);
	sbuf_add(&name, recipient, n);
	if (e->people.aliases != NULL &&
	    aliases_explain(e->people.aliases, name.data, &lines, &unused) > 0)
		for (const char *line = lines.data; *line != '\0';) {
			size_t len = strcspn(line, "\n");

			sbuf_addstr(&e->out, "       ");
			escape_add(&e->out, line, len);
			sbuf_addstr(&e->out, "\n");
			line += len + (line[len] == '\n' ? 1 : 0);
		}
	sbuf_release(&lines);
	sbuf_release(&name);
}

/* False: the recipient cannot be sent to. */
static bool text_recipient(struct explain *e, const char *recipient)
{
	struct fault f;

	sbuf_addstr(&e->out, "  ");
	add_shown(&e->out, recipient);
	sbuf_addstr(&e->out, "\n");
	text_aliases(e, recipient);
	if (resolve_recipient(&e->rules.resolve, recipient, take_text, e, &f) ==
	    0)
		return true;
	sbuf_addf(&e->out, "    !  %s\n", f.text);
	return false;
}

static bool json_recipient(struct explain *e, const char *recipient)
{
	struct fault f = { 0 };
	int result;

	e->items = 0;
	json_word(&e->out, "{", "given", recipient);
	sbuf_addstr(&e->out, ", \"sent\": [");
	result = resolve_recipient(&e->rules.resolve, recipient, take_json, e,
	                           &f);
	sbuf_addstr(&e->out, "]");
	if (result != 0)
		json_word(&e->out, ", ", "fault", f.text);
	sbuf_addstr(&e->out, "}");
	return result == 0;
}

static bool explain_recipients(struct explain *e)
{
	const struct address_list *list = &e->specimen.recipients;
	bool all = true;

	sbuf_addstr(&e->out,
	            e->json ? ", \"recipients\": [" : _("\nRecipients\n"));
	for (size_t i = 0; i < list->count; i++) {
		if (e->json && i > 0)
			sbuf_addstr(&e->out, ", ");
		all &= e->json ? json_recipient(e, list->item[i])
		               : text_recipient(e, list->item[i]);
	}
	sbuf_addstr(&e->out, e->json ? "]" : "");
	return all;
}

/* --- the header ----------------------------------------------------------- */

static void text_line(struct explain *e, const char *mark, const char *name,
                      const char *value)
{
	sbuf_addf(&e->out, "%s ", mark);
	add_shown(&e->out, name);
	sbuf_addstr(&e->out, ": ");
	add_shown(&e->out, value);
}

static void text_field(void *arg, enum rewrite_rule rule, const char *name,
                       const char *before, const char *after)
{
	struct explain *e = arg;

	e->items++;
	if (before != NULL && after != NULL) {
		text_line(e, " ", name, before);
		sbuf_addstr(&e->out, "\n");
	}
	if (after == NULL)
		text_line(e, "    -", name, before);
	else
		text_line(e, before != NULL ? "    ->" : "    +", name, after);
	sbuf_addf(&e->out, "  %s\n", _(sender_reason(rule)));
}

static void json_field(void *arg, enum rewrite_rule rule, const char *name,
                       const char *before, const char *after)
{
	struct explain *e = arg;

	sbuf_addstr(&e->out, e->items++ > 0 ? ", " : "");
	json_word(&e->out, "{", "field", name);
	json_word(&e->out, ", ", "before", before);
	json_word(&e->out, ", ", "after", after);
	json_word(&e->out, ", ", "rule", rewrite_name(rule));
	sbuf_addstr(&e->out, "}");
}

static int explain_header(struct explain *e, struct fault *f)
{
	int result;

	sbuf_addstr(&e->out, e->json ? ", \"header\": [" : _("\nHeader\n"));
	e->items = 0;
	e->rules.rewrite.note = e->json ? json_field : text_field;
	e->rules.rewrite.note_arg = e;
	result = rewrite_header(&e->rules.rewrite, &e->specimen.header, f);
	if (e->json)
		sbuf_addstr(&e->out, "]");
	else if (e->items == 0)
		sbuf_addf(&e->out, "  %s\n", _("as it is"));
	return result < 0 ? -1 : 0;
}

/* --- the command ---------------------------------------------------------- */

static int take_option(struct explain *e, int argc, char *argv[], int *i)
{
	const char *option = argv[*i];
	const char **value = NULL;

	if (strcmp(option, "--json") == 0) {
		e->json = true;
		return EX_OK;
	}
	if (strcmp(option, "--from") == 0 || strcmp(option, "-f") == 0)
		value = &e->sender;
	else if (strcmp(option, "--smarthost") == 0)
		value = &e->smarthost;
	if (value == NULL)
		return command_refuse("explain", option);
	if (*i + 1 >= argc)
		return command_refuse_usage(_("`%s` needs a word behind it"),
		                            option);
	*value = argv[++*i];
	return EX_OK;
}

static int parse(struct explain *e, int argc, char *argv[])
{
	int status = EX_OK;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0' &&
	       status == EX_OK;
	     i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		status = take_option(e, argc, argv, &i);
	}
	if (status != EX_OK)
		return status;
	if (i == argc)
		return command_refuse_usage(
			_("relay explain: name a file (- is standard input) or "
		          "an id of the queue"));
	e->name = argv[i];
	e->recipients = argv + i + 1;
	e->count = (size_t)(argc - i - 1);
	return EX_OK;
}

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

static int prepare(struct explain *e, const struct site *site, struct fault *f)
{
	struct fault first;

	if (gethostname(e->host, sizeof(e->host) - 1) != 0 ||
	    e->host[0] == '\0')
		memcpy(e->host, "localhost", sizeof("localhost"));
	e->config = config_load(site->config, NULL, f);
	if (e->config == NULL ||
	    specimen_open(&e->specimen, site, e->name, e->sender, e->recipients,
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
	bool all;

	if (!e->json)
		text_smarthost(e);
	explain_sender(e);
	all = explain_recipients(e);
	if (explain_header(e, f) != 0)
		return -1;
	sbuf_addstr(&e->out, e->json ? "}\n" : "");
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
	sbuf_init(&e->out, OUTPUT_LIMIT);
	status = parse(e, argc, argv);
	if (status == EX_OK)
		status = prepare(e, site, &f) == 0 ? show(e, &f) : -1;
	if (status < 0)
		status = command_fail(&f);
	specimen_release(&e->specimen);
	people_release(&e->people);
	config_free(&e->config);
	sbuf_release(&e->out);
	free(e);
	return status;
}
