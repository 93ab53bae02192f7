/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/bucket.h"

#include <stddef.h>

#include "config/rate.h"

bool bucket_parse(struct bucket *b, const char *words)
{
	struct rate rate = { 0 };
	bool ok = words == NULL || rate_parse(words, &rate);

	bucket_init(b, ok ? rate.count : 0, rate.seconds, rate.of_recipients);
	return ok;
}
