/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pairs - KEY=VALUE lines, the one format in which our programs talk
 *
 * Questions to helpers and their answers (doc/HELPERS), and the store of
 * tokens: lines one can type, ended by an empty line or by the end.
 *
 *     host=mail.example.org
 *     secret=correct horse = battery staple
 *
 * A key is lower-case letters, digits and _; a value is any bytes but control
 * bytes (an old password is not UTF-8), and may be empty.  Each key is there at
 * most once: which of two would count is nobody's to guess.  A reader looks for
 * the keys it knows, so either side may grow.  Values may be secret: all of it
 * is wiped, and no fault has any in it.
 */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define PAIRS_LIMIT 131072 /* bytes of all lines */
#define PAIRS_KEY 64       /* of a key */

struct pairs {
	struct sbuf bytes; /* key NUL value NUL ... */
};

void pairs_init(struct pairs *p);
void pairs_release(struct pairs *p); /* wipes; usable again */

/* Set `key`, in place of what was there; NULL leaves it out.  -1: FAULT_CONFIG,
 * for a value with a line break or a control byte in it, or one that is too
 * long. */
int pairs_put(struct pairs *p, const char *key, const char *value,
              struct fault *f);
int pairs_put_number(struct pairs *p, const char *key, int64_t value,
                     struct fault *f);

/* The value, borrowed until the next change; NULL: not there. */
const char *pairs_get(const struct pairs *p, const char *key);

/* A decimal number.  False: not there, or none. */
bool pairs_get_number(const struct pairs *p, const char *key, int64_t *value);

/* In place of what was there: the lines before the first empty one of `n`
 * bytes; what follows is not looked at.  A line may end in CRLF.  -1:
 * FAULT_TEMP, says which line is none. */
int pairs_read(struct pairs *p, const char *bytes, size_t n, struct fault *f);

/* The lines and the empty one. */
void pairs_write(const struct pairs *p, struct sbuf *out);

/* The `i`th, in the order in which they came; NULL behind the last. */
const char *pairs_at(const struct pairs *p, size_t i, const char **value);

#endif
