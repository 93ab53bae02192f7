/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hide - a secret in the words of others
 *
 * Some servers quote what they do not understand, or a part of it.  What they
 * say is shown, logged and kept; a login in it must not be.
 */
#ifndef BASE_HIDE_H
#define BASE_HIDE_H

#include <stddef.h>

struct sbuf;

/* Put "*" over each piece of `secret` in the text that is no accident: 8 bytes
 * and more of it, or all of a shorter one of at least 4. */
void hide_in(struct sbuf *text, const char *secret, size_t n);

#endif
