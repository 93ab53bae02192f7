/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper - the process that knows where passwords and tokens are
 *
 *     keeper_start(&keeper, config, queue, &fault);    before the queue is open
 *     fd = keeper_ask(&keeper, smarthost, 0, &fault);  poll it
 *     if (keeper_look(fd, &fault) == KEEPER_READY)
 *             secret = keeper_take(fd, &fault);        at the login, not before
 *
 * relay-flush talks to the network; the keeper never does.  It is forked at the
 * start, holds no lock and no file of the queue, and is the only one to read
 * password files, credentials and variables, to run password commands, so
 * that relay-flush can give up the right to.  For each question it reads the
 * configuration anew, answers, and forgets.  For the same reason it is who
 * delivers mail on this machine (flush/local.h).
 *
 * A question names host, port and user too: when the configuration changed in
 * the meantime, the new password must not go to the old server.  Each question
 * has a socket of its own, so an answer cannot be taken for another's, and one
 * that waits there unread is not in our memory.  The keeper ends with us.
 * Faults are FAULT_CONFIG or FAULT_TEMP, as those of source_fetch(), and never
 * hold a secret.
 */
#ifndef FLUSH_KEEPER_H
#define FLUSH_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "base/secret.h"
#include "config/config.h"

/* Seconds to wait for an answer: a command may take 30 (config/source), and
 * others may have asked before. */
#define KEEPER_TIME 90

struct keeper {
	int fd;
	pid_t pid;
};

enum keeper_state {
	KEEPER_WAITING, /* poll for reading */
	KEEPER_READY,
	KEEPER_FAILED, /* the fault says why */
};

/* Fork it.  `config` as for config_load(), and the path of the queue, below
 * which tokens are: for as long as it lives. */
int keeper_start(struct keeper *k, const char *config, const char *queue,
                 struct fault *f);

/* It ends when it has nothing to do and its errands (flush/errand.h) are done;
 * one that waits for a command is left to end by itself. */
void keeper_end(struct keeper *k);

/* Did it end before its time?  Whoever goes on for days should not. */
bool keeper_has_ended(const struct keeper *k);

/* A descriptor for the answer, the caller's to close; -1 with a fault.  0, or
 * the time (seconds since 1970) of the question whose answer the server did not
 * take: a token must then be newer than that.  A password is fetched anew
 * either way. */
int keeper_ask(const struct keeper *k, const struct smarthost *h,
               int64_t newer_than, struct fault *f);

/* Send a question with descriptors, up to 8, that stay the caller's: 0, or -1
 * with errno.  It never waits. */
int keeper_send(const struct keeper *k, const struct sbuf *question,
                const int *fds, size_t count);

/* Has it answered?  Looks at the outcome only: the secret stays outside. */
enum keeper_state keeper_look(int fd, struct fault *f);

/* The secret, once it is ready; the caller frees it.  NULL: fault. */
struct secret *keeper_take(int fd, struct fault *f);

#endif
