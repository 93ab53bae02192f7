/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt - a secret from the person at the terminal, or from a pipe
 *
 * At a terminal it is asked for without echo, and whatever ends the program
 * leaves the terminal as it was (but SIGKILL).  Refused where the terminal
 * belongs to another job or session: its owner would be asked, or we stopped.
 * Standard input that is no terminal gives its first line.
 */
#ifndef RELAY_PROMPT_H
#define RELAY_PROMPT_H

#include "base/fault.h"
#include "base/secret.h"

/* `question` is shown as it is.  NULL: a fault, EX_USAGE or FAULT_CONFIG. */
struct secret *prompt_secret(const char *question, struct fault *f);

#endif
