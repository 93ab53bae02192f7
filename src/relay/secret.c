/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay secret - put a password where the configuration says that it is
 *
 * It goes from the terminal, or a pipe, into the keyring, a helper or a file,
 * and through no argument and no variable.  Where it comes from elsewhere we
 * say who can change it.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/config.h"
#include "relay/command.h"
#include "relay/prompt.h"

#define OUTPUT_LIMIT 65536

struct call {
	const char *name; /* of the smarthost; NULL: the only one */
	bool json;
	const struct verb *verb;
	struct source_query query;
};

struct verb {
	const char *name;
	/* 0, or -1 with the fault. */
	int (*run)(const struct smarthost *h, const struct call *call,
	           struct fault *f);
	const char *done; /* N_() */
};

/* --- the verbs ------------------------------------------------------------ */

static struct secret *ask(const struct smarthost *h, const struct call *call,
                          struct fault *f)
{
	const char *user = h->user != NULL ? h->user : "";
	struct secret *secret;
	struct sbuf raw, shown;

	sbuf_init(&raw, OUTPUT_LIMIT);
	sbuf_init(&shown, OUTPUT_LIMIT);
	if (h->password.kind == SOURCE_SES_KEY)
		sbuf_addf(&raw, _("IAM secret key of %s: "), user);
	else
		sbuf_addf(&raw, _("Password for %s at %s: "), user,
		          call->query.host);
	escape_add(&shown, raw.data, raw.len);
	secret = prompt_secret(shown.data, f);
	sbuf_release(&raw);
	sbuf_release(&shown);
	return secret;
}

static int set(const struct smarthost *h, const struct call *call,
               struct fault *f)
{
	struct secret *secret = NULL;
	int result;

	if (source_is_store(&h->password)) {
		secret = ask(h, call, f);
		if (secret == NULL)
			return -1;
	}
	result = source_store(&h->password, &call->query, secret, f);
	secret_free(&secret);
	return result;
}

static int show_source(const struct smarthost *h, const struct call *call,
                       struct fault *f)
{
	struct secret *secret = source_fetch(&h->password, &call->query, f);
	int result = secret != NULL ? 0 : -1;

	secret_free(&secret);
	return result;
}

static int erase(const struct smarthost *h, const struct call *call,
                 struct fault *f)
{
	return source_erase(&h->password, &call->query, f);
}

static const struct verb verbs[] = {
	{ "set", set, N_("stored") },
	{ "show-source", show_source, N_("can be fetched") },
	{ "erase", erase, N_("erased") },
};

/* --- what is said --------------------------------------------------------- */

static void say_json(const struct smarthost *h, const struct call *call,
                     const char *source, const struct fault *f)
{
	bool failed = f->kind != FAULT_NONE;
	struct sbuf b;

	sbuf_init(&b, OUTPUT_LIMIT);
	escape_add_member(&b, "{", "smarthost", h->name);
	escape_add_member(&b, ", ", "host", call->query.host);
	escape_add_member(&b, ", ", "user", h->user);
	escape_add_member(&b, ", ", "source", source);
	sbuf_addf(&b, ", \"can_be_set\": %s, \"ok\": %s",
	          source_is_store(&h->password) ? "true" : "false",
	          failed ? "false" : "true");
	escape_add_member(&b, ", ", "fault", failed ? f->text : NULL);
	printf("%s}\n", b.data);
	sbuf_release(&b);
}

static void say_text(const struct smarthost *h, const struct call *call,
                     const char *source)
{
	struct sbuf name, shown;

	sbuf_init(&name, OUTPUT_LIMIT);
	sbuf_init(&shown, OUTPUT_LIMIT);
	escape_add(&name, h->name, strlen(h->name));
	escape_add(&shown, source, strlen(source));
	printf("%s: %s: %s\n", name.data, shown.data, _(call->verb->done));
	sbuf_release(&name);
	sbuf_release(&shown);
}

/* The exit status. */
static int say(const struct smarthost *h, const struct call *call,
               const struct fault *f)
{
	struct sbuf source;
	int status = EX_OK;

	sbuf_init(&source, OUTPUT_LIMIT);
	source_describe(&h->password, &source);
	if (call->json)
		say_json(h, call, source.len > 0 ? source.data : NULL, f);
	else if (f->kind == FAULT_NONE)
		say_text(h, call, source.data);
	if (f->kind != FAULT_NONE)
		status = call->json ? fault_exit_status(f) : command_fail(f);
	sbuf_release(&source);
	return status;
}

/* --- the command ---------------------------------------------------------- */

static const struct smarthost *find(const struct config *config,
                                    const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (name == NULL
		            ? config->count == 1
		            : strcmp(config->smarthosts[i].name, name) == 0)
			return &config->smarthosts[i];
	return NULL;
}

static const struct verb *verb_of(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* 0, or the status of a usage fault. */
static int parse(struct call *call, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		bool is_verb = call->verb == NULL && word[0] != '-';

		if (is_verb)
			call->verb = verb_of(word);
		if (is_verb && call->verb != NULL)
			continue;
		if (strcmp(word, "--json") == 0)
			call->json = true;
		else if (is_verb || word[0] == '-' || call->name != NULL)
			return command_refuse("secret", word);
		else
			call->name = word;
	}
	if (call->verb == NULL)
		return command_refuse_usage(
			_("what is to be done?  relay secret set, show-source "
		          "or erase"));
	return EX_OK;
}

static int act(const struct config *config, struct call *call)
{
	const struct smarthost *h = find(config, call->name);
	struct fault f = { .kind = FAULT_NONE };

	if (h == NULL && call->name == NULL)
		return command_refuse_usage(
			_("which smarthost?  There are several: relay secret "
		          "%s NAME"),
			call->verb->name);
	if (h == NULL)
		return command_refuse_usage(
			_("there is no smarthost `%s` in the configuration"),
			call->name);
	smarthost_query(h, SOURCE_PASSWORD, &call->query);
	call->query.is_interactive =
		isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (call->verb->run(h, call, &f) == 0)
		fault_clear(&f);
	return say(h, call, &f);
}

int command_secret(const struct site *site, int argc, char *argv[])
{
	struct call call = { 0 };
	struct config *config;
	struct fault f;
	int status = parse(&call, argc, argv);

	if (status != EX_OK)
		return status;
	config = config_load(site->config, NULL, &f);
	if (config == NULL)
		return command_fail(&f);
	status = act(config, &call);
	config_free(&config);
	return status;
}
