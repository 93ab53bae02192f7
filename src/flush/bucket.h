/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bucket - the `rate` of the configuration as a bucket (queue/bucket.h) */
#ifndef FLUSH_BUCKET_H
#define FLUSH_BUCKET_H

#include "queue/bucket.h"

/* From the words of the configuration, NULL: no limit.  False: they are none.
 */
bool bucket_parse(struct bucket *b, const char *words);

#endif
