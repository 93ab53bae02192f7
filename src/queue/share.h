/* SPDX-License-Identifier: GPL-3.0-or-later */
/* share - how much of the machine's queue one user may fill
 *
 * A file's owner is who submitted it.  Each uid has one share of drop/, which
 * relay-drop looks after, and one of the rest, which the flusher looks after:
 * what is beyond that stays in drop/.  So nobody can fill the queue for others.
 * root is not limited: its alerts are what the queue is for.
 *
 * libc only, for relay-drop's sake: no fault, no translation, errno.
 */
#ifndef QUEUE_SHARE_H
#define QUEUE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SHARE_SIZE (UINT64_C(128) << 20)   /* bytes of one entry */
#define SHARE_COUNT 5000                   /* entries of one uid */
#define SHARE_BYTES (UINT64_C(1024) << 20) /* their bytes */
#define SHARE_FLOOR (UINT64_C(32) << 20)   /* bytes of disk left to others */
#define SHARE_FLOOR_INODES 1024

struct share {
	uid_t uid;
	uint64_t count, bytes;
};

/* What each uid has, for as many directories as are counted into it. */
struct shares {
	struct share *list;
	size_t count;
};

void shares_release(struct shares *s);

/* Add one file; how many the uid had before. */
uint64_t shares_add(struct shares *s, uid_t uid, uint64_t bytes);

/* Add the files of an open directory.  False: it cannot be listed (errno). */
bool shares_count(struct shares *s, int directory);

/* May it have `bytes` more, after what was counted?  Counts them, if so. */
bool shares_take(struct shares *s, uid_t uid, uint64_t bytes);

/* Has the uid less than its share in an open directory?  It is counted without
 * memory, which other users' files could use up. */
bool share_may_grow(int directory, uid_t uid);

/* Write the complete entries of drop/ that are the uid's to `out`, all of them
 * if it owns the directory: "ID SIZE", and "ALL COUNT BYTES" of everybody's. */
bool share_show(int directory, uid_t uid, int out);

/* Has the file system of the directory more than the floor left? */
bool share_has_room(int directory);

#endif
