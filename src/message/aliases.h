/* SPDX-License-Identifier: GPL-3.0-or-later */
/* aliases - who is meant by a name: the table of an aliases file
 *
 *     root:     ann, admin@example.org
 *     ann:      \ann, Ann <ann@home.example>      \: the name itself
 *     staff:    :include:/etc/mail/staff          a file of members
 *
 * Pure: bytes in, addresses out; config/aliases_file reads the files.  Programs
 * and files behind a name are refused.  What is wrong spoils one name only:
 * that is broken, and whoever expands to it gets a FAULT_CONFIG with FILE:LINE,
 * what is wrong and what to write.  Nobody's mail is lost or guessed at.
 *
 * Names are compared in any case; a name that is there twice counts as it was
 * first.  An expansion visits each list once and keeps its way on a stack of
 * its own, so its work is bounded by the size of the files.
 */
#ifndef MESSAGE_ALIASES_H
#define MESSAGE_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/address.h"

#define ALIASES_FILE_LIMIT ((size_t)4 << 20)
#define ALIASES_NAMES 100000   /* the files of members among them */
#define ALIASES_MEMBERS 400000 /* of all lists together */
#define ALIASES_INCLUDES 64    /* files of members */
#define ALIASES_NESTING 4      /* of one in another */
#define ALIASES_FAULTS 1000    /* with more it is no file of aliases */

struct aliases;

/* --- making one ----------------------------------------------------------- */

/* Of `path`, which is for the texts; never NULL. */
struct aliases *aliases_create(const char *path);
void aliases_free(struct aliases **aliases);

/* The bytes of the file.  Then, for each file of members until there is none:
 * its path, borrowed, to be answered with its bytes. */
void aliases_add(struct aliases *a, const char *bytes, size_t n);
const char *aliases_next_include(struct aliases *a);
void aliases_add_include(struct aliases *a, const char *bytes, size_t n);

/* Instead of either: it cannot be read, or not be trusted.  Without the file
 * itself every name is broken. */
void aliases_refuse(struct aliases *a, const struct fault *why);
void aliases_refuse_include(struct aliases *a, const struct fault *why);

/* All has been added: look for names that lead back to themselves. */
void aliases_finish(struct aliases *a);

/* --- asking it ------------------------------------------------------------ */

/* Append who is meant by the bare `name`: addresses, and names that are no
 * aliases.  1; 0: it is no alias itself (nor is an address with a domain);
 * -1: FAULT_CONFIG, and some may have been appended. */
int aliases_expand(const struct aliases *a, const char *name,
                   struct address_list *out, struct fault *f);

/* How that came about: "FILE:LINE: root -> ann, admin@example.org", one line
 * for each list on the way, each with a line end.  As above. */
int aliases_explain(const struct aliases *a, const char *name, struct sbuf *out,
                    struct fault *f);

/* The names, in the order of the file: *at is 0 at first; NULL: no more. */
size_t aliases_count(const struct aliases *a);
const char *aliases_next_name(const struct aliases *a, size_t *at);

/* All that is wrong; false behind the last. */
bool aliases_fault(const struct aliases *a, size_t i, struct fault *f);

#endif
