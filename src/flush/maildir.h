/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maildir - a message into a Maildir, once
 *
 * tmp/ -> new/, file and directory synced, as in maildir(5).  The name comes
 * from the entry and the recipient, so the same delivery a second time (after a
 * crash, before its outcome was known) finds the first one in new/ or cur/ and
 * leaves it at that.
 *
 * No symbolic link on the way is followed: the owner of a directory there could
 * lead us into another that only we may write to, the queue.
 */
#ifndef FLUSH_MAILDIR_H
#define FLUSH_MAILDIR_H

#include "flush/deliver.h"

/* `path` is absolute; what is missing is made below its parent.  The group may
 * read it where the umask lets it. */
int maildir_deliver(const char *path, const struct local_message *m,
                    struct fault *f);

#endif
