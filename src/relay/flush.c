/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay flush - send what is waiting, now
 *
 * Becomes relay-flush: the arguments are its own, the places of --config and
 * --queue go along in the environment.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "queue/wake.h"
#include "relay/command.h"

int command_flush(const struct site *site, int argc, char *argv[])
{
	char **arguments = mem_array((size_t)argc + 1, sizeof(*arguments));
	char name[] = "relay-flush";
	struct fault f;

	memcpy(arguments, argv, (size_t)argc * sizeof(*arguments));
	arguments[0] = name;
	if (!site->is_system) /* which it finds by itself */
		setenv("RELAY_QUEUE", site->queue, 1);
	if (!site->is_system && site->config != NULL)
		setenv("RELAY_CONFIG", site->config, 1);
	fflush(stdout);
	execv(wake_flusher_path(), arguments);
	free(arguments);
	fault_set_exit(&f, EX_OSFILE,
	               _("cannot run %s: %s; is relay installed whole?"),
	               wake_flusher_path(), intl_error(errno));
	return command_fail(&f);
}
