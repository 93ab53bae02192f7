/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family - a process for every connection, until SIGTERM */
#ifndef SMARTHOST_FAMILY_H
#define SMARTHOST_FAMILY_H

#include "listener.h"
#include "session.h"

enum who { PARENT, CHILD };

/* Returns in the parent after SIGTERM or SIGINT, when all children are gone,
 * and in each child after its connection. */
enum who family_run(struct smarthost *host, struct listener *l);

#endif
