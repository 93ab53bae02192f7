/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls - the system calls that fpt knows, as one table
 *
 * Linux on x86_64 only: numbers and arguments are the machine's.
 */
#ifndef CRASH_CALLS_H
#define CRASH_CALLS_H

#include <stddef.h>

#ifndef __x86_64__
#error "the crash tests know the system calls of x86_64 only"
#endif

enum { CALLS_MAX = 96 };

/* How a call says which file it means. */
enum naming {
	BY_NOTHING,
	BY_FD,   /* argument `where` is a descriptor */
	BY_PATH, /* argument `where` is a path */
	BY_AT, /* argument `where` is a directory, the next one a path in it */
};

struct call {
	long number;
	const char *name;
	enum naming naming;
	int where;
	int second; /* of the second path of rename and link, else -1 */
	int count;  /* the argument that says how many bytes, else -1 */
};

size_t calls_count(void);
const struct call *calls_at(size_t i);

/* An index of the table, or -1. */
int calls_find(long number);
int calls_find_name(const char *name, size_t length);

/* The value of an errno's name, or 0. */
int calls_errno(const char *name);

#endif
