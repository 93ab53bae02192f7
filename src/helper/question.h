/* SPDX-License-Identifier: GPL-3.0-or-later */
/* question - the helper's end of the protocol of doc/HELPERS
 *
 *     question_read(STDIN_FILENO, &question, &fault);
 *     ...
 *     return question_answer(STDOUT_FILENO, &answer, &fault, failed);
 */
#ifndef HELPER_QUESTION_H
#define HELPER_QUESTION_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/pairs.h"

/* Lines from `fd` up to the empty one or the end, and not one byte more: what
 * follows is for whoever reads next.  -1: FAULT_CONFIG (usage), never with what
 * was read. */
int question_read(int fd, struct pairs *question, struct fault *f);

/* Write the answer, or with `failed` the fault as `error=`.  Returns the exit
 * status: 0, 75 or 78, 74 when nobody could be told. */
int question_answer(int fd, struct pairs *answer, const struct fault *f,
                    bool failed);

#endif
