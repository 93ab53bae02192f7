/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox - what relay-flush can still do once it talks to the network
 *
 * In system mode, after the queue is open and the keeper forked (it is the one
 * who runs password commands), before the first connection:
 *
 *   - files: the queue to write; to read, libraries, the resolver's files and
 *     the trust in /etc, and the files that the configuration names.  Not below
 *     them: files of passwords.
 *   - TCP to the smarthosts' ports and 53 (DNS); to any, where the DNS names
 * the port (`host srv:...`).
 *   - no program is run, no user or namespace changed, no other process
 *     touched; children inherit all of it.
 *
 * None of it can be widened later.  So a pass that finds another configuration
 * than the sandbox was made for ends, and the next flush reads it; and
 * --watch, which must follow the configuration for months, may read what its
 * user may read, and connect anywhere.
 *
 * Whatever the kernel does not know is left out; a debug line says what is in
 * force.  Personal mode has no sandbox: the files are all the user's own.
 */
#ifndef FLUSH_SANDBOX_H
#define FLUSH_SANDBOX_H

#include <stdbool.h>
#include <sys/stat.h>

#include "config/config.h"
#include "queue/site.h"

struct sandbox {
	bool is_entered;
	bool is_narrow;     /* made for one configuration */
	struct stat config; /* its file */
};

/* Only the first call does something. */
void sandbox_enter(struct sandbox *s, const struct site *site,
                   const struct config *config, bool is_watching);

/* Is the configuration another one than the sandbox was made for? */
bool sandbox_is_stale(const struct sandbox *s, const struct site *site);

#endif
