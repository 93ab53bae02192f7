/* SPDX-License-Identifier: GPL-3.0-or-later */
/* aliases_table - what the three sources of aliases share
 *
 * aliases.c is the table, aliases_parse.c the grammar that fills it, and
 * aliases_walk.c looks up a name.  A list is what stands behind one name, or in
 * one file of members; it has a number.
 */
#ifndef MESSAGE_ALIASES_TABLE_H
#define MESSAGE_ALIASES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "message/aliases.h"

#define ALIASES_NOBODY UINT32_MAX

enum alias_kind {
	ALIAS_ADDRESS, /* has a domain */
	ALIAS_NAME,    /* maybe another alias */
	ALIAS_FINAL,   /* none, whatever it looks like */
	ALIAS_FILE,    /* its members */
};

/* A place in a file; `list` may be NOBODY. */
struct alias_place {
	const char *path; /* borrowed */
	unsigned line;
	uint32_t list;
};

/* During a walk: in which it was seen, and is it on the stack? */
struct alias_mark {
	uint64_t walk;
	bool is_open;
};

/* Of the latest walk; not part of what the table says. */
struct alias_marks {
	uint64_t walks;
	struct alias_mark *of; /* each list */
};

struct alias_member {
	char *text;
	enum alias_kind kind;
	uint32_t target; /* the list it stands for, or NOBODY */
};

/* A name, or a file of members, whose name is its path. */
struct alias_list {
	char *name;
	bool is_file;
	unsigned nesting; /* of the file in others */
	struct alias_place at;
	const char *fault; /* borrowed from `faults`; NULL: fine */
	struct alias_member *members;
	size_t count, size;
};

struct aliases {
	char *path;
	const char *fault; /* of all names; borrowed from `faults` */
	struct alias_list *lists;
	size_t count, size;
	size_t members; /* of all lists */
	size_t files;
	size_t next_file; /* from this list on files are not yet read */
	uint32_t reading; /* the file that is being read */
	uint32_t *slots;  /* hash table: number of the list plus 1, 0: free */
	size_t slot_count;
	char *faults[ALIASES_FAULTS + 1]; /* the last is the table's */
	size_t fault_count;
	struct alias_marks *marks;
};

/* As much of a path as is shown. */
const char *aliases_tail(const char *path);

/* The list of a name, or NOBODY. */
uint32_t aliases_find_name(const struct aliases *a, const char *bare);

/* Something is wrong there, so the list is broken. */
void aliases_complain(struct aliases *a, const struct alias_place *at,
                      const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A new name at that place, its number into at->list; it stays NOBODY if the
 * name is there already. */
void aliases_add_name(struct aliases *a, struct alias_place *at,
                      const char *name);

/* `text` is an address that passed address_check(), or the path of a file. */
void aliases_add_member(struct aliases *a, const struct alias_place *at,
                        enum alias_kind kind, const char *text);

/* The grammar: of the file, and of the file of members that is `list`. */
void aliases_parse(struct aliases *a, const char *path, const char *bytes,
                   size_t n);
void aliases_parse_members(struct aliases *a, const char *path, uint32_t list,
                           const char *bytes, size_t n);

#endif
