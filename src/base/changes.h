/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changes - what may make waiting pointless: a file was edited, a network came
 *
 * For who sleeps for long.  Hints only: where the kernel has none of it nothing
 * is noticed, and whoever sleeps must wake by himself now and then.  To be
 * opened before a sandbox is entered.
 */
#ifndef BASE_CHANGES_H
#define BASE_CHANGES_H

#include <stdbool.h>

struct changes {
	int file; /* to poll; -1: nothing will come */
	int network;
	char *name; /* of the file in its directory */
};

/* `path` may be NULL: no file.  It need not be there yet. */
void changes_open(struct changes *n, const char *path);
void changes_release(struct changes *n);

/* Did it happen since the last call?  Never waits. */
bool changes_of_file(const struct changes *n);    /* written, or put in place */
bool changes_of_network(const struct changes *n); /* an address or a route */

#endif
