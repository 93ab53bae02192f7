/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve - SMTP on standard input (-bs): any number of messages
 *
 * For programs that speak SMTP to a child process, and for a socket of this
 * machine (peer.h), where more is asked of them and silence has an end; never
 * for the network.  The dialogue is smtp/server.h, each message is a deposit:
 * it is safe before its last 250, and one that is cut short is not there.
 *
 * 0: the session is over.  Faults: EX_NOINPUT the input ended in a message,
 * EX_IOERR nobody takes our replies, EX_NOPERM it is a connection from
 * elsewhere.
 */
#ifndef SENDMAIL_SERVE_H
#define SENDMAIL_SERVE_H

#include "base/fault.h"
#include "queue/site.h"
#include "sendmail/args.h"

int serve(const struct args *args, const struct site *site, struct fault *f);

#endif
