/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preset - what a provider says where the block does not
 *
 *     smarthost mine
 *         provider  gmail
 *         user      me@gmail.com
 *         password  file ~/.mail-password
 *
 * Whoever names no host may leave out `provider` too, if his `user` has one of
 * its domains.  What the block says itself always wins; what comes from here
 * has its line left at 0.
 */
#ifndef CONFIG_PRESET_H
#define CONFIG_PRESET_H

#include "config/config.h"

/* Find the provider of a block, or of the environment, as read; fill in, and
 * complain about what does not go together with it. */
void preset_apply(struct smarthost *h, struct config_errors *errors);

/* Complain about what it needs and does not get, once all is filled in. */
void preset_check(const struct smarthost *h, struct config_errors *errors);

/* Recipients in one message, 0: any number. */
unsigned preset_recipients(const struct smarthost *h);

#endif
