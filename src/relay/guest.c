/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay-queue - the machine's queue, for the users whose mail is in it
 *
 *     queue [list | show | hold | release | remove] [ID...]
 *     status [--json | --metrics]
 *     relay-queue --mailq | --mailq-count
 *
 * Run by `relay queue`, `relay status` and `mailq`; its own name says which of
 * the first two.  Set-gid relayq: that group may pass
 * through new/, hold/ and failed/, and read journals.  Files belong to who
 * submitted them and the directories are sticky, so it is the kernel that lets
 * a user open, move and remove his own mail and no other.  It believes no
 * environment and reads no configuration. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/fdio.h"
#include "base/intl.h"
#include "base/port.h"
#include "queue/mailq.h"
#include "relay/command.h"

static int run(const struct site *site, int argc, char *argv[])
{
	bool only_count = argc == 2 && strcmp(argv[1], "--mailq-count") == 0;
	struct fault f;

	if (strcmp(argv[0], "status") == 0)
		return command_status(site, argc, argv);
	if (!only_count && (argc != 2 || strcmp(argv[1], "--mailq") != 0))
		return command_queue(site, argc, argv);
	return mailq(site, only_count, &f) == 0 ? EX_OK : command_fail(&f);
}

/* A reader that has seen enough (`mailq | head`) is no trouble. */
static int finish(int status)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	return EX_IOERR;
}

int main(int argc, char *argv[])
{
	struct site site;
	struct fault f;
	int status;

	fdio_repair_standard();
	fdio_close_rest();
	port_forbid_dumps();
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (argc < 1)
		return EX_USAGE;
	if (site_find_system(&site, &f) != 0 ||
	    site_become_owner(&site, &f) != 0)
		status = command_fail(&f);
	else
		status = run(&site, argc, argv);
	site_release(&site);
	return finish(status);
}
