/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrap - a paragraph in lines, for a terminal or a mail */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include <stddef.h>

#include "base/sbuf.h"

/* Append `lead`, then the text, broken at blanks, then a line end.  Further
 * lines begin in column `indent`.  Both in UTF-8, safe to show; a character is
 * a column.  A word that is too long stays whole, so that it can be copied.
 * For a terminal of 80 columns; with another width. */
void wrap_add(struct sbuf *out, const char *lead, size_t indent,
              const char *text);
void wrap_add_in(struct sbuf *out, size_t width, const char *lead,
                 size_t indent, const char *text);

#endif
