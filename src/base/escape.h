/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape - words of strangers, made safe to show
 *
 * Server replies, addresses and file names reach a terminal, a log or a JSON
 * listing only through here.  Printable ASCII and valid UTF-8 stay; C0, DEL,
 * C1, bidirectional overrides and broken UTF-8 become \xNN, so nothing can
 * move a cursor, end a line or reorder it.  Never fails; truncates at the end
 * of the room, between characters.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

struct sbuf;

/* `n` bytes into `to`, which holds `size` bytes and is always terminated.
 * Returns the bytes written without the NUL. */
size_t escape_copy(char *to, size_t size, const char *bytes, size_t n);

/* The same, appended to a string buffer. */
void escape_add(struct sbuf *to, const char *bytes, size_t n);

/* As part of a file's name: letters, digits, - and _ stay, else %XX. */
void escape_add_name(struct sbuf *to, const char *text);

/* A JSON string with its quotes (RFC 8259): escaped as above, \ and " too. */
void escape_add_json(struct sbuf *to, const char *text);

/* A member of a JSON object, behind `before`: its name and such a string, or
 * null where `text` is NULL. */
void escape_add_member(struct sbuf *to, const char *before, const char *name,
                       const char *text);

#endif
