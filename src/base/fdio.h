/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fdio - whole reads and writes on a descriptor
 *
 * EINTR and short transfers are handled here and nowhere else.  No deadline:
 * these are for files, and for a standard input that may take hours; a peer
 * that can stall us is net/stream's or base/child's.
 */
#ifndef BASE_FDIO_H
#define BASE_FDIO_H

#include <stddef.h>
#include <sys/types.h>

struct sbuf;

/* Write all of it.  0, or -1 with errno; some of it may have been written. */
int fdio_write(int fd, const void *bytes, size_t n);

/* One read(2), repeated on EINTR: bytes, 0 at the end, -1 with errno. */
ssize_t fdio_read(int fd, void *bytes, size_t n);

/* What is left, into the buffer; its limit is looked at by the caller
 * (`overflow`).  No copy of it stays.  0, or -1 with errno. */
int fdio_read_rest(int fd, struct sbuf *b);

/* Exactly `n` bytes from `at`, or fewer at the end of the file.  -1: errno. */
ssize_t fdio_pread(int fd, void *bytes, size_t n, off_t at);

/* Make 0, 1 and 2 exist (as /dev/null) before any file is opened, so that a
 * queue file can never be somebody's standard output.  Descriptor 0 that was
 * closed reads as an empty file; returns true then.  Exits 71 if /dev/null
 * cannot be opened. */
int fdio_repair_standard(void);

/* Close every descriptor above 2 that the caller left open. */
void fdio_close_rest(void);

#endif
