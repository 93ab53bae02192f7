/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script - play the server's side of one dialogue on one connection */
#ifndef SMARTHOST_SCRIPT_H
#define SMARTHOST_SCRIPT_H

#include "dialogue.h"
#include "session.h"

/* Takes the descriptor over.  0: the client did what the file says.  -1 after
 * one line on stderr: FILE:LINE: expected "..." got "..." */
int script_play(struct smarthost *host, const struct dialogue *d, int fd,
                bool implicit);

/* Nobody came. */
int script_missed(const struct options *o);

#endif
