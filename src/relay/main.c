/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay - the command people type
 *
 * Finds out whose queue and configuration it is, then calls the command's
 * function.  `sendmail` and `relay-flush` do the work on mail; this shows,
 * checks and starts.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"
#include "config/environment.h"
#include "config/options.h"
#include "relay/command.h"

static const struct command commands[] = {
	{ "check", "[--aliases] [--json] [--secrets] [SENDER]",
	  N_("is the configuration right, and which way does mail go"),
	  N_("Reads the configuration and says everything that is wrong with "
	     "it (exit 78),\nthen what it means.\n\n"
	     "  SENDER      which smarthost mail from this address goes to, "
	     "and why\n"
	     "  --secrets   fetch each password, too; say whether that works, "
	     "never show it\n"
	     "  --aliases   only the aliases file: say what is wrong with it, "
	     "else nothing\n"
	     "  --json      one JSON object instead of text\n"
	     "  --options   list every key of the configuration and its "
	     "default\n"),
	  command_check, false, false },
	{ "explain", "[--json] [OPTION...] FILE|ID [RECIPIENT...]",
	  N_("what becomes of a message's addresses, and why"),
	  N_("Shows sender, recipients and header before and after, and which "
	     "rule of the\nconfiguration did what.  Nothing is sent.\n\n"
	     "  FILE             a message as for sendmail; - is standard "
	     "input\n"
	     "  ID               a message of the queue\n"
	     "  RECIPIENT        as on sendmail's command line; else those of "
	     "the message\n"
	     "  --from SENDER    envelope sender (-f); else the message's, or "
	     "yourself\n"
	     "  --smarthost NAME as it would go this way\n"
	     "  --json           one JSON object instead of text\n\n"
	     "Exit status: 0, or 78 when a recipient cannot be sent to.\n"),
	  command_explain, true, false },
	{ "flush", "[--now] [--watch] [OPTION...] [ID...]",
	  N_("send what is waiting"),
	  N_("Sends the messages that are due; the timer and each submission "
	     "do the same.\n\n"
	     "  ID          only these, whether they are due or not\n"
	     "  --now       all of them, whether they are due or not\n"
	     "  --watch     go on: send each message as it arrives\n"
	     "  --verbose   say what happens to each message\n"
	     "  --debug     show the dialogue with the server, without "
	     "secrets\n"
	     "  --quiet     say nothing but trouble\n\n"
	     "Exit status: 0 what was due is sent, 75 some mail is to be tried "
	     "again,\n"
	     "78 a person must act, 69 no such message, 74 the queue itself is "
	     "in "
	     "trouble.\n"),
	  command_flush, false, false },
	{ "login", "[--paste | --browser] [--port N] [NAME]",
	  N_("log in at a provider that wants OAuth"),
	  N_("Without a NAME: who is logged in at which smarthost.  With one: "
	     "explains how to\nbecome a client of the provider, if that was "
	     "not done, else logs in.\n\n"
	     "  NAME           a smarthost with `login oauth`\n"
	     "  --explain      only explain it, also where it was done\n"
	     "  --paste        show an address to open anywhere; what the "
	     "browser ends at is\n"
	     "                 pasted here\n"
	     "  --browser      start a browser on this machine\n"
	     "  --port N       the browser comes back to this port, as for ssh "
	     "-L\n"
	     "  --export FILE  write the login to a file, for a machine "
	     "without "
	     "a browser\n"
	     "  --import FILE  take it over there\n\n"
	     "Exit status: 0 somebody is logged in, 74 it failed this time, "
	     "78 a person must\nact.\n"),
	  command_login, true, false },
	{ "logout", "NAME", N_("forget a login, and its tokens"),
	  N_("Erases what `relay login NAME` got.  At the provider it is "
	     "revoked in its own\npages; where, this says.\n"),
	  command_logout, false, false },
	{ "providers", "[--json] [NAME|DOMAIN]",
	  N_("which mail providers are known, and what of them"),
	  N_("Without a name: the name, server and login of each.  With one, "
	     "or "
	     "with a domain\nsuch as gmail.com: all that is known, limits and "
	     "OAuth2 too, and what to write\nin the configuration.\n\n"
	     "  --json      the same for programs\n\n"
	     "Exit status: 0, or 64 when there is none of that name.\n"),
	  command_providers, true, false },
	{ "queue", "[list | show | hold | release | remove | retry] [ID...]",
	  N_("what is waiting, why, and when it is tried again"),
	  N_("Without a word, or with `list`: all messages.  With one:\n\n"
	     "  show ID...      envelope, history and the message itself\n"
	     "  hold ID...      do not send it until it is released\n"
	     "  release ID...   send what was held\n"
	     "  remove ID...    delete, for good\n"
	     "  retry ID...     try again now; brings back what was given "
	     "up\n\n"
	     "  --all           every message that the word fits\n"
	     "  --json          one JSON object (list and show)\n"),
	  command_queue, false, true },
	{ "secret", "set | show-source | erase [--json] [SMARTHOST]",
	  N_("store the password of a smarthost, or see where it is"),
	  N_("The password never shows: not on the screen, in `ps`, or in the "
	     "environment.\n\n"
	     "  set          ask for it, or read a line from a pipe, and store "
	     "it where\n"
	     "               `password` says: keyring, helper or file\n"
	     "  show-source  where it is, and whether it can be fetched\n"
	     "  erase        take it away there\n\n"
	     "  SMARTHOST    its name, where there are several\n"
	     "  --json       one JSON object instead of text\n\n"
	     "Exit status: 0, 74 try again later, 78 a person must act.\n"),
	  command_secret, false, false },
	{ "setup",
	  "[--write] [--json] [--provider NAME | --host HOST] [OPTION...] "
	  "ADDRESS",
	  N_("make the configuration for your address"),
	  N_("Finds the server that takes mail from ADDRESS: by its domain "
	     "among the\nproviders that are known, else in the DNS of that "
	     "domain.  Prints the\nconfiguration, and what else is to be "
	     "done.\n\n"
	     "  ADDRESS          yours, such as me@example.org\n"
	     "  --write          write it to the configuration file, if there "
	     "is none\n"
	     "  --provider NAME  one of `relay providers`, whatever the "
	     "domain\n"
	     "  --host HOST      a server; the DNS is not asked\n"
	     "  --port N         its port; else 587, or 465 with `--tls "
	     "implicit`\n"
	     "  --tls HOW        starttls or implicit; else what is usual at "
	     "the port\n"
	     "  --json           one JSON object instead of text\n\n"
	     "Exit status: 0, 64 wrong words, 69 no server is known, 73 there "
	     "is a\nconfiguration, 74 the DNS gives no answer, 78 a person "
	     "must say that the server\nis right.\n"),
	  command_setup, true, false },
	{ "status", "[--json | --metrics]",
	  N_("is all well, and if not, what is to be done"),
	  N_("One page: what waits, which smarthosts are left alone and why, "
	     "when mail was\nlast sent.  Changes nothing and connects to "
	     "nobody.\n\n"
	     "  --json      one JSON object instead\n"
	     "  --metrics   the text format of Prometheus, for a file of "
	     "node_exporter\n\n"
	     "Exit status: 0 all is well, 75 mail waits for longer than "
	     "`warn`,\n"
	     "78 a person must act, 74 the queue itself is in trouble.\n"),
	  command_status, false, true },
};

