/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json - the members of one JSON object; the only file that knows jansson
 *
 * For what an endpoint answers and for Google's key files.  Strict: one object,
 * nothing after it, no member twice, no NUL, at most JSON_DEPTH levels and
 * JSON_LIMIT bytes.  What a reader does not ask for is not looked at.  The
 * strings are wiped when they are freed; no fault has any of it.
 */
#ifndef TOKEN_JSON_H
#define TOKEN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define JSON_LIMIT 65536
#define JSON_DEPTH 16

struct json; /* opaque */

/* NULL: FAULT_TEMP, says where it is no such object. */
struct json *json_read(const char *bytes, size_t n, struct fault *f);
void json_free(struct json **json);

/* A string, borrowed; NULL: not there, or something else. */
const char *json_text(const struct json *json, const char *key);

/* A number, or a string that holds one (there are providers that do so), as a
 * whole one.  False: not there, or something else. */
bool json_number(const struct json *json, const char *key, int64_t *value);

/* An object to write: members in this order. */
struct json_member {
	const char *key;
	const char *text; /* NULL: the number, and 0: left out */
	int64_t number;
};

/* "{...}", compact.  False: a text is not UTF-8. */
bool json_write(const struct json_member *members, size_t count,
                struct sbuf *out);

#endif
