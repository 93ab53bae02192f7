/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sendmail - take a message from a program and make it safe on disk
 *
 * The whole life of a submission: repair what the caller left broken, read
 * argv, read stdin, commit, wake the flusher, exit 0 without a word.  Anything
 * else is one line on stderr and in syslog, and an exit status of sysexits.h
 * that says the message was not queued.  No configuration is read here. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/intl.h"
#include "message/address.h"
#include "queue/mailq.h"
#include "queue/wake.h"
#include "sendmail/args.h"
#include "sendmail/input.h"
#include "sendmail/report.h"
#include "sendmail/serve.h"
#include "sendmail/submit.h"

static int fail(const struct args *args, const struct fault *f)
{
	if (!args->is_quiet)
		fprintf(stderr, "sendmail: %s\n", f->text);
	report_log(args, f);
	return fault_exit_status(f);
}

static int help(void)
{
	fputs(_("usage: sendmail [options] recipient...      < message\n"
	        "       sendmail -t [options] [recipient...] < message\n"
	        "       mailq | sendmail -bp                  list the queue\n"
	        "       sendmail -q [-v]                      send the queue "
	        "now\n"
	        "\n"
	        "Takes a message and makes it safe in the queue; `relay flush` "
	        "sends it.\n"
	        "\n"
	        "  -t          recipients from To, Cc and Bcc\n"
	        "  -i, -oi     a line with a dot alone does not end the "
	        "message\n"
	        "  -f ADDRESS  envelope sender (-r is the same; \"<>\" is the "
	        "null sender)\n"
	        "  -F NAME     full name, where the message has no From\n"
	        "  -N WHEN -R WHAT -V ID   delivery notification\n"
	        "  -odq        queue only: leave it to the timer to send it\n"
	        "  -bs         SMTP on standard input\n"
	        "  -bv         check addresses, send nothing\n"
	        "  --          end of options\n"
	        "\n"
	        "Exit status 0: the message is safe.  64 usage, 65 bad address "
	        "or header,\n"
	        "66 no input, 73 and 74 the queue cannot be written, 77 it is "
	        "not yours;\n"
	        "then nothing was queued.  See sendmail(8) and relay(1).\n"),
	      stdout);
	return EX_OK;
}

