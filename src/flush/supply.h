/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supply - the messages of a route that wait for a connection, and which is
 * next
 *
 * In the order in which they were added, but for two kinds that are set aside
 * when they are met: large ones, of which one connection is kept free, and
 * suspects, over which a connection broke again and again: those go last and
 * alone.
 */
#ifndef FLUSH_SUPPLY_H
#define FLUSH_SUPPLY_H

#include "flush/job.h"

#define SUPPLY_LARGE 1048576 /* bytes from which a message is large */
#define SUPPLY_BREAKS 2      /* from which it is a suspect */

enum supply_kind {
	SUPPLY_ORDINARY,
	SUPPLY_LARGE_ONE,
	SUPPLY_SUSPECT,
	SUPPLY_KINDS,
};

struct supply_line {
	struct names list;
	size_t next;
};

struct supply {
	struct supply_line line[SUPPLY_KINDS];
	struct names returned; /* taken and not sent: they come first */
};

void supply_release(struct supply *s);

size_t supply_count(const struct supply *s); /* all that wait */
size_t supply_left(const struct supply *s, enum supply_kind kind);

void supply_add(struct supply *s, const char *id);
void supply_set_aside(struct supply *s, enum supply_kind kind, const char *id);
void supply_return(struct supply *s, const char *id);

/* What was added later comes in its turn (flush/turns). */
void supply_sort(struct supply *s, const struct spool *spool);

/* The next of the kinds that are wanted, as bits of 1 << kind; *kind is where
 * it was.  False: there is none. */
bool supply_take(struct supply *s, unsigned wanted, char *id,
                 enum supply_kind *kind);

/* What it turned out to be; known once it is open. */
enum supply_kind supply_kind_of(const struct job *job);

#endif
