/* SPDX-License-Identifier: GPL-3.0-or-later */
/* value - the words behind a key, made into a member of a struct and back
 *
 * One row of functions for each option_type; options.h is the way in.  `at`
 * points to the member: char * for texts and lists (words with one blank
 * between), unsigned for numbers, durations and choices, struct source.  A text
 * that is not set is NULL.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/options.h"

/* Into a member that is zeroed or was released. */
int value_set(const struct option *o, void *at, char *const words[], size_t n,
              struct fault *f);
void value_release(const struct option *o, void *at);

/* Nothing is printed for what is not set; null in JSON, where lists are arrays
 * and a duration is its seconds. */
void value_print(const struct option *o, const void *at, struct sbuf *b);
void value_print_json(const struct option *o, const void *at, struct sbuf *b);

/* "5d": the largest unit that needs no fraction. */
void value_add_duration(struct sbuf *b, unsigned seconds);

/* What stands for the value in a synopsis, "NUMBER", and the type's name. */
const char *value_placeholder(const struct option *o);
const char *value_type_name(const struct option *o);

#endif
