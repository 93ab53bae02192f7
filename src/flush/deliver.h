/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deliver - one message into a Maildir, or to a command
 *
 * In a process of its own, outside the sandbox (flush/local.h).  What arrives
 * there is
 *
 *     Return-Path: <sender>
 *     Delivered-To: name
 *
 * and the message with LF line ends.  The name becomes a part of a path or of a
 * command's words where `local` has %u, so it may hold letters, digits, dots,
 * underscores and hyphens only and begins with none of . and -.
 *
 * Faults: FAULT_PERM when the message or the name is at fault or the command
 * says so, FAULT_CONFIG when a person must act here, else FAULT_TEMP.
 */
#ifndef FLUSH_DELIVER_H
#define FLUSH_DELIVER_H

#include <sys/types.h>

#include "base/fault.h"
#include "config/delivery.h"

struct local_message {
	const char *recipient;
	const char *sender;
	const char *id;
	int head; /* a file that is all header fields and the empty line */
	int body; /* a file with the rest, from `begin` to `end` */
	off_t begin, end;
};

/* 0: it is delivered, for good. */
int deliver(const struct delivery *d, const struct local_message *m,
            struct fault *f);

/* All that arrives, onto the end of a file; `name` is for the texts. */
int deliver_write(const struct local_message *m, int to, const char *name,
                  struct fault *f);

#endif
