/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options - the only table of keys
 *
 * What the file reader takes, `relay check` shows, the manual page lists and
 * the tests go through is this table.  A new key is a member of a struct in
 * config.h and a row.  Defaults are text, read by the same code as the user's.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"

enum option_type {
	OPTION_NAME,       /* of a host or domain */
	OPTION_HOSTS,      /* one or more of these: see config/host.h */
	OPTION_WORD,       /* any text */
	OPTION_NUMBER,     /* min to max */
	OPTION_DURATION,   /* 5d 12h 30m 90s; min to max in seconds */
	OPTION_CHOICE,     /* one of `words`: its place among them */
	OPTION_MECHANISMS, /* some of `words`, or `auto` or `none` alone */
	OPTION_PATH,       /* / or ~/ */
	OPTION_PINS,       /* one or more */
	OPTION_GLOBS,      /* one or more */
	OPTION_ADDRESS,    /* one, with its domain */
	OPTION_BLOCK,      /* name of a smarthost */
	OPTION_RATE,       /* see config/rate.h */
	OPTION_WORDS,      /* one or more, any text without blanks */
	OPTION_URL,        /* https:// */
	OPTION_ALERT,      /* struct alert */
	OPTION_SOURCE,     /* struct source */
	OPTION_DELIVERY,   /* struct delivery */
};

enum option_level {
	OPTION_TOP,       /* struct config */
	OPTION_SMARTHOST, /* struct smarthost */
};

struct option {
	const char *name;
	enum option_level level;
	size_t offset;
	enum option_type type;
	const char *fallback; /* the default; "": not set */
	unsigned min, max;
	const char *words;
	const char *about; /* N_() */
};

/* Row `i`, NULL behind the last. */
const struct option *option_at(size_t i);
size_t option_index(const struct option *o);
const struct option *option_find(enum option_level level, const char *name);

/* The known word most like `word`, on either level, or NULL. */
const char *option_nearest(const char *word);

/* Letters to add, drop or change until one word is the other; a large number
 * for words that are too long to be keys. */
unsigned option_distance(const char *a, const char *b);

/* Set in `block`, a struct of the option's level, from `n` > 0 words, in place
 * of what was there; after a fault it is the default again.  The fault's text
 * has no place in front, and never holds the words of a source. */
int option_set(const struct option *o, void *block, char *const words[],
               size_t n, struct fault *f);

/* All rows of a level: into a zeroed struct, and out of it. */
void options_init(enum option_level level, void *block);
void options_release(enum option_level level, void *block);

/* The value as one would write it (a secret: where it is), or as JSON. */
void option_print(const struct option *o, const void *block, struct sbuf *b);
void option_print_json(const struct option *o, const void *block,
                       struct sbuf *b);

#endif
