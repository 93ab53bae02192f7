/* SPDX-License-Identifier: GPL-3.0-or-later */
/* local - mail for a name of this machine, delivered by the keeper
 *
 *     fd = local_ask(&keeper, &request, &fault);       poll it
 *     state = local_look(fd, &fault);                  READY: it is delivered
 *
 * relay-flush talks to the network, so it may neither run programs nor write
 * elsewhere than in the queue.  The keeper (flush/keeper.h) may: it reads the
 * configuration itself, so nobody can tell it what to run or where to write,
 * and starts a process for each delivery, so a slow one keeps nobody waiting.
 *
 * What is READY is safe on disk, or the command ended with 0.  When we end, a
 * delivery goes on and its outcome is lost: a Maildir gets no second copy of a
 * message then, a command may.
 */
#ifndef FLUSH_LOCAL_H
#define FLUSH_LOCAL_H

#include <sys/types.h>

#include "flush/keeper.h"

/* Seconds: for the command, and to wait for an answer. */
#define LOCAL_COMMAND_TIME 300
#define LOCAL_TIME (LOCAL_COMMAND_TIME + 60)

/* Deliveries at a time; one more has a FAULT_TEMP. */
#define LOCAL_DELIVERIES 16

struct local_request {
	const char *recipient; /* bare, no domain */
	const char *sender;    /* bare, "" for the null one */
	const char *id;        /* of the entry */
	const char *head;      /* header fields and the empty line */
	size_t head_len;
	int fd; /* of the entry; the rest of the message is in it */
	off_t body, body_end;
};

/* A descriptor for the answer, the caller's to close; -1: FAULT_TEMP. */
int local_ask(const struct keeper *k, const struct local_request *r,
              struct fault *f);

/* KEEPER_FAILED: FAULT_TEMP, FAULT_PERM or FAULT_CONFIG, in words. */
enum keeper_state local_look(int fd, struct fault *f);

/* --- for the keeper ------------------------------------------------------- */

#define LOCAL_DESCRIPTORS 3 /* with a question: for the answer, head, entry */

/* Questions about passwords begin with a letter. */
bool local_is_question(const char *bytes, size_t n);

/* Deliveries that are going on, zeroed at first. */
struct local_deliveries {
	unsigned running;
};

/* Start one, in a process that closes the keeper's socket; the descriptors stay
 * the caller's. */
void local_serve(struct local_deliveries *deliveries, int keeper,
                 const char *config, const char *bytes, size_t n,
                 const int fds[LOCAL_DESCRIPTORS]);

#endif
