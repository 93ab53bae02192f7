/* SPDX-License-Identifier: GPL-3.0-or-later */
/* header - the fields of a message: find, unfold, add and remove
 *
 * What is not asked for is not touched: fields keep their order, their spelling
 * and their folding.  Lines go in one by one, without line ends; the section
 * comes out in CRLF form.  No byte that could end a line is ever inside a
 * field: CR becomes a space and NUL goes when a line is added, and a value with
 * a control byte is refused.  Limits are given at birth.
 *
 * A field is valid until the next one is added.
 */
#ifndef MESSAGE_HEADER_H
#define MESSAGE_HEADER_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

/* Bytes and fields that a submission may have. */
#define HEADER_BYTE_LIMIT ((size_t)4 << 20)
#define HEADER_FIELD_LIMIT ((size_t)100000)

struct header_field {
	size_t at;       /* where its raw text begins in header.text */
	size_t len;      /* with all its CRLF; 0: removed */
	size_t name_len; /* the raw text begins with the name */
};

struct header {
	struct sbuf text;
	struct header_field *field;
	size_t count; /* with the removed ones */
	size_t size;
	size_t field_limit;
	size_t byte_limit; /* for lines; what we add has room of its own */
};

enum header_line {
	HEADER_TAKEN,    /* part of the header */
	HEADER_END,      /* the empty line after it */
	HEADER_BODY,     /* no header line: the body begins with it */
	HEADER_TOO_LONG, /* over a limit; the line was not taken */
};

void header_init(struct header *h, size_t byte_limit, size_t field_limit);
void header_release(struct header *h);

/* One line without its line end.  Leading mbox lines ("From x Mon ...") are
 * taken and dropped. */
enum header_line header_add_line(struct header *h, const char *line, size_t n);

/* The next field of that name (NULL: of any name) after `previous` (NULL: from
 * the start), or NULL. */
struct header_field *header_find(const struct header *h, const char *name,
                                 const struct header_field *previous);

/* Append the value in one line, without blanks before it. */
void header_value(const struct header *h, const struct header_field *field,
                  struct sbuf *out);

/* Remove one field; remove all of that name. */
void header_drop(struct header_field *field);
void header_remove(struct header *h, const char *name);

/* Add "name: value" before all fields or after them.  FAULT_PERM if the name is
 * none or the value has a control byte, or over the limit. */
int header_prepend(struct header *h, const char *name, const char *value,
                   struct fault *f);
int header_append(struct header *h, const char *name, const char *value,
                  struct fault *f);

/* The raw text behind the colon, folding and all, without the last CRLF; and
 * another one in its place, under the same name: `n` bytes, folded as they are
 * to be, else FAULT_PERM as above. */
const char *header_raw(const struct header *h, const struct header_field *field,
                       size_t *n);
int header_replace(struct header *h, struct header_field *field,
                   const char *raw, size_t n, struct fault *f);

/* All fields, each with its CRLF, without the empty line.  A result of `out`
 * other than 0 ends it and is returned. */
int header_write(const struct header *h,
                 int (*out)(void *arg, const char *bytes, size_t n), void *arg);

#endif
