/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start - what a program that will hold secrets does first
 *
 * Whoever started it may have closed descriptors, left some open, blocked or
 * ignored signals.  Afterwards 0, 1 and 2 exist and no others; no signal is
 * blocked, and one that nobody reads an answer (SIGPIPE) or that a file is too
 * large (SIGXFSZ) is an error of write(2); files that are made are for us
 * alone; there is no core, no tracer of the same user, and no log of TLS keys.
 *
 * Ends the process, with 71, only when there is no /dev/null (base/fdio).
 */
#ifndef BASE_START_H
#define BASE_START_H

void start_private(void);

#endif
