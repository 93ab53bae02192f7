/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input - standard input and output, whatever kind the caller made them
 *
 * A caller may leave us descriptors that do not wait, which it shares with
 * somebody (a terminal, a socket of Node.js): we wait all the same.
 */
#ifndef SENDMAIL_INPUT_H
#define SENDMAIL_INPUT_H

#include <stddef.h>
#include <sys/types.h>

#define INPUT_FOREVER (-1)

/* Bytes, 0 at the end, -1 with errno; ETIMEDOUT after `milliseconds`. */
ssize_t input_read(char *bytes, size_t size, int milliseconds);

/* All of it to standard output.  0, or -1 with errno as above. */
int input_answer(const char *bytes, size_t n, int milliseconds);

/* After an early fault: read what the caller still writes, so that it sees our
 * exit status and not EPIPE.  At most 64 MiB and a second of silence. */
void input_drain(void);

#endif