/* One word of -bv; how many lines were printed. */
static size_t verify_word(const char *word, int *status)
{
	struct address_list list;
	struct fault f;
	size_t count;

	address_list_init(&list, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	if (address_parse_list(word, strlen(word), &list, &f) != 0) {
		printf("%s\n", f.text);
		*status = EX_DATAERR;
		count = 1;
	} else {
		for (size_t i = 0; i < list.count; i++)
			printf(_("%s... the address is well formed\n"),
			       list.item[i]);
		count = list.count;
	}
	address_list_release(&list);
	return count;
}

/* -bv: one line for each address, on stdout; nothing is sent. */
static int verify(const struct args *args)
{
	int status = EX_OK;
	size_t count = 0;
	struct fault f;

	for (size_t i = 0; i < args->operand_count; i++)
		count += verify_word(args->operands[i], &status);
	if (count > 0)
		return status;
	fault_set_exit(&f, EX_USAGE, _("-bv checks addresses: name one"));
	return fail(args, &f);
}

/* In the machine's queue relay-queue shows a user his own mail. */
static int list_queue(const struct args *args, const struct site *site,
                      struct fault *f)
{
	bool only_count = args->mode == ARGS_COUNT;
	char name[] = "relay-queue", all[] = "--mailq",
	     count[] = "--mailq-count";
	char *const argv[] = { name, only_count ? count : all, NULL };

	if (site_become_owner(site, f) != 0)
		return -1;
	if (!site->is_system || site_is_ours(site))
		return mailq(site, only_count, f);
	execv(PKGLIBEXECDIR "/relay-queue", argv);
	return fault_set_exit(f, EX_OSFILE, _("cannot run %s: %s"),
	                      PKGLIBEXECDIR "/relay-queue", intl_error(errno));
}

/* -q: ring, or with -v become the flusher so that a person sees it work.  The
 * machine's queue needs no ring from its users. */
static int run_queue(const struct args *args, const struct site *site,
                     struct fault *f)
{
	char name[] = "relay-flush", option[] = "--verbose";
	char *const argv[] = { name, option, NULL };
	struct dir root;
	bool missing;

	if (args->is_verbose) {
		execv(wake_flusher_path(), argv);
		return fault_set_exit(f, EX_OSFILE, _("cannot run %s: %s"),
		                      wake_flusher_path(), intl_error(errno));
	}
	if (site_become_owner(site, f) != 0)
		return -1;
	if (!site_is_ours(site))
		return 0;
	dir_init(&root);
	if (dir_open(&root, NULL, site->queue, &missing, f) == 0)
		wake_ring(&root);
	else if (!missing)
		return -1;
	dir_release(&root);
	return 0;
}

/* -bi: there is no database to build.  The programs of packages that say this
 * want silence and success where there is nothing to say, and never an answer
 * to what they have on stdin.  No configuration is read here, so relay does. */
static int check_aliases(const struct site *site, struct fault *f)
{
	const char *given = secure_getenv("RELAY_PROGRAM");
	const char *path = given != NULL ? given : BINDIR "/relay";
	char name[] = "relay", check[] = "check", option[] = "--aliases";
	char *const argv[] = { name, check, option, NULL };

	if (site->config != NULL && access(site->config, F_OK) != 0 &&
	    errno == ENOENT)
		return 0;
	execv(path, argv);
	return fault_set_exit(f, EX_OSFILE, _("cannot run %s: %s"), path,
	                      intl_error(errno));
}

static int take_message(const struct args *args, const struct site *site,
                        bool no_input, struct fault *f)
{
	int result;

	if (no_input)
		return fault_set_exit(f, EX_NOINPUT,
		                      _("standard input is closed: there is no "
		                        "message"));
	result = submit(args, site, f);
	if (result != 0)
		input_drain();
	return result;
}

static int act(const struct args *args, const struct site *site, bool no_input,
               struct fault *f)
{
	switch (args->mode) {
	case ARGS_SUBMIT: return take_message(args, site, no_input, f);
	case ARGS_LIST:
	case ARGS_COUNT:
		if (args->operand_count > 0)
			return fault_set_exit(f, EX_USAGE,
			                      _("mailq takes no addresses; "
			                        "`relay queue show ID` "
			                        "shows one message"));
		return list_queue(args, site, f);
	case ARGS_RUN: return run_queue(args, site, f);
	case ARGS_ALIASES: return check_aliases(site, f);
	case ARGS_SERVE: return serve(args, site, f);
	case ARGS_VERIFY:
	case ARGS_NOTHING:
	case ARGS_DAEMON:
	case ARGS_HELP:
	case ARGS_VERSION: break;
	}
	return 0;
}

/* What a caller may have left us: no descriptors, many, signals ignored or
 * blocked, a umask that locks us out of our own files. */
static bool prepare(void)
{
	bool no_input = fdio_repair_standard() != 0;
	sigset_t none;

	fdio_close_rest();
	umask(077);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return no_input;
}

/* What needs no queue: the exit status, or -1 when it is something else. */
static int answer(const struct args *args)
{
	switch (args->mode) {
	case ARGS_HELP: return help();
	case ARGS_VERSION:
		printf("sendmail (relay) %s\n", PACKAGE_VERSION);
		return EX_OK;
	case ARGS_NOTHING: return EX_OK;
	case ARGS_VERIFY: return verify(args);
	case ARGS_SUBMIT:
	case ARGS_SERVE:
	case ARGS_LIST:
	case ARGS_COUNT:
	case ARGS_ALIASES:
	case ARGS_DAEMON:
	case ARGS_RUN: break;
	}
	return -1;
}

static int work(const struct args *args, bool no_input)
{
	struct site site;
	struct fault f = { 0 };
	int result;

	if (args->mode == ARGS_SERVE)
		intl_stay_english();
	result = site_find(&site, &f);
	if (result == 0)
		result = act(args, &site, no_input, &f);
	site_release(&site);
	return result == 0 ? EX_OK : fail(args, &f);
}

/* What was printed must have arrived: a full disk is no success.  A reader that
 * has seen enough (`mailq | head`) is no trouble. */
static int finish(const struct args *args, int status)
{
	struct fault f;

	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	fault_set_exit(&f, EX_IOERR, _("cannot write to standard output: %s"),
	               intl_error(errno != 0 ? errno : EIO));
	return fail(args, &f);
}

int main(int argc, char *argv[])
{
	bool no_input = prepare();
	struct args args;
	struct fault f = { 0 };
	int status;

	if (args_parse(&args, argc, argv, &f) != 0) {
		input_drain();
		status = fail(&args, &f);
	} else {
		status = answer(&args);
		if (status < 0)
			status = work(&args, no_input);
	}
	args_release(&args);
	return finish(&args, status);
}
