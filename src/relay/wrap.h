/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrap - a paragraph for a terminal of 80 columns */
#ifndef RELAY_WRAP_H
#define RELAY_WRAP_H

#include "base/sbuf.h"

/* Append `lead`, then the text, broken at blanks, then a line end.  Further
 * lines begin in column `indent`.  Both in UTF-8, safe to show; a character is
 * a column.  A word that is too long stays whole, so that it can be copied. */
void wrap_add(struct sbuf *out, const char *lead, size_t indent,
              const char *text);

#endif
