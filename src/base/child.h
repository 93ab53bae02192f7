/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child - run one helper: pipes, clean environment, deadline, exit status
 *
 * The helper gets its own session, our stderr, a clean environment (PATH, HOME,
 * USER, LOGNAME, LANG, LC_ALL, XDG_RUNTIME_DIR, GNUPGHOME, and DBUS_*, SSH_*,
 * PASSWORD_STORE_*), and no other descriptor of ours.  At the deadline its
 * whole process group is killed.  Its working directory is /.  No shell: `argv`
 * goes to execvp as it is.  One that talks with a person shares our session.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

struct child_question {
	char *const *argv; /* NULL-terminated */
	const char *input; /* given on stdin, then EOF; NULL: /dev/null */
	size_t input_len;
	int input_file;    /* > 0: its stdin instead, from the beginning */
	bool takes_errors; /* stderr goes where stdout goes, and what is over
	                      the limit is dropped */
	/* A person is there: what our stdin says follows `input`, and it stays
	 * in our session, so that the keys that end us end it, too. */
	bool is_interactive;
	/* NAME=VALUE, in its environment, too; NULL: none. */
	char *const *variables;
	unsigned deadline; /* seconds for everything */
};

/* Collects stdout in `answer` (over its limit: a fault).  0 when the helper ran
 * and ended by itself, its exit status in *status; -1 with a fault that names
 * the program when it could not be run, was killed, talked too much or too
 * long: FAULT_TEMP, or FAULT_CONFIG when there is no such program. */
int child_run(const struct child_question *q, struct sbuf *answer, int *status,
              struct fault *f);

/* Start `path` as a process of its own that outlives us: new session, standard
 * descriptors on /dev/null, default signals; what else we have open must be
 * close-on-exec.  Does not wait, not even for the exec, so that a caller's exit
 * is not delayed; 0 or -1 with errno. */
int child_detach(const char *path, char *const argv[]);

#endif