struct invocation {
	const char *config; /* --config, or NULL */
	const char *queue;  /* --queue, or NULL */
	bool help;
	int first; /* argument that is the command */
};

/* --- trouble -------------------------------------------------------------- */

static int refuse_command(const char *name)
{
	const char *nearest = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		unsigned d = option_distance(name, commands[i].name);

		if (d < best) {
			best = d;
			nearest = commands[i].name;
		}
	}
	if (nearest == NULL)
		return command_refuse_usage(
			_("there is no command `%s`: see relay "
		          "--help"),
			name);
	return command_refuse_usage(
		_("there is no command `%s`: did you mean `%s`?"), name,
		nearest);
}

/* --- help ----------------------------------------------------------------- */

static void show_commands(void)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		printf("  %-9s  %s\n", commands[i].name, _(commands[i].about));
}

static void show_places(const struct site *site)
{
	printf(_("\nYour files on this machine:\n"));
	if (site->config != NULL)
		printf(_("  configuration  %s\n"), site->config);
	else
		printf(_("  configuration  the environment (%s)\n"),
		       environment_host());
	printf(_("  queue          %s\n"), site->queue);
	printf(_("A ~/.relayrc is yours alone; %s is for all users.\n"),
	       SYSCONFDIR "/relayrc");
}

static int show_help(const struct site *site)
{
	printf(_("relay takes mail from the programs on this machine, keeps it "
	         "safe on disk and\n"
	         "hands it to your mail provider over verified TLS.  Programs "
	         "call `sendmail`.\n\n"
	         "usage: relay [--config FILE] [--queue DIR] COMMAND "
	         "[ARGUMENT...]\n"
	         "       relay COMMAND --help\n\n"
	         "Commands:\n"));
	show_commands();
	printf(_(
		"\nFirst steps:\n"
		"  1. relay setup --write me@example.org      your address; "
		"makes ~/.relayrc\n"
		"  2. relay secret set                        the password; "
		"or relay login\n"
		"  3. relay check --secrets                   is it right?\n"
		"  4. printf 'Subject: test\\n\\nHello\\n' | sendmail "
		"me@example.org\n"
		"  5. relay queue                             what is waiting, "
		"and why\n"));
	show_places(site);
	return EX_OK;
}

