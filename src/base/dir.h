/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dir - files relative to an open directory
 *
 * All work on a queue goes through descriptors of its directories, opened once
 * without following links, so a path that is swapped later changes nothing.
 * Faults name the file; their exit status is 73 (cannot create) or 74 (I/O),
 * and 77 where the place belongs to somebody else.
 */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

struct dir {
	int fd;
	uid_t owner; /* whose it has to be, and what is below it */
	char *path;  /* for messages only */
};

/* Open `name` below `parent` (NULL: an absolute path): a real directory of the
 * parent's owner (NULL: ours) that others cannot write to; a group may where
 * each of its users can take away only what is its own (sticky).  -1 with
 * `missing` true: not there. */
int dir_open(struct dir *d, const struct dir *parent, const char *name,
             bool *missing, struct fault *f);

/* The same for an absolute path that belongs to somebody else.  Where we may
 * pass through it only, it serves to open names below it, not to list them. */
int dir_open_of(struct dir *d, const char *path, uid_t owner, bool *missing,
                struct fault *f);

/* Create `name`, mode 0700, and make the name durable.  Fine if it is there. */
int dir_create(const struct dir *parent, const char *name, struct fault *f);

/* Create every missing directory of an absolute path likewise. */
int dir_create_path(const char *path, struct fault *f);

/* Close; usable on a zeroed or failed one.  A zeroed one has fd 0: the
 * structure must come from dir_init or dir_open. */
void dir_init(struct dir *d);
void dir_release(struct dir *d);

/* fsync the directory: names in it survive a power cut after this. */
int dir_sync(const struct dir *d, struct fault *f);

/* Call `see` for each name but "." and ".."; a non-zero result ends it and is
 * returned.  -1 with a fault if the directory cannot be read. */
int dir_each(const struct dir *d, int (*see)(void *arg, const char *name),
             void *arg, struct fault *f);

#endif
