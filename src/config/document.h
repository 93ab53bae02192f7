/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document - the table of keys, for people and programs to read
 *
 * `relay check --options` prints it, and the manual page is made from it, so
 * neither can forget a key.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "base/sbuf.h"

enum document_format {
	DOCUMENT_TEXT, /* 80 columns */
	DOCUMENT_JSON, /* one array */
	DOCUMENT_MDOC, /* two lists for relayrc(5) */
};

void options_document(struct sbuf *b, enum document_format format);

/* Append `text`, broken at blanks so that no line is wider than 80 columns
 * where that can be; each line after the first begins with `indent` blanks, and
 * the first one starts in that column already.  No line end at the end. */
void document_wrap(struct sbuf *b, const char *text, size_t indent);

/* Columns a text takes: its characters. */
size_t document_columns(const char *text, size_t n);

#endif
