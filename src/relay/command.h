/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command - what `relay COMMAND` calls
 *
 * One file for each command and one row in main.c.  A command gets its own
 * name as argv[0] and returns a status of sysexits.h; what it has to say to
 * programs goes to stdout, trouble to stderr.  `--help` never gets there:
 * main.c answers it from the row.
 */
#ifndef RELAY_COMMAND_H
#define RELAY_COMMAND_H

#include <stdbool.h>

#include "base/fault.h"
#include "queue/site.h"

struct command {
	const char *name;
	const char *synopsis; /* the arguments */
	const char *about;    /* N_(), one line */
	const char *details;  /* N_(), options and examples */
	int (*run)(const struct site *site, int argc, char *argv[]);
	bool opens_files; /* as who calls; it becomes the queue's owner then */
	bool is_for_guests; /* of the machine's queue: relay-queue does it */
};

/* `site` has the places of --config and --queue, if they were given. */
int command_check(const struct site *site, int argc, char *argv[]);
int command_explain(const struct site *site, int argc, char *argv[]);
int command_flush(const struct site *site, int argc, char *argv[]);
int command_login(const struct site *site, int argc, char *argv[]);
int command_logout(const struct site *site, int argc, char *argv[]);
int command_providers(const struct site *site, int argc, char *argv[]);
int command_queue(const struct site *site, int argc, char *argv[]);
int command_secret(const struct site *site, int argc, char *argv[]);
int command_setup(const struct site *site, int argc, char *argv[]);
int command_status(const struct site *site, int argc, char *argv[]);

/* Print "relay: TEXT" on stderr; returns the exit status. */
int command_fail(const struct fault *f);

/* A usage fault (64). */
int command_refuse_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The usage fault (64) of an argument that `command` does not know. */
int command_refuse(const char *command, const char *argument);

/* Is argv[*i] "--name VALUE" (*i moves on) or "--name=VALUE"?  1: it is; 0:
 * another one; -1: nothing is behind it. */
int command_value(const char *name, int argc, char *argv[], int *i,
                  const char **value);

/* The value of `--port`: EX_OK, or the usage fault of what is none. */
int command_port(const char *word, unsigned least, unsigned *port);

#endif
