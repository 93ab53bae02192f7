/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field - one field of a header, made fit for a server
 *
 * No line over 998 octets (RFC 5322, section 2.1.1) and, where SMTPUTF8 is
 * missing, no octet above 127.  Text and names become encoded words (RFC 2047),
 * parameters get the form of RFC 2231, domains A-labels, and an address whose
 * local part has no such form an empty group that shows it (RFC 6857): a reader
 * sees the same characters.  Where no form exists, as in a Message-ID, each
 * octet becomes a question mark.  Long lines are folded at blanks; lines that
 * fit keep their folding.
 */
#ifndef MESSAGE_FIELD_H
#define MESSAGE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/words.h"

#define FIELD_LINE ((size_t)998) /* octets, without CRLF */

/* A field in the text of a header, all in CRLF form. */
struct field {
	const char *raw;
	size_t len; /* with all its CRLF */
	size_t name_len;
	const char *value; /* behind the colon, with its folding */
	size_t value_len;  /* without the last CRLF */
};

/* Is the line (without line end) the first of a field? */
bool field_begins(const char *line, size_t n);

/* The field at *at, which moves on. */
bool field_next(const char *header, size_t n, size_t *at, struct field *field);
bool field_is(const struct field *field, const char *name);
size_t field_longest(const struct field *field); /* line */

/* Does it have to be changed, and to what?  Appends the new form.  FAULT_PERM,
 * which names the field, if a line cannot be folded. */
bool field_fits(const struct field *field, bool to_ascii);
int field_fit(const struct field *field, bool to_ascii, struct sbuf *out,
              struct fault *f);

/* Values with 8-bit text, by what they are: a list of addresses, a word and
 * parameters. */
void field_add_addresses(struct words *w, const char *value, size_t n);
void field_add_parameters(struct words *w, const char *value, size_t n);

#endif
