/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file - lines to options
 *
 * Takes bytes of strangers: whatever they are, it ends, stays within its
 * limits, and says FILE:LINE of everything that is wrong.  What the lines
 * mean together (a user without a password) is not looked at here.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* Fill `config`, which has its defaults; errors go to the list.  Stops when
 * the list is full. */
void file_parse(struct config *config, const char *bytes, size_t n,
                struct config_errors *errors);

/* Can a smarthost be called so? */
bool file_is_block_name(const char *name);

/* What keeps `n` bytes from being text, N_(): a NUL, a control byte but the
 * tab, broken UTF-8.  NULL: nothing. */
const char *file_text_problem(const char *bytes, size_t n);

#endif
