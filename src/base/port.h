/* SPDX-License-Identifier: GPL-3.0-or-later */
/* port - what a platform may lack, under one name each
 *
 * The only place, with port.c and intl.c, where the preprocessor chooses.
 */
#ifndef BASE_PORT_H
#define BASE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rename without replacing: 0, or -1 with errno (EEXIST: taken).  Where the
 * kernel or file system has no such call: link and unlink, which leaves both
 * names for a moment but never none.  Where a link is not allowed either (of
 * another user's file, fs.protected_hardlinks): a look, and a rename that would
 * replace what came between them; so let nobody else choose the new name. */
int port_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Close all descriptors from `first` on.  Cannot fail. */
void port_close_from(int first);

/* No core dump and no tracing by other processes of the user: for programs that
 * hold secrets.  Left out of sanitizer builds, whose leak check traces us. */
void port_forbid_dumps(void);

/* `n` <= 256 random bytes from the kernel.  0, or -1 with errno. */
int port_random(void *bytes, size_t n);

/* Have the disk begin with these bytes of a file, and do not wait: a hint, so
 * that a later fsync() finds less to do. */
void port_hasten(int fd, uint64_t from, uint64_t n);

/* Large blocks of memory are the kernel's again when they are freed, and do not
 * keep the heap from shrinking: for programs that run for long. */
void port_return_memory(void);

/* Bytes that a block of malloc() has, at least as many as were asked for; 0 for
 * NULL. */
size_t port_block_size(void *block);

/* crc_add() by an instruction of the processor.  False: it has none. */
bool port_crc(uint32_t *crc, const void *bytes, size_t n);

#endif
