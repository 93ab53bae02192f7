/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record - what calls changed, as lines that powercut.py can play again
 *
 * One line per change: WORD, the call's number in the sequence, the inode, and
 * paths and bytes in hex ("-": none).
 *     attr N INODE MODE UID GID     inode N INODE
 *     add N INODE PATH              del N INODE PATH       rmdir the same
 *     rename N INODE OLD NEW        mkdir N INODE PATH MODE
 *     symlink N INODE PATH TARGET   write N INODE OFFSET BYTES
 *     trunc N INODE SIZE            syncfile N INODE PATH  syncdir the same
 *     syncall N 0 -                 unsupported N WHAT
 *     out N BYTES, in N BYTES       to and from descriptors outside
 *     exit N STATUS
 */
#ifndef CRASH_RECORD_H
#define CRASH_RECORD_H

#include "tracee.h"

#include <stdio.h>

struct record {
	FILE *file;
	bool (*follows)(const void *arg, const char *path);
	const void *arg;
};

/* The call has ended with `result`, which is not negative. */
void record_call(const struct record *r, const struct tracee *t, long result);
void record_exit(const struct record *r, long index, int status);

#endif
