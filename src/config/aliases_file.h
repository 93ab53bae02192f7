/* SPDX-License-Identifier: GPL-3.0-or-later */
/* aliases_file - the aliases file and the files of members it names, read
 *
 * All are read at once and nothing is opened later.  As the configuration, they
 * must be regular files that belong to root or to us and that nobody else can
 * change: whoever can write them gets everybody's mail.
 */
#ifndef CONFIG_ALIASES_FILE_H
#define CONFIG_ALIASES_FILE_H

#include "message/aliases.h"

/* Never NULL; free it with aliases_free().  *first is the first of what is
 * wrong (aliases_fault() has all), FAULT_NONE when nothing is. */
struct aliases *aliases_load(const char *path, struct fault *first);

#endif
