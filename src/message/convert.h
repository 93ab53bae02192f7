/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convert - a message with some of its parts encoded
 *
 * What is to become of each part is said before; all other bytes pass as they
 * came.  The result is in CRLF form and ends with CRLF.  It is given out in a
 * few large pieces; once `write` returns something other than 0, that is the
 * result of every later call.  A message that mime.h has a problem with is -1
 * at the end: ask before.
 */
#ifndef MESSAGE_CONVERT_H
#define MESSAGE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

enum convert_text {
	CONVERT_KEEP,
	CONVERT_QUOTED,
	CONVERT_BASE64,
	CONVERT_WRAP_QUOTED, /* it is quoted-printable: only its lines */
	CONVERT_WRAP_BASE64,
	CONVERT_CLEAN, /* of what nobody reads: 7-bit, no long lines */
};

struct convert_part {
	enum convert_text text;
	const char *encoding; /* new Content-Transfer-Encoding, or NULL */
	const char *charset;  /* of a text/plain to be said, or NULL */
	bool adds_version;    /* MIME-Version */
	bool fits_fields;     /* field_fit() for those that need it */
};

struct convert;

struct convert *
convert_create(const struct convert_part *parts, size_t count, bool to_ascii,
               size_t header_limit,
               int (*write)(void *arg, const char *bytes, size_t n), void *arg);
int convert_add(struct convert *c, const char *bytes, size_t n);
int convert_end(struct convert *c);
void convert_free(struct convert **c);

#endif
