/* SPDX-License-Identifier: GPL-3.0-or-later */
/* landlock - give up files and ports for good, in this process and its children
 *
 *     struct landlock rules;
 *
 *     landlock_init(&rules, true);
 *     landlock_allow_read(&rules, "/usr/lib");
 *     landlock_allow_write(&rules, "/var/spool/relay");
 *     landlock_allow_port(&rules, 587);
 *     version = landlock_enforce(&rules);
 *     landlock_release(&rules);
 *
 * After that only what is below these paths can be opened, nothing can be
 * executed, and (Linux 6.7) TCP goes to these ports only; from Linux 6.12 on,
 * no process outside gets a signal and no abstract socket is reached.  What is
 * open already stays so; UNIX sockets with a path, and so syslog, are reached
 * as before, and stat() and chmod() are not limited.
 *
 * No kernel support is no failure: enforce returns 0, nothing has changed, and
 * whoever calls goes on without.  So it is before Linux 5.19, where no rename
 * from one directory to another could be allowed, and in sanitizer builds,
 * whose tools open files of their own.
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct landlock {
	int fd;           /* the rules, or -1: there is no support */
	unsigned version; /* the kernel's, 1 to 7 are known */
	uint64_t all;     /* rights on files that we take away */
	bool limits_ports;
	bool is_broken; /* a rule that is needed could not be made */
};

void landlock_init(struct landlock *l, bool limits_ports);
void landlock_release(struct landlock *l);

/* Read `path`, a file or everything below a directory.  What is not there, or
 * out of our reach, is skipped. */
void landlock_allow_read(struct landlock *l, const char *path);

/* Do anything to it but execute.  It must be there. */
void landlock_allow_write(struct landlock *l, const char *path);

/* Connect to this TCP port. */
void landlock_allow_port(struct landlock *l, unsigned port);

/* From now on.  The version in force (of which 4 limits ports), or 0. */
unsigned landlock_enforce(struct landlock *l);

#endif
