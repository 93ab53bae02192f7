/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record - the log, the counters and the stats file
 *
 * The counters live in memory shared by all the processes of a smarthost, so
 * "the 3rd RCPT" means the 3rd of all connections.  Each log line is one
 * write() to a descriptor in append mode: lines never mix.  Trouble with the
 * log or the stats file is ignored here; the options were checked at start.
 */
#ifndef SMARTHOST_RECORD_H
#define SMARTHOST_RECORD_H

#include "fault.h"

#include <stdatomic.h>

enum counter {
	COUNT_CONNECTIONS,
	COUNT_TLS,
	COUNT_LOGINS,
	COUNT_LOGIN_FAILURES,
	COUNT_MESSAGES,
	COUNT_RECIPIENTS, /* of the messages accepted */
	COUNT_REFUSED,    /* 4yz and 5yz replies to MAIL, RCPT, DATA, content */
	COUNT_BYTES,      /* of the messages accepted */
	COUNT_ERRORS,     /* 'E' lines of the log: what clients did wrong */
	COUNT_FLIGHTS,    /* writes of replies: what clients waited for */
	COUNT_NUMBERED,   /* messages to 123@..., */
	COUNT_DISTINCT,   /* and the different numbers among them */
	COUNTER_COUNT,
};

struct shared;

struct record {
	struct shared *shared;
	int log;           /* -1: none */
	const char *stats; /* borrowed; NULL: none */
};

/* NULL means no such file.  -1 after a complaint. */
int record_open(struct record *r, const char *log, const char *stats);
void record_close(struct record *r);

void record_count(struct record *r, enum counter counter, unsigned long n);

/* The counter itself, for who adds to it without knowing what it counts. */
atomic_ulong *record_counter(struct record *r, enum counter counter);

/* A connection was accepted; it ended.  So the most at once are known. */
void record_opened(struct record *r);
void record_closed(struct record *r);

/* A message was accepted now.  `number`: the one in the address of its first
 * recipient, so that twice and never can be told without a log; 0: none. */
void record_message(struct record *r, unsigned long number);

/* The number of this time of this step, from 1. */
unsigned long record_step(struct record *r, enum step step);

/* A number never given before by any process, from 1. */
unsigned long record_number(struct record *r);
void record_number_start(struct record *r, unsigned long after);

/* One line "KIND CONNECTION: text", made printable.  Kind 'E' also counts. */
void record_line(struct record *r, char kind, unsigned long connection,
                 const char *text, size_t n);
void record_note(struct record *r, char kind, unsigned long connection,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Replace the stats file by the counters of this moment. */
void record_stats(struct record *r);

#endif