static int show_command_help(const struct command *command)
{
	printf(_("usage: relay [--config FILE] [--queue DIR]\n"
	         "       %s %s\n\n"),
	       command->name, command->synopsis);
	printf("%s: %s.\n", command->name, _(command->about));
	if (command->details != NULL)
		printf("\n%s", _(command->details));
	return EX_OK;
}

/* --- the command line ----------------------------------------------------- */

static bool is_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static bool asks_for_help(int argc, char *argv[])
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return true;
	return false;
}

/* The value of option `name` if argv[*i] is it: "--name VALUE" (*i then moves
 * on) or "--name=VALUE".  NULL: another one, or nothing behind it. */
static const char *option_value(const char *name, int argc, char *argv[],
                                int *i)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0' || *i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

static int refuse_option(const char *option)
{
	static const char *const with_value[] = { "--config",
		                                  "--config=", "--queue",
		                                  "--queue=" };

	for (size_t i = 0; i < COUNT_OF(with_value); i++)
		if (strcmp(option, with_value[i]) == 0)
			return command_refuse_usage(
				_("`%s` needs a path behind it"), option);
	return command_refuse_usage(
		_("there is no option `%s`: see relay --help"), option);
}

/* Options before the command.  0, or the status of a usage fault. */
static int parse_options(struct invocation *call, int argc, char *argv[])
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *option = argv[i];
		const char *config = option_value("--config", argc, argv, &i);
		const char *queue = NULL;

		if (config == NULL)
			queue = option_value("--queue", argc, argv, &i);
		if (is_help(option))
			call->help = true;
		else if (config != NULL && config[0] != '\0')
			call->config = config;
		else if (queue != NULL && queue[0] != '\0')
			call->queue = queue;
		else
			return refuse_option(option);
	}
	call->first = i;
	return EX_OK;
}

/* An absolute form, so that a process started elsewhere finds it too. */
static char *absolute(const char *path)
{
	struct sbuf b;
	char *here, *whole;

	here = getcwd(NULL, 0);
	if (path[0] == '/' || here == NULL) {
		free(here);
		return mem_strdup(path);
	}
	sbuf_init(&b, 262144);
	sbuf_addf(&b, "%s/%s", here, path);
	whole = mem_strdup(b.data);
	sbuf_release(&b);
	free(here);
	return whole;
}

/* In the environment, which site_find() reads, and so does the flusher that an
 * action may start: both find the same queue.  Where it would count for
 * nothing, because this directory is gone, we must not work on another. */
static int override(const char *variable, const char *path, struct fault *f)
{
	char *whole = path != NULL ? absolute(path) : NULL;
	int failed = 0;

	if (whole != NULL && whole[0] != '/')
		failed = fault_set_exit(f, EX_OSFILE, _("cannot open %s: %s"),
		                        path, intl_error(ENOENT));
	else if (whole != NULL)
		setenv(variable, whole, 1);
	free(whole);
	return failed;
}

/* The machine's queue belongs to the user relay: root becomes that user, and
 * others ask the program that has the right to look. */
static int run_command(const struct command *command, const struct site *site,
                       int argc, char *argv[])
{
	struct fault f;

	if (!command->opens_files && site_become_owner(site, &f) != 0)
		return command_fail(&f);
	if (!site->is_system || site_is_ours(site) || !command->is_for_guests)
		return command->run(site, argc, argv);
	execv(PKGLIBEXECDIR "/relay-queue", argv);
	fault_set_exit(&f, EX_OSFILE,
	               _("cannot run %s: %s; is relay installed whole?"),
	               PKGLIBEXECDIR "/relay-queue", intl_error(errno));
	return command_fail(&f);
}

static int run(const struct site *site, int argc, char *argv[])
{
	if (argc <= 0)
		return command_refuse_usage(
			_("which command?  See relay --help"));
	if (strcmp(argv[0], "help") == 0)
		return show_help(site);
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		if (asks_for_help(argc, argv))
			return show_command_help(&commands[i]);
		return run_command(&commands[i], site, argc, argv);
	}
	return refuse_command(argv[0]);
}

static int perform(const struct invocation *call, int argc, char *argv[])
{
	struct site site;
	struct fault f;
	int status;

	if (override("RELAY_CONFIG", call->config, &f) != 0 ||
	    override("RELAY_QUEUE", call->queue, &f) != 0 ||
	    site_find(&site, &f) != 0)
		return command_fail(&f);
	if (call->help)
		status = show_help(&site);
	else
		status = run(&site, argc - call->first, argv + call->first);
	site_release(&site);
	return status;
}

/* What was printed must have arrived: a full disk is no success. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return status != EX_OK ? status : EX_IOERR;
	return status;
}

int main(int argc, char *argv[])
{
	struct invocation call = { .first = 1 };
	int status;

	fdio_repair_standard();
	port_forbid_dumps(); /* the configuration may hold a password */
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return finish(EX_OK);
	}
	status = parse_options(&call, argc, argv);
	if (status == EX_OK)
		status = perform(&call, argc, argv);
	return finish(status);
}
