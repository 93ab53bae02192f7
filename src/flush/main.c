/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-flush - send what is in the queue
 *
 * Run by `relay flush`, by a timer, or in the background by a submission.  It
 * holds a password while it logs in (flush/keeper.h): it leaves no core, cannot
 * be traced by others of the same user, and wipes what it used. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/log.h"
#include "base/port.h"
#include "base/start.h"
#include "flush/keeper.h"
#include "flush/watch.h"

struct command_line {
	bool is_auto, is_now, is_watching, is_verbose, is_debug, is_quiet;
	bool wants_help, wants_version;
};

static int usage(int status)
{
	fputs(_("usage: relay-flush [--now] [--verbose | --debug | --quiet] "
	        "[ID...]\n"
	        "       relay-flush --watch [--verbose | --debug]\n"
	        "\n"
	        "Sends the messages of the queue that are due to their "
	        "smarthosts.\n"
	        "\n"
	        "  ID          only these, whether they are due or not\n"
	        "  --now       all of them, whether they are due or not\n"
	        "  --watch     go on: send each message as it arrives\n"
	        "  --auto      started by a submission: say nothing\n"
	        "  --verbose   say what happens to each message\n"
	        "  --debug     show the dialogue with the server too, without "
	        "secrets\n"
	        "  --quiet     say nothing but trouble\n"
	        "\n"
	        "Exit status: 0 what was due is sent, 75 some mail is to be "
	        "tried again,\n"
	        "78 a person must act, 69 no such message, 74 the queue itself "
	        "is in trouble.\n"
	        "See relay-flush(8).\n"),
	      status == EX_OK ? stdout : stderr);
	return status;
}

/* What was printed must have arrived: a full disk is no success. */
static int printed(int status)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? status : EX_IOERR;
}

static bool parse(struct command_line *line, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "auto", no_argument, NULL, 'a' },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "now", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "watch", no_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "nqvw", options, NULL)) != -1) {
		switch (c) {
		case 'a': line->is_auto = true; break;
		case 'd': line->is_debug = true; break;
		case 'h': line->wants_help = true; break;
		case 'n': line->is_now = true; break;
		case 'q': line->is_quiet = true; break;
		case 'v': line->is_verbose = true; break;
		case 'V': line->wants_version = true; break;
		case 'w': line->is_watching = true; break;
		default: return false;
		}
	}
	return true;
}

static enum log_level shown_level(const struct command_line *line)
{
	if (line->is_auto)
		return LOG_LEVEL_QUIET;
	if (line->is_debug)
		return LOG_LEVEL_DEBUG;
	if (line->is_verbose || (!line->is_quiet && isatty(STDERR_FILENO)))
		return LOG_LEVEL_NOTE;
	return LOG_LEVEL_WARN;
}

static int check_ids(char *const *ids, size_t count, struct fault *f)
{
	for (size_t i = 0; i < count; i++)
		if (!entry_is_id(ids[i]))
			return fault_set_exit(f, EX_USAGE,
			                      _("\"%s\" is no id of a message; "
			                        "`relay queue` lists them"),
			                      ids[i]);
	return 0;
}

/* The machine's queue is worked on as its owner, whoever starts us. */
static int settle_in(const struct site *site, struct spool *spool,
                     struct fault *f)
{
	if (site_become_owner(site, f) != 0)
		return -1;
	if (!site->is_system)
		return 0;
	if (!site_is_ours(site))
		return fault_set_exit(f, EX_NOPERM,
		                      _("the queue of this machine is sent by "
		                        "user %u: ask root, or write a "
		                        "~/.relayrc of your own"),
		                      (unsigned)site->owner);
	spool_share(spool, site->owner);
	umask(027); /* journals: relay-queue shows them */
	port_forbid_dumps();
	return 0;
}

static int run(const struct command_line *line, char *const *ids, size_t count,
               struct fault *f)
{
	struct watch_settings settings = {
		.is_auto = line->is_auto,
		.is_now = line->is_now,
		.is_watching = line->is_watching,
		.is_shown = shown_level(line) <= LOG_LEVEL_NOTE,
		.ids = ids,
		.id_count = count,
	};
	struct site site = { 0 };
	struct keeper keeper = { .fd = -1 };
	struct sandbox sandbox = { 0 };
	struct people people = { 0 };
	struct spool spool;
	int status = -1;

	spool_init(&spool);
	if (check_ids(ids, count, f) == 0 && site_find(&site, f) == 0 &&
	    settle_in(&site, &spool, f) == 0 &&
	    keeper_start(&keeper, site.config, site.queue, f) == 0 &&
	    spool_open(&spool, site.queue, f) == 0) {
		settings.site = &site;
		settings.spool = &spool;
		settings.keeper = &keeper;
		settings.sandbox = &sandbox;
		settings.people = &people;
		status = watch_run(&settings, f);
	}
	spool_release(&spool);
	keeper_end(&keeper);
	people_release(&people);
	site_release(&site);
	return status;
}

int main(int argc, char *argv[])
{
	struct command_line line = { 0 };
	struct fault f = { 0 };
	int status;

	start_private();
	port_return_memory();
	if (argc < 1 || !parse(&line, argc, argv))
		return usage(EX_USAGE);
	if (line.wants_help)
		return printed(usage(EX_OK));
	if (line.wants_version) {
		puts("relay-flush (relay) " PACKAGE_VERSION);
		return printed(EX_OK);
	}
	log_open("relay-flush", shown_level(&line), true);
	status = run(&line, argv + optind, (size_t)(argc - optind), &f);
	if (status >= 0)
		return status;
	log_warn("%s", f.text);
	return fault_exit_status(&f);
}
