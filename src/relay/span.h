/* SPDX-License-Identifier: GPL-3.0-or-later */
/* span - how long and how large, in the words of a listing */
#ifndef RELAY_SPAN_H
#define RELAY_SPAN_H

#include <stddef.h>
#include <stdint.h>

#define SPAN_SIZE 32

/* "4 min", "3 h", "2 d": how long ago or until.  Both return `to`. */
const char *span_time(char *to, size_t size, int64_t seconds);

/* "17 B", "20 kB". */
const char *span_size(char *to, size_t size, int64_t bytes);

#endif
