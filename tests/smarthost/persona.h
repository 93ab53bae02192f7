/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persona - what real providers refuse: senders they do not know, bare names
 *
 *     --persona ses --verified '*@example.com'
 *
 * Takes the place of --extensions, and judges envelope and header as the
 * provider does, with its words (read in providers' manuals and in people's
 * reports).  Names: ses, sendgrid, gmail, microsoft365.
 */
#ifndef SMARTHOST_PERSONA_H
#define SMARTHOST_PERSONA_H

#include <stdbool.h>
#include <stddef.h>

struct persona;

enum { PERSONA_HEAD = 65536 }; /* bytes of a message that are looked at */

/* NULL: there is none of that name. */
const struct persona *persona_find(const char *name);

/* What EHLO offers, as for --extensions. */
const char *persona_extensions(const struct persona *p);

/* May the address stand in MAIL or RCPT?  NULL: yes; else the reply. */
const char *persona_address(const struct persona *p, const char *address);

/* May the message be sent?  `head` begins with its header; `verified` is a list
 * of globs with blanks, or NULL for none.  True: yes; else the reply is in
 * `reply`. */
bool persona_judge(const struct persona *p, const char *head, size_t n,
                   const char *sender, const char *login, const char *verified,
                   char *reply, size_t size);

#endif
