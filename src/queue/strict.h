/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strict - an entry from a stranger, checked while it passes by
 *
 * Takes an entry (entry.h) in pieces and gives it out again, with one change:
 * the uid that it names is replaced by the one the kernel knows.  Lines of the
 * envelope must be known and in order, values without control bytes, the
 * message's lines end in CRLF, the trailer true; limits hold for everything.
 * What is given out before the end may be of no use: only STRICT_OK from
 * strict_end() says that it is an entry.
 *
 * Pure: no file, no clock, no allocation; libc only, for relay-drop's sake.
 */
#ifndef QUEUE_STRICT_H
#define QUEUE_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/entry.h"

#define STRICT_TRAILER 28 /* bytes: "= ", 16 digits, " ", 8 digits, "\n" */

enum strict_result {
	STRICT_OK,
	STRICT_DAMAGED,
	STRICT_TOO_LARGE,
	STRICT_FAILED, /* give() did; nothing more is given */
};

struct strict {
	bool (*give)(void *arg, const char *bytes, size_t n);
	void *arg;
	unsigned uid;
	int rank;    /* of the last envelope line, but for O and Y */
	char letter; /* of the last envelope line */
	bool is_begun, in_content, after_cr; /* version seen, blank line, CR */
	char last;
	uint32_t recipients;
	uint64_t taken, given; /* bytes; and their sums */
	uint32_t taken_crc, given_crc;
	size_t line_len, held;
	char line[2 + ENTRY_VALUE_LIMIT + 1]; /* and its LF */
	char end[STRICT_TRAILER]; /* the last bytes, which may be the trailer */
};

void strict_init(struct strict *s, unsigned uid,
                 bool (*give)(void *arg, const char *bytes, size_t n),
                 void *arg);

/* After anything but OK the entry is lost: do not go on. */
enum strict_result strict_take(struct strict *s, const char *bytes, size_t n);

/* There are no more bytes. */
enum strict_result strict_end(struct strict *s);

#endif
