/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_preset - what `relay check` says of the values that a provider gave */
#ifndef RELAY_CHECK_PRESET_H
#define RELAY_CHECK_PRESET_H

#include "base/sbuf.h"
#include "config/config.h"
#include "config/options.h"

/* Behind the value of a key: that it is the provider's; and which provider it
 * is where nobody wrote one. */
void check_preset_mark(const struct smarthost *h, const struct option *o,
                       struct sbuf *value);

/* Members of the smarthost's object, each behind a comma. */
void check_preset_json(const struct smarthost *h, struct sbuf *b);

void check_preset_warn(const struct smarthost *h,
                       struct config_errors *warnings);

#endif
