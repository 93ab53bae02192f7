/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault - what went wrong, and whether trying again can help
 *
 * Every function that can fail takes a `struct fault *` last, fills it and
 * returns -1.  Nobody below main() prints or exits; the one exception is
 * base/mem.c when memory is gone.  The queue looks at one field only, `kind`:
 * it keeps a message after FAULT_TEMP and FAULT_CONFIG and gives it up after
 * FAULT_PERM.  Storage is fixed, so reporting a fault cannot itself fail.
 *
 * `status` is for the parent process of a command (sysexits.h).  It is derived
 * from the kind unless the place that failed knows better (fault_set_exit).
 * 75 is never used: callers of `sendmail` take it for "stored".
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/attr.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_TEMP,   /* may succeed later: SMTP 4yz */
	FAULT_PERM,   /* will never succeed: EX_UNAVAILABLE, SMTP 5yz */
	FAULT_CONFIG, /* a person must act: EX_CONFIG */
};

struct fault {
	enum fault_kind kind;
	int status;     /* sysexits.h, or 0: from the kind */
	char code[12];  /* RFC 3463 enhanced status, "4.4.1" */
	char text[512]; /* one line, printable, no newline */
};

/* Record a fault.  Always returns -1: callers write `return fault_set(...)`.
 * Control bytes in the result are shown as \xNN. */
int fault_set(struct fault *f, enum fault_kind kind, const char *code,
              const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The same with an exit status of sysexits.h: for the commands' own faults. The
 * kind follows: FAULT_TEMP for what the machine did (70 to 74, 77),
 * FAULT_CONFIG for 78, else FAULT_PERM. */
int fault_set_exit(struct fault *f, int status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The enhanced status of a full disk, a quota, a file too large (an errno);
 * what it is of others stays.  Returns -1. */
int fault_code_of(struct fault *f, int error);

/* Put "context: " in front of the text, on the way up.  Returns -1 too. */
int fault_wrap(struct fault *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Back to FAULT_NONE. */
void fault_clear(struct fault *f);

/* The sysexits.h status that tells the same to the parent process. */
int fault_exit_status(const struct fault *f);

#endif
