/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust - is this file safe to believe, and what is in it
 *
 * The configuration and the files of passwords and keys are read through here.
 * What is checked is the file that was opened, so a name that is swapped later
 * changes nothing; a link is followed, because dotfiles are kept that way.  A
 * FIFO or a device is refused without waiting for it.  Faults are FAULT_CONFIG,
 * name the file and give the command that helps; they never hold what is in it.
 */
#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/sbuf.h"

/* Mode bits that make a file unfit. */
#define TRUST_WRITABLE 0022 /* others could change it */
#define TRUST_READABLE 0044 /* others could read a secret in it */

/* `path` as it is used: absolute, "~/" replaced by the home of the effective
 * user.  The caller frees it; NULL with a fault that says what to write. */
char *trust_path(const char *path, struct fault *f);

/* The bits of TRUST_READABLE by which others than `me` can read it.  Not the
 * group's where root owns the file, `me` is another and the group is ours: that
 * is how root gives a secret to a user of the system (root:relay, mode 0640).
 */
mode_t trust_readers(const struct stat *st, uid_t me);

/* Regular, owned by `me` or root, none of the bits `unfit`, except readers as
 * above. */
int trust_check(const char *path, const struct stat *st, uid_t me, mode_t unfit,
                struct fault *f);

/* Open, check and read all of it into `content`, whose limit is the file's;
 * *st is the file that was read. */
int trust_read(const char *path, mode_t unfit, struct sbuf *content,
               struct stat *st, struct fault *f);

#endif
