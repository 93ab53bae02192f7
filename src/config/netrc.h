/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netrc - the password of a host and user in a file as ~/.netrc
 *
 *     machine smtp.example.org login me@example.org password "open sesame"
 *     default login anonymous password me
 *
 * Words with blanks or line ends between them; one in double quotes may hold
 * blanks, and in it a backslash keeps the next byte (\n, \r and \t are what C
 * has, and no password may hold them).  # in the place of a word that says what
 * follows begins a comment.  `account` is passed over, and so is `macdef` with
 * its lines up to an empty one.
 *
 * The first entry counts that has the host, in any case of letters, or is
 * `default`, and has the user or none, and a password.  A pure function: the
 * file is read, and judged, by config/source.
 */
#ifndef CONFIG_NETRC_H
#define CONFIG_NETRC_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define NETRC_WORD 65536 /* bytes of a word, at most */

/* 1: it is in `password`, an empty buffer.  0: no entry fits.  -1: FAULT_CONFIG
 * says in which line what is wrong, and never holds a word of the file. `user`
 * may be NULL: any. */
int netrc_find(const char *bytes, size_t n, const char *host, const char *user,
               struct sbuf *password, struct fault *f);

#endif
