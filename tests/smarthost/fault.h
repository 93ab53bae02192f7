/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault - what the smarthost does wrong on purpose, and when
 *
 * A list of "STEP:NTH:ACTION" rules; the first that fits is the one that
 * strikes.  This file only reads and finds the rules.  answer.c does the deed.
 */
#ifndef SMARTHOST_FAULT_H
#define SMARTHOST_FAULT_H

#include "text.h"

enum step {
	STEP_CONNECT,
	STEP_GREETING,
	STEP_EHLO,
	STEP_STARTTLS,
	STEP_HANDSHAKE,
	STEP_AUTH,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_CONTENT,
	STEP_FINAL,
	STEP_RSET,
	STEP_QUIT,
	STEP_COUNT,
	STEP_NONE = STEP_COUNT, /* a command that no rule can name */
};

enum action {
	DO_REPLY,
	DO_DROP,
	DO_LOST,
	DO_RESET,
	DO_STALL,
	DO_SLOW,
	DO_FLOOD,
	DO_GARBAGE,
	DO_LONGLINE,
	DO_INJECT,
	DO_HALFLINE,
	DO_COUNT,
	ACTION_COUNT,
};

struct fault {
	enum step step;
	enum action action;
	unsigned long first;
	unsigned long last;
	unsigned long number; /* of slow, flood, longline, count */
	struct bytes bytes;   /* of reply and inject, ends in CRLF */
};

enum { FAULTS_MAX = 64 };

struct faults {
	struct fault list[FAULTS_MAX];
	size_t count;
};

/* Add a rule.  -1 after a complaint if it is none. */
int faults_add(struct faults *faults, const char *rule);

/* The rule for the nth time (1-based) of a step, or NULL. */
const struct fault *faults_find(const struct faults *faults, enum step step,
                                unsigned long nth);

const char *step_name(enum step step);
const char *action_name(enum action action);

void faults_release(struct faults *faults);

#endif
