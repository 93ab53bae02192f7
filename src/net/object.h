/* SPDX-License-Identifier: GPL-3.0-or-later */
/* object - the members of a JSON object (RFC 8259), one after the other
 *
 *     object_open(&o, bytes, n);
 *     while (object_next(&o, &m) > 0)
 *             if (object_is(&m, "status"))
 *                     object_add_value(&m, &words);
 *
 * For the small objects that servers send at a login: why a token is refused,
 * what a token says of itself.  Strict: what is not JSON is no object, however
 * it begins, so look at what object_next() returns last.  Nothing is copied,
 * nothing recurses; values may nest 16 deep, and are passed over.
 */
#ifndef NET_OBJECT_H
#define NET_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"

struct object {
	const char *at, *end;
	bool is_begun;
};

enum object_kind {
	OBJECT_TEXT,
	OBJECT_NUMBER,
	OBJECT_WORD, /* true, false, null */
	OBJECT_LIST,
	OBJECT_NESTED,
};

/* Borrowed from the bytes. */
struct object_member {
	const char *name; /* between its quotes, as it was written */
	size_t name_length;
	enum object_kind kind;
	const char *value; /* a text with its quotes */
	size_t length;
};

void object_open(struct object *o, const char *bytes, size_t n);

/* 1: the next member.  0: that was all of the object, and nothing stands behind
 * it.  -1: this is no object. */
int object_next(struct object *o, struct object_member *m);

bool object_is(const struct object_member *m, const char *name);

/* Append a text, a number, or those of a list with blanks between; of others
 * nothing.  Made safe to show (base/escape). */
void object_add_value(const struct object_member *m, struct sbuf *to);

/* A whole number.  False: it is none. */
bool object_get_number(const struct object_member *m, long long *number);

#endif
