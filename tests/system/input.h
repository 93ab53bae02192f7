/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input - entries as a stranger may make them, from a number
 *
 * Whole ones, noise, and most often whole ones that were changed in a few
 * places, with a trailer that is true all the same: a checksum is not found by
 * chance.
 */
#ifndef SYSTEM_INPUT_H
#define SYSTEM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_SIZE ((size_t)192 << 10)

/* The next one; `state` is not 0 and changes.  How many bytes. */
size_t input_make(uint64_t *state, char bytes[INPUT_SIZE]);

/* Any number below `limit`, from the same sequence. */
size_t input_choose(uint64_t *state, size_t limit);

/* What becomes of it by the rules alone: is it an entry, and then what is
 * written for the submitter `uid`?  `out` has room for INPUT_SIZE and a longer
 * uid. */
bool input_is_entry(const char *bytes, size_t n, unsigned uid, char *out,
                    size_t *out_len);

#endif
